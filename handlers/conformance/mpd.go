package conformance

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// element is one XML element of an MPD: a tree that knows nothing of the schema.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []*element `xml:",any"`
	Text     string     `xml:",chardata"`
}

// attr is an attribute without a namespace, "" where it is absent.
func (e *element) attr(name string) string {
	if e != nil {
		for _, a := range e.Attrs {
			if a.Name.Local == name && a.Name.Space == "" {
				return a.Value
			}
		}
	}
	return ""
}

func (e *element) all(name string) (out []*element) {
	if e != nil {
		for _, c := range e.Children {
			if c.XMLName.Local == name {
				out = append(out, c)
			}
		}
	}
	return out
}

// first is the first child of a name, nil where there is none.
func (e *element) first(name string) *element {
	if found := e.all(name); len(found) > 0 {
		return found[0]
	}
	return nil
}

// manifest is an MPD (ISO/IEC 23009-1 §5.3).
type manifest struct {
	root      *element
	problems  []string
	duration  time.Duration // @mediaPresentationDuration, -1 where absent
	minBuffer time.Duration
	periods   []*period
}

type period struct {
	e        *element
	start    time.Duration
	duration time.Duration // of the Period, or what the MPD's leaves for it; -1 where neither says
	sets     []*adaptationSet
}

type adaptationSet struct {
	e               *element
	period          *period
	representations []*representation
}

// addressing is a way in which segments are found (DASH-IF Guidelines, timing model).
type addressing string

const (
	explicit addressing = "explicit"
	simple   addressing = "simple"
	indexed  addressing = "indexed"
	oneFile  addressing = "one file" // and no index: text beside the film
	listed   addressing = "SegmentList"
)

type representation struct {
	e         *element
	set       *adaptationSet
	id        string
	base      string // URL that others are relative to
	mode      addressing
	info      []*element // SegmentTemplate or SegmentBase, the nearest first: what one lacks the next has
	timescale int64
	pto       int64
	references
	stream *stream
}

// references are the media segments that an MPD lists: where each starts on the media's clock, and how long it lasts.
type references struct {
	times, lengths []int64
}

func (m *manifest) problem(format string, args ...any) {
	m.problems = append(m.problems, fmt.Sprintf(format, args...))
}

// each visits every representation.
func (m *manifest) each(visit func(*representation)) {
	for _, p := range m.periods {
		for _, a := range p.sets {
			for _, rep := range a.representations {
				visit(rep)
			}
		}
	}
}

const mpdNamespace = "urn:mpeg:dash:schema:mpd:2011"

// parseMPD reads an MPD. What is wrong with it is kept in problems; nothing stops the reading but XML that is none.
func parseMPD(url string, text []byte) *manifest {
	m := &manifest{root: &element{}, duration: -1}
	if err := xml.Unmarshal(text, m.root); err != nil {
		m.problem("%v", err)
		return m
	}
	if m.root.XMLName.Local != "MPD" || m.root.XMLName.Space != mpdNamespace {
		m.problem("the root is %s of %q", m.root.XMLName.Local, m.root.XMLName.Space)
	}
	m.require(m.root, "profiles", "minBufferTime")
	m.duration = m.time(m.root, "mediaPresentationDuration", -1)
	m.minBuffer = m.time(m.root, "minBufferTime", 0)
	base := m.base(url, m.root)
	at := time.Duration(0)
	all := m.root.all("Period")
	for i, e := range all {
		p := &period{e: e, start: m.time(e, "start", at), duration: m.time(e, "duration", -1)}
		if p.duration < 0 && i == len(all)-1 && m.duration >= 0 {
			p.duration = m.duration - p.start
		}
		at = p.start + max(p.duration, 0)
		m.periods = append(m.periods, p)
		m.sets(p, m.base(base, e))
	}
	if len(m.periods) == 0 {
		m.problem("no Period")
	}
	return m
}

func (m *manifest) sets(p *period, base string) {
	ids := map[string]bool{}
	for _, e := range p.e.all("AdaptationSet") {
		a := &adaptationSet{e: e, period: p}
		p.sets = append(p.sets, a)
		setBase := m.base(base, e)
		for _, child := range e.all("Representation") {
			rep := &representation{e: child, set: a, id: child.attr("id"), base: m.base(setBase, child)}
			a.representations = append(a.representations, rep)
			m.require(child, "id", "bandwidth")
			if ids[rep.id] {
				m.problem("two representations have the id %q", rep.id)
			}
			ids[rep.id] = true
			if rep.attr("mimeType") == "" {
				m.problem("representation %q has no @mimeType", rep.id)
			}
			m.address(rep)
		}
		if len(a.representations) == 0 {
			m.problem("an AdaptationSet without Representation")
		}
	}
}

// attr is an attribute of the representation, or of its set.
func (rep *representation) attr(name string) string {
	if v := rep.e.attr(name); v != "" {
		return v
	}
	return rep.set.e.attr(name)
}

// descriptors of the representation and of its set.
func (rep *representation) descriptors(name string) []*element {
	return append(rep.e.all(name), rep.set.e.all(name)...)
}

// address finds out how the representation's segments are addressed (§5.3.9).
func (m *manifest) address(rep *representation) {
	levels := []*element{rep.e, rep.set.e, rep.set.period.e}
	for _, kind := range []struct {
		name string
		mode addressing
	}{{"SegmentList", listed}, {"SegmentTemplate", explicit}, {"SegmentBase", indexed}} {
		for _, level := range levels {
			if e := level.first(kind.name); e != nil && (rep.mode == "" || rep.mode == kind.mode) {
				rep.mode, rep.info = kind.mode, append(rep.info, e)
			}
		}
	}
	switch rep.mode {
	case "":
		rep.mode = oneFile
	case explicit:
		if rep.timeline() == nil {
			rep.mode = simple
		}
	}
	if rep.said("timescale") == "" && rep.mode != oneFile {
		return // dash-2 speaks of it: nothing that counts in it can be judged
	}
	rep.timescale = max(m.number(rep, "timescale", 1), 1)
	rep.pto = m.number(rep, "presentationTimeOffset", 0)
	switch rep.mode {
	case explicit:
		m.expand(rep)
	case simple:
		length := m.number(rep, "duration", 0)
		if length <= 0 {
			m.problem("representation %q: a SegmentTemplate without timeline or @duration", rep.id)
			return
		}
		end := rep.mediaTime(rep.set.period.duration)
		for at := rep.pto; at < end && len(rep.times) < maxSegments; at += length {
			rep.times, rep.lengths = append(rep.times, at), append(rep.lengths, length)
		}
	}
}

// maxSegments of one representation are walked.
const maxSegments = 1 << 17

// mediaTime is a time of the Period on the representation's clock, rounded up.
func (rep *representation) mediaTime(t time.Duration) int64 {
	whole, rest := int64(t/time.Second), int64(t%time.Second)
	return rep.pto + whole*rep.timescale + (rest*rep.timescale+int64(time.Second)-1)/int64(time.Second)
}

// said is an attribute of the addressing element, or of one that it inherits from.
func (rep *representation) said(name string) string {
	for _, e := range rep.info {
		if v := e.attr(name); v != "" {
			return v
		}
	}
	return ""
}

func (rep *representation) timeline() *element {
	for _, e := range rep.info {
		if t := e.first("SegmentTimeline"); t != nil {
			return t
		}
	}
	return nil
}

// expand lists the segments of a SegmentTimeline (§5.3.9.6).
func (m *manifest) expand(rep *representation) {
	at := int64(0)
	all := rep.timeline().all("S")
	for i, s := range all {
		number := func(name string, otherwise int64) int64 { return m.integer(s, name, otherwise) }
		at = number("t", at)
		length, repeat := number("d", 0), number("r", 0)
		if length <= 0 {
			m.problem("representation %q: S %d lasts %d", rep.id, i, length)
			return
		}
		if repeat < 0 { // to the next S, or to the Period's end
			end := rep.mediaTime(rep.set.period.duration)
			if i+1 < len(all) {
				end = m.integer(all[i+1], "t", end)
			}
			repeat = (end-at+length-1)/length - 1
		}
		for range repeat + 1 {
			if len(rep.times) == maxSegments {
				return
			}
			rep.times, rep.lengths = append(rep.times, at), append(rep.lengths, length)
			at += length
		}
	}
}

func (m *manifest) require(e *element, names ...string) {
	for _, name := range names {
		if e.attr(name) == "" {
			m.problem("%s without @%s", e.XMLName.Local, name)
		}
	}
}

// number is an integer attribute of the addressing element.
func (m *manifest) number(rep *representation, name string, otherwise int64) int64 {
	for _, e := range rep.info {
		if e.attr(name) != "" {
			return m.integer(e, name, otherwise)
		}
	}
	return otherwise
}

func (m *manifest) integer(e *element, name string, otherwise int64) int64 {
	v := e.attr(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		m.problem("%s@%s is %q", e.XMLName.Local, name, v)
		return otherwise
	}
	return n
}

func (m *manifest) time(e *element, name string, otherwise time.Duration) time.Duration {
	v := e.attr(name)
	if v == "" {
		return otherwise
	}
	d, err := parseXMLDuration(v)
	if err != nil {
		m.problem("%s@%s: %v", e.XMLName.Local, name, err)
		return otherwise
	}
	return d
}

// base resolves an element's first BaseURL.
func (m *manifest) base(base string, e *element) string {
	b := e.first("BaseURL")
	if b == nil {
		return base
	}
	abs, err := resolve(base, strings.TrimSpace(b.Text))
	if err != nil {
		m.problem("BaseURL: %v", err)
		return base
	}
	return abs
}

// parseXMLDuration reads an xs:duration of days at most, exactly.
func parseXMLDuration(s string) (time.Duration, error) {
	bad := fmt.Errorf("%q is no duration", s)
	rest, ok := strings.CutPrefix(s, "P")
	if !ok || rest == "" {
		return 0, bad
	}
	date, clock, timed := strings.Cut(rest, "T")
	if timed && clock == "" {
		return 0, bad
	}
	total := time.Duration(0)
	for _, part := range []struct {
		text  string
		units string
	}{{date, "D"}, {clock, "HMS"}} {
		text := part.text
		for _, unit := range part.units {
			number, after, found := strings.Cut(text, string(unit))
			if !found {
				continue
			}
			scale := map[rune]time.Duration{'D': 24 * time.Hour, 'H': time.Hour, 'M': time.Minute, 'S': time.Second}[unit]
			if unit == 'S' {
				d, err := parseSeconds(number)
				if err != nil {
					return 0, bad
				}
				total, text = total+d, after
				continue
			}
			n, err := strconv.ParseUint(number, 10, 24)
			if err != nil {
				return 0, bad
			}
			total, text = total+time.Duration(n)*scale, after
		}
		if text != "" {
			return 0, bad
		}
	}
	return total, nil
}
