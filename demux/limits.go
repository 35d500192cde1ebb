package demux

// Limits bound what one file may cost. An error that one of them causes names the flag that raises it.
type Limits struct {
	MaxMoovBytes  int64 // bytes of the moov, moof and sidx boxes in all, which are read whole: --max-moov-size
	MaxSamples    int   // samples of all tracks that are indexed: --max-samples
	MaxCountBytes int64 // bytes of media in which Open counts NAL units with lengths of 1 to 3 bytes; see VideoFormat.Uncounted
}

// DefaultLimits are enough for a day of 60 fps video with sound.
func DefaultLimits() Limits {
	return Limits{MaxMoovBytes: 256 << 20, MaxSamples: 16 << 20, MaxCountBytes: 256 << 20}
}

// maxTracks is more than any film has: dozens of languages, and their subtitles. What is done for each pair of tracks stays
// bounded by it.
const maxTracks = 512
