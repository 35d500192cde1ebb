package events

import (
	"slices"
	"time"
)

// Outcome is how a session went.
type Outcome string

// Outcomes.
const (
	Played          Outcome = "played"
	StartFailure    Outcome = "start_failure"     // VSF: an error before the first frame
	ExitBeforeStart Outcome = "exit_before_start" // EBVS: neither a frame nor an error
	PlaybackFailure Outcome = "playback_failure"  // VPF: an error that playing ended with
)

// Outcomes are all of them.
func Outcomes() []Outcome {
	return []Outcome{Played, StartFailure, ExitBeforeStart, PlaybackFailure}
}

// Flag is a threshold that a session is beyond.
type Flag string

// Flags.
const (
	SlowStart   Flag = "slow_start"  // it took more than 2 s
	Rebuffering Flag = "rebuffering" // it stood still for more than 5 % of the time
	Unstable    Flag = "unstable"    // it changed the bit rate 3 times or more
)

// Flags are all of them.
func Flags() []Flag { return []Flag{SlowStart, Rebuffering, Unstable} }

// Thresholds of the flags.
const (
	slowStart   = 2000 // ms
	rebuffering = 0.05
	unstable    = 3
)

// Summary is one session, measured. What isn't known is nil.
type Summary struct {
	SessionID     string   `json:"session_id"`
	VideoID       string   `json:"video_id"`
	Region        string   `json:"region,omitempty"`
	Device        string   `json:"device,omitempty"`
	Player        string   `json:"player,omitempty"`
	Network       string   `json:"network,omitempty"`
	Rendition     string   `json:"rendition,omitempty"` // seen for the longest time
	ReceivedAt    int64    `json:"received_at"`         // of the first report, milliseconds since 1970
	Outcome       Outcome  `json:"outcome"`
	StartupMS     *int64   `json:"startup_ms"`
	PlayMS        int64    `json:"play_ms"`
	StallMS       int64    `json:"stall_ms"`
	Stalls        int      `json:"stalls"`
	RebufferRatio *float64 `json:"rebuffer_ratio"` // 0 to 1
	Switches      int      `json:"switches"`
	SwitchesUp    int      `json:"switches_up"`
	SwitchesDown  int      `json:"switches_down"`
	AvgBitrate    *int64   `json:"avg_bitrate"` // bits per second
	Flags         []Flag   `json:"flags"`
}

const (
	// maxGap is how much time may pass between two reports; clients' clocks jump, and laptops sleep.
	maxGap = int64(10 * time.Minute / time.Millisecond)
	// maxStartup is beyond what anybody waits.
	maxStartup = int64(10 * time.Minute / time.Millisecond)
)

type playState uint8

const (
	starting playState = iota
	playing
	paused
	stalled
	seeking
	over
)

// meter walks through a session.
type meter struct {
	Summary
	state     playState
	held      bool // paused beneath whatever it does
	at        int64
	intent    int64
	started   bool
	failed    bool
	bandwidth int64
	rendition string
	bits      float64          // of what was played at a known bit rate, times 1000
	bitMS     int64            // how long that was
	seen      map[string]int64 // ms by rendition
	names     []string         // of seen, in order
}

// Measure measures a session by its reports, in whatever order they came; at least one. Only differences of the client's clock count.
func Measure(reports []Event) Summary {
	reports = own(reports)
	slices.SortStableFunc(reports, compare)
	reports = slices.CompactFunc(reports, same)
	m := meter{seen: map[string]int64{}, at: reports[0].Timestamp, intent: -1}
	m.SessionID, m.ReceivedAt = reports[0].SessionID, reports[0].ReceivedAt
	announced := slices.ContainsFunc(reports, func(e Event) bool { return e.Kind == PlayIntent || e.Kind == FirstFrame })
	if !announced && !slices.ContainsFunc(reports, func(e Event) bool { return e.Kind == Error }) {
		m.state, m.started = playing, true // it began before we heard of it, as where only requests are known
	}
	for i := range reports {
		m.pass(&reports[i])
		m.label(&reports[i])
		m.take(&reports[i])
	}
	return m.finish()
}

// own gives, in a slice of its own, the reports that a session is measured by: what the player says itself, where it says anything.
// Its requests go by another clock, and ask for what isn't seen yet.
func own(reports []Event) []Event {
	told := slices.DeleteFunc(slices.Clone(reports), func(e Event) bool { return e.HeardFrom == ByRequest })
	if len(told) == 0 {
		return slices.Clone(reports)
	}
	return told
}

// pass counts the time since the report before.
func (m *meter) pass(e *Event) {
	gap := min(max(e.Timestamp-m.at, 0), maxGap)
	m.at = e.Timestamp
	switch m.state {
	case playing:
		m.PlayMS += gap
		if m.bandwidth > 0 {
			m.bits += float64(m.bandwidth) * float64(gap)
			m.bitMS += gap
		}
		if m.rendition != "" {
			if _, known := m.seen[m.rendition]; !known {
				m.names = append(m.names, m.rendition)
			}
			m.seen[m.rendition] += gap
		}
	case stalled:
		m.StallMS += gap
	case starting, paused, seeking, over:
	}
}

// label takes what a report says beside what happened.
func (m *meter) label(e *Event) {
	m.ReceivedAt = min(m.ReceivedAt, e.ReceivedAt)
	for _, l := range [...]struct {
		to   *string
		from string
	}{{&m.VideoID, e.VideoID}, {&m.Region, e.Region}, {&m.Device, e.Device}, {&m.Player, e.Player}, {&m.Network, e.NetworkType}} {
		if *l.to == "" {
			*l.to = l.from
		}
	}
	if e.StartDelay != nil && *e.StartDelay <= maxStartup && m.StartupMS == nil {
		m.StartupMS = e.StartDelay
	}
	changed := e.Bandwidth > 0 && m.bandwidth > 0 && e.Bandwidth != m.bandwidth
	if e.Kind == BitrateSwitch && m.started && changed {
		m.Switches++
		if e.Bandwidth > m.bandwidth {
			m.SwitchesUp++
		} else {
			m.SwitchesDown++
		}
	}
	if e.Bandwidth > 0 {
		m.bandwidth = e.Bandwidth
	}
	if e.Rendition != "" {
		m.rendition = e.Rendition
	}
}

// take changes the state.
func (m *meter) take(e *Event) {
	switch e.Kind {
	case PlayIntent:
		if m.intent < 0 && !m.started {
			m.intent = e.Timestamp
		}
	case FirstFrame:
		if !m.started && m.intent >= 0 && m.StartupMS == nil && e.Timestamp-m.intent <= maxStartup {
			startup := e.Timestamp - m.intent
			m.StartupMS = &startup
		}
		m.started, m.held, m.failed = true, false, false
		m.move(playing)
	case BufferStart:
		if m.state == playing {
			m.Stalls++
			m.move(stalled)
		}
	case Seek:
		if m.started {
			m.move(seeking) // waiting after a seek is no stall
		}
	case Pause:
		m.held = true
		if m.started && m.state != over {
			m.move(paused)
		}
	case Resume, BufferEnd, Heartbeat:
		m.goOn(e.Kind)
	case Error:
		m.failed = true
		if m.started {
			m.move(over)
		}
	case Ended:
		if m.started {
			m.move(over)
		}
	case BitrateSwitch:
	}
}

// goOn is what tells that it moves again. A heartbeat tells so only after a seek or an error, that it lives on.
func (m *meter) goOn(kind Kind) {
	if !m.started {
		return
	}
	if kind == Resume {
		m.held = false
	}
	switch {
	case kind == Heartbeat && m.state != seeking:
		return
	case m.held:
		m.move(paused)
	default:
		m.failed = false
		m.move(playing)
	}
}

func (m *meter) move(to playState) { m.state = to }

func (m *meter) finish() Summary {
	s := m.Summary
	switch {
	case !m.started && m.failed:
		s.Outcome = StartFailure
	case !m.started:
		s.Outcome = ExitBeforeStart
	case m.failed:
		s.Outcome = PlaybackFailure
	default:
		s.Outcome = Played
	}
	if total := s.PlayMS + s.StallMS; m.started && total > 0 {
		ratio := float64(s.StallMS) / float64(total)
		s.RebufferRatio = &ratio
	}
	if m.bitMS > 0 {
		average := int64(m.bits/float64(m.bitMS) + 0.5)
		s.AvgBitrate = &average
	}
	s.Rendition = m.rendition
	longest := int64(-1)
	for _, name := range m.names {
		if m.seen[name] > longest {
			s.Rendition, longest = name, m.seen[name]
		}
	}
	s.Flags = []Flag{}
	if s.StartupMS != nil && *s.StartupMS > slowStart {
		s.Flags = append(s.Flags, SlowStart)
	}
	if s.RebufferRatio != nil && *s.RebufferRatio > rebuffering {
		s.Flags = append(s.Flags, Rebuffering)
	}
	if s.Switches >= unstable {
		s.Flags = append(s.Flags, Unstable)
	}
	return s
}
