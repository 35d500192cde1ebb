// Package subtitles reads timed text into cues and writes it as players want it: WebVTT in segments for HLS, wvtt samples
// for CMAF. It knows bytes only, no files' places and no playlists.
//
// Read reads a sidecar file, WebVTT or SubRip (SRT), in UTF-8, in UTF-16 with a byte order mark, and SRT also in
// Windows-1252. A Decoder reads the samples of an MP4's text track: tx3g, wvtt and, by what of TTML survives in WebVTT, stpp.
//
// # What reads what
//
// SRT is read by go-astisub. TTML isn't: go-astisub v0.34.0, the newest that the module proxy knows, has no dur, and no times of
// anything but a p; it panics on a p without a begin, loses spans in spans and the spaces between spans, and refuses a document for
// a region that it doesn't define. So encoding/xml reads it, and times mean what the standard says (TTML2 §12).
//
// WebVTT isn't either: go-astisub refuses a whole file for a cue setting that it doesn't know (the standard says to ignore it,
// WebVTT §6.3), panics on "00:01 -->", takes REGION blocks for cue identifiers and then refuses the cues that refer to them,
// and forgets identifiers and a line's second speaker. A WebVTT file is what WebVTT segments are made of, so blocks are cut
// out by the standard's own algorithm (§6.1) and their text is carried as it was authored; a test holds our times to
// go-astisub's where it can read.
//
// # What is lost
//
// Of SRT: fonts, and colours but the eight that WebVTT has classes for (§5.1); of the positions that {\an…} says nothing is lost but
// other override tags are. Of tx3g: fonts, colours, scrolling, karaoke; bold, italic and underlined stay. Of TTML that
// is turned into WebVTT: layout, styles, animation and containers in sequence; CMAF and DASH carry it as it is.
package subtitles
