package conformance

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// CheckDASH walks the DASH presentation of an MPD and reports what breaks a rule, as Check does for HLS.
func CheckDASH(ctx context.Context, client Fetcher, mpdURL string, opts Options) (Report, error) {
	opts = opts.withDefaults()
	w := walk{fetch: fetcher{client: client}, opts: opts}
	p, err := w.manifest(ctx, mpdURL)
	if err != nil {
		return Report{}, fmt.Errorf("walk %s: %w", mpdURL, err)
	}
	return p.judge(), nil
}

// manifest fetches an MPD and all that it lists.
func (w *walk) manifest(ctx context.Context, mpdURL string) (*presentation, error) {
	p := &presentation{opts: w.opts}
	d, err := w.fetch.document(ctx, mpdURL, w.opts.MaxPlaylist)
	if err != nil {
		return nil, err
	}
	if !d.get.ok() {
		return nil, fmt.Errorf("answered %d %s", d.get.status, d.get.failed)
	}
	d.list = &playlist{url: mpdURL}
	p.documents = []*document{d}
	p.mpd = parseMPD(mpdURL, d.text)
	if w.opts.PlaylistsOnly {
		return p, nil
	}
	p.mpd.each(func(rep *representation) {
		if err == nil {
			err = w.open(ctx, p, rep)
		}
	})
	if err == nil {
		err = w.measure(ctx, p)
	}
	if err == nil {
		err = w.fetch.revisit(ctx, d, w.opts.MaxPlaylist)
	}
	return p, err
}

// open makes a representation a stream, of which all is fetched later as of a playlist's.
func (w *walk) open(ctx context.Context, p *presentation, rep *representation) error {
	s := &stream{doc: p.documents[0], list: &playlist{url: p.documents[0].get.url}, rep: rep}
	rep.stream = s
	p.streams = append(p.streams, s)
	if rep.timescale == 0 && rep.mode != oneFile {
		return nil
	}
	var err error
	switch rep.mode {
	case explicit, simple:
		rep.templated(p.mpd)
	case indexed:
		err = w.index(ctx, p.mpd, rep)
	case oneFile:
		s.list.segments = []segment{{url: rep.base}}
	}
	return err
}

// identifier is one of a template (§5.3.9.4.4).
var identifier = regexp.MustCompile(`\$(RepresentationID|Number|Bandwidth|Time|)(?:%0([0-9]+)d)?\$`)

// fill writes a template's URL.
func (rep *representation) fill(template string, number, at int64) string {
	return identifier.ReplaceAllStringFunc(template, func(s string) string {
		m := identifier.FindStringSubmatch(s)
		value := int64(0)
		switch m[1] {
		case "":
			return "$"
		case "RepresentationID":
			return rep.id
		case "Bandwidth":
			value, _ = strconv.ParseInt(rep.e.attr("bandwidth"), 10, 64) // parseMPD has complained
		case "Number":
			value = number
		case "Time":
			value = at
		}
		width, _ := strconv.Atoi(m[2])                    // digits, by the expression
		return fmt.Sprintf("%0*d", min(width, 20), value) // no number is longer
	})
}

// span is a length of media time.
func (rep *representation) span(t int64) time.Duration {
	return time.Duration(t/rep.timescale)*time.Second + time.Duration(t%rep.timescale)*time.Second/time.Duration(rep.timescale)
}

// templated lists the segments of a SegmentTemplate.
func (rep *representation) templated(m *manifest) {
	absolute := func(template string, number, at int64) string {
		abs, err := resolve(rep.base, rep.fill(template, number, at))
		if err != nil {
			m.problem("representation %q: %v", rep.id, err)
		}
		return abs
	}
	first := m.number(rep, "startNumber", 1)
	initURL := ""
	if template := rep.said("initialization"); template != "" {
		initURL = absolute(template, 0, 0)
	}
	for i, at := range rep.times {
		rep.stream.list.segments = append(rep.stream.list.segments, segment{
			url: absolute(rep.said("media"), first+int64(i), at), duration: rep.span(rep.lengths[i]), initURL: initURL,
		})
	}
}

// theIndex is the sidx of a file with indexed addressing, and what came of it.
type theIndex struct {
	get   exchange
	wrong string // what is wrong with its boxes, "" where nothing is
	boxes int    // sidx boxes in the range
	mp4Index
	starts []int64 // of each subsegment, as it says
}

// index fetches the sidx of a representation and lists its subsegments.
func (w *walk) index(ctx context.Context, m *manifest, rep *representation) (err error) {
	initRange, ok1 := parseRange(rep.initialization().attr("range"))
	indexRange, ok2 := parseRange(rep.said("indexRange"))
	if !ok1 || !ok2 {
		return nil // dash-9 speaks of it
	}
	x := &theIndex{}
	rep.stream.index = x
	var body []byte
	if x.get, body, err = w.fetch.whole(ctx, rep.base, maxBox, rangeOf(indexRange.offset, indexRange.size)); err != nil {
		return err
	}
	if x.get.status != http.StatusPartialContent {
		return nil
	}
	failed := eachBox(body, func(typ string, b []byte) (err error) {
		if typ != "sidx" {
			return fmt.Errorf("box %s in the index range", typ)
		}
		x.boxes++
		x.mp4Index, err = parseSidx(b)
		return err
	})
	if failed != nil {
		x.wrong = failed.Error()
		return nil
	}
	if x.timescale == 0 {
		return nil
	}
	at, offset := x.earliest, indexRange.offset+indexRange.size+x.first
	for _, ref := range x.references {
		x.starts = append(x.starts, at)
		rep.times, rep.lengths = append(rep.times, at*rep.timescale/x.timescale), append(rep.lengths, ref.duration*rep.timescale/x.timescale)
		rep.stream.list.segments = append(rep.stream.list.segments, segment{
			url: rep.base, offset: offset, size: ref.size, duration: rep.span(ref.duration * rep.timescale / x.timescale),
			initURL: rep.base, initOffset: initRange.offset, initSize: initRange.size,
		})
		at, offset = at+ref.duration, offset+ref.size
	}
	return nil
}

func (rep *representation) initialization() *element {
	for _, e := range rep.info {
		if in := e.first("Initialization"); in != nil {
			return in
		}
	}
	return nil
}

// parseRange reads "first-last".
func parseRange(s string) (byteRange, bool) {
	a, b, found := strings.Cut(s, "-")
	first, err1 := strconv.ParseInt(a, 10, 64)
	last, err2 := strconv.ParseInt(b, 10, 64)
	ok := found && err1 == nil && err2 == nil && first >= 0 && last >= first
	return byteRange{first, last - first + 1}, ok
}
