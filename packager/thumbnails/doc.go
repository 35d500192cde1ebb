// Package thumbnails makes the pictures of a scrubbing bar: key frames, decoded by ffmpeg, side by side in one JPEG.
//
// ffmpeg is given an MP4 of nothing but key frames by its standard input, opens nothing else, and has one thread, a limited
// time and pictures of a limited size. It is a large decoder of many formats all the same, so that nothing of this happens
// unless an operator asks for it.
package thumbnails
