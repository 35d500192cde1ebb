// Package dash writes the Media Presentation Description (MPD) of ISO/IEC 23009-1 for a title that is complete. A
// Presentation is plain data with an AppendTo method; the package knows nothing of files, tracks or cuts.
//
// There is one Period. What a player may switch between without a seam is an AdaptationSet, of one kind, language and codec
// family; each choice in it is a Representation. Segments are addressed in one of two ways:
//
//   - Template, explicit addressing: a SegmentTemplate with a SegmentTimeline (DASH-IF Guidelines, timing model, "Explicit
//     addressing"), of the profiles isoff-live and cmaf.
//   - Single, indexed addressing: a SegmentBase that points to the one sidx of a file that holds it all ("Indexed
//     addressing"), of the profile isoff-on-demand.
//
// # Times
//
// A Timeline is where the first segment starts and how long each lasts, in the track's own timescale, so that there can be
// no gap and no overlap, and S@t and $Time$ are exact however long the title. Only MPD@mediaPresentationDuration and
// Period@duration are rounded, up to a millisecond: players drop a frame that ends after the Period does (the append
// window of Media Source Extensions), so that less would cost the last one.
//
// # Bandwidth
//
// Representation@bandwidth is the least that satisfies ISO/IEC 23009-1 §5.3.5.2 for a client that plays a segment when all of it has
// arrived: over a channel of that bit rate a client may start with any segment, wait for MPD@minBufferTime, and never runs
// dry. See Bandwidth and Presentation.MinBufferTime.
package dash
