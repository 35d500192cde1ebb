// Package conformance walks a presentation from its master URL or its MPD, as a player would, and reports what in it breaks a
// rule. It knows nothing of how the presentation was made: it parses playlists, MPDs and segments with readers of its own,
// strictly, so it serves as a second opinion on ours and runs on any other server too.
//
// The rules follow RFC 8216 and its successor draft-pantos-hls-rfc8216bis-22 ("bis"), Apple's HLS Authoring Specification
// for Apple Devices, June 2025 ("HA"), ISO/IEC 23009-1 and DASH-IF's timing model (DASH), ISO/IEC 14496-12 and 23000-19
// (fragmented MP4, CMAF), 13818-1 (transport streams), 13818-7 and 14496-3 (AAC), 14496-10, 14496-15 and 23008-2 (H.264 and
// HEVC), WebVTT, and RFC 9110 (HTTP). Each is one small function in a table, with its clause.
//
// A walk has two halves. The first fetches: playlists whole, segments as a stream, of which only facts of bounded size are
// kept. The second runs the rules over those facts. A new container is a new reader of segments, a new kind of manifest
// a new way to fill the presentation; the rules and their report stay.
package conformance
