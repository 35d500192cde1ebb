package demux

import (
	"fmt"

	mbits "github.com/Eyevinn/mp4ff/bits"
	"github.com/Eyevinn/mp4ff/mp4"
)

// maxLeafBytes bounds what mp4ff gets to see: no decoder configuration is near it.
const maxLeafBytes = 1 << 20

// decodeLeaf lets mp4ff decode one small leaf box of type T. It is the only place where a third party's parser meets a file's
// bytes, and its panics become errors here.
func decodeLeaf[T mp4.Box](b *box) (leaf T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = b.errorf("decoder panic: %v: %w", r, ErrCorrupt)
		}
	}()
	if len(b.body) > maxLeafBytes {
		return leaf, b.errorf("%d bytes, limit %d: %w", len(b.body), maxLeafBytes, ErrTooLarge)
	}
	decoded, err := mp4.DecodeBoxSR(0, mbits.NewFixedSliceReader(b.bytes()))
	if err != nil {
		return leaf, b.errorf("%w: %w", ErrCorrupt, err)
	}
	leaf, ok := decoded.(T)
	if !ok {
		return leaf, &FormatError{Box: b.path(), Offset: b.offset, Err: fmt.Errorf("decodes as a %q box: %w", decoded.Type(), ErrCorrupt)}
	}
	return leaf, nil
}
