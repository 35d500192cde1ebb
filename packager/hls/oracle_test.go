package hls

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/Eyevinn/hls-m3u8/m3u8"
)

// checkPlaylist has another maker's parser read a media playlist, and compares what it found with what was written.
func checkPlaylist(t *testing.T, p *Playlist, text []byte) {
	t.Helper()
	read, kind, err := m3u8.DecodeFrom(bytes.NewReader(text), true)
	if err != nil || kind != m3u8.MEDIA {
		t.Fatalf("hls-m3u8: kind %v, %v\n%s", kind, err, text)
	}
	got := read.(*m3u8.MediaPlaylist)
	// The parser itself raises the target duration to what it deems right for the version, so that is read from the text.
	if !bytes.Contains(text, fmt.Appendf(nil, "\n#EXT-X-TARGETDURATION:%d\n", p.TargetDuration)) || got.Iframe != p.IFramesOnly || got.IndependentSegments() != p.Independent ||
		got.MediaType != m3u8.VOD || !got.Closed || got.SeqNo != 0 || int(got.Count()) != len(p.Segments) {
		t.Fatalf("hls-m3u8 reads %+v\nfrom %s", got, text)
	}
	if least, reason := got.CalcMinVersion(); got.Version() != least && least > 3 { // it knows none below 3
		t.Errorf("version %d is written, %d is the least: %s", got.Version(), least, reason)
	}
	exact := 0.0
	printed := 0.0
	for i, s := range p.Segments {
		r := got.Segments[i]
		if r.URI != s.URI || r.Limit != s.Size || r.Offset != s.Offset {
			t.Errorf("segment %d: hls-m3u8 reads %+v, written was %+v", i, r, s)
		}
		if math.Round(r.Duration) > float64(p.TargetDuration) {
			t.Errorf("segment %d lasts %f s, more than the target duration %d", i, r.Duration, p.TargetDuration)
		}
		exact += s.Duration.Ticks.Seconds(s.Duration.Timescale)
		if printed += r.Duration; math.Abs(printed-exact) > 1e-6 {
			t.Errorf("up to segment %d: %f s printed, %f s exactly", i, printed, exact)
		}
	}
}

// checkMaster does the same with a multivariant playlist.
func checkMaster(t *testing.T, m *Master, text []byte) {
	t.Helper()
	read, kind, err := m3u8.DecodeFrom(bytes.NewReader(text), true)
	if err != nil || kind != m3u8.MASTER {
		t.Fatalf("hls-m3u8: kind %v, %v\n%s", kind, err, text)
	}
	got := read.(*m3u8.MasterPlaylist)
	if got.IndependentSegments() != m.Independent || len(got.Variants) != len(m.Variants)+len(m.IFrames) {
		t.Fatalf("hls-m3u8 reads %+v\nfrom %s", got, text)
	}
	for i, v := range m.Variants {
		checkVariant(t, v, got.Variants[i], false)
	}
	for i, v := range m.IFrames {
		checkVariant(t, v, got.Variants[len(m.Variants)+i], true)
	}
	if len(m.Media) == 0 {
		return
	}
	alternatives := got.GetAllAlternatives()
	if len(alternatives) != len(m.Media) {
		t.Fatalf("hls-m3u8 reads %d renditions, %d were written\n%s", len(alternatives), len(m.Media), text)
	}
	for i, r := range m.Media {
		at := slices.IndexFunc(alternatives, func(a *m3u8.Alternative) bool { return a.URI == r.URI }) // they come sorted by name
		if at < 0 {
			t.Errorf("hls-m3u8 does not find %+v in\n%s", r, text)
			continue
		}
		a := alternatives[at]
		if a.Type != "AUDIO" || a.GroupId != r.GroupID || a.Name != r.Name || a.Language != r.Language || a.Default != r.Default ||
			a.Autoselect != r.Autoselect || a.URI != r.URI || (a.Channels == nil) != (r.Channels == "") || a.Channels != nil && strconv.Itoa(a.Channels.Amount) != r.Channels {
			t.Errorf("rendition %d: hls-m3u8 reads %+v, written was %+v", i, a, r)
		}
	}
}

func checkVariant(t *testing.T, v Variant, got *m3u8.Variant, iframe bool) {
	t.Helper()
	resolution := ""
	if v.Width > 0 {
		resolution = fmt.Sprintf("%dx%d", v.Width, v.Height)
	}
	rate, audio := 0.0, v.Audio
	if v.FrameRate.Den > 0 && !iframe {
		rate, _ = strconv.ParseFloat(strconv.FormatFloat(float64(v.FrameRate.Num)/float64(v.FrameRate.Den), 'f', 3, 64), 64)
	}
	if iframe {
		audio = ""
	}
	if int64(got.Bandwidth) != v.Peak || int64(got.AverageBandwidth) != v.Average || got.Codecs != strings.Join(v.Codecs, ",") ||
		got.Resolution != resolution || got.FrameRate != rate || got.Audio != audio || got.URI != v.URI || got.Iframe != iframe {
		t.Errorf("hls-m3u8 reads %+v, written was %+v", got, v)
	}
}
