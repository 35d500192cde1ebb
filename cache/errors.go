package cache

import "errors"

var (
	// ErrSize is a fill that wrote more or fewer bytes than were promised.
	ErrSize = errors.New("body is not of the promised size")
	// ErrRange is a range outside of a body.
	ErrRange = errors.New("range is outside of the body")
	// ErrGone is a body that left before it was read: whoever wants it makes it, or asks again.
	ErrGone = errors.New("body is in the cache no more")
	// ErrPanic is a fill that panicked; the message holds what with, and the stack.
	ErrPanic = errors.New("panic while filling the cache")
	// ErrClosed is a fill that ended because its Cache was closed.
	ErrClosed = errors.New("cache closed")
)
