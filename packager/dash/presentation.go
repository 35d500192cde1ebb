package dash

import (
	"time"

	"unreel/demux"
)

// Presentation is a static MPD of one Period.
type Presentation struct {
	// Duration of the longest Representation. It is written rounded up to a millisecond.
	Duration Duration
	// MinBufferTime is what Bandwidth was computed with, rounded up to a millisecond here. With less than the longest segment lasts,
	// bandwidths rise far above the average; with more, players (shaka-player at least) wait for that much before they start.
	// So it should be the longest segment, but no more than twice the usual one.
	MinBufferTime time.Duration
	Sets          []AdaptationSet // AdaptationSet@id is their place, from 1
}

// Duration is a time in a timescale. It is never negative.
type Duration struct {
	Ticks     demux.Ticks
	Timescale demux.Timescale
}

// Kind is what an AdaptationSet holds.
type Kind uint8

// Kinds.
const (
	Video Kind = iota
	Audio
	Text
	Image // tiles of thumbnails
)

// AdaptationSet is Representations of the same content that a player may switch between: of one kind, language and codec
// family (the sample entry's), and of one dynamic range.
type AdaptationSet struct {
	Kind     Kind
	Language string // BCP 47; "" leaves @lang out, which says that it is unknown
	Label    string // for people; "" is none
	Roles    []Role // none is written as none; a player picks the set with RoleMain first
	// Accessibility, in the order given: closed captions inside a video, sound for people who don't see.
	Accessibility []Descriptor
	// Aligned says that the segments of all Representations begin at the same presentation times, truly: then a player
	// may switch at any of them. It is @segmentAlignment or @subsegmentAlignment. It has no meaning with one Representation,
	// where it is true.
	Aligned bool
	// SAP is the type of stream access point that each segment starts with (ISO/IEC 14496-12 Annex I): 1 or 2 where the
	// cut is closed, 3 where it is open, 0 where it isn't known. Sound and text are always 1.
	SAP int
	// SwitchableWith are places in Presentation.Sets of other sets that hold the same content in another codec, and
	// between which a player may switch (urn:mpeg:dash:adaptation-set-switching:2016).
	SwitchableWith  []int
	Representations []Representation // in the order of the MPD: by bandwidth is usual
}

// Role is a value of urn:mpeg:dash:role:2011 (ISO/IEC 23009-1 §5.8.5.5).
type Role string

// Roles.
const (
	RoleMain           Role = "main"
	RoleAlternate      Role = "alternate"
	RoleCommentary     Role = "commentary"
	RoleDub            Role = "dub"
	RoleDescription    Role = "description"
	RoleSubtitle       Role = "subtitle"
	RoleCaption        Role = "caption"
	RoleForcedSubtitle Role = "forced-subtitle"
)

// Descriptor is a scheme and a value in it (§5.8.2).
type Descriptor struct{ Scheme, Value string }

// AudioDescription and HardOfHearing tell players whom a set of sound or text is for (TV-Anytime's scheme, which DVB-DASH
// §7.1.2 prescribes and DASH-IF players read).
func AudioDescription() Descriptor { return Descriptor{audioPurpose, "1"} }

// HardOfHearing is for text of which a role is RoleCaption, or for clear sound.
func HardOfHearing() Descriptor { return Descriptor{audioPurpose, "2"} }

// ClosedCaptions are CEA-608 captions inside the video (ANSI/SCTE 214-1 §7.3.1). The value lists channels and
// languages: "CC1=eng;CC3=spa", or "CC1" alone.
func ClosedCaptions(value string) Descriptor {
	return Descriptor{"urn:scte:dash:cc:cea-608:2015", value}
}

// DigitalCaptions are CEA-708 captions inside the video (§7.3.2): "1=lang:eng;2=lang:spa".
func DigitalCaptions(value string) Descriptor {
	return Descriptor{"urn:scte:dash:cc:cea-708:2015", value}
}

const audioPurpose = "urn:tva:metadata:cs:AudioPurposeCS:2007"

// Representation is one choice. Exactly one of Template, Single and File must be set.
type Representation struct {
	ID                string // unique in the Presentation, without white space
	Bandwidth         int64  // bits per second: see Bandwidth. It is written as at most 2^32-1
	CodecID           string // RFC 6381; "" with File and with Image
	SupplementalCodec string // scte214:supplementalCodecs, for a player that knows more: "dvh1.08.07/db4h"; "" is none

	Width, Height int   // pixels, as the sample entry has them; of Image: of all tiles together. 0 is none
	Sar           Ratio // sample aspect ratio; zero is unknown
	FrameRate     Ratio // frames per second; zero is unknown
	Colour        Colour
	Sound         Sound

	// Base is a URL, or a path, that ends with a slash and below which the links are; "" is where the MPD stands.
	Base string

	Template *Template
	Single   *Single
	File     *File

	Tiles Tiles // of Image
}

// Ratio is a fraction. It is unknown where a part is 0.
type Ratio struct{ Num, Den uint32 }

// Colour is code points of ISO/IEC 23091-2 as VUI and colr have them; 0 (2 too) is unknown.
type Colour struct{ Primaries, Transfer, Matrix uint8 }

// Sound is how an audio Representation sounds.
type Sound struct {
	SampleRate int // hertz; 0 is unknown
	// Channels is how many there are, 0 is unknown. It is written as the usual configuration of so many, where neither of
	// the next two says better.
	Channels int
	// Configuration is a ChannelConfiguration of ISO/IEC 23091-3, 0 where there is none. AAC's channel_configuration 1 to 7, 11, 12
	// and 14 are the same numbers.
	Configuration int
	// Dolby is the channels of AC-3 and E-AC-3 in Dolby's map of 16 bits, 0 where it isn't one: see DolbyChannels.
	Dolby uint16
	// JOC is E-AC-3's complexity index (ETSI TS 103 420 §8.3.2) where Dolby Atmos is in it, 0 where it isn't.
	JOC int
}

// Template is explicit addressing. It is written for the whole set where all its Representations have the same timeline,
// timescale, PTO and StartNumber, and only its URLs for each.
type Template struct {
	Init string // URI of the initialization segment, percent-encoded; "" of Image
	// Media is the URI of a segment, percent-encoded, with $Number$ and $Time$ where a segment's own are. All else in it must
	// be without a dollar: see Literal.
	Media       string
	Timescale   demux.Timescale
	StartNumber int
	PTO         demux.Ticks // @presentationTimeOffset: which time of the Timeline is time 0 of the Period
	Timeline    Timeline
	// Every is how long each segment but the last lasts, in Timescale: simple addressing in place of a Timeline, which players
	// expect of Image. 0 of all else.
	Every demux.Ticks
}

// Timeline is segments that follow each other without gap or overlap.
type Timeline struct {
	Start     demux.Ticks   // earliest presentation time of the first; never negative
	Durations []demux.Ticks // of each, more than 0
}

// Single is indexed addressing: one file of an initialization segment, one sidx and the media.
type Single struct {
	URI       string // percent-encoded
	Init      Bytes  // the initialization segment
	Index     Bytes  // the sidx, which tells exactly all segments
	Timescale demux.Timescale
	PTO       demux.Ticks // @presentationTimeOffset
}

// Bytes is a range of a file's bytes, not empty.
type Bytes struct{ Offset, Size int64 }

// File is a Representation that is one plain file, such as WebVTT beside the film.
type File struct {
	URI  string // percent-encoded
	Type string // media type, "text/vtt"
}

// Tiles is how thumbnails are arranged in one image.
type Tiles struct{ Columns, Rows int }
