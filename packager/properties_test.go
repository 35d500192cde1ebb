package packager

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"unreel/demux"
)

// TestProperties holds every stream of every layout to what must be so whatever a film is like.
func TestProperties(t *testing.T) {
	sequential(t)
	eachLayout(t, func(t *testing.T, o *origin, title string) {
		made, err := o.title(t.Context(), title)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range made.streams() {
			list, failed := s.table()
			if failed != nil {
				t.Fatal(failed)
			}
			checkTiles(t, s, list)
			path := title + "/" + s.link(false)
			if s.program.format == CMAF {
				path = cmafPrefix + path
			}
			checkDurations(t, s, o.text(path), made.layouts[s.program.format].target)
			all := links(path, o.text(path))
			if s.program.format == CMAF {
				all = all[1:] // the init section
			}
			for i, link := range all {
				o.checkSegment(link, list, i)
			}
		}
		checkCovered(t, &made.layouts[TS])
	})
}

// checkTiles: the spans hold every sample once, in order.
func checkTiles(t *testing.T, s *stream, list *table) {
	t.Helper()
	var video, audio demux.Range
	if v := s.program.video; v != nil {
		video = demux.Range{First: v.First, End: v.First}
	}
	if a := s.program.audio; a != nil {
		audio = demux.Range{First: a.First, End: a.First}
	}
	join := func(so *demux.Range, next demux.Range) bool {
		fits := next.First == so.End && next.End >= next.First || next.First == next.End
		if next.First != next.End {
			so.End = next.End
		}
		return fits
	}
	for i, segment := range list.segments {
		if segment.span.number != i || !join(&video, segment.span.video) || !join(&audio, segment.span.audio) {
			t.Fatalf("%s: segment %d is %+v after %v and %v", s.link(false), i, segment.span, video, audio)
		}
	}
	if v := s.program.video; v != nil && video.End != v.End {
		t.Errorf("%s: %d video samples of %d", s.link(false), video.End, v.End)
	}
	if a := s.program.audio; a != nil && audio.End != a.End {
		t.Errorf("%s: %d audio samples of %d", s.link(false), audio.End, a.End)
	}
}

// checkDurations: any run of EXTINF adds up to what lies between its ends, within a microsecond, and none is over the target.
func checkDurations(t *testing.T, s *stream, playlist string, target int) {
	t.Helper()
	scale := s.program.lead().Timescale
	first, _ := s.extent(0)
	sum, i := 0.0, 0
	for line := range strings.Lines(playlist) {
		if !strings.HasPrefix(line, "#EXTINF:") {
			continue
		}
		d := seconds(t, line)
		if math.Round(d) > float64(target) {
			t.Errorf("%s: segment %d lasts %v, the target is %d", s.link(false), i, d, target)
		}
		sum += d
		_, stop := s.extent(i)
		if want := (stop - first).Seconds(scale); math.Abs(sum-want) > 2e-6 {
			t.Errorf("%s: %v seconds up to segment %d, want %v", s.link(false), sum, i, want)
		}
		i++
	}
	if i != s.count() || !strings.HasPrefix(playlist, "#EXTM3U\n") || !strings.HasSuffix(playlist, "#EXT-X-ENDLIST\n") {
		t.Errorf("%s: %d segments, want %d", s.link(false), i, s.count())
	}
}

// checkSegment: its size and counters are as planned, and any part of it is a part of the whole.
func (o *origin) checkSegment(link string, list *table, i int) {
	o.t.Helper()
	body := o.body(link)
	format, inside := below(link)
	parsed, err := Parse(format, inside)
	if err != nil {
		o.t.Fatal(err)
	}
	if int64(len(body)) != list.segments[i].size {
		o.t.Errorf("%s: %d bytes, the table says %d", link, len(body), list.segments[i].size)
	}
	if ref, ok := parsed.(SegmentRef); ok && i+1 < len(list.segments) {
		if next := list.segments[i+1].span.counters; next != countPackets(body, ref.Counters) {
			o.t.Errorf("%s: the next segment's counters are %v, want %v", link, next, countPackets(body, ref.Counters))
		}
	}
	for _, frame := range list.iframes {
		if frame.segment != i {
			continue
		}
		if format == CMAF {
			if string(body[frame.offset+4:][:4]) != "moof" || frame.offset+frame.size > int64(len(body)) {
				o.t.Errorf("%s: no fragment begins with the I-frame at byte %d", link, frame.offset)
			}
			continue
		}
		if body[frame.offset] != 0x47 || body[frame.offset+1]&0x40 == 0 || frame.size%188 != 0 {
			o.t.Errorf("%s: no PES begins with the I-frame at byte %d", link, frame.offset)
		}
	}
	a, err := o.HLS(o.t.Context(), link)
	if err != nil {
		o.t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, uint64(len(body))))
	for range 20 {
		off := random.Int64N(int64(len(body)))
		n := random.Int64N(int64(len(body)) - off + 1)
		var part bytes.Buffer
		if err = a.Segment.WriteRange(o.t.Context(), &part, off, n); err != nil || !bytes.Equal(part.Bytes(), body[off:off+n]) {
			o.t.Fatalf("%s: bytes %d to %d are others than those of the whole: %v", link, off, off+n, err)
		}
	}
}

// countPackets is the counters that follow a segment, from its packets alone (ISO/IEC 13818-1 §2.4.3.3).
func countPackets(body []byte, c Counters) Counters {
	for ; len(body) >= 188; body = body[188:] {
		pid, payload := int(body[1]&0x1f)<<8|int(body[2]), body[3]&0x10 != 0
		switch {
		case !payload || pid < 0x20 || pid == 0x1fff:
		case pid == 0x100:
			c.Video = (c.Video + 1) & 15
		case pid == 0x101:
			c.Audio = (c.Audio + 1) & 15
		}
	}
	return c
}

// checkCovered: all streams of a layout cover the same time, but for a segment at either end. In CMAF that is as the tracks are.
func checkCovered(t *testing.T, l *layout) {
	t.Helper()
	ends := func(s *stream) (start, stop float64) {
		from, _ := s.extent(0)
		_, to := s.extent(s.count() - 1)
		scale := s.program.lead().Timescale
		return from.Seconds(scale), to.Seconds(scale)
	}
	streams := l.streams()
	start, stop := ends(streams[0])
	for _, s := range streams {
		from, to := ends(s)
		if math.Abs(from-start) > 0.1 || math.Abs(to-stop) > 0.1 {
			t.Errorf("%s is from %v to %v, %s from %v to %v", s.link(false), from, to, streams[0].link(false), start, stop)
		}
	}
}
