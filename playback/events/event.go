// Package events takes what players report of how well it plays, measures each session, and passes the reports on.
//
// What the measures mean is defined in deploy/qoe/METRICS.md, with examples that the tests here read.
package events

import (
	"cmp"
	"slices"
	"strings"

	"unreel/playback"
)

// Kind is what happened.
type Kind string

// What players report.
const (
	PlayIntent    Kind = "play_intent"    // the viewer, or autoplay, asked for the film
	FirstFrame    Kind = "first_frame"    // it is seen and moves; later on: it moves again
	BufferStart   Kind = "buffer_start"   // it stands still for want of media
	BufferEnd     Kind = "buffer_end"     // it moves again
	BitrateSwitch Kind = "bitrate_switch" // another rendition is seen from here on
	Seek          Kind = "seek"
	Pause         Kind = "pause"
	Resume        Kind = "resume"
	Error         Kind = "error"
	Ended         Kind = "ended" // the film is over, or the viewer left
	Heartbeat     Kind = "heartbeat"
)

// Kinds are all of them, in the order in which those of one moment happened.
func Kinds() []Kind {
	return []Kind{PlayIntent, FirstFrame, BufferEnd, Resume, BitrateSwitch, Heartbeat, Seek, BufferStart, Pause, Error, Ended}
}

// Event is one report. Its JSON is a contract, with Kafka's topic too: fields are added, never changed.
type Event struct {
	SessionID   string `json:"session_id"`
	UserID      string `json:"user_id,omitempty"`
	VideoID     string `json:"video_id"`
	Kind        Kind   `json:"event"`
	Timestamp   int64  `json:"timestamp"`                   // milliseconds since 1970, by the client's clock
	Position    *int64 `json:"playback_position,omitempty"` // milliseconds into the film
	Rendition   string `json:"rendition,omitempty"`         // that is seen
	Bandwidth   int64  `json:"bandwidth,omitempty"`         // of that rendition, bits per second
	NetworkType string `json:"network_type,omitempty"`
	Region      string `json:"region,omitempty"`
	Device      string `json:"device,omitempty"`
	Player      string `json:"player,omitempty"`
	Error       string `json:"error,omitempty"`
	StartDelay  *int64 `json:"start_delay,omitempty"` // milliseconds, as the player measured it itself (CMCD msd)
	ReceivedAt  int64  `json:"received_at"`           // milliseconds since 1970, by our clock
	HeardFrom   string `json:"heard_from,omitempty"`  // ByRequest, or the player itself
}

// ByRequest is where a report is from that no player sent: what it says is what one asked for, and its Timestamp is our clock's.
const ByRequest = "request"

const (
	maxID        = 128 // bytes of a session's or a user's name
	maxLabel     = 64  // bytes of what sessions are grouped by
	maxError     = 256 // bytes of an error's words
	maxBandwidth = int64(10_000_000_000)
	maxTimestamp = 253402300800000 // the year 9999
)

// Check tells what is wrong with a report; place is put before the field's name.
func (e *Event) Check(place string) error {
	for _, f := range [...]struct {
		name, value string
		required    bool
		most        int
	}{
		{"session_id", e.SessionID, true, maxID},
		{"user_id", e.UserID, false, maxID},
		{"video_id", e.VideoID, true, playback.MaxID},
		{"rendition", e.Rendition, false, maxLabel},
		{"network_type", e.NetworkType, false, maxLabel},
		{"region", e.Region, false, maxLabel},
		{"device", e.Device, false, maxLabel},
		{"player", e.Player, false, maxLabel},
		{"error", e.Error, false, maxError},
	} {
		if err := playback.CheckID(place+f.name, f.value, f.required, f.most); err != nil {
			return err
		}
	}
	const longest = int64(playback.MaxSeconds * 1000)
	switch {
	case !slices.Contains(Kinds(), e.Kind):
		return playback.Invalid(place+"event", "%.40q is none of %v", e.Kind, Kinds())
	case e.Timestamp <= 0 || e.Timestamp >= maxTimestamp:
		return playback.Invalid(place+"timestamp", "%d is no time in milliseconds since 1970", e.Timestamp)
	case e.Position != nil && (*e.Position < 0 || *e.Position > longest):
		return playback.Invalid(place+"playback_position", "%d is not from 0 to %d milliseconds", *e.Position, longest)
	case e.StartDelay != nil && (*e.StartDelay < 0 || *e.StartDelay > longest):
		return playback.Invalid(place+"start_delay", "%d is not from 0 to %d milliseconds", *e.StartDelay, longest)
	case e.Bandwidth < 0 || e.Bandwidth > maxBandwidth:
		return playback.Invalid(place+"bandwidth", "%d is not from 0 to %d bits per second", e.Bandwidth, maxBandwidth)
	}
	return nil
}

// compare orders the reports of a session by when they happened.
func compare(a, b Event) int {
	kinds := Kinds()
	return cmp.Or(cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)),
		cmp.Compare(a.position(), b.position()), cmp.Compare(a.Bandwidth, b.Bandwidth), strings.Compare(a.Rendition, b.Rendition))
}

func (e *Event) position() int64 {
	if e.Position == nil {
		return -1
	}
	return *e.Position
}

// same tells a report that came twice.
func same(a, b Event) bool { return compare(a, b) == 0 }
