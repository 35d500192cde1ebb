package packager

import (
	"errors"

	"unreel/demux"
)

// Kinds of error. What this package returns wraps one of them, or the error of a context that ended.
var (
	// ErrNotFound is a path that names nothing here: no such form, title, rendition, track or span.
	ErrNotFound = errors.New("not found")
	// ErrStale is a path of a Version that its file had earlier. A playlist fetched anew has the paths of today.
	ErrStale = errors.New("the file was replaced")
	// ErrChanged is a source that changed while it was read. What was sent so far must not pass for a whole segment.
	ErrChanged = errors.New("the file changed while it was read")
	// ErrStorage is a source, or a directory, that could not be read.
	ErrStorage = errors.New("storage failed")
	// ErrBusy is work that was refused at the door, because enough is running and waiting. It is worth trying again.
	ErrBusy = errors.New("busy")

	// ErrCorrupt is a file that breaks its own format. A *demux.FormatError around it names box, byte and reason.
	ErrCorrupt = demux.ErrCorrupt
	// ErrTooLarge is a file beyond one of the demuxer's limits.
	ErrTooLarge = demux.ErrTooLarge
	// ErrUnsupported is a sound file, or track, that is not delivered: a codec, an encryption, an edit list.
	ErrUnsupported = demux.ErrUnsupported
)
