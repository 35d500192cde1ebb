package demux

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// About is what a file says of itself that no player needs: when it was made, and with what words. It is read when somebody
// asks for it and is no part of an Index.
type About struct {
	MinorVersion uint32                // of ftyp (ISO/IEC 14496-12 §4.3)
	Compatible   []string              // brands of ftyp
	Created      time.Time             // of mvhd (§8.2.2), UTC; zero where it doesn't tell
	Seconds      float64               // how long the movie lasts by mvhd; 0 where it doesn't tell
	Tags         map[string]string     // title, artist, …: names as ffmpeg has them, keys as authored. Places are left out
	Tracks       map[uint32]AboutTrack // by track_ID
}

// AboutTrack is what a file says of one of its tracks.
type AboutTrack struct {
	Created time.Time // of mdhd (§8.4.2), UTC; zero where it doesn't tell
	Seconds float64   // how long its media lasts by mdhd; 0 where it doesn't tell
}

// Limits of what is read for an About. Boxes are stepped over by their headers, so that no table is read.
const (
	maxAboutBoxes = 1 << 14
	maxAboutTag   = 4 << 10 // bytes of one tag; pictures are larger
	maxAboutTags  = 128
	aboutAhead    = 4 << 10
)

// ReadAbout reads what a file says of itself: src is the file that x is the index of. What is broken there is left out; errors
// are the Source's, or ctx's.
func ReadAbout(ctx context.Context, src Source, x *Index) (*About, error) {
	r := aboutReader{
		file:  file{src: src, size: src.Size(), ahead: aboutAhead},
		about: &About{Tags: map[string]string{}, Tracks: map[uint32]AboutTrack{}},
	}
	err := r.each(ctx, 0, r.size, func(typ string, at, end int64) error {
		if typ != "ftyp" {
			return errSeen // it is the first, if it is there
		}
		return seen(r.brands(ctx, at, end))
	})
	if err == nil {
		err = r.movie(ctx, x.MoovOffset, x.MoovOffset+x.MoovSize)
	}
	if err != nil {
		return nil, err
	}
	return r.about, nil
}

// errSeen ends a walk: what was looked for was there.
var errSeen = errors.New("seen")

func seen(err error) error {
	if err != nil {
		return err
	}
	return errSeen
}

// aboutReader walks boxes by their headers.
type aboutReader struct {
	file
	about *About
	boxes int
}

// each calls visit with each box within [at, end): its type, and where its payload begins and ends.
func (r *aboutReader) each(ctx context.Context, at, end int64, visit func(typ string, at, end int64) error) error {
	for end = min(end, r.size); at >= 0 && end-at >= 8; {
		if r.boxes++; r.boxes > maxAboutBoxes {
			return nil
		}
		typ, header, size, err := r.topBox(ctx, at)
		var broken *FormatError
		switch {
		case errors.As(err, &broken), errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		stop := min(at+size, end)
		if err = visit(typ, at+header, stop); errors.Is(err, errSeen) {
			return nil
		}
		if err != nil {
			return err
		}
		at = stop
	}
	return nil
}

// payload reads what a box holds, no more than most bytes of it.
func (r *aboutReader) payload(ctx context.Context, at, end, most int64) ([]byte, error) {
	n := min(end-at, most)
	if n <= 0 {
		return nil, nil
	}
	b, err := r.peek(ctx, at, n)
	return b, err
}

func (r *aboutReader) brands(ctx context.Context, at, end int64) error {
	b, err := r.payload(ctx, at, end, maxAboutTag)
	if err != nil || len(b) < 8 {
		return err
	}
	r.about.MinorVersion = u32(b[4:])
	for b = b[8:]; len(b) >= 4; b = b[4:] {
		if u32(b) != 0 { // some writers leave room
			r.about.Compatible = append(r.about.Compatible, fourCC(b))
		}
	}
	return nil
}

// movie reads the moov that lies in [at, end).
func (r *aboutReader) movie(ctx context.Context, at, end int64) error {
	return r.each(ctx, at, end, func(_ string, at, end int64) error {
		err := r.each(ctx, at, end, func(typ string, at, end int64) error {
			switch typ {
			case "mvhd":
				created, seconds, err := r.clock(ctx, at, end)
				r.about.Created, r.about.Seconds = created, seconds
				return err
			case "trak":
				return r.track(ctx, at, end)
			case "udta":
				return r.userData(ctx, at, end)
			case "meta":
				return r.meta(ctx, at, end)
			}
			return nil
		})
		return seen(err)
	})
}

// track reads a trak: tkhd says whose it is, mdhd the rest.
func (r *aboutReader) track(ctx context.Context, at, end int64) error {
	id, told := uint32(0), AboutTrack{}
	err := r.each(ctx, at, end, func(typ string, at, end int64) error {
		switch typ {
		case "tkhd":
			b, err := r.payload(ctx, at, end, 24)
			if len(b) == 24 && b[0] == 1 {
				id = u32(b[20:])
			} else if len(b) >= 16 {
				id = u32(b[12:])
			}
			return err
		case "mdia":
			return r.each(ctx, at, end, func(typ string, at, end int64) (err error) {
				if typ != "mdhd" {
					return nil
				}
				told.Created, told.Seconds, err = r.clock(ctx, at, end)
				return seen(err)
			})
		}
		return nil
	})
	if _, twice := r.about.Tracks[id]; id != 0 && !twice && len(r.about.Tracks) < maxTracks {
		r.about.Tracks[id] = told
	}
	return err
}

// clock reads what mvhd and mdhd begin with: creation and modification time, timescale and duration.
func (r *aboutReader) clock(ctx context.Context, at, end int64) (created time.Time, seconds float64, err error) {
	b, err := r.payload(ctx, at, end, 32)
	var since, scale, ticks uint64
	switch {
	case len(b) == 32 && b[0] == 1:
		since, scale, ticks = u64(b[4:]), uint64(u32(b[20:])), u64(b[24:])
	case len(b) >= 20:
		since, scale, ticks = uint64(u32(b[4:])), uint64(u32(b[12:])), uint64(u32(b[16:]))
		if ticks == 1<<32-1 {
			ticks = 0 // unknown
		}
	}
	if scale > 0 && ticks < 1<<62 {
		seconds = float64(ticks) / float64(scale)
	}
	return movieTime(since), seconds, err
}

// movieTime is a time in seconds since 1904, UTC (§8.2.2); writers that count from 1970 are known by the years that would be.
func movieTime(seconds uint64) time.Time {
	const from1904, year10000 = 2082844800, 253402300800
	if seconds == 0 || seconds >= year10000 {
		return time.Time{}
	}
	if seconds >= from1904 {
		seconds -= from1904
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// tagName is what ffmpeg calls a tag that is told; "" for all others. © is one byte, 0xa9. Where a film was taken (©xyz) and
// who bought it are nobody's business.
func tagName(raw []byte) string {
	switch string(raw) {
	case "\xa9nam":
		return "title"
	case "\xa9ART":
		return "artist"
	case "\xa9alb":
		return "album"
	case "\xa9day":
		return "date"
	case "\xa9cmt":
		return "comment"
	case "\xa9too", "\xa9swr", "\xa9enc":
		return "encoder"
	case "\xa9gen":
		return "genre"
	case "\xa9wrt":
		return "composer"
	case "\xa9grp":
		return "grouping"
	case "\xa9cpy", "cprt":
		return "copyright"
	case "desc":
		return "description"
	case "ldes":
		return "synopsis"
	case "aART":
		return "album_artist"
	case "tvsh":
		return "show"
	case "tven":
		return "episode_id"
	case "tvnn":
		return "network"
	case "trkn":
		return trackTag
	case "disk":
		return discTag
	}
	return ""
}

// Tags whose values are numbers.
const (
	trackTag = "track"
	discTag  = "disc"
)

// userData reads udta: QuickTime's texts, and Apple's meta.
func (r *aboutReader) userData(ctx context.Context, at, end int64) error {
	return r.each(ctx, at, end, func(typ string, body, end int64) error {
		if typ == "meta" {
			return r.meta(ctx, body, end)
		}
		raw, err := r.peek(ctx, body-4, 4)
		if err != nil {
			return err
		}
		name := tagName(raw)
		if name == "" || raw[0] != 0xa9 || end-body > maxAboutTag {
			return nil
		}
		b, err := r.payload(ctx, body, end, maxAboutTag)
		if len(b) >= 4 && int(u16(b)) <= len(b)-4 { // length and language (QuickTime File Format, user data text)
			r.tag(name, b[4:4+u16(b)])
		}
		return err
	})
}

// meta reads Apple's item list, or QuickTime's keys and the values of them. QuickTime's meta is no full box.
func (r *aboutReader) meta(ctx context.Context, at, end int64) error {
	b, err := r.payload(ctx, at, end, 8)
	if err != nil || len(b) < 8 {
		return err
	}
	if string(b[4:]) != "hdlr" {
		at += 4
	}
	var keys []string
	return r.each(ctx, at, end, func(typ string, at, end int64) (err error) {
		switch typ {
		case "keys":
			keys, err = r.keys(ctx, at, end)
		case "ilst":
			err = r.items(ctx, at, end, keys)
		}
		return err
	})
}

// keys are the names of QuickTime's metadata, by number from 1.
func (r *aboutReader) keys(ctx context.Context, at, end int64) (keys []string, err error) {
	err = r.each(ctx, at+8, end, func(_ string, at, end int64) error {
		if len(keys) == maxAboutTags {
			return errSeen
		}
		b, failed := r.payload(ctx, at, end, maxAboutTag)
		keys = append(keys, text(b))
		return failed
	})
	return keys, err
}

// items reads the tags that are data boxes: a kind of value, a locale, and the value.
func (r *aboutReader) items(ctx context.Context, at, end int64, keys []string) error {
	return r.each(ctx, at, end, func(_ string, body, end int64) error {
		raw, err := r.peek(ctx, body-4, 4)
		if err != nil {
			return err
		}
		name, number := tagName(raw), int64(u32(raw))
		if name == "" && number >= 1 && number <= int64(len(keys)) {
			name = keys[number-1]
		}
		if name == "" || strings.Contains(strings.ToLower(name), "location") || end-body > maxAboutTag {
			return nil
		}
		return r.each(ctx, body, end, func(typ string, at, end int64) error {
			b, failed := r.payload(ctx, at, end, maxAboutTag)
			if typ != "data" || len(b) < 8 {
				return failed
			}
			value := b[8:]
			switch kind := u32(b) & 0xffffff; {
			case kind == 1: // UTF-8
				r.tag(name, value)
			case kind == 0 && (name == trackTag || name == discTag) && len(value) >= 6:
				r.tag(name, countOf(u16(value[2:]), u16(value[4:])))
			}
			return seen(failed)
		})
	})
}

// countOf is "3/12", or "3" where nobody knows of how many.
func countOf(n, of uint16) []byte {
	b := strconv.AppendUint(nil, uint64(n), 10)
	if of > 0 {
		b = strconv.AppendUint(append(b, '/'), uint64(of), 10)
	}
	return b
}

// tag notes a tag; the first of a name stays.
func (r *aboutReader) tag(name string, value []byte) {
	told := text(value)
	if _, there := r.about.Tags[name]; !there && told != "" && len(r.about.Tags) < maxAboutTags {
		r.about.Tags[strings.ToValidUTF8(name, "\ufffd")] = told
	}
}
