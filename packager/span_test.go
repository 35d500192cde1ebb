package packager

import (
	"testing"
	"time"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// A kept index may be damaged in ways that only show where its tracks meet.
func TestSoundThatEndsBeforeItBegins(t *testing.T) {
	o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: testmedia.H264AAC(12)}))
	m, err := o.shelf.get(t.Context(), filmPath)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.program(TS, tracksOf(m.index.Tracks...))
	if err != nil {
		t.Fatal(err)
	}
	for _, sound := range []demux.Range{{First: 95, End: 0}, {First: 1, End: 0}} {
		if excess := p.excess(segmentSpan{video: demux.Range{First: 0, End: 30}, audio: sound}, 30*time.Second); excess == "" {
			t.Errorf("sound %+v is taken", sound)
		}
	}
}
