package dash

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/Eyevinn/dash-mpd/mpd"

	"unreel/demux"
)

// text is the MPD of p.
func text(t *testing.T, p *Presentation) []byte {
	t.Helper()
	b, err := p.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// expanded reads a timeline as a player does: when each segment starts, and when the last ends.
func expanded(t *testing.T, tl *mpd.SegmentTimelineType) []uint64 {
	t.Helper()
	var starts []uint64
	at := uint64(0)
	for i, s := range tl.S {
		if s.T != nil {
			if i > 0 && *s.T != at {
				t.Errorf("S %d starts at %d, the one before ends at %d", i, *s.T, at)
			}
			at = *s.T
		} else if i == 0 {
			t.Error("the first S has no @t")
		}
		if s.N != nil || s.R < 0 || s.D == 0 {
			t.Errorf("S %d: %+v", i, s)
		}
		for range s.R + 1 {
			starts = append(starts, at)
			at += s.D
		}
	}
	return append(starts, at)
}

func TestTimelineIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		tl := Timeline{Start: demux.Ticks(r.Int64N(1 << 40))}
		want := []uint64{uint64(tl.Start)}
		usual := demux.Ticks(1 + r.Int64N(1<<20))
		for range r.IntN(300) + 1 {
			d := usual
			if r.IntN(10) == 0 {
				d = demux.Ticks(1 + r.Int64N(1<<33)) // S@d is 64 bits wide
			}
			tl.Durations = append(tl.Durations, d)
			want = append(want, want[len(want)-1]+uint64(d))
		}
		p := &Presentation{Sets: []AdaptationSet{{Representations: []Representation{video("a", 720, 1, 24000), video("b", 360, 1, 24000)}}}}
		for i := range p.Sets[0].Representations {
			p.Sets[0].Representations[i].Template.Timeline = tl
		}
		p.Duration = Duration{demux.Ticks(want[len(want)-1]) - tl.Start, 24000}
		read, err := mpd.MPDFromBytes(text(t, p))
		if err != nil {
			t.Fatal(err)
		}
		set := read.Periods[0].AdaptationSets[0]
		got := expanded(t, set.SegmentTemplate.SegmentTimeline)
		if len(got) != len(want) {
			t.Fatalf("%d segments, want %d", len(got)-1, len(want)-1)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("segment %d starts at %d, want %d", i, got[i], want[i])
			}
		}
		period := time.Duration(*read.Periods[0].Duration).Round(time.Millisecond).Milliseconds() // it is read as a floating-point number
		total := (int64(p.Duration.Ticks)*1000 + 23999) / 24000
		if *read.MediaPresentationDuration != *read.Periods[0].Duration || period != total {
			t.Errorf("the period lasts %d ms, the segments %d", period, total)
		}
	}
}

func TestTheSameDataIsTheSameText(t *testing.T) {
	for name, p := range films() {
		a, b := text(t, p), text(t, films()[name])
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs from itself", name)
		}
		with, err := p.AppendTo([]byte("before"))
		if err != nil || string(with) != "before"+string(a) {
			t.Errorf("%s: appended, it is another text (%v)", name, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	f := func(want string, sets ...AdaptationSet) {
		t.Helper()
		p := &Presentation{Sets: sets}
		b, err := p.AppendTo([]byte("x"))
		if err == nil || !strings.Contains(err.Error(), want) || string(b) != "x" {
			t.Errorf("%q, %v, want an error about %q", b, err, want)
		}
	}
	both := video("a", 720, 1, 24000)
	both.Single = &Single{URI: "a.mp4"}
	f("no representation", AdaptationSet{})
	f("not exactly one", AdaptationSet{Representations: []Representation{{ID: "a"}}})
	f(`representation "a"`, AdaptationSet{Representations: []Representation{both}})
}

func TestLiteral(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := Literal(in); got != want {
			t.Errorf("Literal(%q) = %q, want %q", in, got, want)
		}
		if got := Literal(Literal(in)); got != want {
			t.Errorf("twice: %q", got)
		}
	}
	f("a/b%20c.mp4", "a/b%20c.mp4")
	f("$Time$/a$$.mp4", "%24Time%24/a%24%24.mp4")
}

func TestDolbyChannels(t *testing.T) {
	f := func(acmod int, lfe bool, chanLoc int, want uint16) {
		t.Helper()
		if got := DolbyChannels(acmod, lfe, chanLoc); got != want {
			t.Errorf("DolbyChannels(%d, %v, %d) = %04X, want %04X", acmod, lfe, chanLoc, got, want)
		}
	}
	f(1, false, 0, 0x4000) // mono
	f(2, false, 0, 0xA000) // stereo
	f(7, true, 0, 0xF801)  // 5.1, the example of ETSI TS 102 366 §I.1.2
	f(7, true, 2, 0xFA01)  // 7.1 by Lrs/Rrs of a dependent substream, as §I.1.2 has it
}

func TestFractions(t *testing.T) {
	f := func(r Ratio, rate, ratio string) {
		t.Helper()
		if string(r.rate()) != rate || string(r.ratio()) != ratio {
			t.Errorf("%v: %q and %q, want %q and %q", r, r.rate(), r.ratio(), rate, ratio)
		}
	}
	f(Ratio{}, "", "")
	f(Ratio{30, 0}, "", "")
	f(Ratio{60, 2}, "30", "30:1")
	f(Ratio{48000, 2002}, "24000/1001", "24000:1001")
}

// pictures are sizes and shapes of one set, and what a player is told of all.
func TestBounds(t *testing.T) {
	set := AdaptationSet{Representations: []Representation{video("a", 720, 1, 24000), video("b", 1080, 1, 24000), video("c", 360, 1, 24000)}}
	set.Representations[0].FrameRate = Ratio{60000, 1001}
	set.Representations[2].Sar, set.Representations[2].Width = Ratio{4, 3}, 480
	p := &Presentation{Sets: []AdaptationSet{set}}
	read, err := mpd.MPDFromBytes(text(t, p))
	if err != nil {
		t.Fatal(err)
	}
	e := read.Periods[0].AdaptationSets[0]
	if e.MaxWidth != 1920 || e.MaxHeight != 1080 || e.MaxFrameRate != "60000/1001" || e.Par != "16:9" {
		t.Errorf("%dx%d at %s, par %s", e.MaxWidth, e.MaxHeight, e.MaxFrameRate, e.Par)
	}
	set.Representations[1].Sar = Ratio{}
	if read, err = mpd.MPDFromBytes(text(t, p)); err != nil || read.Periods[0].AdaptationSets[0].Par != "" {
		t.Errorf("a shape that isn't known: %q, %v", read.Periods[0].AdaptationSets[0].Par, err)
	}
}
