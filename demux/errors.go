package demux

import (
	"errors"
	"fmt"
)

// Kinds of refusal. A *FormatError wraps one of them and says where.
var (
	// ErrCorrupt is a file that breaks its own format.
	ErrCorrupt = errors.New("corrupt")
	// ErrTooLarge is a file beyond one of our Limits.
	ErrTooLarge = errors.New("too large")
	// ErrUnsupported is a sound file, or track, that we don't deliver: a codec, an encryption, an edit list.
	ErrUnsupported = errors.New("not supported")
)

// FormatError is what is wrong with a file, where, and why. It is safe to show to anyone: it names boxes and bytes only.
type FormatError struct {
	Box    string // path of box types, e.g. "moov/trak/mdia/minf/stbl/stsz"
	Offset int64  // of the box, bytes from the start of the file
	Err    error
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("box %s at byte %d: %v", e.Box, e.Offset, e.Err)
}

// Unwrap gives the reason, which wraps ErrCorrupt, ErrTooLarge or ErrUnsupported.
func (e *FormatError) Unwrap() error { return e.Err }
