package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"unreel/handlers"
	"unreel/handlers/signing"
)

// accessConfig is what the flags say of who may fetch what, and how much at once.
type accessConfig struct {
	SignKeyFile    string
	SignSkew       time.Duration
	APITokenFile   string
	TrustedProxies []string
	MaxInflight    int // 0 is for us to choose
	MetricsListen  string
}

const (
	// mostInflight is how many segments are made at once at most, where memory is plenty: each holds 94 KiB while its client
	// blocks, and one in largeShare 752 KiB while its client is quick, so 4096 are 768 MiB.
	mostInflight  = 4096
	inflightBytes = 192 << 10
	largeShare    = 8
	// inflightPercent of the memory limit is for them where it is short.
	inflightPercent = 25
	minAPIToken     = 16 // characters: whoever guesses should give up
)

func accessFlags(c *Config) flagGroup {
	return group("Access", func(f *pflag.FlagSet) {
		f.StringVar(&c.Access.SignKeyFile, "sign-key-file", c.Access.SignKeyFile, "`file` with keys, one a line in hexadecimal: the first signs (unreel sign), all verify. Films are then served below signed paths only")
		f.DurationVar(&c.Access.SignSkew, "sign-skew", c.Access.SignSkew, "let signed paths in for so long after their expiry, since clocks differ")
		f.StringVar(&c.Access.APITokenFile, "api-token-file", c.Access.APITokenFile, "`file` with tokens, one a line: /api/ and /info/ then want one as Authorization: Bearer")
		f.StringSliceVar(&c.Access.TrustedProxies, "trusted-proxy", c.Access.TrustedProxies, "`networks` of proxies whose X-Forwarded-For is believed, where a path is signed for an address")
		f.IntVar(&c.Access.MaxInflight, "max-inflight", c.Access.MaxInflight, "make so many segments at once, let a quarter as many wait for 2s, and refuse more with 503; what is cached is served all the same. 0 is 4096, or what a quarter of the memory limit or of the open files holds")
		f.StringVar(&c.Access.MetricsListen, "metrics-listen", c.Access.MetricsListen, "`address` to answer /metrics on, and there alone; empty is beside the films")
	})
}

func (a *accessConfig) validate() error {
	var errs []error
	if a.SignSkew < 0 {
		errs = append(errs, fmt.Errorf("sign-skew: %v is negative", a.SignSkew))
	}
	if a.MaxInflight < 0 {
		errs = append(errs, fmt.Errorf("max-inflight: %d is negative", a.MaxInflight))
	}
	if a.MetricsListen != "" && !isAddress(a.MetricsListen) {
		errs = append(errs, fmt.Errorf("metrics-listen: %q is no address: write host:port or :port", a.MetricsListen))
	}
	_, err := a.proxies()
	return errors.Join(append(errs, err)...)
}

// proxies reads networks, or single addresses.
func (a *accessConfig) proxies() (all []netip.Prefix, err error) {
	for _, text := range a.TrustedProxies {
		p, bad := readPrefix(text)
		if bad != nil {
			err = errors.Join(err, fmt.Errorf("trusted-proxy: %w", bad))
			continue
		}
		all = append(all, p)
	}
	return all, err
}

// readPrefix reads 192.0.2.7, or 192.0.2.0/24.
func readPrefix(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, fmt.Errorf("%q is no address and no network such as 10.0.0.0/8", text)
	}
	return p.Masked(), nil
}

// inflight is how many segments may be made at once; limit is the memory that we may use, descriptors how many files we may have
// open. Each is 0 where unknown.
func (a *accessConfig) inflight(limit int64, descriptors int) int {
	if a.MaxInflight > 0 {
		return a.MaxInflight
	}
	most := int64(mostInflight)
	if limit > 0 {
		most = min(most, limit/100*inflightPercent/inflightBytes)
	}
	if descriptors > 0 {
		most = min(most, int64(descriptors/segmentsShare))
	}
	return int(max(1, most))
}

// Shares of the descriptors: a quarter is for files that segments are made of, half for clients, the rest for what looks into
// files, directories and stores.
const (
	segmentsShare    = 4
	connectionsShare = 2
)

// access reads the files that the flags name. Its errors never tell what stands there.
func (a *accessConfig) access(log *slog.Logger) (access handlers.Access, err error) {
	access.Skew = a.SignSkew
	if access.Proxies, err = a.proxies(); err != nil {
		return access, err
	}
	if a.SignKeyFile != "" {
		access.Keys, err = readKeys(a.SignKeyFile, log)
	}
	if a.APITokenFile != "" {
		var failed error
		access.Bearers, failed = readBearers(a.APITokenFile, log)
		err = errors.Join(err, failed)
	}
	return access, err
}

func readKeys(file string, log *slog.Logger) (signing.Keys, error) {
	text, err := readSecret(file, log)
	if err != nil {
		return signing.Keys{}, fmt.Errorf("sign-key-file: %w", err)
	}
	keys, err := signing.ParseKeys(text)
	if err != nil {
		return signing.Keys{}, fmt.Errorf("sign-key-file: %s: %w", file, err)
	}
	return keys, nil
}

func readBearers(file string, log *slog.Logger) (all []handlers.Bearer, err error) {
	text, err := readSecret(file, log)
	if err != nil {
		return nil, fmt.Errorf("api-token-file: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if len(line) < minAPIToken {
			return nil, fmt.Errorf("api-token-file: %s: a token of %d characters, fewer than %d", file, len(line), minAPIToken)
		}
		all = append(all, handlers.NewBearer(line))
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("api-token-file: %s: no token", file)
	}
	return all, nil
}

// readSecret reads a file, and says if others may read it too.
func readSecret(file string, log *slog.Logger) ([]byte, error) {
	const everybody = 0o004
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&everybody != 0 {
		log.Warn("every user of this machine may read a secret: chmod 600 would keep it", slog.String("file", file))
	}
	return os.ReadFile(file)
}

// serveMetrics answers scrapes on an address of their own, until ctx ends. wait returns when it has ended.
func serveMetrics(ctx context.Context, address string, scrape http.Handler, log *slog.Logger) (wait func(), err error) {
	ln, err := handlers.Listen(ctx, address)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", scrape)
	return serveAside(ctx, ln, mux, log), nil
}

// serveAside serves what is not for viewers, until ctx ends. wait returns when it has ended.
func serveAside(ctx context.Context, ln net.Listener, h http.Handler, log *slog.Logger) (wait func()) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	var serving sync.WaitGroup
	serving.Go(func() {
		defer context.AfterFunc(ctx, func() { _ = server.Close() })()
		log.InfoContext(ctx, "listening aside", slog.String("address", ln.Addr().String()))
		if died := server.Serve(ln); !errors.Is(died, http.ErrServerClosed) {
			log.WarnContext(ctx, "no longer listening aside", slog.Any("err", died))
		}
	})
	return serving.Wait
}
