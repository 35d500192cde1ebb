package conformance

import (
	"slices"
	"strings"
	"time"
)

// checkMuxed: a segment has one audio stream at most; what has alternatives, or more than two channels, is not muxed with video.
func checkMuxed(p *presentation, r *reporter) {
	for _, s := range p.streams {
		for i := range s.measured {
			if n := s.measured[i].media.audio.streams; n > 1 {
				r.errorf(s.list.segments[i].url, "segment %d has %d audio streams", i, n)
				break
			}
		}
		if !s.plain() || !s.hasVideo() || len(s.formats.audio) == 0 {
			continue
		}
		for _, f := range s.formats.audio {
			if f.channels > 2 {
				r.errorf(s.list.url, "audio of %d channels is muxed with video", f.channels)
			}
		}
		for _, v := range s.variants {
			a, ok := v.attrs.get("AUDIO")
			if ok && !slices.ContainsFunc(p.master.list.group("AUDIO", a.value), func(m *rendition) bool { return m.url == "" || m.url == v.url }) {
				r.errorf(s.list.url, "audio is muxed with video, though the variant has renditions of audio")
			}
		}
	}
}

// checkChoice is advice: stereo AAC, AC-3 beside E-AC-3, two bit rates of video.
func checkChoice(p *presentation, r *reporter) {
	if p.master == nil || !heard(p.timed()) {
		return
	}
	var stereo, ac3, eac3, sound bool
	for _, s := range p.timed() {
		for _, f := range s.formats.audio {
			sound, stereo = true, stereo || f.channels <= 2
		}
		sound = sound || !s.hasVideo()
		ac3 = ac3 || slices.Contains(s.formats.other, "ac-3")
		eac3 = eac3 || slices.Contains(s.formats.other, "ec-3")
	}
	var rates []int64
	for i := range p.master.list.variants {
		v := &p.master.list.variants[i]
		if s := p.find(v.url); s != nil && s.hasVideo() {
			if n, ok := number(v.attrs, "BANDWIDTH"); ok && !slices.Contains(rates, n) {
				rates = append(rates, n)
			}
		}
	}
	if sound && !stereo {
		r.warnf(p.master.list.url, "no stereo AAC")
	}
	if eac3 && !ac3 {
		r.warnf(p.master.list.url, "E-AC-3 without AC-3")
	}
	if len(rates) == 1 {
		r.warnf(p.master.list.url, "video of one bit rate only")
	}
}

// checkLimits is advice too: High profile up to level 5.2, 60 frames a second, segments of about 6 s, key frames every 2 s.
func checkLimits(p *presentation, r *reporter) {
	for _, s := range p.timed() {
		for _, f := range s.formats.video {
			switch {
			case strings.HasPrefix(f.codec, "avc") && (f.profile > 100 || f.level > 52):
				r.warnf(s.list.url, "%s: profile %d at level %d.%d is beyond High 5.2", f.codec, f.profile, f.level/10, f.level%10)
			case strings.HasPrefix(f.codec, "hvc") && (f.profile > 2 || f.level > 153):
				r.warnf(s.list.url, "%s: profile %d at level %d.%d is beyond Main 10 5.1", f.codec, f.profile, f.level/30, f.level%30/3)
			}
		}
		if average, _ := s.frameRates(); average > 60_500e6 {
			r.warnf(s.list.url, "%d frames a second", average/1e9)
		}
		if s.list.target > 10*time.Second {
			r.warnf(s.list.url, "the target duration is %v; 6 s would be usual", s.list.target)
		}
		if gap := s.keyGap(); gap > 2*tickRate+s.frame() {
			r.warnf(s.list.url, "key frames are up to %v apart; 2 s would be usual", gap.duration())
		}
	}
}

// keyGap is the longest time from one IDR picture to the next.
func (s *stream) keyGap() ticks {
	var most, last ticks
	known := false
	for i := range s.measured {
		for _, k := range s.measured[i].media.iframes {
			if !k.idr {
				continue
			}
			if known {
				most = max(most, k.pts-last)
			}
			last, known = k.pts, true
		}
	}
	return most
}
