package demux_test

import (
	"errors"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// FuzzOpen holds Open to its promises on any file: it errs with a FormatError of a known kind, or gives an Index whose
// samples lie in the file and whose tables are consistent. Memory stays bounded, since every count is checked.
func FuzzOpen(f *testing.F) {
	for _, file := range append(testmedia.Good(), testmedia.Fragmented()...) {
		shorten(&file.Movie)
		f.Add(file.Bytes())
	}
	for _, damage := range testmedia.Broken() {
		f.Add(damage.File[:min(len(damage.File), 6000)])
	}
	limits := demux.Limits{MaxMoovBytes: 1 << 20, MaxSamples: 1 << 14, MaxCountBytes: 1 << 20}
	f.Fuzz(func(t *testing.T, file []byte) {
		index, err := demux.Open(t.Context(), testmedia.Memory(file), limits)
		if err == nil {
			checkIndex(t, index, int64(len(file)))
			return
		}
		var format *demux.FormatError
		if !errors.As(err, &format) {
			t.Fatalf("%v is no FormatError", err)
		}
		if !knownKind(err) {
			t.Fatalf("%v is of no known kind", err)
		}
	})
}

// shorten makes a film one that a fuzzer can turn over quickly.
func shorten(m *testmedia.Movie) {
	for i := range m.Tracks {
		t := &m.Tracks[i]
		t.Samples = t.Samples[:min(len(t.Samples), 12)]
		for k := range t.Samples {
			s := &t.Samples[k]
			if s.NALs == nil && s.Data == nil {
				s.Size = min(s.Size, 40)
			}
			if t.NALLength == 4 {
				s.Size, s.NALs = min(s.Size, 40), nil
			}
		}
	}
}
