package conformance

import (
	"slices"
	"strings"
	"time"
)

// checkSyntax reports what the parser found.
func checkSyntax(p *presentation, r *reporter) {
	for _, d := range p.documents {
		for _, problem := range d.list.problems {
			r.errorf(d.get.url, "%s", problem)
		}
	}
}

// checkTarget: no segment's duration, rounded, is above the target duration, and none is 0.5 s or more above it.
func checkTarget(p *presentation, r *reporter) {
	for _, s := range p.streams {
		for i := range s.list.segments {
			seg := &s.list.segments[i]
			if rounded := seg.duration.Round(time.Second); s.list.target > 0 && rounded > s.list.target {
				r.errorf(s.list.url, "line %d: segment %d lasts %v, the target duration is %v", seg.line, i, seg.duration, s.list.target)
			}
		}
	}
}

// checkOneTarget: all audio and video playlists have one target duration; only I-frame playlists and subtitles may differ.
func checkOneTarget(p *presentation, r *reporter) {
	var first *stream
	for _, s := range p.streams {
		if !s.plain() || s.list.target == 0 {
			continue
		}
		if first == nil {
			first = s
		} else if s.list.target != first.list.target {
			r.errorf(s.list.url, "target duration %v, but %v in %s", s.list.target, first.list.target, first.list.url)
		}
	}
}

// checkUnchanged: a playlist of a film never changes.
func checkUnchanged(p *presentation, r *reporter) {
	for _, d := range p.documents {
		switch {
		case !d.get.ok():
		case !d.again.ok():
			r.errorf(d.get.url, "gone when fetched again: %d %s", d.again.status, d.again.failed)
		case d.changed != "":
			r.errorf(d.get.url, "changed when fetched again: %s", d.changed)
		}
	}
}

// checkVOD: PLAYLIST-TYPE is VOD in all playlists or in none, and a film's playlists have an end.
func checkVOD(p *presentation, r *reporter) {
	typed := slices.ContainsFunc(p.streams, func(s *stream) bool { return s.list.typ == "VOD" })
	for _, s := range p.streams {
		if !s.doc.get.ok() {
			continue
		}
		if typed && s.list.typ != "VOD" {
			r.errorf(s.list.url, "#EXT-X-PLAYLIST-TYPE:VOD is missing, though another playlist has it")
		}
		if !s.list.ended {
			r.errorf(s.list.url, "no #EXT-X-ENDLIST")
		}
	}
}

// checkSameRange: all playlists cover the same time; what one has more is no longer than the least target duration, and
// that is worth a warning from half a second on.
func checkSameRange(p *presentation, r *reporter) {
	const noticeable = 500 * time.Millisecond
	var first *stream
	least := time.Duration(0)
	for _, s := range p.streams {
		if s.plain() && s.list.target > 0 && (least == 0 || s.list.target < least) {
			least = s.list.target
		}
	}
	for _, s := range p.streams {
		if len(s.list.segments) == 0 {
			continue
		}
		if first == nil {
			first = s
			continue
		}
		switch d := (s.list.duration() - first.list.duration()).Abs(); {
		case d > least:
			r.errorf(s.list.url, "lasts %v, but %s lasts %v", s.list.duration(), first.list.url, first.list.duration())
		case d > noticeable:
			r.warnf(s.list.url, "lasts %v, but %s lasts %v", s.list.duration(), first.list.url, first.list.duration())
		}
	}
}

// checkBoundaries: segments begin at the same times in all variants, as far as both run.
func checkBoundaries(p *presentation, r *reporter) {
	const tolerance = 50 * time.Millisecond // an audio frame and a video frame
	var first *stream
	for _, s := range p.streams {
		if !s.plain() || len(s.variants) == 0 || len(s.list.segments) == 0 {
			continue
		}
		if first == nil {
			first = s
			continue
		}
		var mine, theirs time.Duration
		for i := range min(len(s.list.segments), len(first.list.segments)) - 1 {
			mine, theirs = mine+s.list.segments[i].duration, theirs+first.list.segments[i].duration
			if (mine - theirs).Abs() > tolerance {
				r.warnf(s.list.url, "segment %d begins at %v, in %s at %v", i+1, mine, first.list.url, theirs)
				break
			}
		}
	}
}

// checkVersion: EXT-X-VERSION is the least that the playlist's features need. A lower one breaks old clients, a higher one
// shuts them out for nothing.
func checkVersion(p *presentation, r *reporter) {
	for _, d := range p.documents {
		if !d.get.ok() {
			continue
		}
		switch need, why := d.list.needs(); {
		case d.list.version < need:
			r.errorf(d.get.url, "version %d, but %s needs %d", d.list.version, why, need)
		case d.list.version > need:
			r.warnf(d.get.url, "version %d, %d would do", d.list.version, need)
		}
	}
}

// needs is the least EXT-X-VERSION for what the playlist uses, by the list of bis 8.
func (p *playlist) needs() (version int, why string) {
	version, why = 1, "nothing"
	raise := func(v int, what string) {
		if v > version {
			version, why = v, what
		}
	}
	for _, l := range p.lines {
		seconds, _, _ := strings.Cut(l.value, ",")
		switch {
		case l.tag == "#EXTINF" && strings.Contains(seconds, "."):
			raise(3, "a floating-point EXTINF")
		case l.tag == "#EXT-X-BYTERANGE", l.tag == "#EXT-X-I-FRAMES-ONLY":
			raise(4, l.tag)
		case l.tag == "#EXT-X-IMAGES-ONLY":
			raise(7, l.tag)
		case l.tag == "#EXT-X-MAP" && p.iframesOnly:
			raise(5, l.tag)
		case l.tag == "#EXT-X-MAP":
			raise(6, l.tag)
		case l.tag == "#EXT-X-DEFINE" && l.attrs.has("QUERYPARAM"):
			raise(11, "QUERYPARAM")
		case l.tag == "#EXT-X-DEFINE":
			raise(8, l.tag)
		case l.tag == "#EXT-X-KEY", l.tag == "#EXT-X-SESSION-KEY":
			raise(keyNeeds(l.attrs))
		case l.tag == "#EXT-X-MEDIA" && l.attrs.has("INSTREAM-ID") && l.attrs.text("TYPE") != "CLOSED-CAPTIONS":
			raise(13, "INSTREAM-ID of "+l.attrs.text("TYPE"))
		case l.tag == "#EXT-X-MEDIA" && strings.HasPrefix(l.attrs.text("INSTREAM-ID"), "SERVICE"):
			raise(7, "INSTREAM-ID of a SERVICE")
		}
		for _, a := range l.attrs {
			if strings.HasPrefix(a.name, "REQ-") {
				raise(12, a.name)
			}
		}
	}
	return version, why
}

func keyNeeds(a attributes) (version int, why string) {
	switch {
	case a.has("KEYFORMAT"), a.has("KEYFORMATVERSIONS"), strings.HasPrefix(a.text("METHOD"), "SAMPLE-AES"):
		return 5, "the key's format or method"
	case a.has("IV"):
		return 2, "IV"
	}
	return 1, ""
}

// checkRemoved: nothing that the protocol has taken out again.
func checkRemoved(p *presentation, r *reporter) {
	for _, d := range p.documents {
		for _, l := range d.list.lines {
			if l.tag == "#EXT-X-ALLOW-CACHE" {
				r.errorf(d.get.url, "line %d: %s was removed in version 7", l.n, l.tag)
			}
			if l.attrs.has("PROGRAM-ID") {
				r.errorf(d.get.url, "line %d: PROGRAM-ID was removed in version 6", l.n)
			}
		}
	}
}
