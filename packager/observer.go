package packager

import (
	"context"
	"time"
)

// Stage is a step of a request's way that is worth a histogram of its own.
type Stage string

// Stages of an index, a playlist and a segment.
const (
	StageIndex    Stage = "index"    // reading one file's structure
	StageTimeline Stage = "timeline" // aligning a title's renditions
	StagePlaylist Stage = "playlist" // writing a playlist's text
	StagePlan     Stage = "plan"     // laying out one segment
	StageRead     Stage = "read"     // waiting for the storage, within a segment
	StageMux      Stage = "mux"      // making a segment's bytes, reading excluded
	StageWrite    Stage = "write"    // waiting for the client or the cache to take them

	StageThumbnails Stage = "thumbnails" // having ffmpeg make a JPEG of them
)

// Stages lists every Stage, so that whoever counts can create its labels up front.
func Stages() []Stage {
	return []Stage{StageIndex, StageTimeline, StagePlaylist, StagePlan, StageRead, StageMux, StageWrite, StageThumbnails}
}

// Observer hears what the packager does. Its methods are called on requests' goroutines and must be quick. The context is
// that of a request that the work was done for: it is for what it carries, since it may have ended.
type Observer interface {
	// Stage tells that one stage has ended just now, after d and with err, once for each index, timeline, playlist and plan.
	Stage(ctx context.Context, stage Stage, d time.Duration, err error)
	// Muxed tells that a segment was made: of its stages, that is, which take turns.
	Muxed(ctx context.Context, m Muxing)
	// Indexes tells how many indexes are kept, and how many bytes they hold resident.
	Indexes(count int, bytes int64)
	// Lies counts NAL lengths that pointed past their sample and were passed through.
	Lies(n int)
}

// Muxing is how the making of a segment went, or of a part of one. Its stages take turns, block by block, so that each time
// is a sum.
type Muxing struct {
	Format Format
	Fill   bool      // it is for the cache, which wants it whole at the disk's speed
	Bytes  int64     // that were to be made
	Begin  time.Time // it ended just now

	Read, Mux, Write time.Duration // StageRead, StageMux, StageWrite

	Err error
}
