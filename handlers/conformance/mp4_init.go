package conformance

import (
	"fmt"
	"strings"
)

// mp4Init is what an initialization section says (ISO/IEC 23000-19 §7.3.2).
type mp4Init struct {
	syntax   string // what is wrong with its boxes, "" where nothing is
	brands   []string
	order    []string // its top-level boxes
	tracks   []*mp4Track
	mvex     bool
	duration int64 // mvhd's
}

// mp4Track is one trak.
type mp4Track struct {
	id        int64
	handler   string
	timescale int64
	duration  int64  // the larger of tkhd's and mdhd's
	language  string // mdhd's, ISO 639-2/T
	extended  string // elng's, BCP 47; "" where there is none
	edits     []mp4Edit
	entries   []mp4Entry
	samples   int64 // that its tables describe
	external  bool  // media is elsewhere, by dref
	extends   bool  // it has a trex
	turned    bool  // by a quarter, by tkhd's matrix
	// Defaults of trex.
	sampleDuration, sampleSize, sampleFlags int64
}

// mp4Edit is one entry of elst (ISO/IEC 14496-12 §8.6.6).
type mp4Edit struct{ duration, media int64 }

// advance is the media time that is presented at time 0: what the edit list takes from every time.
func (t *mp4Track) advance() int64 {
	for _, e := range t.edits {
		if e.media >= 0 {
			return e.media
		}
	}
	return 0
}

// entry is the first sample entry; a zero one where there is none.
func (t *mp4Track) entry() *mp4Entry {
	if len(t.entries) == 0 {
		return &mp4Entry{}
	}
	return &t.entries[0]
}

func (in *mp4Init) track(id int64) *mp4Track {
	for _, t := range in.tracks {
		if t.id == id {
			return t
		}
	}
	return nil
}

// parseInit reads an initialization section. What is wrong with it is kept in syntax.
func parseInit(b []byte) *mp4Init {
	in := &mp4Init{}
	err := eachBox(b, func(typ string, body []byte) error {
		in.order = append(in.order, typ)
		switch typ {
		case "ftyp":
			if len(body) < 8 {
				return fmt.Errorf("ftyp of %d bytes", len(body))
			}
			in.brands = append(in.brands, string(body[:4]))
			for at := 8; at+4 <= len(body); at += 4 {
				in.brands = append(in.brands, string(body[at:at+4]))
			}
		case "moov":
			return in.moov(body)
		}
		return nil
	})
	if err != nil {
		in.syntax = err.Error()
	}
	return in
}

func (in *mp4Init) moov(b []byte) error {
	var mvex []byte
	err := eachBox(b, func(typ string, body []byte) error {
		switch typ {
		case "mvhd":
			return read(typ, body, func(r *fieldReader) {
				version, _ := r.full()
				r.sized(version)
				r.sized(version)
				r.u32()
				in.duration = r.sized(version)
			})
		case "trak":
			t := &mp4Track{}
			in.tracks = append(in.tracks, t)
			return t.trak(body)
		case "mvex":
			in.mvex, mvex = true, body
		}
		return nil
	})
	if err != nil {
		return err
	}
	return eachBox(mvex, func(typ string, body []byte) error {
		if typ != "trex" {
			return nil
		}
		return read(typ, body, func(r *fieldReader) {
			r.full()
			if t := in.track(r.u32()); t != nil {
				r.u32()
				t.extends, t.sampleDuration, t.sampleSize, t.sampleFlags = true, r.u32(), r.u32(), r.u32()
			} else {
				r.take(16)
			}
		})
	})
}

// trak reads a track's boxes, at any depth: none of those that are looked at stands in two places.
func (t *mp4Track) trak(b []byte) error {
	return eachBox(b, func(typ string, body []byte) error {
		switch typ {
		case "mdia", "minf", "stbl", "edts", "dinf":
			return t.trak(body)
		case "stsd":
			return t.stsd(body)
		case "dref":
			return t.dref(body)
		case "tkhd", "mdhd", "elng", "hdlr", "elst", "stts", "stsc", "stco", "co64", "stsz":
			return read(typ, body, func(r *fieldReader) { t.leaf(typ, r) })
		}
		return nil
	})
}

func (t *mp4Track) leaf(typ string, r *fieldReader) {
	version, _ := r.full()
	switch typ {
	case "tkhd":
		r.sized(version)
		r.sized(version)
		t.id = r.u32()
		r.u32()
		t.duration = max(t.duration, r.sized(version))
		r.take(16)
		a, b := r.s32(), r.s32()
		t.turned = a == 0 && b != 0
	case "mdhd":
		r.sized(version)
		r.sized(version)
		t.timescale = r.u32()
		t.duration = max(t.duration, r.sized(version))
		code := r.u16()
		t.language = string([]byte{byte(code>>10&31) + 0x60, byte(code>>5&31) + 0x60, byte(code&31) + 0x60})
	case "elng":
		t.extended, _, _ = strings.Cut(string(r.take(len(r.b))), "\x00")
	case "hdlr":
		r.u32()
		t.handler = string(r.take(4))
	case "elst":
		for range min(r.u32(), 1<<10) {
			e := mp4Edit{duration: r.sized(version)}
			if e.media = r.s32(); version == 1 {
				e.media = e.media<<32 | r.u32()
			}
			r.u32()
			t.edits = append(t.edits, e)
		}
	case "stsz":
		r.u32()
		t.samples = max(t.samples, r.u32())
	default:
		t.samples = max(t.samples, r.u32())
	}
}

// dref tells media that is in another file (§8.7.2): a url or urn without the flag that says "here".
func (t *mp4Track) dref(b []byte) error {
	if len(b) < 8 {
		return fmt.Errorf("dref of %d bytes", len(b))
	}
	return eachBox(b[8:], func(typ string, body []byte) error {
		return read(typ, body, func(r *fieldReader) {
			if _, flags := r.full(); flags&1 == 0 {
				t.external = true
			}
		})
	})
}
