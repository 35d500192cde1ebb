package testmedia

// Bitrate is six seconds of video of so many Mbit/s, and audio. Its samples hold noise.
func Bitrate(mbps int) Movie {
	const seconds = 6
	m := H264AAC(seconds)
	total := int64(0)
	for _, s := range m.Tracks[0].Samples {
		total += int64(s.Size)
	}
	for i := range m.Tracks[0].Samples {
		s := &m.Tracks[0].Samples[i]
		s.Size = int(int64(s.Size)*int64(mbps)*1000000/8*seconds/total) + 8
		s.NALs = nil
	}
	return m
}

// Hours is a film of 30 fps video and 48 kHz audio whose samples hold noise. Its bytes are few: only its tables matter.
func Hours(n int) Movie {
	m := Movie{Tracks: []Track{Video(n*3600*30, 360, 1), Audio(n * 3600 * 48000 / 1024)}}
	for _, t := range m.Tracks {
		for i := range t.Samples {
			s := &t.Samples[i]
			s.Size, s.NALs = s.Size/10+8, nil
		}
	}
	return m
}
