package main

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// quietLibraries silences what a library says on its own: whatever it can't do reaches our log as the error of a request.
// Its logger is the process's, so this is for main alone.
func quietLibraries() { redis.SetLogger(silence{}) }

type silence struct{}

// Printf says nothing.
func (silence) Printf(context.Context, string, ...any) {}
