package events

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"

	"unreel/playback/storetest"
)

// stream is an example of deploy/qoe/METRICS.md.
type stream struct {
	Name   string         `json:"name"`
	Events []Event        `json:"events"`
	Want   map[string]any `json:"want"`
}

func streams(t testing.TB) (all []stream) {
	t.Helper()
	text, err := os.ReadFile("../../deploy/qoe/streams.json")
	storetest.Check(t, err)
	storetest.Check(t, json.Unmarshal(text, &all))
	return all
}

// The shared examples are measured as they say, in whatever order their reports come.
func TestMeasureExamples(t *testing.T) {
	for _, s := range streams(t) {
		for range 5 {
			text, err := json.Marshal(Measure(s.Events))
			storetest.Check(t, err)
			var got map[string]any
			storetest.Check(t, json.Unmarshal(text, &got))
			for _, name := range slices.Sorted(maps.Keys(s.Want)) {
				if !reflect.DeepEqual(got[name], s.Want[name]) {
					t.Errorf("%s: %s is %v, want %v", s.Name, name, got[name], s.Want[name])
				}
			}
			rand.Shuffle(len(s.Events), func(i, k int) { s.Events[i], s.Events[k] = s.Events[k], s.Events[i] })
		}
	}
}

// FuzzMeasure takes any reports: measures are never negative, and time is not invented.
func FuzzMeasure(f *testing.F) {
	for _, s := range streams(f) {
		text, err := json.Marshal(s.Events)
		storetest.Check(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var reports []Event
		if json.Unmarshal(text, &reports) != nil || len(reports) == 0 || len(reports) > 100 {
			return
		}
		first, last := reports[0].Timestamp, reports[0].Timestamp
		for i := range reports {
			e := &reports[i]
			e.SessionID, e.VideoID = "s", "v"
			if e.Check("") != nil {
				return
			}
			first, last = min(first, e.Timestamp), max(last, e.Timestamp)
		}
		s := Measure(reports)
		if s.PlayMS < 0 || s.StallMS < 0 || s.PlayMS+s.StallMS > last-first || s.Stalls > len(reports) || s.Switches != s.SwitchesUp+s.SwitchesDown {
			t.Errorf("%+v of %s", s, text)
		}
		if s.RebufferRatio != nil && (*s.RebufferRatio < 0 || *s.RebufferRatio > 1) || s.StartupMS != nil && *s.StartupMS < 0 ||
			s.AvgBitrate != nil && (*s.AvgBitrate < 0 || *s.AvgBitrate > maxBandwidth) {
			t.Errorf("%+v of %s", s, text)
		}
	})
}
