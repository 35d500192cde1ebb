package packager

import (
	"context"
	"slices"

	"unreel/demux"
	"unreel/packager/subtitles"
)

// Captions are looked for in the first pictures of a file: those that have any have them in every picture, if only as padding
// (CEA-708 §4.4.2: the bit rate of caption data is constant). Which channels there are takes a longer look, at several places.
const (
	captionSamples = 12   // that are looked at in any film
	captionPlaces  = 6    // in one that carries captions
	captionRun     = 60   // pictures at each
	captionBytes   = 4096 // of each picture: captions stand before it
)

// findCaptions looks for closed captions in a file's first picture track. An error is the storage's.
func findCaptions(ctx context.Context, source demux.Source, index *demux.Index) (found subtitles.Captions, err error) {
	var video *demux.Track
	for _, t := range index.Tracks {
		if t.Kind == demux.KindVideo && t.Refusal == nil {
			video = t
			break
		}
	}
	if video == nil || video.Video == nil || !slices.Contains([]demux.Codec{demux.H264, demux.HEVC, demux.AV1}, video.Codec) {
		return found, nil
	}
	if err = lookForCaptions(ctx, source, video, video.First, captionSamples, &found); err != nil || !found.Carried {
		return found, err
	}
	for place := range captionPlaces {
		at := video.First + (video.End-video.First)*place/captionPlaces
		if err = lookForCaptions(ctx, source, video, at, captionRun, &found); err != nil {
			return found, err
		}
	}
	return found, nil
}

// lookForCaptions looks at a run of pictures.
func lookForCaptions(ctx context.Context, source demux.Source, video *demux.Track, first, n int, found *subtitles.Captions) error {
	var start [captionBytes]byte
	c := video.Samples.From(first)
	for range min(n, video.End-first) {
		s, ok := c.Next()
		if !ok {
			break
		}
		b := start[:min(s.Size, captionBytes)]
		if err := readAt(ctx, source, b, s.Offset); err != nil {
			return err
		}
		if video.Codec == demux.AV1 {
			found.AddAV1(b)
			continue
		}
		found.Add(b, video.Video.NALLengthBytes, video.Codec == demux.HEVC)
	}
	return nil
}
