// Package fmp4 lays a track of an MP4 out as CMAF (ISO/IEC 23000-19): an init section, and segments of movie fragments
// (ISO/IEC 14496-12 §8.8) whose media is the source's own bytes.
//
// A Track is what one track's stream carries. A Plan is one segment of it, laid out from the index alone: its size is known
// before a media byte is read. A Muxer then writes the boxes that the plan made, and the media, straight from the
// source into its caller's memory, from any byte on. The init section and all segments of a Track that follow each
// other, concatenated, are one valid fragmented MP4.
//
// # The clock
//
// Time 0 of the presentation is the same instant in every track. The media's own clock, that tfdt and composition offsets
// count on, may not be negative, so a constant of the track lies between the two:
//
//	decode(s)  = presentation(s) - (composition(s) - least), where least is the track's least composition offset
//	advance    = max(0, -presentation of the earliest sample, -decode of the first)
//	media time = time + advance
//
// No composition offset is negative then, and tfdt runs on from segment to segment. Where advance is not 0 the init section
// has an edit list of one entry, with media_time = advance and segment_duration 0: it takes back the delay of reordering,
// and what is presented before time 0 stands before it (priming, pictures that the source's edit list hides). Empty edits
// simply delay tfdt. Negative offsets (trun version 1) would save video its edit list, but ffmpeg 5.1 presents such
// fragments late, by the largest of them.
//
// Pictures before time 0 are decoded and not shown, as the source has it. Media Source Extensions drop them, though, and
// with them all that follows up to the next key frame: a film whose edit list begins within a GOP starts late there.
//
// # Fragments
//
// A segment of video is split into a fragment (moof and mdat) for each key frame, but for those within half a second of
// the one before: an I-frame playlist points to a moof and the key frame right behind it, and no other picture is loaded
// with it. Sequence numbers are sample numbers, from 1: they rise over all segments, however they were cut.
package fmp4
