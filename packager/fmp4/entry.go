package fmp4

import (
	"encoding/binary"
	"fmt"
	"strings"

	"unreel/demux"
	"unreel/packager/box"
)

// Fields of sample entries that stand before their boxes (ISO/IEC 14496-12 §8.5.2.2, §12.1.3.2, §12.2.3.2).
const (
	plainFields  = 8
	visualFields = 78
	soundFields  = 28
)

// entry is the sample entry of an init section, and what follows from it.
type entry struct {
	typ     string  // four characters
	was     string  // the same in the source
	fields  []byte  // what stands before the boxes
	boxes   []child // whole, in the source's order
	handler string  // of hdlr
	media   []byte  // the media header box
	brands  string  // more brands for ftyp
	id      string  // the codec's RFC 6381 name, where it isn't the source's
}

// Media header boxes (§12.1.2, §12.2.2, §12.6.2, §8.4.5.2).
const (
	videoHeader     = "\x00\x00\x00\x14vmhd\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"
	soundHeader     = "\x00\x00\x00\x10smhd\x00\x00\x00\x00\x00\x00\x00\x00"
	subtitleHeader  = "\x00\x00\x00\x0csthd\x00\x00\x00\x00"
	nullMediaHeader = "\x00\x00\x00\x0cnmhd\x00\x00\x00\x00"
)

// newEntry makes the sample entry of a track out of the source's. It refuses by name what CMAF doesn't carry.
func newEntry(t *demux.Track) (entry, error) {
	if len(t.Entry) < box.HeaderSize+plainFields {
		return entry{}, fmt.Errorf("no whole sample entry: %w", demux.ErrUnsupported)
	}
	e := entry{typ: string(t.Entry[4:8])}
	e.was = e.typ
	var err error
	switch t.Kind {
	case demux.KindVideo:
		err = e.video(t)
	case demux.KindAudio:
		err = e.sound(t)
	case demux.KindText:
		err = e.text(t)
	default:
		err = fmt.Errorf("a track that is neither video, audio nor text: %w", demux.ErrUnsupported)
	}
	if err != nil {
		return entry{}, err
	}
	binary.BigEndian.PutUint16(e.fields[6:], 1) // data_reference_index: dref has but one
	return e, nil
}

// take copies the fields and lists the boxes behind them.
func (e *entry) take(t *demux.Track, fields int) error {
	payload := t.Entry[box.HeaderSize:]
	if len(payload) < fields {
		return fmt.Errorf("a sample entry %q of %d bytes: %w", e.typ, len(t.Entry), demux.ErrUnsupported)
	}
	e.fields = append([]byte(nil), payload[:fields]...)
	e.boxes = children(payload[fields:])
	return nil
}

// append appends the sample entry box.
func (e *entry) append(b []byte) []byte {
	return box.Append(b, e.typ, func(b []byte) []byte {
		b = append(b, e.fields...)
		for i := range e.boxes {
			b = append(b, e.boxes[i].whole...)
		}
		return b
	})
}

// codecID is how the codec is called once its sample entry is of another type.
func (e *entry) codecID(id string) string {
	if e.id != "" {
		return e.id
	}
	if rest, ok := strings.CutPrefix(id, e.was); ok {
		return e.typ + rest
	}
	return id
}

// text carries what stands in fragments as it is: WebVTT and TTML (ISO/IEC 14496-30).
func (e *entry) text(t *demux.Track) error {
	switch e.typ {
	case "wvtt":
		e.handler, e.media = "text", []byte(nullMediaHeader)
	case "stpp":
		e.handler, e.media = "subt", []byte(subtitleHeader)
	default:
		return fmt.Errorf("text %q in CMAF: %w", e.typ, demux.ErrUnsupported)
	}
	payload := t.Entry[box.HeaderSize:]
	e.fields = append([]byte(nil), payload...) // stpp has strings between its fields and its boxes
	return nil
}
