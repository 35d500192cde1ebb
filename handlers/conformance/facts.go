package conformance

import "fmt"

// fault counts one kind of mistake and keeps the first in words.
type fault struct {
	n     int
	first string
}

func (f *fault) addf(format string, args ...any) {
	if f.n++; f.n == 1 {
		f.first = fmt.Sprintf(format, args...)
	}
}

// String is the first mistake, and how many there are.
func (f *fault) String() string {
	if f.n > 1 {
		return fmt.Sprintf("%s (and %d more)", f.first, f.n-1)
	}
	return f.first
}

// measured is what is kept of one segment: a few hundred bytes, whatever its size.
type measured struct {
	get, head exchange
	unread    string // why its bytes were not parsed, "" where they were
	media     facts
	slices    []slice // of the body, for byte ranges that other playlists give of it
	probe     string  // what is wrong with ranges of this URL, "" where nothing is or it was not asked
}

// facts is what a reader of a container found in one segment. All times are of the presentation, unwrapped.
type facts struct {
	video, audio elementary
	startsIDR    bool  // the first access unit of the video is an IDR picture (ISO/IEC 14496-10 §7.4.1.2.4)
	startsIntra  bool  // it has only I slices
	leading      int   // access units that are presented before it
	opening      ticks // when the first is presented
	iframes      []iframe
	ts           transport
	mp4          fragments
	text         cues
	image        picturePart
}

// elementary is one elementary stream's part of a segment.
type elementary struct {
	streams     int   // of this kind in the program
	units       int   // access units or audio frames
	start, stop ticks // earliest presentation time; when the last presented unit ends
	first, last ticks // decode times of the first and the last unit
	least, most ticks // steps of the decode time from one unit to the next; 0 where there is one unit
	gap         ticks // audio: how much later it begins than the frames before it end; 0 in the first segment
	frame       ticks // audio: duration of a frame
}

// transport is what only transport streams have.
type transport struct {
	packets     int
	patFirst    bool // the first packet is a PAT, and the second a PMT
	pmtSecond   bool
	pats, pmts  int
	programs    int
	pcrs        int
	otherStarts int   // PES packets of audio and the like
	videoStarts int   // PES packets of the video
	mixed       bool  // packets of other streams stand between the first and the last of the video
	pcrGap      int64 // greatest step of the PCR, in its 27 MHz

	syntax      fault // packets, sections and PES packets that are no such thing
	counters    fault
	order       fault // decode times that don't rise
	wrap        fault // clocks that start again too early
	late        fault // access units whose decode time is before the PCR
	noDelimiter fault // access units without an access unit delimiter
	noSets      fault // IDR access units without SPS and PPS
	firstNoSets bool  // the first access unit is without
}

// iframe is an access unit of I slices only.
type iframe struct {
	offset, end int64 // of the packets or the fragment that carry it, bytes from the start of the segment; end is the access unit's
	pts         ticks
	idr         bool
	first       bool // it is the first of its fragment
}

// formats are the codec configurations that a stream's segments were seen to have, each once.
type formats struct {
	video []videoFormat
	audio []audioFormat
	other []string // RFC 6381 names of streams that are not parsed, from their stream_type
}

// slice is a range of a body and its hash.
type slice struct {
	offset, size int64
	sum          [32]byte
}
