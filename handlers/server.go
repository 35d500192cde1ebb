package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

const (
	headerTimeout  = 5 * time.Second // for a request's header to arrive
	bodyTimeout    = time.Second     // for a request's body, which nobody reads
	idleTimeout    = time.Minute     // of a connection between two requests
	maxHeaderBytes = 16 << 10
)

// Listen opens the address to serve on. The error says what is wrong with it.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	config := net.ListenConfig{Control: tune}
	config.SetMultipathTCP(false) // what tune sets, Linux doesn't hand on to connections accepted by MPTCP, which Go listens for else
	ln, err := config.Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on %s: another program has this port", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen on %s: we may not use this port", address)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return ln, nil
}

// Serve answers on ln, which it closes, until ctx ends. Then it leaves in order: /readyz says no, the balancer gets time to
// see it, no new connections are taken, and the requests under way get time to end. The error is that of a listener that
// died.
func Serve(ctx context.Context, ln net.Listener, cfg ServerConfig, h *Handler) error {
	server := &http.Server{
		Handler:           h,
		ConnContext:       withConn,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(h.log.Handler(), slog.LevelWarn),
	}
	if d, ok := ln.(*door); ok {
		server.ConnState = d.watch
	}
	died := make(chan error, 1)
	held := &wides{most: int64(max(1, h.cfg.MaxInflight/wideShare))}
	go func() { died <- server.Serve(progressListener{ln, cfg.WriteTimeout, held}) }()
	select {
	case err := <-died:
		return fmt.Errorf("serve on %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}

	h.Drain()
	delay := time.NewTimer(cfg.DrainDelay)
	defer delay.Stop()
	select {
	case err := <-died:
		return fmt.Errorf("serve on %s: %w", ln.Addr(), err)
	case <-delay.C:
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.DrainTimeout)
	defer cancel()
	err := server.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		h.log.WarnContext(ctx, "requests that did not end in time are cut", slog.Duration("after", cfg.DrainTimeout))
		err = server.Close()
	}
	if ended := <-died; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	if err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}
