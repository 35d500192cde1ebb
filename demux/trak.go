package demux

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
)

// trak is one trak box on its way to a Track.
type trak struct {
	*movie
	box   box
	track *Track

	handler   string
	chapters  []byte // track_IDs that tref refers to as chapters
	elst      box
	dref      box
	tables    tables
	shaped    bool        // a pasp box tells the shape of its pixels
	fragments *fragmented // what follows the tables; never nil once it is parsed
}

// parse reads everything but the sample tables. What is wrong with a track that we ignore anyway is none of our business.
func (t *trak) parse() error {
	mdia, tkhd, edts, tref := t.box.child("mdia"), t.box.child("tkhd"), t.box.child("edts"), t.box.child("tref")
	t.elst = edts.child("elst")
	chap := tref.child("chap")
	t.chapters = chap.body
	t.roles()
	t.handle(&mdia)
	if err := t.header(&tkhd); err != nil {
		if t.track.Kind != KindText {
			return err
		}
		t.fragments, t.track.Timescale = &fragmented{broken: err}, 1
		return nil // build refuses it, by the number that it gets
	}
	err := t.media(&mdia)
	if err == nil && t.track.Kind != KindOther {
		err = t.describe()
	}
	if err == nil && t.track.Kind != KindText {
		err = t.fragments.broken
	}
	err = t.forgive(err)
	if t.track.Kind == KindOther {
		t.track.Timescale = max(t.track.Timescale, 1)
		return nil
	}
	if err == nil {
		t.turn(&tkhd)
	}
	return err
}

// header reads tkhd (§8.3.2), and finds the track's fragments by it.
func (t *trak) header(b *box) error {
	if !b.found() {
		return t.box.errorf("no tkhd: %w", ErrCorrupt)
	}
	at := 12
	if b.version() == 1 {
		at = 20
	}
	if len(b.body) < at+4 {
		return b.short(at + 4)
	}
	id := u32(b.body[at:])
	if id == 0 {
		return b.errorf("track_ID 0: %w", ErrCorrupt)
	}
	if _, taken := t.index.Track(id); taken {
		return t.box.errorf("track_ID %d stands twice: %w", id, ErrCorrupt)
	}
	t.track.ID, t.track.Default = id, b.body[3]&1 != 0
	if t.fragments = t.fragmented[id]; t.fragments == nil {
		t.fragments = &fragmented{}
	}
	return nil
}

// turn reads the matrix of tkhd, which may be cut short.
func (t *trak) turn(b *box) {
	at := 40
	if b.version() == 1 {
		at = 52
	}
	v := t.track.Video
	if v == nil || len(b.body) < at+36 {
		return
	}
	for i := range v.Matrix {
		v.Matrix[i] = s32(b.body[at+4*i:])
	}
	v.Rotation = rotation(&v.Matrix)
}

// rotation is the matrix's quarter turn, clockwise; 0 for anything else.
func rotation(m *[9]int32) int {
	switch a, b, c, d := m[0], m[1], m[3], m[4]; {
	case a == 0 && d == 0 && b > 0 && c < 0:
		return 90
	case b == 0 && c == 0 && a < 0 && d < 0:
		return 180
	case a == 0 && d == 0 && b < 0 && c > 0:
		return 270
	default:
		return 0
	}
}

// handle reads hdlr (§8.4.3): what kind of track this is.
func (t *trak) handle(mdia *box) {
	hdlr := mdia.child("hdlr")
	if len(hdlr.body) < 12 {
		return
	}
	t.handler = fourCC(hdlr.body[8:12])
	t.track.Name = handlerName(hdlr.body)
	switch t.handler {
	case "vide", "pict": // pict: image sequences, as animated AVIF is (ISO/IEC 23008-12 §7.2.1)
		t.track.Kind = KindVideo
	case "soun":
		t.track.Kind = KindAudio
	case "text", "sbtl", "subt", "clcp":
		t.track.Kind = KindText
	}
}

// handlerName is the hdlr's name: a C string, or in QuickTime files a Pascal string.
func handlerName(body []byte) string {
	if len(body) <= 24 {
		return ""
	}
	name := body[24:]
	if n := int(name[0]); n < len(name) && (n == len(name)-1 || string(body[4:8]) == "mhlr") {
		name = name[1 : 1+n]
	}
	return text(name)
}

// maxText is how much of a text is told: it may be repeated in every playlist.
const maxText = 4 << 10

// text is what stands before the first zero byte.
func text(b []byte) string {
	b, _, _ = bytes.Cut(b[:min(len(b), maxText)], []byte{0})
	return strings.ToValidUTF8(string(b), "\ufffd")
}

// media reads mdia (§8.4): clock, language, and where the tables are.
func (t *trak) media(mdia *box) error {
	mdhd := mdia.child("mdhd")
	at, languageAt := 12, 20
	if mdhd.version() == 1 {
		at, languageAt = 20, 32
	}
	if len(mdhd.body) < at+4 {
		return t.box.errorf("no whole mdhd: %w", ErrCorrupt)
	}
	t.track.Timescale = Timescale(u32(mdhd.body[at:]))
	if t.track.Timescale == 0 {
		return mdhd.errorf("timescale 0: %w", ErrCorrupt)
	}
	if len(mdhd.body) >= languageAt+2 {
		t.track.Language = language(u16(mdhd.body[languageAt:]), t.quickTime())
	}
	if elng := mdia.child("elng"); len(elng.body) > 4 {
		if extended := tag(text(elng.body[4:])); extended != "" {
			t.track.Language = extended
		}
	}
	minf := mdia.child("minf")
	dinf := minf.child("dinf")
	t.dref = dinf.child("dref")
	t.tables.find(minf.child("stbl"))
	return nil
}

// build makes the track's sample table and places it in time.
func (t *trak) build(ctx context.Context) error {
	err := t.fragments.broken
	if err == nil {
		err = t.buildTable(ctx)
	}
	if k := t.track; err != nil && k.Kind == KindText {
		k.Samples, k.First, k.End = Samples{}, 0, 0
		k.Shift, k.DecodeLead, k.Start, k.Stop = 0, 0, 0, 0
	}
	return t.forgive(err)
}

// forgive refuses a text track alone for what is wrong with it: subtitles are no reason to lose the film.
func (t *trak) forgive(err error) error {
	var broken *FormatError
	if t.track.Kind != KindText || !errors.As(err, &broken) {
		return err
	}
	t.track.Timescale = max(t.track.Timescale, 1)
	t.refuseWith(err)
	return nil
}

func (t *trak) buildTable(ctx context.Context) error {
	if t.count() == 0 {
		t.track.Kind = KindOther // nothing to deliver
	}
	if t.track.Kind == KindOther || t.track.Refusal != nil {
		return nil // whatever its tables say, the other tracks may play
	}
	n, allSync, err := t.open()
	if err != nil {
		return err
	}
	b := newBuilder(n, allSync, t.companion)
	grow, err := t.growth(ctx)
	if err != nil {
		return err
	}
	if err = t.tables.feed(ctx, b, grow); err != nil {
		return err
	}
	if ok, failed := t.feedRuns(ctx, b, grow); failed != nil || !ok {
		return failed
	}
	t.track.Samples = b.finish()
	if b.unsynced {
		t.warn("track %d does not begin with a key frame", t.track.ID)
	}
	t.samples += n
	if t.companion == nil {
		t.companion = &t.track.Samples
	}
	return t.place(b)
}

// open opens the tables, where the moov has samples, and checks how many there are with those of the fragments.
func (t *trak) open() (n int, allSync bool, err error) {
	// Only xHE-AAC has frames of sound that depend on others.
	allSync = !t.fragments.unsynced || t.track.Kind == KindAudio && !t.track.Audio.dependent()
	if t.tables.count() > 0 {
		if err = t.tables.open(t); err != nil {
			return 0, false, err
		}
		allSync = allSync && t.tables.allSync
	}
	total := int64(t.tables.n) + t.fragments.n
	if total > int64(t.limits.MaxSamples-t.samples) {
		return 0, false, t.tables.stbl.errorf("%d samples on top of %d, limit %d (--max-samples): %w", total, t.samples, t.limits.MaxSamples, ErrTooLarge)
	}
	return int(total), allSync, nil
}

// count is how many samples the track claims to have.
func (t *trak) count() int64 { return int64(t.tables.count()) + t.fragments.n }

// refuse notes why no output carries the track; the first reason stands.
func (t *trak) refuse(format string, args ...any) {
	t.refuseWith(fmt.Errorf(format+": %w", append(args, ErrUnsupported)...))
}

func (t *trak) refuseWith(reason error) {
	if t.track.Refusal == nil {
		t.track.Refusal = fmt.Errorf("track %d: %w", t.track.ID, reason)
	}
}
