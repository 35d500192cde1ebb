package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// healthTimeout is shorter than what container runtimes wait, so that it is we who say what is wrong.
const healthTimeout = 3 * time.Second

// healthCommand is for images that hold nothing else: no shell, no curl.
func healthCommand(ctx context.Context, args []string, stdout, _ io.Writer, env lookupEnv) error {
	cfg := defaultConfig()
	rest, done, err := begin(&cfg, healthHead, healthFlags(&cfg), args, stdout, env)
	if done || err != nil {
		return err
	}
	if len(rest) > 0 {
		return &usageError{errors.New("healthcheck takes no arguments: --listen says where the server is")}
	}
	return checkHealth(ctx, localURL(cfg.Listen)+"healthz")
}

func checkHealth(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req) // past any proxy
	if err != nil {
		return err // it names method and URL
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 { // redirects are followed
		return fmt.Errorf("ask %s: %s", url, resp.Status)
	}
	return nil
}

// localURL is where a person, or we, on this machine find what listens on address. What listens everywhere is at localhost.
func localURL(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "http://" + address + "/"
	}
	if ip, bad := netip.ParseAddr(host); host == "" || bad == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}
