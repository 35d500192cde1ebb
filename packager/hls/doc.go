// Package hls writes playlists of RFC 8216 and draft-pantos-hls-rfc8216bis-22 ("bis" below). A playlist is plain data with
// an AppendTo method; the package knows nothing of files, tracks or timelines.
//
// Times come as integers and stay integers: a printed EXTINF is the difference of two boundaries, each rounded to a
// microsecond, so the sum over any run of segments is within a microsecond of the truth, however long the run.
// What depends on EXTINF (EXT-X-TARGETDURATION, BANDWIDTH) is computed from the printed durations, since that is what a
// player and a validator see.
//
// EXT-X-VERSION is the least that the tags used need (bis §8), and is left out where that is 1: a client must refuse a
// version that it doesn't know.
package hls
