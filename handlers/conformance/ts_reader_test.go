package conformance

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/asticode/go-astits"
)

// Another maker's demuxer sees the same frames at the same times in the good film as our reader does.
func TestReaderAgreesWithAstits(t *testing.T) {
	f := muxedFilm()
	segments, _ := f.hi.muxAll()
	var known formats
	reader := newTSReader(&known)
	for i, b := range segments {
		var got facts
		if err := reader.segment(bytes.NewReader(b), &got); err != nil {
			t.Fatal(err)
		}
		want := astitsFacts(t, b)
		if got.video.units != want.video.units || got.video.first != want.video.first || got.video.last != want.video.last ||
			got.video.start != want.video.start || got.audio.start != want.audio.start {
			t.Errorf("segment %d: we see %+v and %+v, astits sees %+v and %+v", i, got.video, got.audio, want.video, want.audio)
		}
	}
	if len(known.video) != 1 || known.video[0].codec != "avc1.64001e" || known.video[0].width != 640 || len(known.audio) != 1 ||
		known.audio[0] != (audioFormat{objectType: 2, rate: 48000, channels: 2}) {
		t.Errorf("formats %+v", known)
	}
}

func astitsFacts(t *testing.T, b []byte) (f facts) {
	t.Helper()
	d := astits.NewDemuxer(context.Background(), bytes.NewReader(b))
	for {
		data, err := d.NextData()
		if errors.Is(err, astits.ErrNoMorePackets) {
			return f
		}
		if err != nil {
			t.Fatal(err)
		}
		if data.PES == nil {
			continue
		}
		h := data.PES.Header.OptionalHeader
		e := &f.audio
		if data.PID == testVideo {
			e = &f.video
		}
		pts, dts := ticks(h.PTS.Base), ticks(h.PTS.Base)
		if h.DTS != nil {
			dts = ticks(h.DTS.Base)
		}
		if e.units == 0 {
			e.first, e.start = dts, pts
		}
		e.start, e.last = min(e.start, pts), dts
		e.units++
	}
}

func TestClock(t *testing.T) {
	for _, c := range []struct {
		raw  int64
		to   ticks
		want ticks
	}{
		{5, 0, 5},
		{0, clockWrap - 1, clockWrap},
		{int64(clockWrap) - 1, 3, -1},
		{100, 5*clockWrap + 90, 5*clockWrap + 100},
	} {
		if got := near(c.raw, c.to); got != c.want {
			t.Errorf("near(%d, %d) = %d, want %d", c.raw, c.to, got, c.want)
		}
	}
	if got := ticks(-1).raw(); got != int64(clockWrap)-1 {
		t.Errorf("raw of -1 is %d", got)
	}
	if got := apart(2, clockWrap-3); got != 5 {
		t.Errorf("apart over the wrap is %d, want 5", got)
	}
}

// FuzzReader: whatever the bytes, the reader ends, counts its packets and doesn't panic.
func FuzzReader(f *testing.F) {
	segments, _ := muxedFilm().lo.muxAll()
	f.Add(segments[1][:5*packetSize])
	f.Add(segments[0][:3*packetSize+7])
	f.Add([]byte("G"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var known formats
		r := newTSReader(&known)
		for range 2 { // the second time with what the first has left behind
			var got facts
			if err := r.segment(bytes.NewReader(b), &got); err != nil {
				t.Fatal(err)
			}
			if got.ts.packets != len(b)/packetSize {
				t.Errorf("%d packets in %d bytes", got.ts.packets, len(b))
			}
			for _, i := range got.iframes {
				if i.offset < 0 || i.end < i.offset || i.end > int64(len(b)) {
					t.Errorf("I-frame at %d to %d of %d bytes", i.offset, i.end, len(b))
				}
			}
		}
	})
}

// FuzzPlaylist: whatever the text, the parsers of playlists and of WebVTT end and say what is wrong rather than panic.
func FuzzPlaylist(f *testing.F) {
	for _, text := range []string{goodMaster, goodMedia, goodIFrames} {
		f.Add([]byte(text))
	}
	f.Add([]byte("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\n\n1\n00:01.000 --> 00:02.000 line:0\nHello\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var cues facts
		if err := (vttReader{}).segment(bytes.NewReader(text), &cues); err != nil {
			t.Fatal(err)
		}
		for _, q := range cues.text.list {
			if cues.text.syntax.n == 0 && (q.start < 0 || q.end <= q.start) {
				t.Errorf("cue %+v", q)
			}
		}
		p := parsePlaylist("http://127.0.0.1/a/b.m3u8", text)
		if len(p.segments)+len(p.variants) == 0 && len(p.problems) == 0 {
			t.Errorf("nothing is in %q, and nothing is wrong with it", text)
		}
		_, _ = p.needs()
		for _, s := range p.segments {
			if s.size < 0 || s.offset < 0 || s.duration < 0 {
				t.Errorf("segment %+v", s)
			}
		}
	})
}
