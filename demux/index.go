package demux

import (
	"iter"
	"slices"
	"unsafe"
)

// Fingerprint identifies a Source's content: its size, all moov, moof and sidx bytes, and four 4 KiB blocks of media
// spread over the file. Every replica computes the same.
type Fingerprint [16]byte

// Index is what is kept of one MP4. It is immutable and shared; it holds no media bytes.
type Index struct {
	Fingerprint Fingerprint
	Stamp       Stamp     // of the Source when it was read
	Brand       string    // major brand of ftyp, "" in QuickTime files without one (ISO/IEC 14496-12 §4.3)
	Timescale   Timescale // of the movie, for edit lists (§8.2.2)
	MoovOffset  int64     // bytes from the start of the file
	MoovSize    int64     // bytes
	MoovLast    bool      // the moov follows the media, so a browser's progressive playback starts late
	Tracks      []*Track  // in file order, also those that are not delivered
	Warnings    []string  // for people: what is odd here, and what we make of it
}

// Kind is what a track holds, from its hdlr (ISO/IEC 14496-12 §8.4.3).
type Kind uint8

// Kinds of track.
const (
	KindOther Kind = iota // timecode, metadata, hints: ignored
	KindVideo
	KindAudio
	KindText // subtitles and captions
)

// Codec is a family of formats, whatever sample entry carries it.
type Codec string

// Codecs that are known by name. A track of another one keeps its sample entry's type as Codec and is refused by that name.
const (
	H264 Codec = "H.264"
	HEVC Codec = "HEVC"
	AV1  Codec = "AV1"
	VP9  Codec = "VP9"
	VP8  Codec = "VP8"
	AAC  Codec = "AAC"
	MP3  Codec = "MP3"
	AC3  Codec = "AC-3"
	EAC3 Codec = "E-AC-3"
	Opus Codec = "Opus"
	FLAC Codec = "FLAC"
	ALAC Codec = "ALAC"
)

// Track is one track of a file. Samples that the edit list hides altogether are outside of [First, End).
type Track struct {
	ID        uint32 // track_ID, §8.3.2, or a free number where a text track's is broken; never 0, unique in its file
	Kind      Kind
	Codec     Codec
	CodecID   string    // RFC 6381, e.g. "avc1.640028", "mp4a.40.2"
	Entry     []byte    // the sample entry box (§8.5.2), byte for byte but for absurd sizes and the object type of MPEG-2 AAC
	Timescale Timescale // of every Ticks below
	Language  string    // BCP 47, from elng or mdhd; "" or "und" where unknown
	Name      string    // of the hdlr, as authored
	Default   bool      // track_enabled flag of tkhd
	// Roles are what the track is for, as its udta says: values of DASH's role scheme (kind boxes, §8.10.4, e.g.
	// "forced-subtitle", "caption") and QuickTime's media characteristics (tagc, e.g. "public.subtitles.forced-only").
	Roles []string

	Video *VideoFormat // where Kind is KindVideo and the sample entry could be read
	Audio *AudioFormat // likewise for KindAudio

	Refusal error // why no output carries this track: encrypted, several sample descriptions, …; nil if one may

	Edits []Edit // as the file has them, for people
	// Shift is what the edit list adds to composition times: empty edits delay, a media_time trims or primes (§8.6.6).
	Shift Ticks
	// DecodeLead is how much earlier than their MP4 decode time samples are decoded, so that no composition offset is
	// negative (ctts version 1, §8.6.1.3): max(0, -least offset).
	DecodeLead Ticks
	First, End int   // samples to deliver: from the last sync sample at or before the edit's start to its end
	Start      Ticks // presentation time of the earliest presented sample in [First, End); negative for priming
	Stop       Ticks // presentation time at which the last presented sample in [First, End) ends

	Samples Samples
}

// Edit is one entry of an edit list (§8.6.6).
type Edit struct {
	Duration  Ticks // in the movie's Timescale; 0 means to the end
	MediaTime Ticks // in the track's Timescale; -1 is an empty edit
}

// VideoFormat is what a visual sample entry says.
type VideoFormat struct {
	Width, Height  int       // coded, in pixels, before rotation
	PixelAspect    [2]uint32 // horizontal and vertical spacing, from pasp, else from the SPS; {1, 1} where neither tells
	Rotation       int       // degrees clockwise to show it upright: 0, 90, 180, 270 (tkhd matrix)
	Matrix         [9]int32  // tkhd matrix as it stands, §8.3.2
	NALLengthBytes int       // 1, 2, 3 or 4 (ISO/IEC 14496-15 §5.3.3.1); 0 where a format has none
	SPS, PPS       [][]byte  // parameter sets of avcC (or hvcC), NAL units without start codes
	VPS            [][]byte  // hvcC only
	BitDepth       int       // of luma: 8, 10, 12, …; 0 where unknown
	Colour         Colour    // from colr, else from the sequence header that the sample entry holds
	// Range is HLS's VIDEO-RANGE: what Colour tells, PQ for Dolby Vision that nothing else can show. Never "".
	Range       VideoRange
	DolbyVision DolbyVision
	// SupplementalID and SupplementalBrand are what a Dolby Vision decoder makes of a stream that others play as
	// Track.CodecID says, e.g. "dvh1.08.07" and "db1p": HLS's SUPPLEMENTAL-CODECS="dvh1.08.07/db1p", DASH's
	// scte214:supplementalCodecs and scte214:supplementalProfiles. Both are "" where there is no such thing.
	SupplementalID, SupplementalBrand string
	// Uncounted says that NAL lengths are not 4 bytes long and that the media is larger than Limits.MaxCountBytes, or lies
	// scattered over much more than that, so that its NAL units were not counted: Sample.Growth is unknown, and a format that needs it must refuse the track.
	Uncounted bool

	boxed bool // Colour is that of a colr box
}

// AudioFormat is what an audio sample entry says, corrected by its decoder configuration.
type AudioFormat struct {
	SampleRate int    // Hz, of the core coder where SBR doubles it
	OutputRate int    // Hz, as played
	Channels   int    // as played; see ChannelSignal for HLS's CHANNELS
	JOC        int    // objects of E-AC-3 with joint object coding (Atmos), e.g. 16; 0 where there are none
	ObjectType int    // MPEG-4 audio object type of the core (ISO/IEC 14496-3 Table 1.17); 0 where not AAC
	SBR, PS    bool   // signalled explicitly
	Config     []byte // AudioSpecificConfig, or the codec box's payload
	FrameTicks Ticks  // nominal duration of one frame in the track's Timescale, e.g. 1024; 0 where stts doesn't tell
}

// Range is a run of a track's samples: numbers from First to before End.
type Range struct{ First, End int }

// Sample is one entry of a track's sample table.
//
// Growth counts NAL lengths as one meets them from the sample's start. A length that points past the sample's end counts
// and is the last; fewer bytes than a length has, at the end, don't count.
type Sample struct {
	Offset      int64  // bytes from the start of the file
	Size        uint32 // bytes
	Growth      uint32 // bytes by which it grows when its NAL lengths become 4-byte start codes, see below; 0 for 4-byte lengths
	DecodeTime  Ticks  // sum of stts durations before it, from 0; in fragments as tfdt says
	Composition Ticks  // ctts offset, may be negative
	Duration    Ticks  // stts delta, or how long until the next decode time in fragments
	Sync        bool
}

// PresentationTime is the one function that places a sample on the presentation's clock, for TS, CMAF, MPD and playlists
// alike, in the track's Timescale. Time 0 is the start of the presentation; what priming or trimming puts before it is negative.
func (t *Track) PresentationTime(s *Sample) Ticks {
	return s.DecodeTime + s.Composition + t.Shift
}

// DecodeTimeOf is the same clock's time at which a sample is decoded; never after its PresentationTime.
func (t *Track) DecodeTimeOf(s *Sample) Ticks {
	return s.DecodeTime + t.Shift - t.DecodeLead
}

// Cut is where a segment may begin: a sync sample.
type Cut struct {
	Sample int   // number of the sync sample, from 0
	Time   Ticks // its PresentationTime
	Lead   Ticks // how much earlier the earliest sample decoded from here on is presented; 0 for a closed cut
}

// Cuts yields the track's cuts within [First, End) in decoding order. The first stands at First.
func (t *Track) Cuts() iter.Seq[Cut] { return t.cuts }

// Track finds a track by its ID.
func (x *Index) Track(id uint32) (*Track, bool) {
	i := slices.IndexFunc(x.Tracks, func(t *Track) bool { return t.ID == id })
	if i < 0 {
		return nil, false
	}
	return x.Tracks[i], true
}

// Bytes is what the Index keeps resident, in bytes.
func (x *Index) Bytes() int {
	n := int(unsafe.Sizeof(*x))
	for _, w := range x.Warnings {
		n += len(w)
	}
	for _, t := range x.Tracks {
		n += int(unsafe.Sizeof(*t)) + len(t.Entry) + len(t.Name) + 32*len(t.Roles) + 16*len(t.Edits) + t.Samples.Bytes()
		if t.Video != nil {
			n += int(unsafe.Sizeof(*t.Video)) + unitBytes(t.Video.SPS) + unitBytes(t.Video.PPS) + unitBytes(t.Video.VPS)
			n += len(t.Video.SupplementalID)
		}
		if t.Audio != nil {
			n += int(unsafe.Sizeof(*t.Audio)) + len(t.Audio.Config)
		}
	}
	return n
}

func unitBytes(units [][]byte) (n int) {
	for _, unit := range units {
		n += int(unsafe.Sizeof(unit)) + len(unit)
	}
	return n
}
