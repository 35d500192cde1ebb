package testmedia

import "unreel/demux"

// File is a Movie under a name that the library understands.
type File struct {
	Name string
	Movie
}

// H264AAC is a film as ffmpeg makes it: 640x360, 30 fps, two B-frames, a closed GOP of two seconds, AAC at 48 kHz.
func H264AAC(seconds int) Movie {
	return film(seconds, 360, 1)
}

// Ladder is one film of twelve seconds in three renditions whose key frames agree.
func Ladder() []File {
	return []File{
		{Name: "1080p.mp4", Movie: film(12, 1080, 4)},
		{Name: "720p.mp4", Movie: film(12, 720, 2)},
		{Name: "360p.mp4", Movie: film(12, 360, 1)},
	}
}

func film(seconds, height, weight int) Movie {
	return Movie{Tracks: []Track{Video(30*seconds, height, weight), Audio(48000*seconds/1024 + 1)}}
}

const (
	videoScale    = 15360
	frameDuration = 512 // 30 fps
	gop           = 60
)

// Video is a track of n frames: 30 fps, I P B B …, a key frame every 60, the edit list that ffmpeg writes for the
// reordering delay of one frame. A frame's size grows with weight.
func Video(n, height, weight int) Track {
	t := Track{
		Handler: "vide", Name: "VideoHandler", Timescale: videoScale, Width: height * 16 / 9, Height: height, NALLength: 4,
		Entries: [][]byte{AVC(height*16/9, height, 4)},
		Edits:   []demux.Edit{{Duration: demux.Ticks(n) * 1000 / 30, MediaTime: frameDuration}},
	}
	for first := 0; first < n; first += gop {
		t.Samples = append(t.Samples, closedGOP(min(gop, n-first), weight, uint64(first))...)
	}
	return t
}

// closedGOP is the decoding order I0 P3 B1 B2 P6 B4 B5 …; its last frame in presentation order is a P.
func closedGOP(n, weight int, seed uint64) []Sample {
	var order []int
	for shown := 0; shown < n; {
		anchor := min(shown+2, n-1)
		if shown == 0 {
			anchor = 0
		}
		order = append(order, anchor)
		for b := shown; b < anchor; b++ {
			order = append(order, b)
		}
		shown = anchor + 1
	}
	samples := make([]Sample, n)
	for i, shown := range order {
		size := 300 + int((seed+uint64(i)*7919)%601)
		switch {
		case i == 0:
			size *= 12
		case i%3 == 1:
			size *= 3
		}
		size *= weight
		samples[i] = Sample{
			Size: size, NALs: nalSizes(size, i == 0), Duration: frameDuration, Sync: i == 0,
			Composition: int32(shown-i+1) * frameDuration,
		}
	}
	return samples
}

// nalSizes splits a key frame into an SEI and a slice, and leaves other frames one slice.
func nalSizes(size int, key bool) []int {
	if !key {
		return nil
	}
	return []int{30, size - 30 - 8}
}

// Audio is a track of n AAC-LC frames, 48 kHz stereo, with one frame of priming that its edit list hides.
func Audio(n int) Track {
	t := Track{
		Handler: "soun", Name: "SoundHandler", Timescale: 48000, Entries: [][]byte{AAC(nil)}, NoSync: true,
		Edits: []demux.Edit{{Duration: demux.Ticks(n-1) * 1024 * 1000 / 48000, MediaTime: 1024}},
	}
	for i := range n {
		t.Samples = append(t.Samples, Sample{Size: 300 + i*7919%83, Duration: 1024, Sync: true})
	}
	return t
}
