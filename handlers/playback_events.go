package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"unreel/packager"
	"unreel/playback"
	"unreel/playback/events"
	"unreel/playback/sessions"
)

const (
	eventsPath = "/api/events"
	qoePath    = "/api/qoe"
)

// Events takes what players report, and tells how well it plays. *events.Collector does.
type Events interface {
	// Offer takes reports, which are worked on later; false where there is too much to do.
	Offer(reports []events.Event, then func(ctx context.Context, reports []events.Event)) bool
	Summaries(ctx context.Context, since time.Time) ([]events.Summary, error)
}

var _ Events = (*events.Collector)(nil)

// errTooMany is more reports than we work on.
var errTooMany = errors.New("too many reports at once")

const (
	maxEventBody = 256 << 10
	maxEvents    = 500 // of one request
	typeCMCD     = "application/cmcd"
)

// postEvents answers POST /api/events: a batch in JSON, or records of CMCD's event mode.
func (h *Handler) postEvents(x *exchange) error {
	body, err := x.read(maxEventBody)
	if err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	typ, _, _ := mime.ParseMediaType(x.request.Header.Get("Content-Type")) // whatever else it says, it is JSON
	var reports []events.Event
	if typ == typeCMCD {
		reports, err = cmcdRecords(body, now)
	} else {
		reports, err = jsonEvents(body, now)
	}
	if err != nil {
		return err
	}
	if len(reports) > 0 && !h.cfg.Playback.Events.Offer(reports, nil) {
		return errTooMany
	}
	return x.private(http.StatusAccepted, struct {
		Accepted int `json:"accepted"`
	}{len(reports)})
}

// jsonEvents reads an array of reports, {"events": […]}, or one report.
func jsonEvents(body []byte, now int64) ([]events.Event, error) {
	var raw []json.RawMessage
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); !bytes.HasPrefix(trimmed, []byte("[")) {
		var batch struct {
			Events []json.RawMessage `json:"events"`
		}
		if err := decodeJSON(body, &batch, ""); err != nil {
			return nil, err
		}
		if raw = batch.Events; raw == nil {
			raw = []json.RawMessage{body}
		}
	} else if err := json.Unmarshal(body, &raw); err != nil {
		return nil, fmt.Errorf("%w: the body is no JSON: %w", errBadRequest, err)
	}
	if len(raw) > maxEvents {
		return nil, playback.Invalid("events", "are %d, at most %d are taken at once", len(raw), maxEvents)
	}
	reports := make([]events.Event, len(raw))
	for i, one := range raw {
		place := "events[" + strconv.Itoa(i) + "]."
		if err := decodeJSON(one, &reports[i], place); err != nil {
			return nil, err
		}
		reports[i].ReceivedAt, reports[i].HeardFrom = now, "" // ours to say
		if err := reports[i].Check(place); err != nil {
			return nil, err
		}
	}
	return reports, nil
}

// cmcdRecords reads a record a line (CTA-5004-B, event mode).
func cmcdRecords(body []byte, now int64) (reports []events.Event, err error) {
	for line := range bytes.Lines(body) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if len(reports) == maxEvents {
			return nil, playback.Invalid("events", "are more than %d, as many as are taken at once", maxEvents)
		}
		e, wrong := events.ParseCMCD(string(line)).Event("events["+strconv.Itoa(len(reports))+"].", now)
		if wrong != nil {
			return nil, wrong
		}
		reports = append(reports, e)
	}
	return reports, nil
}

// hear takes what a player said beside its request for a segment (CMCD): that its session lives, and which bit rate it
// asks for. Nothing waits for it.
func (h *Handler) hear(x *exchange) {
	if h.cfg.Playback.Events == nil || x.kind != kindSegment || x.err != nil {
		return
	}
	said := events.Request(x.request.URL.RawQuery, x.request.Header)
	if said == nil {
		return
	}
	title, rendition, ok := watched(x.request.URL.EscapedPath())
	if !ok {
		return
	}
	e, ok := said.Heard(title, rendition, x.begin.UnixMilli())
	if !ok {
		return
	}
	h.cfg.Playback.Events.Offer([]events.Event{e}, h.touch(said))
}

// watched is the film and the rendition of a segment's URL.
func watched(escaped string) (title, rendition string, ok bool) {
	format, path := packager.TS, strings.TrimPrefix(escaped, hlsPrefix)
	if strings.HasPrefix(escaped, cmafPrefix) {
		format, path = packager.CMAF, strings.TrimPrefix(escaped, cmafPrefix)
	}
	ref, err := packager.Parse(format, path)
	if err != nil {
		return "", "", false
	}
	switch ref := ref.(type) {
	case packager.SegmentRef:
		return ref.Title, ref.Rendition, true
	case packager.FragmentRef:
		return ref.Title, ref.Rendition, true
	default:
		return "", "", false
	}
}

// touch keeps the session of a request alive; nil where none are kept.
func (h *Handler) touch(said events.CMCD) func(context.Context, []events.Event) {
	if h.cfg.Playback.Sessions == nil {
		return nil
	}
	state := sessions.Playing
	if said.Text("bs") == "true" || said.Text("su") == "true" {
		state = sessions.Buffering
	}
	return func(ctx context.Context, reports []events.Event) {
		for i := range reports {
			e := &reports[i]
			// A store that fails has said so already; the next request is another chance.
			_, _ = h.cfg.Playback.Sessions.Start(ctx, sessions.Update{ID: e.SessionID, VideoID: e.VideoID, Rendition: e.Rendition, State: state})
		}
	}
}

// rollups is the answer of GET /api/qoe.
type rollups struct {
	VideoID string          `json:"videoId,omitempty"`
	Since   moment          `json:"since"`
	By      string          `json:"by,omitempty"`
	Total   events.Rollup   `json:"total"`
	Groups  []events.Rollup `json:"groups"`
	Series  []events.Point  `json:"series,omitzero"` // where a step was asked for
}

// defaultSince is how far back it is looked without since.
const defaultSince = time.Hour

// maxPoints bounds a series.
const maxPoints = 1000

// getQoE answers GET /api/qoe?videoId=&since=&by=&step=.
func (h *Handler) getQoE(x *exchange) error {
	values, err := x.query()
	if err != nil {
		return err
	}
	answer := rollups{VideoID: values.Get("videoId"), By: values.Get("by"), Groups: []events.Rollup{}}
	if answer.By != "" && !slices.Contains(events.Keys(), answer.By) {
		return playback.Invalid("by", "%.40q is none of %v", answer.By, events.Keys())
	}
	if answer.Since.Time, err = since(values.Get("since"), time.Now()); err != nil {
		return err
	}
	step, err := stepOf(values.Get("step"), time.Since(answer.Since.Time))
	if err != nil {
		return err
	}
	all, err := h.cfg.Playback.Events.Summaries(x.request.Context(), answer.Since.Time)
	if err != nil {
		return err
	}
	if answer.VideoID != "" {
		all = slices.DeleteFunc(all, func(s events.Summary) bool { return s.VideoID != answer.VideoID })
	}
	total, groups := events.Roll(all, answer.By)
	answer.Total = total
	answer.Groups = append(answer.Groups, groups...)
	if step > 0 {
		answer.Series = events.Series(all, step)
	}
	return x.private(http.StatusOK, answer)
}

// stepOf is how long the steps of a series are, "2m"; 0 where none is asked for. span is the time that they cover.
func stepOf(text string, span time.Duration) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	step, err := time.ParseDuration(text)
	if err != nil || step < time.Second {
		return 0, playback.Invalid("step", "%.40q is no time like 2m, of 1s at least", text)
	}
	if span/step > maxPoints {
		return 0, playback.Invalid("step", "%v is too short for %v: at most %d steps are told", step, span.Round(time.Second), maxPoints)
	}
	return step, nil
}

// since is a time: how long ago ("15m"), milliseconds since 1970, or RFC 3339.
func since(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return now.Add(-defaultSince), nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms >= 0 && ms < maxMoment {
		return time.UnixMilli(ms), nil
	}
	return time.Time{}, playback.Invalid("since", "%.40q is neither like 15m, nor milliseconds since 1970, nor RFC 3339", text)
}
