package testmedia

import "unreel/demux"

// Film is a long film at 30 fps and about 5 Mbit/s with AAC at 128 kbit/s, interleaved as ffmpeg does it: a chunk for each
// video frame. Sizes spread as those of real encoders do. Take its Source: in whole it is gigabytes.
func Film(minutes int) Movie {
	return Movie{Tracks: []Track{filmVideo(minutes * 60 * 30), filmAudio(minutes*60*48000/1024 + 1)}}
}

func filmVideo(n int) Track {
	t := Video(0, 1080, 1)
	t.Edits = []demux.Edit{{Duration: demux.Ticks(n) * 1000 / 30, MediaTime: frameDuration}}
	chance := chance(1)
	for first := 0; first < n; first += gop {
		for _, s := range closedGOP(min(gop, n-first), 1, 0) {
			switch {
			case s.Sync:
				s.Size = chance.around(120_000)
			case s.Composition > frameDuration: // P
				s.Size = chance.around(32_000)
			default:
				s.Size = chance.around(11_000)
			}
			s.NALs = nil
			t.Samples = append(t.Samples, s)
		}
	}
	return t
}

func filmAudio(n int) Track {
	t := Audio(1)
	t.Edits = []demux.Edit{{Duration: demux.Ticks(n-1) * 1024 * 1000 / 48000, MediaTime: 1024}}
	t.Samples = t.Samples[:0]
	chance := chance(2)
	for range n {
		t.Samples = append(t.Samples, Sample{Size: 290 + chance.around(52), Duration: 1024, Sync: true})
	}
	return t
}

// chance is a small generator of the same numbers every time (xorshift).
type chance uint64

// around gives sizes with a long tail: a quarter to four times mean, mostly near it.
func (c *chance) around(mean int) int {
	sum := 0
	for range 4 {
		*c ^= *c << 13
		*c ^= *c >> 7
		*c ^= *c << 17
		sum += int(*c >> 40 & 0xff)
	}
	// sum is about normal, 510 +- 148
	switch spread := sum - 510; {
	case spread > 0:
		return mean + mean*spread*spread/(3*148*148) + mean*spread/1000
	default:
		return mean + mean*spread/700
	}
}
