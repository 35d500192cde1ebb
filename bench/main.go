package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code) //nolint:forbidigo // this is main
}

// Exit codes.
const (
	exitOK    = 0
	exitError = 1 // what was asked for could not be done, or went wrong in part
	exitUsage = 2 // it was asked for in the wrong words
)

// usageError is a mistake on the command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// command is one of the things that bench does. Figures go to stdout, all else to stderr.
type command struct {
	name, help string
	run        func(ctx context.Context, args []string, stdout, stderr io.Writer) error
}

func commands() []command {
	return []command{
		{"load", "play from an origin as many players do", loadCommand},
		{"figures", "take the figures of bench/README.md, beside Nginx", figuresCommand},
	}
}

// run is the program. A ctx that ends asks for the figures so far.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := dispatch(ctx, args, stdout, stderr)
	if err == nil || errors.Is(err, pflag.ErrHelp) {
		return exitOK
	}
	fmt.Fprintf(stderr, "bench: %v\n", err)
	var mistake *usageError
	if errors.As(err, &mistake) {
		return exitUsage
	}
	return exitError
}

func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		for _, c := range commands() {
			if c.name == args[0] {
				return c.run(ctx, args[1:], stdout, stderr)
			}
		}
	}
	fmt.Fprintln(stderr, "Usage: go run ./bench COMMAND [flags]; each command explains itself with --help")
	for _, c := range commands() {
		fmt.Fprintf(stderr, "  %-8s %s\n", c.name, c.help)
	}
	if len(args) > 0 && (args[0] == "--help" || args[0] == "-h") {
		return nil
	}
	return &usageError{errors.New("which command?")}
}

// parseFlags reads args into flags. Asked for help, it prints the flags after head, and the error is pflag.ErrHelp.
func parseFlags(flags *pflag.FlagSet, head string, args []string, stdout io.Writer) error {
	flags.SortFlags = false
	flags.SetOutput(io.Discard)
	flags.Usage = func() {
		fmt.Fprintf(stdout, "%s\n\nFlags:\n%s", head, flags.FlagUsagesWrapped(100))
	}
	err := flags.Parse(args)
	if err != nil && !errors.Is(err, pflag.ErrHelp) {
		return &usageError{err}
	}
	return err
}
