package packager

// Format is what segments are made of.
type Format uint8

// Formats.
const (
	TS   Format = iota // MPEG transport streams, below /hls/
	CMAF               // fragmented MP4 (ISO/IEC 23000-19), below /cmaf/
	formats
)

// String is the format's name, as metadata has it.
func (f Format) String() string { return [formats]string{"ts", "cmaf"}[f] }
