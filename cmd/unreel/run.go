package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Exit codes. A second signal exits with 128 and its number, as a shell would say.
const (
	exitOK    = 0
	exitError = 1 // what was asked for could not be done
	exitUsage = 2 // it was asked for in the wrong words
)

// usageError is a mistake on the command line or in the environment.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// lookupEnv is os.LookupEnv.
type lookupEnv = func(string) (string, bool)

// run is the program: what it prints goes to stdout, logs and complaints to stderr. A server runs until ctx ends or a
// signal comes.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, env lookupEnv) int {
	command := serveCommand
	if len(args) > 0 {
		switch args[0] {
		case "inspect":
			command, args = inspectCommand, args[1:]
		case "sign":
			command, args = signCommand, args[1:]
		case "routes":
			command, args = routesCommand, args[1:]
		case "healthcheck":
			command, args = healthCommand, args[1:]
		}
	}
	return exitCode(command(ctx, args, stdout, stderr, env), stderr)
}

// exitCode tells an error to a person, each mistake on a line of its own.
func exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return exitOK
	}
	var signalled *signalError
	if errors.As(err, &signalled) {
		return signalled.code()
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(stderr, "unreel: %s\n", strings.TrimSuffix(line, "\n"))
	}
	var mistake *usageError
	if errors.As(err, &mistake) {
		fmt.Fprintln(stderr, "Try unreel --help.")
		return exitUsage
	}
	return exitError
}

// begin does what all commands begin with: parse, tell about ourselves, check. done is true where that was all.
func begin(cfg *Config, head string, groups []flagGroup, args []string, stdout io.Writer, env lookupEnv) (rest []string, done bool, err error) {
	found, err := parse(groups, args, env)
	switch {
	case found.help:
		_, err = io.WriteString(stdout, usage(head, groups, columns(env)))
		return nil, true, err
	case found.version:
		_, err = fmt.Fprintln(stdout, versionLine())
		return nil, true, err
	case err != nil:
		return nil, false, &usageError{err}
	}
	if err = cfg.Validate(); err != nil {
		return nil, false, &usageError{err}
	}
	return found.rest, false, nil
}

func serveCommand(ctx context.Context, args []string, stdout, stderr io.Writer, env lookupEnv) error {
	cfg := defaultConfig()
	rest, done, err := begin(&cfg, usageHead, serveFlags(&cfg), args, stdout, env)
	if done || err != nil {
		return err
	}
	dir, err := only(rest, "directory", "unreel DIR serves every film in DIR")
	if err != nil {
		return err
	}
	return serve(ctx, &cfg, dir, stdout, stderr)
}

// only is the one argument that a command takes.
func only(rest []string, what, hint string) (string, error) {
	switch len(rest) {
	case 0:
		return "", &usageError{fmt.Errorf("which %s? %s", what, hint)}
	case 1:
		return rest[0], nil
	default:
		return "", &usageError{fmt.Errorf("one %s at a time, not %d: %s", what, len(rest), strings.Join(rest, " "))}
	}
}
