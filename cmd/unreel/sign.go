package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"unreel/handlers"
	"unreel/handlers/signing"
)

// signConfig is what the flags of `unreel sign` say.
type signConfig struct {
	For    time.Duration
	Client string
	Print  string
	Base   string
}

const signHead = `unreel sign prints a path to a title that a server with the same --sign-key-file serves, until it expires.
A directory of titles is signed as one; without a title, all are, and /api/ too. --print api opens what players tell of their
viewers, and no film.

Usage:
  unreel sign --sign-key-file FILE [flags] [TITLE]
`

// signs are the choices of --print: what follows the token.
var signs = [...]struct{ name, tail string }{
	{"hls", "/hls/%s/master.m3u8"},
	{"cmaf", "/cmaf/%s/master.m3u8"},
	{"dash", "/cmaf/%s/manifest.mpd"},
}

// What --print prints beside these.
const (
	printToken = "token"
	printAPI   = "api"
)

// signFlags binds what `unreel sign TITLE` heeds.
func signFlags(c *Config) []flagGroup {
	return []flagGroup{group("Signing", func(f *pflag.FlagSet) {
		f.StringVar(&c.Access.SignKeyFile, "sign-key-file", c.Access.SignKeyFile, "`file` with keys, one a line in hexadecimal: the first signs")
		f.DurationVar(&c.Sign.For, "for", c.Sign.For, "how long the path is good: a player that pauses needs it longer than the film")
		f.StringVar(&c.Sign.Client, "client", c.Sign.Client, "`address` or network of the only clients that may use it; empty is all")
		f.StringVar(&c.Sign.Print, "print", c.Sign.Print, "`what`: the path of hls, cmaf or dash, the one before progress, sessions and events (api), or the token alone")
		f.StringVar(&c.Sign.Base, "base", c.Sign.Base, "`URL` to print in front, such as https://example.org")
	})}
}

func defaultSign() signConfig { return signConfig{For: 6 * time.Hour, Print: signs[0].name} }

// signCommand prints a signed path.
func signCommand(_ context.Context, args []string, stdout, stderr io.Writer, env lookupEnv) error {
	cfg := defaultConfig()
	rest, done, err := begin(&cfg, signHead, signFlags(&cfg), args, stdout, env)
	if done || err != nil {
		return err
	}
	title := ""
	if len(rest) > 0 {
		if title, err = only(rest, "title", "unreel sign TITLE signs it"); err != nil {
			return err
		}
		if title = strings.Trim(title, "/"); title == "" {
			return &usageError{errors.New("the title is empty: leave it out to sign all of them")}
		}
	}
	grant := signing.Grant{Scope: handlers.ScopeOf(title), Expiry: time.Now().Add(cfg.Sign.For)}
	switch {
	case cfg.Access.SignKeyFile == "":
		return &usageError{errors.New("sign-key-file: which? openssl rand -hex 32 makes a key")}
	case cfg.Sign.For <= 0:
		return &usageError{fmt.Errorf("for: %v is not above zero", cfg.Sign.For)}
	case cfg.Sign.Client != "":
		if grant.Clients, err = readPrefix(cfg.Sign.Client); err != nil {
			return &usageError{fmt.Errorf("client: %w", err)}
		}
	}
	at := slices.IndexFunc(signs[:], func(s struct{ name, tail string }) bool { return s.name == cfg.Sign.Print })
	switch {
	case cfg.Sign.Print == printAPI && title != "":
		return &usageError{fmt.Errorf("print: api is of no title, %s", title)}
	case cfg.Sign.Print == printAPI:
		grant.Scope = handlers.ViewersScope()
	case at < 0 && cfg.Sign.Print != printToken:
		return &usageError{fmt.Errorf("print: %q is none of hls, cmaf, dash, api, token", cfg.Sign.Print)}
	}
	keys, err := readKeys(cfg.Access.SignKeyFile, slog.New(slog.NewTextHandler(stderr, nil)))
	if err != nil {
		return err
	}
	token, err := keys.Sign(grant)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, cfg.Sign.line(token, title, at))
	return err
}

// line is what the flags ask for: the token, or one of the signs. Without a title, it is where the page is.
func (c *signConfig) line(token, title string, at int) string {
	base := strings.TrimSuffix(c.Base, "/")
	switch {
	case c.Print == printAPI:
		return base + handlers.SignedPath(token, "/api/")
	case at < 0:
		return token
	case title == "":
		return base + handlers.SignedPath(token, "/")
	default:
		return base + handlers.SignedPath(token, fmt.Sprintf(signs[at].tail, handlers.EscapeTitle(title)))
	}
}
