package handlers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"time"

	"unreel/handlers/tracing"
	"unreel/handlers/web"
	"unreel/packager"
)

// Config is what of HTTP an operator may choose.
type Config struct {
	CORSOrigins []string     // origins whose pages may read us: "*" for all, or "https://example.org"; none for none
	AccessLog   bool         // a line for every request, not only for those that failed by our fault
	Version     string       // of the program, which /healthz tells
	Page        fs.FS        // the files of the page; "index.html" answers at "/"
	Playback    Playback     // what is kept of viewers
	Ready       func() error // why /readyz should say no; nil, or a nil error, means yes
	Access      Access       // who may fetch what; the zero value lets everybody
	MaxInflight int          // segments that are made at once for clients, cache hits not counted; 0 is no bound
	// Ahead has the segment made that follows one which was taken: see packager.Packager.Ahead. nil has none made.
	Ahead       func(ctx context.Context, format packager.Format, taken, hint string)
	HideMetrics bool            // /metrics is answered elsewhere, by what Metrics gives
	Tracer      *tracing.Tracer // nil where nothing is traced
	// Routes tells from where renditions are fetched; nil where nothing is told of it.
	Routes Routes
}

// DefaultConfig is open to all origins and logs every request.
func DefaultConfig() Config {
	return Config{CORSOrigins: []string{"*"}, AccessLog: true, Page: web.Files()}
}

// Validate names every mistake at once, by the flag's name.
func (c Config) Validate() error {
	var errs []error
	for _, origin := range c.CORSOrigins {
		u, err := url.Parse(origin)
		if origin != "*" && (err != nil || u.Host == "" || u.Scheme+"://"+u.Host != origin) {
			errs = append(errs, fmt.Errorf("cors-origin: %q is neither * nor like https://example.org", origin))
		}
	}
	return errors.Join(errs...)
}

// ServerConfig is how connections are held and let go.
type ServerConfig struct {
	WriteTimeout time.Duration // how long a client may take no byte at all
	DrainDelay   time.Duration // between /readyz saying no and the listener closing
	DrainTimeout time.Duration // for the requests that are under way then
}

// DefaultServerConfig suits a balancer that asks /readyz every second.
func DefaultServerConfig() ServerConfig {
	return ServerConfig{WriteTimeout: 30 * time.Second, DrainDelay: 2 * time.Second, DrainTimeout: 30 * time.Second}
}

// Validate names every mistake at once, by the flag's name.
func (c ServerConfig) Validate() error {
	var errs []error
	if c.WriteTimeout <= 0 {
		errs = append(errs, fmt.Errorf("write-timeout: %v is not positive", c.WriteTimeout))
	}
	if c.DrainDelay < 0 {
		errs = append(errs, fmt.Errorf("drain-delay: %v is negative", c.DrainDelay))
	}
	if c.DrainTimeout <= 0 {
		errs = append(errs, fmt.Errorf("drain-timeout: %v is not positive", c.DrainTimeout))
	}
	return errors.Join(errs...)
}
