package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"unreel/cache"
	"unreel/cache/disk"
	"unreel/demux/source"
	"unreel/handlers"
	"unreel/handlers/tracing"
	"unreel/handlers/webhook"
	"unreel/packager"
	"unreel/packager/routing"
)

var (
	_ packager.Observer = (*handlers.Metrics)(nil)
	_ cache.Observer    = (*handlers.Metrics)(nil)
	_ disk.Observer     = (*handlers.Metrics)(nil)
)

// errScanning is why /readyz says no at first: titles that nobody asked for yet are not all known.
var errScanning = errors.New("the library is being listed")

// serve serves a directory until ctx ends or a signal comes.
func serve(ctx context.Context, cfg *Config, path string, stdout, stderr io.Writer) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as it is below nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	defer signal.Stop(signals)

	log := cfg.logger(stderr)
	dir, err := openDirectory(path)
	if err != nil {
		return err
	}
	ln, err := handlers.Listen(ctx, cfg.Listen)
	if err != nil {
		return errors.Join(err, dir.Close())
	}
	s, err := newServer(cfg, directory{dir}, path, log)
	if err != nil {
		return errors.Join(err, ln.Close(), dir.Close())
	}
	return untilSignal(ctx, signals, log, func(ctx context.Context) error {
		failed := errors.Join(s.run(ctx, ln, path, stdout), s.packager.Close(), s.closeIndexes(), s.kept.Close(), dir.Close())
		s.flush()
		return failed
	})
}

// openDirectory says what is wrong with a path that can't be served, and what to do instead.
func openDirectory(path string) (*source.Dir, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, pathError(path, err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is a file: unreel inspect explains it, and unreel %s serves the directory that it is in", path, filepath.Dir(path))
	}
	dir, err := source.OpenDir(path)
	if err != nil {
		return nil, pathError(path, err)
	}
	return dir, nil
}

// server is the program, wired.
type server struct {
	cfg      *Config
	log      *slog.Logger
	library  *packager.Library
	packager *packager.Packager
	handler  *handlers.Handler
	kept     *viewers
	routes   *routing.Table
	told     func(webhook.Result) // counts what became of new titles
	// closeIndexes writes what is still to be kept of them.
	closeIndexes func() error
	tracer       *tracing.Tracer
	listed       atomic.Bool  // the library was listed once
	drained      atomic.Int64 // when run was told to end, ns of Unix time; 0 for not yet
}

// newServer wires the program around a storage; path is the directory that it is.
func newServer(cfg *Config, storage packager.Storage, path string, log *slog.Logger) (s *server, err error) {
	machine := os.DirFS("/")
	limit := memoryLimit(machine)
	packaging := cfg.packager(limit)
	packaging.Thumbnails = cfg.thumbnails(log)
	inflight := cfg.Access.inflight(limit, mostDescriptors())
	packaging.LargeBlocks = (inflight + largeShare - 1) / largeShare
	keepToGroupLimit(machine, packaging.Cache.MaxBytes)
	access, err := cfg.Access.access(log)
	if err != nil {
		return nil, err
	}

	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	metrics := handlers.NewMetrics(registry, version())

	indexes, closeIndexes, err := cfg.openIndexes(metrics, log)
	if err != nil {
		return nil, err
	}
	packaging.Indexes = indexes
	routes, err := cfg.Routing.table(handlers.NewRoutesMetrics(registry), log)
	if err != nil {
		return nil, errors.Join(err, closeIndexes())
	}
	packaging.Routes = routes.Rules

	tracer, err := cfg.tracer(metrics, log)
	if err != nil {
		return nil, errors.Join(err, closeIndexes())
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tracer.Shutdown(context.Background())) // at once: there is nothing to send yet
		}
	}()
	log = slog.New(tracer.Log(log.Handler()))
	s = &server{cfg: cfg, log: log, routes: routes, told: handlers.WebhookMetric(registry), library: packager.NewLibrary(storage, log), closeIndexes: closeIndexes, tracer: tracer}
	s.packager = packager.New(packaging, storage, s.library, tracer.Beside(metrics), metrics, log)
	if s.kept, err = openViewers(cfg, path, metrics, log); err != nil {
		return nil, errors.Join(err, s.packager.Close(), closeIndexes())
	}
	http := cfg.http()
	http.Playback, http.Tracer, http.Routes = s.kept.Playback, tracer, routes
	http.Access, http.MaxInflight, http.HideMetrics = access, inflight, cfg.Access.MetricsListen != ""
	if cfg.Prefetch {
		http.Ahead = s.packager.Ahead
	}
	http.Ready = func() error {
		if !s.listed.Load() {
			return errScanning
		}
		return nil
	}
	if s.handler, err = handlers.New(http, s.packager, metrics, registry, log); err != nil {
		return nil, errors.Join(err, s.kept.Close(), s.packager.Close(), closeIndexes())
	}
	return s, nil
}

// run serves on ln until ctx ends, then lets requests end. Listing goes on meanwhile: a library may be large and its
// storage slow.
func (s *server) run(ctx context.Context, ln net.Listener, path string, stdout io.Writer) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer context.AfterFunc(ctx, func() { s.drained.Store(time.Now().UnixNano()) })()
	if s.cfg.PprofListen != "" {
		wait, err := serveProfiles(ctx, s.cfg.PprofListen, s.log)
		if err != nil {
			return errors.Join(err, ln.Close())
		}
		defer wait()
	}
	if s.cfg.Access.MetricsListen != "" {
		wait, err := serveMetrics(ctx, s.cfg.Access.MetricsListen, s.handler.Metrics(), s.log)
		if err != nil {
			stop(nil)
			return errors.Join(err, ln.Close())
		}
		defer wait()
	}
	var aside sync.WaitGroup
	defer aside.Wait()
	aside.Go(func() { s.routes.Run(ctx, routesInterval) })
	listing := make(chan struct{})
	go func() {
		defer close(listing)
		if err := s.list(ctx, ln.Addr(), path, stdout); err != nil {
			stop(err)
		}
	}()
	err := handlers.Serve(ctx, handlers.Bounded(ln, mostDescriptors()/connectionsShare), s.cfg.server(), s.handler)
	why := context.Cause(ctx)
	stop(nil)
	<-listing
	if errors.Is(why, context.Canceled) {
		why = nil // it was asked to end
	}
	return errors.Join(why, err)
}

// list lists the library, says what it found, and lists it again from time to time. The error is that of the first time.
func (s *server) list(ctx context.Context, address net.Addr, path string, stdout io.Writer) error {
	s.log.InfoContext(ctx, "listening", slog.String("address", address.String()), slog.String("version", version()))
	if err := s.library.Scan(ctx); err != nil {
		return pathError(path, err)
	}
	var hook sync.WaitGroup
	defer hook.Wait()
	known := told{s.packager}.Names()
	hook.Go(func() { s.runHook(ctx, known) })
	s.listed.Store(true)
	const shown = 5
	page, total := s.packager.Titles("", 0, shown)
	if err := announce(stdout, path, localURL(address.String()), page, total); err != nil {
		return fmt.Errorf("say where we are: %w", err)
	}
	s.library.Run(ctx, s.cfg.RescanInterval)
	return nil
}

// announce tells a person what there is and where.
func announce(w io.Writer, path, url string, page []packager.Summary, total int) error {
	var t explanation
	switch total {
	case 0:
		t.line("No titles in %s yet: put .mp4, .m4v, .mov or .m4a files there, such as film_1080p.mp4 and film_720p.mp4.", path)
	default:
		t.line("%s in %s:", plural(total, "title"), path)
	}
	for _, title := range page {
		t.line("  %s", title.Title)
	}
	if more := total - len(page); more > 0 {
		t.line("  and %d more", more)
	}
	t.line("Open %s", url)
	_, err := io.WriteString(w, t.String())
	return err
}
