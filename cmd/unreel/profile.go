package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/pprof"

	"unreel/handlers"
)

// serveProfiles answers Go's profiles on an address of their own, until ctx ends: they are not for the world. wait returns
// when it has ended.
func serveProfiles(ctx context.Context, address string, log *slog.Logger) (wait func(), err error) {
	ln, err := handlers.Listen(ctx, address)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return serveAside(ctx, ln, mux, log), nil
}
