package packager

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"unreel/demux/testmedia"
)

// fragments are the paths of a CMAF playlist's segments.
func (o *origin) fragments(list string) []string {
	o.t.Helper()
	list = cmafPrefix + list
	return links(list, o.text(list))[1:]
}

// every is a change of the segment duration.
func every(d time.Duration) func(*Config) {
	return func(c *Config) { c.SegmentDuration = d }
}

// TestCutsOfAnotherDay: a server that cuts otherwise finds the cuts of a URL, once for all segments of its title.
func TestCutsOfAnotherDay(t *testing.T) {
	m := newMemory(testmedia.Ladder()...)
	then := serve(t, m)
	o := serve(t, m, every(2*time.Second))
	for _, list := range []string{"library/720p/v1.m3u8", "library/1080p/a2.m3u8"} {
		for _, path := range then.fragments(list) {
			if !bytes.Equal(o.body(path), then.body(path)) {
				t.Errorf("%s has other bytes", path)
			}
		}
	}
	if n := o.seen.stages[StageTimeline]; n != 1 {
		t.Errorf("the title was made %d times", n)
	}
	o.empty()
}

// TestCutsThatAreNone: what no playlist of ours says is not found, or stale where it may have been said.
func TestCutsThatAreNone(t *testing.T) {
	m := newMemory(testmedia.Ladder()...)
	o := serve(t, m)
	path := o.fragments("library/720p/v1.m3u8")[1] // library/720p/<version>/6000-<digest>/v1-1-92160.m4s
	stem, _, _ := strings.Cut(path, "6000-")
	digest := strings.TrimPrefix(path, stem+"6000-")[:8]
	f := func(want error, cuts, name string) {
		t.Helper()
		if _, err := o.HLS(t.Context(), stem+cuts+"/"+name); !errors.Is(err, want) {
			t.Errorf("%s/%s: %v, want %v", cuts, name, err, want)
		}
	}
	f(nil, "6000-"+digest, "v1-1-92160.m4s")
	f(nil, "6000-"+digest, "v1.mp4")
	for _, name := range []string{"v1-1-92161.m4s", "v1-1-0.m4s", "v1-0-92160.m4s", "v1-2147483647-92160.m4s", "v1-1-9223372036854775807.m4s"} {
		f(ErrNotFound, "6000-"+digest, name)
	}
	for _, name := range []string{"v1-1-92160.m4s", "v1.mp4"} {
		f(ErrStale, "6000-00000000", name)
		f(ErrStale, "2000-"+digest, name)
		for _, millis := range []string{"0", "99", "30001", "2147483647"} {
			f(ErrNotFound, millis+"-"+digest, name)
		}
	}
	f(ErrNotFound, "6000-"+digest, "v7-1-92160.m4s")
	f(ErrNotFound, "6000-"+digest, "a1-1-92160.m4s")
	f(ErrStale, "6000-"+digest, "a2-1-92160.m4s") // the sound is cut elsewhere
	o.checkShelf(0)
}

// TestCutListsAreBounded: a client that asks for all segment durations makes nobody keep all cuts.
func TestCutListsAreBounded(t *testing.T) {
	m := newMemory(testmedia.File{Name: filmPath, Movie: testmedia.H264AAC(6)})
	o := serve(t, m)
	for i := range maxCutLists + 20 {
		other := serve(t, m, every(time.Duration(2000+i)*time.Millisecond))
		path := other.fragments("film/360p/v1.m3u8")[0]
		if !bytes.Equal(o.body(path), other.body(path)) {
			t.Fatalf("%s has other bytes", path)
		}
		o.body(strings.Replace(path, "-0-0.m4s", ".mp4", 1))
	}
	kept, err := o.shelf.get(t.Context(), filmPath)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(kept.cuts); n > maxCutLists || n != len(kept.cutOrder) {
		t.Errorf("%d cut lists are kept, in an order of %d", n, len(kept.cutOrder))
	}
	sum := int64(0)
	for _, l := range kept.cuts {
		sum += l.bytes()
	}
	if sum != kept.extra {
		t.Errorf("%d bytes are counted for cut lists of %d", kept.extra, sum)
	}
	o.empty()
}

// TestTrackFiles: a virtual file is its init section, an index and its segments, whatever part of it is asked for.
func TestTrackFiles(t *testing.T) {
	sequential(t)
	eachLayout(t, func(t *testing.T, o *origin, title string) {
		made, err := o.title(t.Context(), title)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range made.layouts[CMAF].streams() {
			list, failed := s.table()
			if failed != nil {
				t.Fatal(failed)
			}
			path := cmafPrefix + title + "/" + s.rendition.name + "/" + string(s.trackRef().AppendLink(nil))
			whole := o.body(path)
			init := o.body(cmafPrefix + title + "/" + s.rendition.name + "/" + string(s.initRef().AppendLink(nil)))
			rest, ok := bytes.CutPrefix(whole, init)
			if !ok || string(rest[4:8]) != "sidx" {
				t.Fatalf("%s does not begin with its init section and an index", path)
			}
			all := o.fragments(title + "/" + s.link(false))
			for i := len(all) - 1; i >= 0; i-- {
				if rest, ok = bytes.CutSuffix(rest, o.body(all[i])); !ok {
					t.Fatalf("%s does not hold segment %d", path, i)
				}
			}
			if want := 32 + 8 + 12*len(list.segments); len(rest) != want {
				t.Errorf("%s has %d bytes that belong to no segment, want an index of %d", path, len(rest), want)
			}
			o.checkParts(path, whole)
		}
	})
}

// checkParts compares parts of a body with the whole.
func (o *origin) checkParts(path string, whole []byte) {
	o.t.Helper()
	a, err := o.HLS(o.t.Context(), path)
	if err != nil {
		o.t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, uint64(len(whole))))
	for range 20 {
		off := random.Int64N(int64(len(whole)))
		n := random.Int64N(int64(len(whole)) - off + 1)
		var part bytes.Buffer
		if err = a.Track.WriteRange(o.t.Context(), &part, off, n); err != nil || !bytes.Equal(part.Bytes(), whole[off:off+n]) {
			o.t.Fatalf("%s: bytes %d to %d are others than those of the whole: %v", path, off, off+n, err)
		}
	}
	for _, r := range [][2]int64{{-1, 1}, {0, -1}, {0, int64(len(whole)) + 1}, {int64(len(whole)), 1}} {
		if err = a.Track.WriteRange(o.t.Context(), &silent{}, r[0], r[1]); err == nil {
			o.t.Errorf("%s: bytes %d to %d of %d are written", path, r[0], r[0]+r[1], len(whole))
		}
	}
}

// TestTrackFileThatChanges is cut, as a segment is.
func TestTrackFileThatChanges(t *testing.T) {
	m := bigFilm()
	o := serve(t, m)
	path := strings.Replace(o.fragments("film/1080p/v1.m3u8")[0], "-0-0.m4s", ".mp4", 1)
	a, err := o.HLS(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	m.touch(filmPath)
	w := &silent{}
	if err = a.Track.WriteRange(t.Context(), w, 0, a.Track.Size()); !errors.Is(err, ErrChanged) || w.n >= a.Track.Size() {
		t.Errorf("%v after %d bytes of %d, want ErrChanged", err, w.n, a.Track.Size())
	}
}

// TestCutsWait: requests for other segment durations than the one in force wait for each other, and give up with
// their clients; very many are refused.
func TestCutsWait(t *testing.T) {
	m := newMemory(testmedia.File{Name: filmPath, Movie: testmedia.H264AAC(6)})
	path := serve(t, m).fragments("film/360p/v1.m3u8")[0]
	o := serve(t, m, every(2*time.Second))
	o.text(filmMaster)
	for range maxRemakes {
		o.remakes <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := o.HLS(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
	<-o.remakes
	for range maxRemakesAsked {
		o.remakesAsked <- struct{}{}
	}
	if _, err := o.HLS(t.Context(), path); !errors.Is(err, ErrBusy) {
		t.Errorf("%v, want %v", err, ErrBusy)
	}
	<-o.remakesAsked
	o.body(path)
}

// TestHugeTrackFile: a virtual file of more bytes than 32 bits can count is known from its plans, and any part of it is read
// alone.
func TestHugeTrackFile(t *testing.T) {
	film := movie(each(testmedia.Video(30*600, 1080, 1), func(i int, s *testmedia.Sample) {
		s.Size, s.NALs, s.Composition, s.Sync = 300<<10, nil, 0, i%60 == 0
	}))
	o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: film}))
	all := o.fragments("film/1080p/v1.m3u8")
	a, err := o.HLS(t.Context(), all[0][:strings.LastIndexByte(all[0], '/')]+"/v1.mp4")
	if err != nil {
		t.Fatal(err)
	}
	if a.Track.Size() < 1<<32 {
		t.Fatalf("%d bytes", a.Track.Size())
	}
	last, err := o.HLS(t.Context(), all[len(all)-1])
	if err != nil {
		t.Fatal(err)
	}
	const part = 1000
	var got, want bytes.Buffer
	if err = a.Track.WriteRange(t.Context(), &got, a.Track.Size()-part, part); err != nil {
		t.Fatal(err)
	}
	if err = last.Segment.WriteRange(t.Context(), &want, last.Segment.Size()-part, part); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Error("its last bytes are others than those of the last segment")
	}
}

// TestCutsAreNotTriedAgain: what a film doesn't have, made for another segment duration, is found out once, until it changes.
func TestCutsAreNotTriedAgain(t *testing.T) {
	m := newMemory(testmedia.File{Name: filmPath, Movie: testmedia.H264AAC(30)})
	path := serve(t, m).fragments("film/360p/v1.m3u8")[0]
	_, inside := below(path)
	ref, err := Parse(CMAF, inside)
	if err != nil {
		t.Fatal(err)
	}
	o := serve(t, m, every(2*time.Second))
	made := func(want int, ask func()) {
		t.Helper()
		before := o.seen.stages[StageTimeline]
		ask()
		if n := o.seen.stages[StageTimeline] - before; n != want {
			t.Errorf("titles are made %d times, want %d", n, want)
		}
	}
	stale := func() {
		for i := range 5 {
			wrong := ref.(FragmentRef)
			wrong.Cuts.Digest[0] ^= byte(i%3) + 1
			if _, err = o.Answer(t.Context(), CMAF, wrong.String()); !errors.Is(err, ErrStale) {
				t.Errorf("%v, want ErrStale", err)
			}
		}
	}
	made(1, stale)
	made(0, func() { o.body(path) }) // the first of them has found these cuts
	m.touch(filmPath)
	made(1, stale)
	made(0, stale)
	made(0, func() { o.body(path) })
}

// TestWhatPanicsIsNotTriedAgain: who comes after a panic gets an error.
func TestWhatPanicsIsNotTriedAgain(t *testing.T) {
	times := 0
	work := once(func(context.Context) (int, error) {
		times++
		panic("a bug") //nolint:forbidigo // that is what is tested
	})
	func() {
		defer func() { _ = recover() }()
		_, _ = work(t.Context())
	}()
	for range 3 {
		if _, err := work(t.Context()); !errors.Is(err, errNotMade) {
			t.Errorf("%v, want errNotMade", err)
		}
	}
	if times != 1 {
		t.Errorf("tried %d times", times)
	}
}
