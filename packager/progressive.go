package packager

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"unreel/demux"
)

// Progressive is a file of the library as it lies there, to be sent in parts. It holds nothing open and needs no release.
type Progressive struct {
	packager *Packager
	path     string
	stamp    demux.Stamp
}

// sender is a Source that sends its bytes itself: a file, from the kernel straight to the client.
type sender interface {
	SendTo(w io.Writer, off, n int64) (int64, error)
}

const (
	// sendBytes is how much is sent between two looks whether the file is still the same.
	sendBytes = 8 << 20
	// lastCopied bytes are read and written rather than sent from the file: what the kernel sends for us it reads when it sends it.
	// It holds no more than mostUnsent that it hasn't sent, so all bytes of the file have left before the last look at it.
	lastCopied = mostUnsent + blockBytes
	// mostUnsent is what handlers lets the kernel hold, 128 KiB, and the packet at which it notices: most interfaces have 64 KiB,
	// Linux's GSO_MAX_SIZE are 512 KiB (BIG TCP).
	mostUnsent = 640 << 10
	// copiedAtOnce is less than what handlers lets the kernel hold more of.
	copiedAtOnce = 2 * blockBytes
)

// Progressive finds the file that the ref names. Apart from where its name depends on its content, it isn't read: a file
// that can't be played can still be fetched.
func (p *Packager) Progressive(ctx context.Context, ref FileRef) (*Progressive, error) {
	entry, err := p.library.Lookup(ctx, ref.Title)
	if err != nil {
		return nil, err
	}
	f, err := p.fileIn(ctx, entry, ref.Rendition)
	if isMissing(err) && p.library.Refresh(ctx) == nil {
		if entry, err = p.library.Lookup(ctx, ref.Title); err != nil {
			return nil, err
		}
		f, err = p.fileIn(ctx, entry, ref.Rendition)
	}
	return f, err
}

func (p *Packager) fileIn(ctx context.Context, entry Entry, rendition string) (*Progressive, error) {
	file, ok := entry.File(rendition)
	if !ok || file.Rendition == "" {
		m, err := p.mediaIn(ctx, entry, rendition)
		if err != nil {
			return nil, err
		}
		return &Progressive{packager: p, path: m.path, stamp: m.stamp}, nil
	}
	stamp, err := p.storage.Stat(file.Path)
	if err != nil {
		return nil, storageError("stat", file.Path, err)
	}
	return &Progressive{packager: p, path: file.Path, stamp: stamp}, nil
}

// Size is the file's length in bytes.
func (f *Progressive) Size() int64 { return f.stamp.Size }

// ETag is strong, and the same on all replicas that share the file or copied it with its time. The time counts
// nanoseconds where the file system does; a writer that is quicker than its clock is what RFC 9110 §8.8.1 warns of, and is
// met by the stamp being compared again while bytes are sent.
func (f *Progressive) ETag() string {
	return `"` + strconv.FormatInt(f.stamp.Size, 16) + "-" + strconv.FormatInt(f.stamp.ModTime, 16) + `"`
}

// ContentType is the file's MIME type, by its name's extension.
func (f *Progressive) ContentType() string {
	switch strings.ToLower(path.Ext(f.path)) {
	case ".mov":
		return "video/quicktime"
	case ".m4a":
		return "audio/mp4"
	default:
		return TypeFile
	}
}

// TypeFile is the MIME type of a film in one file (RFC 4337).
const TypeFile = "video/mp4"

// WriteRange writes bytes [off, off+n) of the file to w. ErrChanged means that the file was replaced since it was found:
// what was written, if anything, is not to be trusted, and is never followed by the last block.
func (f *Progressive) WriteRange(ctx context.Context, w io.Writer, off, n int64) error {
	if off < 0 || n < 0 || off > f.stamp.Size-n {
		return fmt.Errorf("bytes %d to %d of a file of %d", off, off+n, f.stamp.Size)
	}
	if n == 0 {
		return nil
	}
	source, err := f.packager.storage.Open(ctx, f.path)
	if err != nil {
		return f.failed(ctx, "open", err)
	}
	defer source.Close()
	if err = f.unchanged(ctx, source); err != nil {
		return err
	}
	end := off + n
	for sent := end - lastCopied; off < sent; {
		if err = context.Cause(ctx); err != nil {
			return err
		}
		k := min(sent-off, sendBytes)
		if err = f.send(ctx, source, w, off, k); err != nil {
			return err
		}
		off += k
		if err = f.unchanged(ctx, source); err != nil {
			return err
		}
	}
	for off < end {
		k := min(end-off, copiedAtOnce)
		if err = f.copy(ctx, source, w, off, k); err != nil { // its last block is read, the file looked at, and the block written
			return err
		}
		off += k
	}
	return nil
}

// send sends n bytes from off, by the source itself where it can.
func (f *Progressive) send(ctx context.Context, source Source, w io.Writer, off, n int64) error {
	direct, ok := source.(sender)
	if !ok {
		return f.copy(ctx, source, w, off, n)
	}
	sent, err := direct.SendTo(w, off, n)
	if err == nil && sent < n {
		return fmt.Errorf("%q ends early, at byte %d: %w", f.path, off+sent, ErrChanged)
	}
	return err
}

// copy sends n bytes from off, block by block. Each is read, the file is looked at, and then it is written.
func (f *Progressive) copy(ctx context.Context, source Source, w io.Writer, off, n int64) error {
	reader, err := source.ReadRange(ctx, off, n)
	if err != nil {
		return f.failed(ctx, "read", err)
	}
	defer reader.Close()
	_, err = f.packager.blocks.relay(w, n, func(p []byte) (int, error) {
		if failed := reader.ReadAt(ctx, p, off); failed != nil {
			if ctx.Err() == nil && errors.Is(failed, io.ErrUnexpectedEOF) {
				return 0, fmt.Errorf("%q ends early: %w", f.path, ErrChanged)
			}
			return 0, f.failed(ctx, "read", failed)
		}
		off += int64(len(p))
		return len(p), nil
	}, func() error { return f.unchanged(ctx, source) })
	return err
}

func (f *Progressive) unchanged(ctx context.Context, source Source) error {
	stamp, err := source.Stamp(ctx)
	if err != nil {
		return f.failed(ctx, "stat", err)
	}
	if stamp != f.stamp {
		return fmt.Errorf("%q: %w", f.path, ErrChanged)
	}
	return nil
}

// failed tells a client that left from a storage that failed.
func (f *Progressive) failed(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return storageError(doing, f.path, err)
}
