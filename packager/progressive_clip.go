package packager

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"unreel/packager/clip"
)

// Clip is a part of a file as an MP4 of its own, to be sent in parts. Its size is known before any media is read.
type Clip struct {
	*Progressive
	layout *clip.Clip
	etag   string
}

// ErrNoPart is a part of a film that isn't there.
var ErrNoPart = clip.ErrEmpty

// Clip lays out the part from start to end, in seconds, of the file that the ref names: it begins and ends at key frames, around
// what is asked for.
func (p *Packager) Clip(ctx context.Context, ref FileRef, start, end float64) (*Clip, error) {
	m, err := p.mediaOf(ctx, ref.Title, ref.Rendition)
	if err != nil {
		return nil, err
	}
	layout, err := clip.New(m.index, start, end)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", m.path, err)
	}
	f := &Progressive{packager: p, path: m.path, stamp: m.stamp}
	tag := m.version.String() + "-" + strconv.FormatInt(m.stamp.ModTime, 16)
	return &Clip{f, layout, `"` + tag + "-" + strconv.Itoa(layout.First) + "-" + strconv.Itoa(layout.After) + `"`}, nil
}

// Size is the clip's length in bytes.
func (c *Clip) Size() int64 { return c.layout.Size() }

// ETag is strong: of the file's content and time, and of the samples.
func (c *Clip) ETag() string { return c.etag }

// WriteRange writes bytes [off, off+n) of the clip to w. ErrChanged means that the file was replaced since the clip was laid
// out: what was written, if anything, is not to be trusted, and is never followed by the last block.
func (c *Clip) WriteRange(ctx context.Context, w io.Writer, off, n int64) error {
	if off < 0 || n < 0 || off > c.Size()-n {
		return fmt.Errorf("bytes %d to %d of a clip of %d", off, off+n, c.Size())
	}
	source, err := c.packager.storage.Open(ctx, c.path)
	if err != nil {
		return c.failed(ctx, "open", err)
	}
	defer source.Close()
	if err = c.unchanged(ctx, source); err != nil {
		return err
	}
	at, length := c.layout.Span()
	reader, err := source.ReadRange(ctx, at, length)
	if err != nil {
		return c.failed(ctx, "read", err)
	}
	defer reader.Close()
	block := c.packager.blocks.Get().(*[blockBytes]byte)
	defer c.packager.blocks.Put(block)
	for n > 0 {
		filled := 0
		for want := int(min(n, blockBytes)); filled < want; {
			from, run, head := c.layout.At(off)
			k := int(min(run, int64(want-filled)))
			if head {
				copy(block[filled:filled+k], c.layout.Head()[from:])
			} else if err = reader.ReadAt(ctx, block[filled:filled+k], from); err != nil {
				if ctx.Err() == nil && errors.Is(err, io.ErrUnexpectedEOF) {
					return fmt.Errorf("%q ends early: %w", c.path, ErrChanged)
				}
				return c.failed(ctx, "read", err)
			}
			filled += k
			off += int64(k)
		}
		if n -= int64(filled); n == 0 {
			if err = c.unchanged(ctx, source); err != nil {
				return err
			}
		}
		if _, err = w.Write(block[:filled]); err != nil {
			return err
		}
	}
	return nil
}
