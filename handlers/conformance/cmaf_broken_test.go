package conformance

import (
	"maps"
	"strings"
	"testing"
)

// brokenCMAF is the good CMAF film with one mistake.
type brokenCMAF struct {
	rule  string
	spoil func(*film)
	after func(*testing.T, *site)
}

func TestBrokenCMAF(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while, and does one thing at a time")
	}
	for name, c := range brokenCMAFs() {
		t.Run(name, func(t *testing.T) {
			f := newCMAF()
			if c.spoil != nil {
				c.spoil(f)
			}
			s := f.buildCMAF()
			if c.after != nil {
				c.after(t, s.site)
			}
			onlyRule(t, s.check(t, Options{}), c.rule)
		})
	}
}

func brokenCMAFs() map[string]brokenCMAF {
	all := brokenInits()
	maps.Copy(all, brokenFragments())
	maps.Copy(all, brokenTexts())
	return all
}

// video muxes both rungs so.
func video(m cmafMuxing) func(*film) { return func(f *film) { f.hi.cmaf, f.lo.cmaf = m, m } }

// english muxes one language so.
func english(m cmafMuxing) func(*film) { return func(f *film) { f.en.cmaf = m } }

// Languages as mdhd has them: "eng" and "fra".
const (
	inEnglish = 'e'&31<<10 | 'n'&31<<5 | 'g'&31
	inFrench  = 'f'&31<<10 | 'r'&31<<5 | 'a'&31
)

func brokenInits() map[string]brokenCMAF {
	const m = "/master.m3u8"
	sbr := func(t *testing.T, s *site) {
		s.edit(t, m, "mp4a.40.2", "mp4a.40.5")
	}
	return map[string]brokenCMAF{
		"brand of before fragments": {rule: "mp4-init", spoil: english(cmafMuxing{brand: "iso5"})},
		"no mvex":                   {rule: "mp4-init", spoil: english(cmafMuxing{noMvex: true})},
		"init that lasts":           {rule: "mp4-init", spoil: english(cmafMuxing{lasting: true})},
		"init with samples":         {rule: "mp4-init", spoil: english(cmafMuxing{sampled: true})},
		"init that is no MP4": {rule: "mp4-init", after: func(_ *testing.T, s *site) {
			b := s.files["/en-init.mp4"]
			s.files["/en-init.mp4"] = append(b[:len(b):len(b)], 1, 2, 3)
		}},
		"two edits":                 {rule: "mp4-edits", spoil: english(cmafMuxing{edits: []mp4Edit{{media: 0}, {media: 0}}})},
		"sound in another language": {rule: "mp4-language", spoil: english(cmafMuxing{language: inFrench})},
		"elng of another language":  {rule: "mp4-language", spoil: english(cmafMuxing{extended: "fr-CA"})},
		"empty edit":                {rule: "mp4-edits", spoil: english(cmafMuxing{edits: []mp4Edit{{media: -1}}})},
		"edit that ends":            {rule: "mp4-edits", spoil: english(cmafMuxing{edits: []mp4Edit{{duration: 5, media: 0}}})},
		"media elsewhere":           {rule: "mp4-fragment", spoil: english(cmafMuxing{external: true})},
		"avc3":                      {rule: "hls-37", spoil: video(cmafMuxing{fourCC: "avc3"})},
		"avc1 without sets":         {rule: "mp4-sets", spoil: video(cmafMuxing{noSets: true})},
		"HE-AAC that is hidden":     {rule: "hls-38", after: sbr},
		"no EXT-X-MAP": {rule: "hls-32", after: func(t *testing.T, s *site) {
			s.edit(t, "/de.m3u8", "#EXT-X-MAP:URI=\"de-init.mp4\"\n", "")
			s.edit(t, "/de.m3u8", "VERSION:6", "VERSION:3")
		}},
		"init is missing": {rule: "hls-25", after: func(_ *testing.T, s *site) {
			delete(s.files, "/en-init.mp4")
		}},
		"CODECS of another profile": {rule: "hls-12", after: edit(m, "CODECS=\"avc1.64001e", "CODECS=\"avc1.4d401e")},
		"captions that nobody announces": {rule: "hls-captions", spoil: func(f *film) {
			f.hi.cmaf.captions, f.lo.cmaf.captions = true, true
		}},
		"captions that aren't there": {rule: "hls-captions", after: func(t *testing.T, s *site) {
			s.edit(t, m, `SUBTITLES="s"`, `SUBTITLES="s",CLOSED-CAPTIONS="c"`)
			s.edit(t, m, "#EXT-X-INDEPENDENT-SEGMENTS\n", "#EXT-X-INDEPENDENT-SEGMENTS\n"+
				`#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="CC",LANGUAGE="en",INSTREAM-ID="CC1"`+"\n")
		}},
	}
}

func brokenFragments() map[string]brokenCMAF {
	const trick = "/hi.iframes.m3u8"
	return map[string]brokenCMAF{
		"no tfdt":                  {rule: "mp4-fragment", spoil: english(cmafMuxing{noTfdt: true})},
		"addressed from elsewhere": {rule: "mp4-fragment", spoil: english(cmafMuxing{moofBase: true})},
		"another track":            {rule: "mp4-fragment", spoil: english(cmafMuxing{otherTrack: true})},
		"tfdt jumps":               {rule: "mp4-continuity", spoil: english(cmafMuxing{late: 10})},
		"sequence number twice":    {rule: "mp4-continuity", spoil: video(cmafMuxing{sequence: true})},
		"all flagged sync":         {rule: "mp4-sync", spoil: video(cmafMuxing{allSync: true})},
		"none flagged sync":        {rule: "mp4-sync", spoil: video(cmafMuxing{noneSync: true})},
		"bytes of no sample":       {rule: "mp4-syntax", spoil: english(cmafMuxing{stray: true})},
		"cut short":                {rule: "mp4-syntax", spoil: english(cmafMuxing{truncated: true})},
		"NAL unit too long":        {rule: "mp4-syntax", spoil: func(f *film) { f.lo.cmaf.badNAL = true }},
		"segment starts with a P": {rule: "hls-17", spoil: func(f *film) {
			for _, r := range []*reel{f.hi, f.lo} { // and is flagged as what it is
				r.parts[1].video[0].hidden = true
				notIDR(&r.parts[1].video[0], 0x41, 0x9b)
			}
		}},
		"I-frame without its moof": {rule: "hls-19", after: func(t *testing.T, s *site) {
			s.replace(t, trick, `BYTERANGE:\d+@(\d+)\nhi-1-`, func(n int64) int64 { return n + 8 })
		}},
		"I-frame cut short": {rule: "hls-19", after: func(t *testing.T, s *site) {
			s.replace(t, trick, `BYTERANGE:(\d+)@`, func(n int64) int64 { return n - 1 })
		}},
		"I-frame with the frame after it is fine, but costs": {rule: "hls-14", after: func(t *testing.T, s *site) {
			s.replace(t, trick, `BYTERANGE:(\d+)@`, func(n int64) int64 { return n + 700 })
		}},
		"EXTINF drifts":        {rule: "hls-4", after: edit("/en.m3u8", "EXTINF:6.0", "EXTINF:6.1")},
		"EXTINF of an I-frame": {rule: "hls-18", after: edit(trick, "EXTINF:1.000000", "EXTINF:1.010000")},
		"a language starts later": {rule: "hls-7", spoil: func(f *film) {
			f.de.cmaf.delay = 48000
		}},
	}
}

func brokenTexts() map[string]brokenCMAF {
	const zero, one = "/subs-0.vtt", "/subs-1.vtt"
	return map[string]brokenCMAF{
		"tiles of another size":        {rule: "hls-images", after: edit("/images.m3u8", "32x18", "32x20")},
		"tiles of another layout":      {rule: "hls-images", after: edit("/images.m3u8", "5x2", "4x2")},
		"tiles that don't last":        {rule: "hls-images", after: edit("/images.m3u8", "DURATION=2.000", "DURATION=1.000")},
		"tiles that nobody describes":  {rule: "hls-images", after: edit("/images.m3u8", "#EXT-X-TILES", "#EXT-X-TOLES")},
		"images of no image playlist":  {rule: "hls-images", after: imagesWithout},
		"no WEBVTT":                    {rule: "hls-41", after: edit(zero, "WEBVTT\n", "WEBVT\n")},
		"no X-TIMESTAMP-MAP":           {rule: "hls-41", after: edit(zero, "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n", "")},
		"map of another clock":         {rule: "hls-41", after: edit(one, "MPEGTS:0", "MPEGTS:900000")},
		"map without LOCAL":            {rule: "hls-41", after: edit(zero, ",LOCAL:00:00:00.000", "")},
		"time that is none":            {rule: "hls-41", after: edit(zero, "00:02.500", "00:02,500")},
		"cue that ends before":         {rule: "hls-41", after: edit(zero, "00:02.500", "00:00.500")},
		"cue of another segment":       {rule: "hls-41", after: edit(zero, "00:01.000 --> 00:02.500", "00:13.000 --> 00:14.000")},
		"cue only before the boundary": {rule: "hls-41", after: edit(one, "over the\nboundary", "another")},
		"cue only after the boundary": {rule: "hls-41", after: func(t *testing.T, s *site) {
			text, _, _ := strings.Cut(string(s.files[zero]), "00:00:05.000")
			s.files[zero] = []byte(text)
		}},
		"subtitles that end early":         {rule: "hls-6", after: edit("/subs.m3u8", "#EXTINF:6.000,\nsubs-1.vtt\n#EXTINF:6.000,\nsubs-2.vtt\n", "")},
		"subtitles that nobody can choose": {rule: "hls-20", after: edit("/master.m3u8", `,SUBTITLES="s"`, "")},
	}
}

// imagesWithout leaves out the tag by which a client knows an image playlist, and asks for the version that is left.
func imagesWithout(t *testing.T, s *site) {
	t.Helper()
	s.edit(t, "/images.m3u8", "#EXT-X-IMAGES-ONLY\n", "")
	s.edit(t, "/images.m3u8", "VERSION:7", "VERSION:3")
}
