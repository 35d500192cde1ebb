package disk

import "errors"

var (
	// ErrBroken is a file that is not a whole body of its key.
	ErrBroken = errors.New("not a whole body of its key")
	// ErrDropped is a body that was not written, since too many waited for that.
	ErrDropped = errors.New("too many wait to be written")
)
