package testmedia

import "unreel/demux"

// Movie is one MP4 file to be built. The zero value of every field is what ffmpeg writes with -movflags +faststart.
type Movie struct {
	Tracks    []Track
	Timescale uint32     // of the movie; 0 means 1000
	Brand     string     // major brand; "" means "isom"
	MoovLast  bool       // the moov follows the media
	Co64      bool       // 64-bit chunk offsets
	WideMdat  bool       // a 64-bit size in the mdat's header
	OpenMdat  bool       // an mdat of size 0, which runs to the end of the file; needs the moov first
	Before    []byte     // boxes between ftyp and what follows it
	After     []byte     // boxes at the very end
	MoovExtra []byte     // boxes at the end of the moov, such as udta or mvex
	Fragments *Fragments // the samples stand in movie fragments
	// Mangle, where set, may break the moov before it is placed; it must keep its length the same on every call.
	Mangle func(moov []byte) []byte
}

// Track is one track of a Movie.
type Track struct {
	ID            uint32 // 0 means its place in the Movie, from 1
	Handler       string // "vide", "soun", "text", …
	Timescale     uint32
	Entries       [][]byte // sample entry boxes
	Samples       []Sample
	Edits         []demux.Edit
	EditRate      uint32 // of every edit, 16.16; 0 means 1
	WideEdits     bool   // elst version 1, with 64-bit times
	Language      string // ISO 639-2/T; "" means "und"
	Name          string // of the hdlr
	Disabled      bool
	Width, Height int
	Matrix        [9]int32 // all zero means the identity
	NALLength     int      // bytes of a NAL length; 0 means that samples are not split in NAL units
	NoSync        bool     // leave stss out: every sample is a sync sample
	CttsV1        bool     // ctts version 1
	CompactSizes  int      // field size of an stz2 box, 4, 8 or 16; 0 means stsz
	External      bool     // the media is in another file
	Extra         []byte   // boxes at the end of the trak, such as tref
	StblExtra     []byte   // boxes at the end of the stbl
}

// Sample is one sample of a Track, in decoding order.
type Sample struct {
	Data        []byte // the sample itself; nil means noise of Size bytes
	Size        int    // bytes, NAL lengths included; ignored with Data
	NALs        []int  // sizes of its NAL units without their lengths; nil means one that fills Size
	Duration    uint32
	Composition int32
	Sync        bool
	Entry       int // place in Entries, from 0
}

// size is the sample's bytes in the file.
func (s *Sample) size() int {
	if s.Data != nil {
		return len(s.Data)
	}
	return s.Size
}

func (m *Movie) timescale() uint32 {
	if m.Timescale == 0 {
		return 1000
	}
	return m.Timescale
}

// duration is the sum of the track's sample durations in its own timescale.
func (t *Track) duration() (d uint64) {
	for i := range t.Samples {
		d += uint64(t.Samples[i].Duration)
	}
	return d
}
