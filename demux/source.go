package demux

import "context"

// Stamp tells cheaply whether a Source is still the same object: for a file what stat says, for a remote object its
// ETag folded into Inode. Stamps are compared with ==.
type Stamp struct {
	Size    int64  // bytes
	ModTime int64  // Unix nanoseconds
	Inode   uint64 // tells a renamed-over file from the one before it
}

// Source is one unchanging object of bytes: a file; later an HTTP or S3 object. Implementations are safe for concurrent use.
type Source interface {
	// Size is the object's length in bytes when it was opened.
	Size() int64
	// Stamp asks the storage anew what stands under the object's name now. It differs from an earlier answer once the
	// object was replaced, overwritten, truncated or removed (an error then).
	Stamp(ctx context.Context) (Stamp, error)
	// ReadRange announces that bytes of [off, off+n) are wanted, mostly in rising order: a file tells the kernel, a
	// remote object sends one ranged request. The Reader must be closed.
	ReadRange(ctx context.Context, off, n int64) (Reader, error)
}

// Reader reads within one announced range of a Source. It is used by one goroutine at a time.
type Reader interface {
	// ReadAt fills p from off, counted from the start of the Source. An object that ends early is io.ErrUnexpectedEOF;
	// a cancelled ctx ends it between two reads of the storage.
	ReadAt(ctx context.Context, p []byte, off int64) error
	Close() error
}
