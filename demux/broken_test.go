package demux_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/source"
	"unreel/demux/testmedia"
)

func TestOpenGood(t *testing.T) {
	for _, file := range testmedia.Good() {
		t.Run(file.Name, func(t *testing.T) {
			bytes := file.Bytes()
			index := open(t, bytes)
			checkIndex(t, index, int64(len(bytes)))
			if index.MoovLast != file.MoovLast {
				t.Errorf("moov last: %v", index.MoovLast)
			}
			virtual, err := demux.Open(t.Context(), file.Source(), demux.DefaultLimits())
			if err != nil || virtual.Fingerprint != index.Fingerprint {
				t.Errorf("the virtual file is another: %v", err)
			}
			for i := range file.Tracks {
				compareMovie(t, &file.Tracks[i], index.Tracks[i])
			}
			asFFprobe(t, bytes, func(t *testing.T, path string) { comparePackets(t, path, index, false) })
		})
	}
}

// compareMovie holds a track against the recipe it was built from.
func compareMovie(t *testing.T, want *testmedia.Track, got *demux.Track) {
	t.Helper()
	if got.Kind == demux.KindOther {
		return
	}
	if got.Refusal != nil {
		t.Fatal(got.Refusal)
	}
	if got.Samples.Len() != len(want.Samples) {
		t.Fatalf("%d samples, want %d", got.Samples.Len(), len(want.Samples))
	}
	c := got.Samples.From(0)
	for i, w := range want.Samples {
		s, _ := c.Next()
		growth := 0
		if want.NALLength > 0 && want.NALLength < 4 {
			growth = (4 - want.NALLength) * len(w.NALs)
		}
		if int(s.Size) != w.Size || s.Duration != demux.Ticks(w.Duration) || s.Composition != demux.Ticks(w.Composition) ||
			s.Sync != (w.Sync || want.NoSync) || int(s.Growth) != growth {
			t.Fatalf("sample %d is %+v, want %+v growing by %d", i, s, w, growth)
		}
	}
}

func TestOpenBroken(t *testing.T) {
	for _, damage := range testmedia.Broken() {
		t.Run(damage.Name, func(t *testing.T) {
			_, err := demux.Open(t.Context(), testmedia.Memory(damage.File), demux.DefaultLimits())
			var format *demux.FormatError
			if !errors.As(err, &format) || !errors.Is(err, damage.Err) || format.Box != damage.Box {
				t.Errorf("%v, want box %s and %v", err, damage.Box, damage.Err)
			}
		})
	}
}

func TestIgnoredTracks(t *testing.T) {
	for _, file := range testmedia.Good() {
		if file.Name != "companions.mp4" {
			continue
		}
		for i, track := range open(t, file.Bytes()).Tracks {
			if ignored := track.Kind == demux.KindOther; ignored != (i >= 2) {
				t.Errorf("track %d: kind %d", track.ID, track.Kind)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	film := testmedia.Movie{Tracks: []testmedia.Track{testmedia.ShortNALs(90, 2), testmedia.Audio(100)}}
	for _, test := range []struct {
		name   string
		change func(*demux.Limits)
		flag   string
	}{
		{"moov", func(l *demux.Limits) { l.MaxMoovBytes = 1000 }, "--max-moov-size"},
		{"samples", func(l *demux.Limits) { l.MaxSamples = 189 }, "--max-samples"},
	} {
		limits := demux.DefaultLimits()
		test.change(&limits)
		_, err := demux.Open(t.Context(), film.Source(), limits)
		if !errors.Is(err, demux.ErrTooLarge) || !strings.Contains(err.Error(), test.flag) {
			t.Errorf("%s: %v, want %s named", test.name, err, test.flag)
		}
	}
	limits := demux.DefaultLimits()
	limits.MaxCountBytes = 1000
	index, err := demux.Open(t.Context(), film.Source(), limits)
	if err != nil || !index.Tracks[0].Video.Uncounted || len(index.Warnings) != 1 {
		t.Errorf("uncounted: %v, %v", err, index)
	}
}

// TestFaultySource stops Open at each of its reads: by an error, by the file ending early, by a client that leaves.
func TestFaultySource(t *testing.T) {
	film := testmedia.Movie{Tracks: []testmedia.Track{testmedia.ShortNALs(90, 2), testmedia.Audio(100)}, MoovLast: true}
	broken := errors.New("disk broken")
	count := &source.Faulty{Source: film.Source()}
	if _, err := demux.Open(t.Context(), count, demux.DefaultLimits()); err != nil {
		t.Fatal(err)
	}
	for fail := range count.Reads.Load() {
		for _, want := range []error{broken, io.ErrUnexpectedEOF, context.Canceled} {
			ctx, cancel := context.WithCancel(t.Context())
			src := &source.Faulty{Source: film.Source()}
			src.Hook = func(ctx context.Context, _ int64, _ int) error {
				if src.Reads.Load() <= fail {
					return nil
				}
				if errors.Is(want, context.Canceled) {
					cancel()
					return context.Cause(ctx)
				}
				return want
			}
			_, err := demux.Open(ctx, src, demux.DefaultLimits())
			cancel()
			var format *demux.FormatError
			if !errors.Is(err, want) || errors.As(err, &format) {
				t.Errorf("read %d fails with %v: %v", fail, want, err)
			}
			if src.Open.Load() != 0 {
				t.Errorf("read %d fails with %v: %d Readers stay open", fail, want, src.Open.Load())
			}
		}
	}
}

func TestFingerprint(t *testing.T) {
	file := testmedia.H264AAC(60).Bytes()
	seen := map[demux.Fingerprint]string{}
	for name, change := range map[string]func([]byte) []byte{
		"as it is":   func(b []byte) []byte { return b },
		"longer":     func(b []byte) []byte { return append(b, testmedia.Box("free")...) },
		"last byte":  func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"a moov bit": func(b []byte) []byte { testmedia.Find(b, "mvhd")[5] ^= 1; return b },
	} {
		mark := open(t, change(append([]byte(nil), file...))).Fingerprint
		if other, taken := seen[mark]; taken {
			t.Errorf("%s and %s have the same fingerprint", name, other)
		}
		seen[mark] = name
	}
}
