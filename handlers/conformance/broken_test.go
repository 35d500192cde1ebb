package conformance

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// brokenFilm is the good film with one mistake, made before it is muxed, after it, or by the server.
type brokenFilm struct {
	rule  string
	muxed bool // the film whose audio is in the video's segments
	base  ticks
	spoil func(*film)
	after func(*testing.T, *site)
	wrap  func(http.Handler) http.Handler
}

// Exactly one rule sees each mistake.
func TestBrokenFilms(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while, and does one thing at a time")
	}
	for name, c := range brokenFilms() {
		t.Run(name, func(t *testing.T) { c.run(t) })
	}
}

func brokenFilms() map[string]brokenFilm {
	all := brokenTimes()
	maps.Copy(all, brokenMasters())
	maps.Copy(all, brokenPictures())
	maps.Copy(all, brokenStreams())
	maps.Copy(all, brokenSegmentServers())
	return all
}

// No rule goes without a fixture that it fires on, or nobody would know that it does.
func TestEveryRuleIsBroken(t *testing.T) {
	fires := map[string]bool{}
	for _, c := range brokenFilms() {
		fires[c.rule] = true
	}
	for _, c := range brokenPlaylists() {
		fires[c.rule] = true
	}
	for _, c := range brokenServers() {
		fires[c.rule] = true
	}
	for _, c := range brokenCMAFs() {
		fires[c.rule] = true
	}
	for _, c := range brokenDASHs() {
		fires[c.rule] = true
	}
	for _, rule := range Rules() {
		if !fires[rule.Name] {
			t.Errorf("no fixture breaks %s", rule.Name)
		}
	}
}

func (c *brokenFilm) run(t *testing.T) {
	f := newFilm()
	switch {
	case c.muxed:
		f = muxedFilm()
	case c.base != 0:
		f = filmAt(c.base)
	}
	if c.spoil != nil {
		c.spoil(f)
	}
	s := f.build()
	if c.after != nil {
		c.after(t, s)
	}
	s.wrap = c.wrap
	onlyRule(t, s.check(t, Options{}), c.rule)
}

func brokenTimes() map[string]brokenFilm {
	return map[string]brokenFilm{
		"EXTINF drifts": {rule: "hls-4", after: edit("/en.m3u8", "EXTINF:6.0", "EXTINF:6.1")},
		"ends before it should": {rule: "hls-4", after: func(t *testing.T, s *site) {
			s.replace(t, "/en.m3u8", `EXTINF:\d+\.(\d+),\nen-2`, func(n int64) int64 { return n - 50_000 })
			scale("BANDWIDTH=", 1020)(t, s)
		}},
		"lasts longer than it does": {rule: "hls-4", after: edit("/en.m3u8", "EXTINF:5.952000", "EXTINF:6.002000")},
		"one rung is late": {rule: "hls-7", spoil: func(f *film) {
			for i := range f.lo.parts {
				shift(f.lo.parts[i].video, frameTicks)
			}
		}},
		"a language starts later": {rule: "hls-7", spoil: func(f *film) {
			for i := range f.de.parts {
				shift(f.de.parts[i].audio, tickRate)
			}
		}},
		"a language starts much later": {rule: "hls-7", spoil: func(f *film) {
			for i := range f.de.parts {
				shift(f.de.parts[i].audio, 7*tickRate)
			}
		}},
		"picture changes in the middle": {rule: "hls-9", spoil: func(f *film) { // at the same profile and level
			f.hi.parts[2].video = videoUnits(spsLo, f.base, 3000, 700)[300:]
		}},
		"one rung has a discontinuity": {rule: "hls-9", after: func(t *testing.T, s *site) {
			s.edit(t, "/lo.m3u8", "lo-1.ts\n", "lo-1.ts\n#EXT-X-DISCONTINUITY\n")
		}},
		"a counter is left out": {rule: "hls-29", spoil: func(f *film) { f.en.mux.skipCounter = true }},
		"audio has a gap":       {rule: "hls-29", spoil: func(f *film) { shift(f.en.parts[2].audio, 1000) }},
		"video has a gap": {rule: "hls-29", spoil: func(f *film) {
			shift(f.hi.parts[2].video, 2000)
			shift(f.lo.parts[2].video, 2000)
		}},
		"decode time stands": {rule: "hls-29", spoil: func(f *film) { f.lo.parts[1].video[5].dts = f.lo.parts[1].video[4].dts }},
		"clock of 32 bits": {rule: "hls-30", base: clockWrap/2 - 8*tickRate, spoil: func(f *film) {
			for _, r := range []*reel{f.hi, f.lo, f.en, f.de} {
				r.mux.clockBits = 32
			}
		}},
		"PCR is rare":          {rule: "ts-pcr", spoil: func(f *film) { f.en.mux.pcrEvery = 2 }},
		"PCR is ahead of time": {rule: "ts-pcr", spoil: func(f *film) { f.hi.mux.pcrLead = -1 }},
	}
}

func brokenMasters() map[string]brokenFilm {
	const m = "/master.m3u8"
	return map[string]brokenFilm{
		"CODECS of another level":     {rule: "hls-12", after: edit(m, "avc1.64001e", "avc1.64001f")},
		"CODECS without the audio":    {rule: "hls-12", after: edit(m, ",mp4a.40.2", "")},
		"CODECS of audio not there":   {rule: "hls-12", after: edit(m, "mp4a.40.2", "mp4a.40.2,ac-3")},
		"no CODECS":                   {rule: "hls-12", after: edit(m, `CODECS="avc1.64001e",RESOLUTION=320`, "RESOLUTION=320")},
		"RESOLUTION of another rung":  {rule: "hls-13", after: edit(m, "640x360", "1280x720")},
		"no RESOLUTION":               {rule: "hls-13", after: edit(m, "RESOLUTION=320x180,URI", "URI")},
		"no FRAME-RATE":               {rule: "hls-13", after: edit(m, ",FRAME-RATE=25.000", "")},
		"FRAME-RATE of another film":  {rule: "hls-13", after: edit(m, "FRAME-RATE=25.000", "FRAME-RATE=50.000")},
		"VIDEO-RANGE of another film": {rule: "hls-16", after: edit(m, "FRAME-RATE", "VIDEO-RANGE=PQ,FRAME-RATE")},
		"BANDWIDTH too low":           {rule: "hls-14", after: scale(`STREAM-INF:BANDWIDTH=`, 850)},
		"BANDWIDTH slightly too low":  {rule: "hls-14", after: scale(`STREAM-INF:BANDWIDTH=`, 950)},
		"BANDWIDTH too high":          {rule: "hls-14", after: scale(`STREAM-INF:BANDWIDTH=`, 1150)},
		"AVERAGE-BANDWIDTH too high":  {rule: "hls-15", after: scale(`AVERAGE-BANDWIDTH=`, 1150)},
		"AVERAGE-BANDWIDTH too low":   {rule: "hls-15", after: scale(`AVERAGE-BANDWIDTH=`, 850)},
		"no AVERAGE-BANDWIDTH":        {rule: "hls-15", after: edit(m, ",AVERAGE-BANDWIDTH", ",X-BANDWIDTH")},
		"independence is not claimed": {rule: "hls-17", after: edit(m, "#EXT-X-INDEPENDENT-SEGMENTS\n", "")},
		"no I-frame playlists": {rule: "hls-18", after: func(_ *testing.T, s *site) {
			text, _, _ := strings.Cut(string(s.files[m]), "#EXT-X-I-FRAME-STREAM-INF")
			s.files[m] = []byte(text)
		}},
		"one rung only": {rule: "hls-22", spoil: func(f *film) { f.lo = nil }},
	}
}

func brokenPictures() map[string]brokenFilm {
	const trick = "/hi.iframes.m3u8"
	return map[string]brokenFilm{
		"segment starts with a P": {rule: "hls-17", spoil: func(f *film) { notIDR(&f.lo.parts[1].video[0], 0x41, 0x9b) }},
		"segment starts with an open GOP": {rule: "hls-17", spoil: func(f *film) {
			before, after := &f.lo.parts[0], &f.lo.parts[1] // the last B is decoded after the I that it is presented before
			last := len(before.video) - 1
			b, i := before.video[last], &after.video[0]
			notIDR(i, 0x41, 0x88)
			b.dts, i.dts = i.dts, b.dts
			b.pts, before.video[last-1].pts = before.video[last-1].pts, b.pts
			before.video, after.video = before.video[:last], slices.Insert(slices.Clone(after.video), 1, b)
		}},
		"segment starts with an I": {rule: "hls-17", spoil: func(f *film) { notIDR(&f.lo.parts[1].video[0], 0x41, 0x88) }},
		"I-frame a packet late":    {rule: "hls-18", after: edit(trick, "@376\nhi-1", "@564\nhi-1")},
		"I-frame with its tables":  {rule: "hls-18", after: edit(trick, "@376\nhi-1", "@0\nhi-1")},
		"I-frame cut short": {rule: "hls-18", after: func(t *testing.T, s *site) {
			s.replace(t, trick, `BYTERANGE:(\d+)@376`, func(n int64) int64 { return n - packetSize })
		}},
		"I-frame with the frame after it": {rule: "hls-18", after: func(t *testing.T, s *site) {
			s.replace(t, trick, `BYTERANGE:(\d+)@376\nhi-1`, func(n int64) int64 { return n + packetSize })
			scale("I-FRAME-STREAM-INF:BANDWIDTH=", 1010)(t, s)
		}},
		"I-frame that is a P": {rule: "hls-18", spoil: func(f *film) {
			notIDR(&f.lo.parts[1].video[25], 0x41, 0x9b)
			f.lo.parts[1].video[25].idr = true // to the playlist
		}},
		"I-frame mixed with tables": {rule: "hls-18", spoil: func(f *film) { f.hi.mux.mixed = true }},
		"EXTINF of an I-frame":      {rule: "hls-18", after: edit(trick, "EXTINF:1.000000", "EXTINF:1.010000")},
		"segment without SPS":       {rule: "hls-31", spoil: func(f *film) { withoutSets(&f.lo.parts[1].video[0]) }},
		"IDR without SPS":           {rule: "hls-31", spoil: func(f *film) { withoutSets(&f.lo.parts[1].video[25]) }},
		"long GOP": {rule: "hls-39", spoil: func(f *film) {
			notIDR(&f.lo.parts[1].video[25], 0x41, 0x9b)
			notIDR(&f.lo.parts[1].video[50], 0x41, 0x9b)
		}},
		"no access unit delimiter": {rule: "ts-aud", spoil: func(f *film) {
			u := &f.lo.parts[1].video[7]
			u.data = u.data[6:]
		}},
	}
}

func brokenStreams() map[string]brokenFilm {
	return map[string]brokenFilm{
		"segment of another container": {rule: "hls-unread", after: func(t *testing.T, s *site) {
			s.edit(t, "/en.m3u8", "en-2.ts", "en-2.bin")
			s.files["/en-2.bin"] = s.files["/en-2.ts"]
		}},
		"two audio streams":      {rule: "hls-21", muxed: true, spoil: func(f *film) { f.hi.mux.audios, f.lo.mux.audios = 2, 2 }},
		"5.1 beside the picture": {rule: "hls-21", muxed: true, spoil: func(f *film) { surround(f.hi) }},
		"audio twice": {rule: "hls-21", spoil: func(f *film) {
			for i := range f.hi.parts {
				f.hi.parts[i].audio = f.en.parts[i].audio
			}
		}},
		"5.1 only": {rule: "hls-22", spoil: func(f *film) {
			surround(f.en)
			surround(f.de)
		}},
		"a segment without PAT and PMT": {rule: "hls-28", spoil: func(f *film) { f.en.mux.noTables = true }},
		"PAT and PMT later":             {rule: "hls-28", spoil: func(f *film) { f.en.mux.lateTables = true }},
		"two programs":                  {rule: "hls-28", spoil: func(f *film) { f.en.mux.programs = 2 }},
		"PES longer than it says":       {rule: "ts-syntax", spoil: func(f *film) { f.en.mux.longPES = true }},
		"a packet of zeros":             {rule: "ts-syntax", spoil: func(f *film) { f.en.mux.badSync = true }},
		"a stump of a packet": {rule: "ts-syntax", after: func(_ *testing.T, s *site) {
			s.files["/en-1.ts"] = append(s.files["/en-1.ts"], 0x47, 0, 0)
		}},
		"wrong CRC": {rule: "ts-syntax", spoil: func(f *film) { f.en.mux.badCRC = true }},
	}
}

func brokenSegmentServers() map[string]brokenFilm {
	segments := func(serve func(next http.Handler, w http.ResponseWriter, r *http.Request)) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, ".ts") {
					serve(next, w, r)
					return
				}
				next.ServeHTTP(w, r)
			})
		}
	}
	say := func(change func(r *http.Request, h http.Header)) func(http.Handler) http.Handler {
		return segments(func(next http.Handler, w http.ResponseWriter, r *http.Request) { header(change)(next).ServeHTTP(w, r) })
	}
	return map[string]brokenFilm{
		"segment redirects": {rule: "hls-25", wrap: segments(func(next http.Handler, w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/en-1.ts" {
				http.Redirect(w, r, "/de-1.ts", http.StatusFound)
				return
			}
			next.ServeHTTP(w, r)
		})},
		"segment is missing": {rule: "hls-25", after: func(_ *testing.T, s *site) { delete(s.files, "/en-1.ts") }},
		"segment's type":     {rule: "hls-27", wrap: say(func(_ *http.Request, h http.Header) { h.Set("Content-Type", "video/mp4") })},
		"ranges ignored": {rule: "hls-44", wrap: segments(func(next http.Handler, w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Range")
			next.ServeHTTP(w, r)
		})},
		"If-Range ignored": {rule: "hls-44", wrap: segments(func(next http.Handler, w http.ResponseWriter, r *http.Request) {
			r.Header.Del("If-Range")
			next.ServeHTTP(w, r)
		})},
		"Content-Range": {rule: "hls-44", wrap: say(func(_ *http.Request, h http.Header) {
			if h.Get("Content-Range") != "" {
				h.Set("Content-Range", "bytes 0-1/2")
			}
		})},
		"two ranges at once fail": {rule: "hls-44", wrap: segments(func(next http.Handler, w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.Header.Get("Range"), ",") {
				http.Error(w, "no", http.StatusInternalServerError)
				return
			}
			next.ServeHTTP(w, r)
		})},
		"other bytes in ranges": {rule: "hls-44", wrap: segments(func(next http.Handler, w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") == "" {
				next.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(&flipper{ResponseWriter: w}, r)
		})},
		"HEAD of a segment": {rule: "http-head", wrap: say(func(r *http.Request, h http.Header) {
			if r.Method == http.MethodHead {
				h.Set("Content-Length", "1")
			}
		})},
		"segment without ETag": {rule: "http-validators", wrap: say(func(_ *http.Request, h http.Header) { h.Del("ETag") })},
	}
}

// flipper changes the last byte of what it sends: a slice's filler, which no parser looks at.
type flipper struct{ http.ResponseWriter }

func (f *flipper) Write(p []byte) (int, error) {
	q := slices.Clone(p)
	q[len(q)-1] ^= 0x40
	return f.ResponseWriter.Write(q)
}

func edit(name, from, to string) func(*testing.T, *site) {
	return func(t *testing.T, s *site) {
		t.Helper()
		s.edit(t, name, from, to)
	}
}

// scale multiplies the numbers that follow a prefix in the master by thousandths.
func scale(prefix string, thousandths int64) func(*testing.T, *site) {
	return func(t *testing.T, s *site) {
		t.Helper()
		s.replace(t, "/master.m3u8", prefix+`(\d+)`, func(n int64) int64 { return n * thousandths / 1000 })
	}
}

// replace changes the number in the first group of a pattern, wherever it matches.
func (s *site) replace(t *testing.T, name, pattern string, change func(int64) int64) {
	t.Helper()
	re := regexp.MustCompile(pattern)
	matches := re.FindAllSubmatchIndex(s.files[name], -1)
	if len(matches) == 0 {
		t.Fatalf("%s has no %s", name, pattern)
	}
	var out []byte
	at := 0
	for _, m := range matches {
		n, err := strconv.ParseInt(string(s.files[name][m[2]:m[3]]), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		out = fmt.Append(append(out, s.files[name][at:m[2]]...), change(n))
		at = m[3]
	}
	s.files[name] = append(out, s.files[name][at:]...)
}

func shift(units []unit, by ticks) {
	for i := range units {
		units[i].pts, units[i].dts = units[i].pts+by, units[i].dts+by
	}
}

const setsSize = 4 + len(spsHi)/2 + 4 + len(ppsHi)/2

// notIDR makes an IDR access unit of the small rung one of another kind.
func notIDR(u *unit, header, kind byte) {
	u.idr = false
	u.data[6+setsSize+4], u.data[6+setsSize+5] = header, kind
}

// withoutSets takes SPS and PPS from an IDR access unit, and the unit from the I-frame playlist.
func withoutSets(u *unit) {
	u.hidden = true
	u.data = slices.Concat(u.data[:6], u.data[6+setsSize:])
}

// surround makes a reel's audio 5.1 by its headers.
func surround(r *reel) {
	for i := range r.parts {
		r.parts[i].audio = slices.Clone(r.parts[i].audio)
		for k := range r.parts[i].audio {
			u := &r.parts[i].audio[k]
			u.data = slices.Clone(u.data)
			for at := 0; at < len(u.data); at += 107 {
				u.data[at+2], u.data[at+3] = u.data[at+2]|1, 6&3<<6|u.data[at+3]&0x3f
			}
		}
	}
}
