package demux_test

import (
	"bytes"
	"testing"

	"unreel/demux/testmedia"
)

// Some writers fill the profile bytes of avcC with what was asked for, not with what the encoder made. RFC 6381 §3.3 takes
// them from the SPS, and so do decoders.
func TestCodecIsThatOfTheSPS(t *testing.T) {
	file := testmedia.H264AAC(2).Bytes()
	at := bytes.Index(file, []byte("avcC"))
	copy(file[at+5:], []byte{66, 0xE0, 13})
	if got := open(t, file).Tracks[0].CodecID; got != "avc1.64001E" {
		t.Errorf("codec %q, want the SPS's avc1.64001E", got)
	}
}
