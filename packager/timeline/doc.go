// Package timeline decides where a title is cut into segments: pure integer arithmetic on keyframe times, no files.
//
// Lines stand at k·T from time 0 of the presentation. Each line takes the cut nearest to it, the earlier on a tie, and a
// cut that several lines take is used once. So T may be shorter than the distance of keyframes, and no cut is ever far
// from the grid because an earlier one was: errors don't add up.
//
// What counts:
//   - A segment always starts at a rendition's first sample, wherever that is presented: later than 0 after an empty
//     edit, earlier than 0 where priming or the run-up to an edit's start has to be decoded. Line 0 is this segment's
//     own, unless the rendition begins more than T/2 before it; priming makes no segment of its own.
//   - Lines end with the presentation. A cut with less than half a frame behind it is no cut: the last segment holds a
//     frame. Short last segments are not merged.
//   - A segment begins where its earliest frame is presented. Open cuts are as good as closed ones, because the nearest
//     cut is chosen before anybody asks; but Timeline.Closed says whether a player may start at every one of them.
//
// Several renditions share a cut when the sync frames are presented within half a frame of each other, of the longer of
// the two frame durations. It is the sync frames that are compared and not the earliest frames: encoders of a ladder with
// open GOPs place the same keyframes but lead them with one B-frame more or less, and are aligned all the same.
//
// Renditions that make each other's segments longer than 2T don't share a timeline, see Align.
package timeline
