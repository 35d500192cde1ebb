package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"unreel/cache"
	"unreel/demux/source"
	"unreel/packager"
	"unreel/packager/routing"
)

// routingConfig is what the flags say of where renditions are fetched from, and of who is told of titles.
type routingConfig struct {
	Rules   []string
	File    string // "" for none
	OnTitle string // URL, "" for none
	Nginx   bool   // of unreel routes
}

// routesInterval is how often the file of rules is read again.
const routesInterval = 2 * time.Second

func routingFlags(c *Config) flagGroup {
	return group("Routes", func(f *pflag.FlagSet) {
		bindRules(f, c)
		f.StringVar(&c.Routing.OnTitle, "on-title", c.Routing.OnTitle, "`URL` to post what /info/ tells of each title that comes to be, once it plays; empty is none")
	})
}

func bindRules(f *pflag.FlagSet, c *Config) {
	f.StringArrayVar(&c.Routing.Rules, "route", c.Routing.Rules, "`rule` that has playlists lead to another server for what it fits, such as 'height>=1080&codec=av1=https://uhd.cdn.example'; the first that fits wins")
	f.StringVar(&c.Routing.File, "routes", c.Routing.File, "`file` with more such rules, one a line; it is read again when it changes")
}

func (r *routingConfig) validate() error {
	var errs []error
	if _, err := routing.ParseAll(r.Rules); err != nil {
		errs = append(errs, fmt.Errorf("route: %w", err))
	}
	if r.OnTitle != "" {
		u, err := url.Parse(r.OnTitle)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			errs = append(errs, errors.New("on-title: this is no URL like https://example.org/hook")) // which may hold a secret
		}
	}
	return errors.Join(errs...)
}

// table reads the rules.
func (r *routingConfig) table(observer routing.Observer, log *slog.Logger) (*routing.Table, error) {
	fixed, err := routing.ParseAll(r.Rules)
	if err != nil {
		return nil, fmt.Errorf("route: %w", err)
	}
	table, err := routing.NewTable(fixed, r.File, observer, log)
	if err != nil {
		return nil, fmt.Errorf("routes: %w", err)
	}
	return table, nil
}

const routesHead = `unreel routes tells from where the renditions of every film in a directory are fetched by some rules, without serving them.

Usage:
  unreel routes --route RULE [flags] DIR
`

// routesFlags binds what `unreel routes DIR` heeds.
func routesFlags(c *Config) []flagGroup {
	return []flagGroup{group("Routes", func(f *pflag.FlagSet) {
		bindRules(f, c)
		f.BoolVar(&c.Routing.Nginx, "nginx", c.Routing.Nginx, "print a map for Nginx, from $uri to the base in $unreel_base")
	}), segmentFlags(c), limitFlags(c)}
}

// routesCommand prints where rules lead to.
func routesCommand(ctx context.Context, args []string, stdout, stderr io.Writer, env lookupEnv) error {
	cfg := defaultConfig()
	rest, done, err := begin(&cfg, routesHead, routesFlags(&cfg), args, stdout, env)
	if done || err != nil {
		return err
	}
	path, err := only(rest, "directory", "unreel routes DIR tells where its films are fetched from")
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	table, err := cfg.Routing.table(unobservedRoutes{}, log)
	if err != nil {
		return &usageError{err}
	}
	dir, err := openDirectory(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return printRoutes(ctx, &cfg, table, dir, stdout, log)
}

// unobservedRoutes is a routing.Observer that nobody asks.
type unobservedRoutes struct{}

// Routes does nothing.
func (unobservedRoutes) Routes(int, bool) {}

// printRoutes prints the routes of all titles of a directory.
func printRoutes(ctx context.Context, cfg *Config, table *routing.Table, dir *source.Dir, stdout io.Writer, log *slog.Logger) error {
	storage := directory{dir}
	library := packager.NewLibrary(storage, log)
	packaging := cfg.packager(0)
	packaging.Routes = table.Rules
	p := packager.New(packaging, storage, library, unobserved{}, cache.Silent{}, log)
	defer func() { _ = p.Close() }()
	if err := library.Scan(ctx); err != nil {
		return err
	}
	const all = int(^uint(0) >> 1)
	entries, _ := library.List("", 0, all)
	var routes []routing.Route
	for _, entry := range entries {
		info, err := p.Inspect(ctx, entry)
		if err != nil {
			return err
		}
		routes = append(routes, info.Routes()...)
	}
	var text strings.Builder
	if cfg.Routing.Nginx {
		text.Write(routing.AppendNginx(nil, routes))
	} else {
		for _, r := range routes {
			fmt.Fprintf(&text, "%s/%s/%s %s  %s\n", r.Format, r.Title, r.Rendition, r.Tracks, r.Base)
		}
	}
	_, err := io.WriteString(stdout, text.String())
	return err
}
