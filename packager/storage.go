package packager

import (
	"context"

	"unreel/demux"
)

// Source is an opened file of the library. What reads it sees one unchanging object, or an error.
type Source interface {
	demux.Source
	Close() error
}

// Storage is where a library's files lie. Names are slash-separated and relative to the library's root.
type Storage interface {
	Directory
	// Open opens a regular file; an error that is fs.ErrNotExist tells that there is none.
	Open(ctx context.Context, name string) (Source, error)
}
