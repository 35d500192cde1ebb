package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
)

// fragments is what only movie fragments have.
type fragments struct {
	read      bool
	moofs     int
	samples   int
	timescale int64 // of the first track; the times below are in it
	// Media time of the first sample's decoding and of when the last has been decoded, as tfdt and durations say.
	decode, decodeEnd int64
	// Earliest presentation time and when the last presented sample ends, with the edit list applied.
	start, end int64
	advance    int64 // what the edit list takes off
	startsSync bool
	ids        int // tracks that it holds samples of
	indexes    []mp4Index
	places     []int64 // of the moofs that begin a run of samples with a sync sample, bytes
	brands     []string
	last       int64 // sequence number
	captions   int   // access units with CEA-608 or CEA-708 in their SEI
	inBand     int   // access units with parameter sets
	bare       int   // intra access units without all of them
	looked     int   // samples of video that were read

	syntax  fault // boxes, and media that no sample points to
	address fault // data that isn't addressed from the moof
	untimed fault
	tracks  fault
	joint   fault // decode times that don't run on
	order   fault // sequence numbers that don't rise
	flags   fault // sync samples that are none, and others that are
	open    fault // sync samples of an open GOP
}

// sequence notes a sequence number.
func (f *fragments) sequence(n int64) {
	if f.moofs > 0 && n <= f.last {
		f.order.addf("sequence number %d after %d", n, f.last)
	}
	f.last = n
	f.moofs++
}

const maxSamples = 1 << 20

// maxSample bytes of one sample are looked at.
const maxSample = 4 << 20

// mp4Reader reads the movie fragments of one playlist, one segment after the other.
type mp4Reader struct {
	formats *formats
	init    *mp4Init
	partial bool // the range that is read may end within the media: an I-frame's
	next    map[int64]int64
	audio   map[int64]ticks // when the sound before ends
	scratch []byte

	facts *facts // of the open segment
	at    int64  // bytes of it so far
}

var _ container = (*mp4Reader)(nil)

func newMP4Reader(f *formats) *mp4Reader {
	m := &mp4Reader{formats: f}
	m.reset()
	return m
}

// reset forgets what runs on over a joint.
func (m *mp4Reader) reset() { m.next, m.audio = map[int64]int64{}, map[int64]ticks{} }

// begin takes the initialization section of the segments that follow.
func (m *mp4Reader) begin(in *mp4Init) {
	if m.init == in {
		return
	}
	m.init = in
	m.reset()
	for _, t := range in.tracks {
		for i := range t.entries {
			m.formats.add(t, &t.entries[i])
		}
	}
}

// add notes a sample entry.
func (f *formats) add(t *mp4Track, e *mp4Entry) {
	switch {
	case len(f.video)+len(f.audio)+len(f.other) >= maxFormats:
	case t.handler == "vide":
		v := e.video()
		if v.turned = t.turned; !slices.Contains(f.video, v) {
			f.video = append(f.video, v)
		}
	case e.objectType != 0:
		if a := (audioFormat{e.objectType, e.rate, e.channels}); !slices.Contains(f.audio, a) {
			f.audio = append(f.audio, a)
		}
	case !slices.Contains(f.other, e.codec):
		f.other = append(f.other, e.codec)
	}
}

// segment reads one segment to its end. The error is of r.
func (m *mp4Reader) segment(r io.Reader, f *facts) error {
	f.mp4.read = true
	m.facts, m.at = f, 0
	var runs []mp4Run
	var place int64
	for {
		size, head, typ, err := m.header(r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return m.refuse(err)
		}
		switch {
		case typ == "mdat":
			if err = m.media(r, runs, place, size-int64(head)); err != nil {
				return m.refuse(err)
			}
			runs = nil
			continue
		case size == 0 || size-int64(head) > maxBox:
			f.mp4.syntax.addf("byte %d: box %s of %d bytes", m.at, typ, size)
			return discard(nil, r)
		}
		body := make([]byte, size-int64(head))
		n, err := io.ReadFull(r, body)
		m.at += int64(n)
		if err != nil {
			return m.refuse(err)
		}
		if typ == "moof" {
			if len(runs) > 0 {
				f.mp4.syntax.addf("byte %d: a moof without its mdat", place)
			}
			place = m.at - size
			if runs, err = m.moof(body, size); err != nil {
				f.mp4.syntax.addf("byte %d: %v", place, err)
			}
			continue
		}
		m.other(typ, body)
	}
	if len(runs) > 0 && !m.partial {
		f.mp4.syntax.addf("byte %d: a moof without its mdat", place)
	}
	f.video.rest()
	f.audio.rest()
	return nil
}

// refuse keeps an end that came too early as a fault of the segment, and lets all else be an error of its request.
func (m *mp4Reader) refuse(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		if !m.partial {
			m.facts.mp4.syntax.addf("it ends within a box, at byte %d", m.at)
		}
		return nil
	}
	var bad *boxError
	if errors.As(err, &bad) {
		m.facts.mp4.syntax.addf("byte %d: %v", m.at, err)
		return nil
	}
	return err
}

// boxError is of the bytes, not of the request.
type boxError struct{ error }

// header reads a box's header.
func (m *mp4Reader) header(r io.Reader) (size int64, head int, typ string, err error) {
	var b [16]byte
	n, err := io.ReadFull(r, b[:8])
	m.at += int64(n)
	if err != nil {
		return 0, 0, "", err
	}
	have := 8
	if b[0]|b[1]|b[2] == 0 && b[3] == 1 {
		n, err = io.ReadFull(r, b[8:])
		m.at += int64(n)
		if err != nil {
			return 0, 0, "", io.ErrUnexpectedEOF
		}
		have = 16
	}
	if size, head, typ, err = boxHeader(b[:have]); err == nil && size != 0 && size < int64(head) {
		err = fmt.Errorf("box %s of %d bytes", typ, size)
	}
	if err != nil {
		return 0, 0, "", &boxError{err}
	}
	return size, head, typ, nil
}

// other takes a box that is neither moof nor mdat.
func (m *mp4Reader) other(typ string, body []byte) {
	f := &m.facts.mp4
	switch typ {
	case "styp":
		if len(body) >= 8 {
			f.brands = append(f.brands, string(body[:4]))
			for at := 8; at+4 <= len(body); at += 4 {
				f.brands = append(f.brands, string(body[at:at+4]))
			}
		}
	case "sidx":
		x, err := parseSidx(body)
		if err != nil {
			f.syntax.addf("byte %d: %v", m.at, err)
		}
		f.indexes = append(f.indexes, x)
	case "ftyp", "moov":
		f.syntax.addf("byte %d: %s in a media segment", m.at, typ)
	}
}

// moof reads a fragment's description, holds it to what came before it, and takes its times.
func (m *mp4Reader) moof(body []byte, size int64) ([]mp4Run, error) {
	if m.init == nil {
		return nil, errors.New("a moof without an initialization section")
	}
	f := &m.facts.mp4
	reader := moofReader{init: m.init, f: f, next: m.next, most: maxSamples - f.samples}
	runs, err := reader.read(body, size)
	for i := range runs {
		run := &runs[i]
		if len(run.samples) == 0 {
			continue
		}
		id := run.track.id
		if due, known := m.next[id]; known && due != run.samples[0].decode {
			f.joint.addf("track %d goes on at %d, the samples before end at %d", id, run.samples[0].decode, due)
		}
		m.next[id] = run.decode
		m.times(run)
	}
	return runs, err
}

// times keeps the run's times, in the track's own units and in those of other containers.
func (m *mp4Reader) times(run *mp4Run) {
	f, t := &m.facts.mp4, run.track
	if f.samples == 0 {
		f.timescale, f.advance = max(t.timescale, 1), t.advance()
		f.decode, f.startsSync = run.samples[0].decode, run.samples[0].sync
		f.start = run.samples[0].decode + run.samples[0].composition - f.advance
	}
	same := t == m.init.tracks[0] || len(m.init.tracks) == 1
	e := &m.facts.audio
	if t.handler == "vide" {
		e = &m.facts.video
	}
	if e.units == 0 {
		e.streams++
		f.ids++
	}
	for i := range run.samples {
		s := &run.samples[i]
		at := s.decode + s.composition - t.advance()
		if same || f.ids == 1 {
			f.start, f.end, f.decodeEnd = min(f.start, at), max(f.end, at+s.duration), s.decode+s.duration
		}
		m.count(e, t, s, at)
	}
	f.samples += len(run.samples)
	if e == &m.facts.audio {
		m.audio[t.id] = e.stop
	}
}

// count takes a sample into an elementary stream.
func (m *mp4Reader) count(e *elementary, t *mp4Track, s *mp4Sample, at int64) {
	pts, dts := rescaled(at, t.timescale), rescaled(s.decode, t.timescale)
	stop := rescaled(at+s.duration, t.timescale)
	if e.units == 0 {
		e.first, e.start, e.stop = dts, pts, stop
		if end, known := m.audio[t.id]; known && t.handler != "vide" {
			e.gap = pts - end
		}
		m.facts.opening = pts
	} else {
		e.step(dts - e.last)
	}
	if t.handler == "vide" && pts < m.facts.opening {
		m.facts.leading++
	}
	e.units++
	e.last, e.start, e.stop = dts, min(e.start, pts), max(e.stop, stop)
}

// rest works out what is known when a segment of fragments ends. What its edit list puts before time 0 isn't presented: whole
// frames that the source hides, or the priming of sound.
func (e *elementary) rest() {
	e.start = max(e.start, min(e.stop, 0))
	if e.units > 1 {
		e.frame = (e.last - e.first) / ticks(e.units-1)
	} else if e.units == 1 {
		e.frame = e.stop - e.start
	}
}

// rescaled is a media time in 90 kHz, rounded down. No film is so long that it doesn't fit.
func rescaled(t, timescale int64) ticks {
	timescale = max(timescale, 1)
	whole, rest := t/timescale, t%timescale
	if rest < 0 {
		whole, rest = whole-1, rest+timescale
	}
	return ticks(whole)*tickRate + ticks(rest*int64(tickRate)/timescale)
}

// media reads an mdat with the samples that its moof put into it.
func (m *mp4Reader) media(r io.Reader, runs []mp4Run, place, size int64) error {
	f := &m.facts.mp4
	end := m.at + size
	if size < 0 {
		end = 1 << 62 // to the end of the segment
	}
	type located struct {
		*mp4Sample
		track *mp4Track
		first bool
	}
	var all []located
	for i := range runs {
		for k := range runs[i].samples {
			all = append(all, located{&runs[i].samples[k], runs[i].track, i == 0 && k == 0})
		}
	}
	slices.SortStableFunc(all, func(a, b located) int { return cmp.Compare(a.offset, b.offset) })
	if len(all) == 0 {
		f.syntax.addf("byte %d: an mdat that no moof stands before", m.at)
	}
	for _, s := range all {
		from := place + s.offset
		if s.size == 0 {
			continue
		}
		if from < m.at || from+s.size > end {
			f.syntax.addf("byte %d: a sample of %d bytes at %d isn't in its mdat", m.at, s.size, from)
			break
		}
		if from > m.at {
			f.syntax.addf("byte %d: %d bytes of no sample", m.at, from-m.at)
			if err := m.skip(r, from-m.at); err != nil {
				return err
			}
		}
		if err := m.sample(r, s.track, s.mp4Sample, place, s.first); err != nil {
			return err
		}
	}
	if size < 0 {
		n, err := io.Copy(io.Discard, r)
		m.at += n
		return err
	}
	if rest := end - m.at; rest > 0 {
		f.syntax.addf("byte %d: %d bytes of no sample", m.at, rest)
		return m.skip(r, rest)
	}
	return nil
}

func (m *mp4Reader) skip(r io.Reader, n int64) error {
	done, err := io.CopyN(io.Discard, r, n)
	m.at += done
	return err
}

// sample reads one sample's bytes and judges what is in them.
func (m *mp4Reader) sample(r io.Reader, t *mp4Track, s *mp4Sample, place int64, first bool) error {
	if t.handler != "vide" || s.size > maxSample {
		return m.skip(r, s.size)
	}
	m.scratch = slices.Grow(m.scratch[:0], int(s.size))[:s.size]
	n, err := io.ReadFull(r, m.scratch)
	m.at += int64(n)
	if err != nil {
		return err
	}
	m.judge(t, s, place, first)
	return nil
}
