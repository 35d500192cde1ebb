package events

import (
	"math"
	"net/url"
	"strconv"
	"strings"

	"unreel/playback"
)

// CMCD is what a player says beside a request, or in a record of its own (CTA-5004, and CTA-5004-B for version 2), by key.
// Values are as they stand; a bare key is "true".
type CMCD map[string]string

// maxKeys bounds what one record may say.
const maxKeys = 64

// ParseCMCD reads a record: what a query's CMCD argument is once decoded, one header's value, or a line in event mode. Its form is
// a dictionary of structured fields (RFC 8941 §3.2), as far as CMCD uses it. What can't be read is left out, as CTA-5004
// asks of receivers.
func ParseCMCD(text string) CMCD {
	c := CMCD{}
	c.add(text)
	return c
}

// CMCDHeaders are the headers that carry it.
func CMCDHeaders() []string {
	return []string{"Cmcd-Request", "Cmcd-Object", "Cmcd-Status", "Cmcd-Session"}
}

// Request gathers what a request says in its query and headers; nil where it says nothing.
func Request(rawQuery string, header map[string][]string) CMCD {
	var c CMCD
	add := func(text string) {
		if c == nil {
			c = CMCD{}
		}
		c.add(text)
	}
	for rest := rawQuery; rest != ""; {
		var one string
		one, rest, _ = strings.Cut(rest, "&")
		if value, ok := strings.CutPrefix(one, "CMCD="); ok {
			if plain, err := url.QueryUnescape(value); err == nil {
				add(plain)
			}
		}
	}
	for _, name := range CMCDHeaders() {
		for _, line := range header[name] {
			add(line)
		}
	}
	return c
}

func (c CMCD) add(text string) {
	for text != "" && len(c) < maxKeys {
		var member string
		member, text = cutMember(text)
		key, value, ok := strings.Cut(strings.Trim(member, " \t"), "=")
		switch {
		case key == "" || len(key) > maxLabel:
			continue
		case !ok || value == "?1": // RFC 8941 §3.3.6
			value = "true"
		}
		c[key] = value
	}
}

// cutMember cuts at the first comma that stands in no string and no inner list.
func cutMember(text string) (member, rest string) {
	quoted, depth := false, 0
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '(':
			depth++
		case b == ')':
			depth--
		case b == ',' && depth <= 0:
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

// Text is a string's or a token's value; "" where there is none.
func (c CMCD) Text(key string) string {
	value := c[key]
	if !strings.HasPrefix(value, `"`) {
		value, _, _ = strings.Cut(value, ";")
		return value
	}
	var b strings.Builder
	for i := 1; i < len(value); i++ {
		switch {
		case value[i] == '"':
			return b.String()
		case value[i] == '\\' && i+1 < len(value):
			i++
		}
		b.WriteByte(value[i])
	}
	return "" // it doesn't end
}

// Number is a value that counts: of an inner list that of the video or of both, or else the first. ok is false where there
// is none.
func (c CMCD) Number(key string) (n float64, ok bool) {
	value, found := c[key]
	if !found {
		return 0, false
	}
	items := []string{value}
	if inner, list := strings.CutPrefix(value, "("); list {
		inner, _, _ = strings.Cut(inner, ")")
		items = strings.Fields(inner)
	}
	for i, item := range items {
		digits, kind, _ := strings.Cut(item, ";")
		video := kind == "v" || kind == "av"
		if i > 0 && !video {
			continue
		}
		if got, err := strconv.ParseFloat(strings.Trim(digits, `"`), 64); err == nil && !math.IsNaN(got) && !math.IsInf(got, 0) {
			n, ok = got, true
		}
		if video {
			break
		}
	}
	return n, ok
}

// milliseconds is a number that is a time, as far as it may be one.
func (c CMCD) milliseconds(key string) *int64 {
	n, ok := c.Number(key)
	if !ok || n < 0 || n > playback.MaxSeconds*1000 {
		return nil
	}
	ms := int64(n)
	return &ms
}

// bandwidth is the bit rate of what is seen, in bits per second.
func (c CMCD) bandwidth() int64 {
	kbps, ok := c.Number("br")
	if !ok || kbps < 0 || kbps > float64(maxBandwidth/1000) {
		return 0
	}
	return int64(kbps * 1000)
}

// OfVideo tells whether what it says of the object is about the picture (ot: v, av; unknown counts).
func (c CMCD) OfVideo() bool {
	ot := c.Text("ot")
	return ot == "v" || ot == "av" || ot == ""
}

// Heard is what a request with CMCD tells: that its session lives and which bit rate is asked for. ok is false without a session.
func (c CMCD) Heard(videoID, rendition string, now int64) (e Event, ok bool) {
	e = Event{
		SessionID: c.Text("sid"), VideoID: videoID, Kind: Heartbeat, Timestamp: now, ReceivedAt: now, HeardFrom: ByRequest,
		StartDelay: c.milliseconds("msd"),
	}
	if c.OfVideo() {
		if e.Bandwidth = c.bandwidth(); e.Bandwidth > 0 {
			e.Kind, e.Rendition = BitrateSwitch, rendition // one that is none doesn't count
		}
	}
	return e, e.Check("") == nil
}

// Event is a record of event mode as a report: e, ts and sid must be there, and cid names the film. place is put before the
// name of a key that is wrong.
func (c CMCD) Event(place string, now int64) (Event, error) {
	for _, key := range [...]string{"e", "ts", "sid", "cid"} {
		if c[key] == "" {
			return Event{}, playback.Invalid(place+key, "is missing")
		}
	}
	at, ok := c.Number("ts")
	if !ok || at <= 0 || at >= maxTimestamp {
		return Event{}, playback.Invalid(place+"ts", "%.40q is no time in milliseconds since 1970", c["ts"])
	}
	e := Event{
		SessionID: c.Text("sid"), VideoID: c.Text("cid"), Timestamp: int64(at), ReceivedAt: now, Position: c.milliseconds("pt"),
		StartDelay: c.milliseconds("msd"), Kind: c.kind(),
	}
	if c.OfVideo() {
		e.Bandwidth = c.bandwidth()
	}
	if e.Kind == Error {
		e.Error = strings.Trim(c["ec"], `()"`)
	}
	return e, e.Check(place)
}

// kind is what a record tells of. The states of a player (sta) become what brings them about.
func (c CMCD) kind() Kind {
	switch c.Text("e") {
	case "e":
		return Error
	case "bc":
		return BitrateSwitch
	case "ps":
	default: // t, rr and what else there is: it lives
		return Heartbeat
	}
	switch c.Text("sta") {
	case "s":
		return PlayIntent
	case "p":
		return FirstFrame
	case "k":
		return Seek
	case "r", "w":
		return BufferStart
	case "a", "d": // loaded ahead: nobody has asked for it yet, so nobody waits
		return Pause
	case "f":
		return Error
	case "e", "q":
		return Ended
	default:
		return Heartbeat
	}
}
