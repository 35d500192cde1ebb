package packager

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"unreel/demux"
	"unreel/packager/clip"
)

// Clip is a part of a file as an MP4 of its own, to be sent in parts. Its size is known before any media is read. It holds no
// layout: that of a film of hours takes megabytes, and a client may be slow.
type Clip struct {
	*Progressive
	media      *media
	start, end float64 // as they were asked for
	size, head int64   // bytes of all, and of what stands before the media
	etag       string
}

// ErrNoPart is a part of a film that isn't there.
var ErrNoPart = clip.ErrEmpty

// Clip lays out the part from start to end, in seconds, of the file that the ref names: it begins and ends at key frames, around
// what is asked for. ErrBusy tells that too many wait for such.
func (p *Packager) Clip(ctx context.Context, ref FileRef, start, end float64) (*Clip, error) {
	m, err := p.mediaOf(ctx, ref.Title, ref.Rendition)
	if err != nil {
		return nil, err
	}
	c := &Clip{Progressive: &Progressive{packager: p, path: m.path, stamp: m.stamp}, media: m, start: start, end: end}
	layout, err := p.clips.admit(ctx, c)
	if err != nil {
		return nil, err
	}
	c.size, c.head = layout.Size(), int64(len(layout.Head()))
	c.etag = `"` + m.version.String() + "-" + strconv.FormatInt(m.stamp.ModTime, 16) + "-" + strconv.Itoa(layout.First) + "-" + strconv.Itoa(layout.After) + "-" +
		strconv.FormatInt(c.size, 16) + `"`
	return c, nil
}

// Size is the clip's length in bytes.
func (c *Clip) Size() int64 { return c.size }

// ETag is strong: of the file's content and time, of the samples, and of how much sound is with them.
func (c *Clip) ETag() string { return c.etag }

// mostRuns is how much of a layout is held while bytes are sent, in bytes: the places of the media, where those are few, as they
// are where the file has no more than the clip.
const mostRuns = 4 << 10

// WriteRange writes bytes [off, off+n) of the clip to w. ErrChanged means that the file was replaced since the clip was laid
// out: what was written, if anything, is not to be trusted, and is never followed by the last block.
func (c *Clip) WriteRange(ctx context.Context, w io.Writer, off, n int64) error {
	if off < 0 || n < 0 || off > c.size-n {
		return fmt.Errorf("bytes %d to %d of a clip of %d", off, off+n, c.size)
	}
	source, err := c.packager.storage.Open(ctx, c.path)
	if err != nil {
		return c.failed(ctx, "open", err)
	}
	defer source.Close()
	if err = c.unchanged(ctx, source); err != nil {
		return err
	}
	layout, err := c.packager.clips.layout(ctx, c)
	if err != nil {
		return err
	}
	runs := layout.Media()
	from, length := runs.Span()
	reader, err := source.ReadRange(ctx, from, length)
	if err != nil {
		return c.failed(ctx, "read", err)
	}
	defer reader.Close()
	if layout = nil; runs.Bytes() > mostRuns {
		runs = nil
	}
	_, err = c.packager.blocks.relay(w, n, func(p []byte) (int, error) {
		if failed := c.read(ctx, reader, p, off, runs); failed != nil {
			return 0, failed
		}
		off += int64(len(p))
		return len(p), nil
	}, func() error { return c.unchanged(ctx, source) })
	return err
}

// read fills b with the clip's bytes from off. Runs are where its media lie; nil where those are too many to be held.
func (c *Clip) read(ctx context.Context, reader demux.Reader, b []byte, off int64, runs *clip.Media) error {
	if off < c.head || runs == nil {
		layout, err := c.packager.clips.layout(ctx, c)
		if err != nil {
			return err
		}
		runs = layout.Media()
		if off < c.head {
			k := copy(b, layout.Head()[off:])
			off, b = off+int64(k), b[k:]
		}
	}
	for len(b) > 0 {
		from, n := runs.At(off - c.head)
		k := int(min(n, int64(len(b))))
		if err := reader.ReadAt(ctx, b[:k], from); err != nil {
			if ctx.Err() == nil && errors.Is(err, io.ErrUnexpectedEOF) {
				return fmt.Errorf("%q ends early: %w", c.path, ErrChanged)
			}
			return c.failed(ctx, "read", err)
		}
		off, b = off+int64(k), b[k:]
	}
	return nil
}
