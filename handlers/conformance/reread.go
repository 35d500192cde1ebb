package conformance

import (
	"bytes"
	"fmt"
	"time"

	"github.com/Eyevinn/hls-m3u8/m3u8"
)

// checkReread: another maker's parser accepts every playlist in its strict mode and sees in it what ours sees. One that is
// broken for ours already is left alone.
func checkReread(p *presentation, r *reporter) {
	for _, d := range p.documents {
		if !d.get.ok() || len(d.list.problems) > 0 {
			continue
		}
		if err := reread(d); err != nil {
			r.errorf(d.get.url, "%v", err)
		}
	}
}

func reread(d *document) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("parser panic: %v", v)
		}
	}()
	parsed, kind, err := m3u8.Decode(*bytes.NewBuffer(bytes.Clone(d.text)), true)
	if err != nil {
		return err
	}
	if (kind == m3u8.MASTER) != d.list.isMaster() {
		return fmt.Errorf("is a master to one parser only")
	}
	switch theirs := parsed.(type) {
	case *m3u8.MasterPlaylist:
		if n, want := len(theirs.Variants), len(d.list.variants)+len(d.list.iframes); n != want {
			return fmt.Errorf("%d variants, we see %d", n, want)
		}
	case *m3u8.MediaPlaylist:
		return rereadMedia(theirs, d.list)
	}
	return nil
}

func rereadMedia(theirs *m3u8.MediaPlaylist, ours *playlist) error {
	if n := int(theirs.Count()); n != len(ours.segments) {
		return fmt.Errorf("%d segments, we see %d", n, len(ours.segments))
	}
	if theirs.Closed != ours.ended || theirs.Iframe != ours.iframesOnly {
		return fmt.Errorf("closed %v and I-frames only %v, we see %v and %v", theirs.Closed, theirs.Iframe, ours.ended, ours.iframesOnly)
	}
	for i, s := range theirs.GetAllSegments() {
		mine := &ours.segments[i]
		d := time.Duration(s.Duration*float64(time.Second) + 0.5)
		offset := s.Offset
		if offset == 0 && i > 0 && mine.offset == ours.segments[i-1].offset+ours.segments[i-1].size {
			offset = mine.offset // it leaves the range after another to its caller
		}
		if (d-mine.duration).Abs() > time.Microsecond || s.Limit != mine.size || mine.size > 0 && offset != mine.offset {
			return fmt.Errorf("segment %d lasts %v and has the range %d@%d, we see %v and %d@%d", i, d, s.Limit, s.Offset,
				mine.duration, mine.size, mine.offset)
		}
	}
	return nil
}
