// Package packager turns a directory of MP4 files into titles, and titles into playlists, manifests and segments.
//
// A Library knows from file names alone which titles there are. A title is cut once, by one timeline, and is laid out twice:
// as MPEG transport streams and as CMAF (see Format). What one set of a file's tracks makes in one format is a program,
// whatever the format, and from a program comes a plan of any of its segments, whose size is known before a byte of media
// is read, and from the plan a stream of bytes. A stream is a program that is cut: what a media playlist lists.
//
// A Ref is what a URL says, and its printing and parsing are inverse. An MPEG-TS segment's Ref names everything that its
// bytes depend on. A CMAF segment's names the cuts of its track, since a DASH template can't say where a segment ends: a file
// knows the cuts that were said of it lately, and finds others by making its title as it was cut then. Either way no server
// has to remember what another one's playlist said.
//
// This package knows no HTTP: handlers give it escaped paths and turn its errors into statuses.
package packager
