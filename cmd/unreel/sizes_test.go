package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"unreel/packager"
)

// rangesPerSegment is how many random ranges of each segment are compared with its body.
const rangesPerSegment = 20

// TestSizesOfTheDemo holds every byte of the demo's segments against what was promised of it: made anew for each request,
// and from the cache.
func TestSizesOfTheDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("asks for one thing at a time: -short leaves that out")
	}
	for _, flags := range [][]string{
		{"--cache-size=0"},
		{"--cache-size=0", "--segment-duration=500ms"},
		{"--cache-admit=first"},
	} {
		t.Run(fmt.Sprint(flags), func(t *testing.T) {
			base, client := startServer(t, "demo", flags...), newClient(t)
			m := &measuring{client: client, base: base}
			if err := m.title(t.Context(), "countdown"); err != nil {
				t.Error(err)
			}
			m.log(t)
		})
	}
}

// TestSizesOfTheCorpus does so with every real file that plays.
func TestSizesOfTheCorpus(t *testing.T) {
	corpus := corpusDir(t)
	for _, flags := range [][]string{
		{"--cache-size=0"},
		{"--segment-duration=500ms"}, // and some of the ranges from a body that still grows
	} {
		t.Run(fmt.Sprint(flags), func(t *testing.T) {
			base, client := startServer(t, corpus, flags...), newClient(t)
			m := &measuring{client: client, base: base}
			eachTitle(t, client, base, func(ctx context.Context, title string) error {
				err := m.title(ctx, title)
				var refused *refusal
				if errors.As(err, &refused) && refused.status == http.StatusUnprocessableEntity && refused.url == masterOf(base, title) {
					return nil // it doesn't play
				}
				return err
			})
			m.log(t)
			if m.titles.Load() == 0 {
				t.Error("nothing of the corpus plays")
			}
		})
	}
}

// measuring holds what segments promise against what they are.
type measuring struct {
	client *http.Client
	base   string

	titles, segments, iframes, bytes atomic.Int64
}

func (m *measuring) log(t *testing.T) {
	t.Helper()
	t.Logf("%d titles, %d segments of %d bytes, %d I-frames", m.titles.Load(), m.segments.Load(), m.bytes.Load(), m.iframes.Load())
}

// title measures every segment of every playlist of a title, in both formats; the sums must be those of /info.
func (m *measuring) title(ctx context.Context, title string) error {
	lists, err := playlistsBelow(ctx, m.client, masterOf(m.base, title))
	if err != nil {
		return err
	}
	more, err := playlistsBelow(ctx, m.client, cmafMasterOf(m.base, title))
	if err != nil {
		return err
	}
	for _, l := range more {
		// The master below /hls/ may name it, with other escapes than a client that knows the title.
		if !slices.ContainsFunc(lists, func(known list) bool { return unescaped(known.url) == unescaped(l.url) }) {
			lists = append(lists, l)
		}
	}
	sizes := map[string]int64{} // bytes, by the playlist's URL
	keys := map[string][]piece{}
	for _, l := range lists {
		for _, p := range l.pieces {
			if l.iframes {
				keys[p.url] = append(keys[p.url], p)
			}
		}
	}
	for _, l := range lists {
		if l.iframes {
			continue
		}
		for _, p := range l.pieces {
			var whole answered
			whole, err = m.segment(ctx, p.url)
			if err != nil {
				return fmt.Errorf("%s: %w", p.url, err)
			}
			sizes[l.url] += whole.length
			for _, key := range keys[p.url] {
				if err = m.iframe(ctx, whole, key); err != nil {
					return fmt.Errorf("I-frame of %s, %d bytes at %d: %w", p.url, key.size, key.offset, err)
				}
			}
			delete(keys, p.url)
		}
	}
	for stray := range keys {
		return fmt.Errorf("an I-frame playlist has %s, which no media playlist has", stray)
	}
	m.titles.Add(1)
	return m.sums(ctx, title, sizes)
}

// unescaped is a URL for comparing.
func unescaped(address string) string {
	plain, err := url.PathUnescape(address)
	if err != nil {
		return address
	}
	return plain
}

// sums compares the bytes of whole streams with what /info says of them.
func (m *measuring) sums(ctx context.Context, title string, sizes map[string]int64) error {
	var info packager.Info
	if err := infoAt(ctx, m.client, m.base, title, &info); err != nil {
		return err
	}
	for _, s := range info.Streams {
		master := masterOf(m.base, title)
		if s.Format == packager.CMAF.String() {
			master = cmafMasterOf(m.base, title)
		}
		address := resolve(master, s.Playlist)
		if got, ok := sizes[address]; ok && got != s.Bytes {
			return fmt.Errorf("%s has %d bytes, and /info says %d", address, got, s.Bytes)
		}
	}
	texts := 2 * len(info.Subtitles)          // each has a playlist below /hls/ and one below /cmaf/
	if len(info.Streams)+texts < len(sizes) { // more where the master below /hls/ names others
		return fmt.Errorf("%d media playlists, and /info has %d streams and %d playlists of subtitles", len(sizes), len(info.Streams), texts)
	}
	return nil
}

// segment fetches a segment in all ways, and gives it whole.
func (m *measuring) segment(ctx context.Context, address string) (whole answered, err error) {
	head, err := ask(ctx, m.client, http.MethodHead, address)
	if err != nil {
		return whole, err
	}
	whole, err = ask(ctx, m.client, http.MethodGet, address)
	if err != nil {
		return whole, err
	}
	tag := whole.header.Get("ETag")
	switch {
	case head.status != http.StatusOK || whole.status != http.StatusOK:
		return whole, fmt.Errorf("HEAD %d, GET %d %.300s", head.status, whole.status, whole.body)
	case head.length != int64(len(whole.body)) || whole.length != head.length:
		return whole, fmt.Errorf("HEAD promises %d bytes, GET %d, and sends %d", head.length, whole.length, len(whole.body))
	case tag == "" || head.header.Get("ETag") != tag:
		return whole, fmt.Errorf("ETag of HEAD is %q, of GET %q", head.header.Get("ETag"), tag)
	case len(whole.body) == 0 || strings.HasSuffix(address, ".ts") && len(whole.body)%packetBytes != 0:
		return whole, fmt.Errorf("%d bytes are no whole packets", len(whole.body))
	}
	m.segments.Add(1)
	m.bytes.Add(whole.length)
	seed := fnv.New64a()
	seed.Write([]byte(tag))
	random := rand.New(rand.NewPCG(seed.Sum64(), 1))
	for range rangesPerSegment {
		if err = m.part(ctx, address, randomRange(random, whole.length), whole); err != nil {
			return whole, err
		}
	}
	same, err := ask(ctx, m.client, http.MethodGet, address, "If-None-Match", tag)
	if err == nil && (same.status != http.StatusNotModified || same.header.Get("ETag") != tag || len(same.body) > 0) {
		err = fmt.Errorf("If-None-Match %s: %d, ETag %q, %d bytes", tag, same.status, same.header.Get("ETag"), len(same.body))
	}
	return whole, err
}

// oneFragment tells what is wrong with an I-frame of CMAF: its moof, and media of its mdat that begins within it
// (HLS Authoring Specification 6.10).
func oneFragment(b []byte) error {
	if len(b) < 16 || string(b[4:8]) != "moof" {
		return errors.New("it does not begin with a moof")
	}
	moof := int(binary.BigEndian.Uint32(b))
	if len(b) < moof+9 || string(b[moof+4:moof+8]) != "mdat" {
		return errors.New("there is no media behind its moof")
	}
	return nil
}

// part is a range as it is asked for, and the bytes that it means.
type part struct {
	header  string
	from, n int64
}

// randomRange is a part of a body in one of the three forms of RFC 9110 §14.1.2; mostly a short one, since each is made anew.
func randomRange(random *rand.Rand, size int64) part {
	from := random.Int64N(size)
	n := 1 + random.Int64N(size-from)
	if random.IntN(4) > 0 {
		n = 1 + random.Int64N(min(size-from, 64<<10))
	}
	switch random.IntN(10) {
	case 0:
		return part{fmt.Sprintf("bytes=%d-", from), from, size - from}
	case 1:
		return part{fmt.Sprintf("bytes=-%d", n), size - n, n}
	case 2:
		return part{fmt.Sprintf("bytes=%d-%d", from, size+n), from, size - from}
	default:
		return part{fmt.Sprintf("bytes=%d-%d", from, from+n-1), from, n}
	}
}

// part fetches a range and compares it with the same bytes of the body.
func (m *measuring) part(ctx context.Context, address string, p part, whole answered) error {
	body, tag := whole.body, whole.header.Get("ETag")
	a, err := ask(ctx, m.client, http.MethodGet, address, "Range", p.header)
	if err != nil {
		return err
	}
	where := fmt.Sprintf("bytes %d-%d/%d", p.from, p.from+p.n-1, len(body))
	switch {
	case a.status != http.StatusPartialContent:
		return fmt.Errorf("%s: %d %.300s", p.header, a.status, a.body)
	case a.header.Get("Content-Range") != where || a.length != p.n || a.header.Get("ETag") != tag:
		return fmt.Errorf("%s of %d bytes: Content-Range %q, %d bytes, ETag %q", p.header, len(body), a.header.Get("Content-Range"), a.length, a.header.Get("ETag"))
	case !bytes.Equal(a.body, body[p.from:p.from+p.n]):
		return fmt.Errorf("%s of %d bytes: other bytes than those of the body", p.header, len(body))
	}
	return nil
}

// iframe fetches what an I-frame playlist names: whole packets of the segment, in which one picture of the video begins.
func (m *measuring) iframe(ctx context.Context, whole answered, key piece) error {
	segment := whole.body
	if key.size <= 0 || key.offset < 0 || key.offset+key.size > int64(len(segment)) {
		return fmt.Errorf("outside of a segment of %d bytes", len(segment))
	}
	video, ok := videoPID(segment)
	fragment := strings.HasSuffix(key.url, ".m4s")
	if !ok && !fragment {
		return errors.New("the segment's PMT has no video")
	}
	if err := m.part(ctx, key.url, part{fmt.Sprintf("bytes=%d-%d", key.offset, key.offset+key.size-1), key.offset, key.size},
		whole); err != nil {
		return err
	}
	m.iframes.Add(1)
	if fragment {
		return oneFragment(segment[key.offset : key.offset+key.size])
	}
	return onePicture(segment[key.offset:key.offset+key.size], video)
}
