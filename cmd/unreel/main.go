package main

import (
	"context"
	"os"
)

func main() {
	quietLibraries()
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr, os.LookupEnv))
}
