package conformance

import (
	"bytes"
	"testing"
)

// FuzzFragments: whatever the bytes of an initialization section and of a segment, the reader ends and doesn't panic, and what it found
// is within them.
func FuzzFragments(f *testing.F) {
	film := newCMAF()
	film.hi.cmaf.captions, film.hi.cmaf.indexed = true, true
	for _, r := range []*reel{film.hi, film.en} {
		k := r.cmafTrack(0)
		segment, _ := k.segment(1)
		f.Add(k.init(), segment[:min(len(segment), 5000)])
		f.Add(k.init(), segment[:200])
	}
	f.Fuzz(func(t *testing.T, init, segment []byte) {
		var known formats
		m := newMP4Reader(&known)
		m.begin(parseInit(init))
		for i := range 3 { // the second time with what the first has left behind
			m.partial = i == 2
			var got facts
			if err := m.segment(bytes.NewReader(segment), &got); err != nil {
				t.Fatal(err)
			}
			if got.mp4.samples > maxSamples || got.mp4.moofs > len(segment)/8 {
				t.Errorf("%d samples, %d moofs in %d bytes", got.mp4.samples, got.mp4.moofs, len(segment))
			}
			for _, k := range got.iframes {
				if k.offset < 0 || k.end < k.offset || k.end > int64(len(segment)) {
					t.Errorf("I-frame at %d to %d of %d bytes", k.offset, k.end, len(segment))
				}
			}
		}
	})
}

// FuzzManifest: whatever the text, the parser ends and says what is wrong rather than panic.
func FuzzManifest(f *testing.F) {
	s := newCMAF().buildCMAF()
	for _, name := range []string{"/manifest.mpd", "/ondemand.mpd"} {
		f.Add(s.files[name])
	}
	f.Add([]byte(`<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="P1DT2H3M4.5S"><Period><AdaptationSet><SegmentTemplate duration="1" media="$Number%05d$"/>` +
		`<Representation id="1"/></AdaptationSet></Period></MPD>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p := &presentation{mpd: parseMPD("http://127.0.0.1/a/b.mpd", text), opts: Options{PlaylistsOnly: true}.withDefaults()}
		p.documents = []*document{{get: exchange{url: "http://127.0.0.1/a/b.mpd"}, list: &playlist{}, text: text}}
		p.mpd.each(func(rep *representation) {
			rep.stream = &stream{doc: p.documents[0], list: &playlist{}, rep: rep}
			if rep.mode == explicit || rep.mode == simple {
				rep.templated(p.mpd)
			}
			if len(rep.times) > maxSegments || len(rep.times) != len(rep.lengths) {
				t.Errorf("%d segments of %d durations", len(rep.times), len(rep.lengths))
			}
		})
		if n := len(p.mpd.periods); n == 0 && len(p.mpd.problems) == 0 {
			t.Errorf("nothing is in %q, and nothing is wrong with it", text)
		}
		_ = p.judge()
	})
}
