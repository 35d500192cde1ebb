package demux

import (
	"errors"
	"fmt"
)

// IndexFormat names what AppendTo writes. It goes up whenever the bytes of the same Index, or the Index of the same file,
// are others than before: then what was kept is no longer read. TestGoldenIndexes fails until it does.
const IndexFormat = 4

// AppendTo appends the Index to dst, some 5 % smaller than it is in memory. Decode reads it.
func (x *Index) AppendTo(dst []byte) []byte {
	f := flat{data: dst}
	f.index(x)
	return f.data
}

// Decode reads what AppendTo of the same IndexFormat wrote. It takes nothing on trust: whatever the bytes are, it gives an
// Index that can be walked, or an error that wraps ErrCorrupt. It keeps no part of b.
func Decode(b []byte) (*Index, error) {
	f := flat{reading: true, data: b, size: len(b)}
	x := new(Index)
	f.index(x)
	if f.err == nil && len(f.data) > 0 {
		f.fail("more than an index")
	}
	if f.err != nil {
		return nil, f.err
	}
	if err := x.check(); err != nil {
		return nil, fmt.Errorf("kept index: %w: %w", err, ErrCorrupt)
	}
	return x, nil
}

func (f *flat) index(x *Index) {
	for half := range 2 {
		f.word(x.Fingerprint[8*half:])
	}
	whole(f, &x.Stamp.Size)
	whole(f, &x.Stamp.ModTime)
	whole(f, &x.Stamp.Inode)
	words(f, &x.Brand)
	whole(f, &x.Timescale)
	whole(f, &x.MoovOffset)
	whole(f, &x.MoovSize)
	f.flag(&x.MoovLast)
	list(f, &x.Tracks, func(t **Track) {
		if f.reading {
			*t = new(Track)
		}
		f.track(*t)
	})
	if f.err != nil {
		return // with tracks that are missing
	}
	for _, t := range x.Tracks {
		f.companion(x, &t.Samples)
	}
	list(f, &x.Warnings, func(w *string) { words(f, w) })
}

func (f *flat) track(t *Track) {
	whole(f, &t.ID)
	whole(f, &t.Kind)
	words(f, &t.Codec)
	words(f, &t.CodecID)
	f.bytes(&t.Entry)
	whole(f, &t.Timescale)
	words(f, &t.Language)
	words(f, &t.Name)
	f.flag(&t.Default)
	list(f, &t.Roles, func(r *string) { words(f, r) })
	optional(f, &t.Video, f.video)
	optional(f, &t.Audio, f.audio)
	f.refusal(&t.Refusal)
	list(f, &t.Edits, func(e *Edit) {
		whole(f, &e.Duration)
		whole(f, &e.MediaTime)
	})
	whole(f, &t.Shift)
	whole(f, &t.DecodeLead)
	whole(f, &t.First)
	whole(f, &t.End)
	whole(f, &t.Start)
	whole(f, &t.Stop)
	f.samples(&t.Samples)
}

func (f *flat) video(v *VideoFormat) {
	whole(f, &v.Width)
	whole(f, &v.Height)
	for i := range v.PixelAspect {
		whole(f, &v.PixelAspect[i])
	}
	whole(f, &v.Rotation)
	for i := range v.Matrix {
		whole(f, &v.Matrix[i])
	}
	whole(f, &v.NALLengthBytes)
	for _, units := range [...]*[][]byte{&v.SPS, &v.PPS, &v.VPS} {
		list(f, units, func(unit *[]byte) { f.bytes(unit) })
	}
	whole(f, &v.BitDepth)
	whole(f, &v.Colour.Primaries)
	whole(f, &v.Colour.Transfer)
	whole(f, &v.Colour.Matrix)
	f.flag(&v.Colour.FullRange)
	words(f, &v.Range)
	whole(f, &v.DolbyVision.Profile)
	whole(f, &v.DolbyVision.Level)
	whole(f, &v.DolbyVision.Compatibility)
	words(f, &v.SupplementalID)
	words(f, &v.SupplementalBrand)
	f.flag(&v.Uncounted)
	f.flag(&v.boxed)
}

func (f *flat) audio(a *AudioFormat) {
	whole(f, &a.SampleRate)
	whole(f, &a.OutputRate)
	whole(f, &a.Channels)
	whole(f, &a.JOC)
	whole(f, &a.ObjectType)
	f.flag(&a.SBR)
	f.flag(&a.PS)
	f.bytes(&a.Config)
	whole(f, &a.FrameTicks)
}

// keptError is a refusal as it was said when the file was read.
type keptError struct {
	text  string
	kinds []error
}

func (r *keptError) Error() string   { return r.text }
func (r *keptError) Unwrap() []error { return r.kinds }

// refusal walks an error: its words, and of which kinds it is.
func (f *flat) refusal(p *error) {
	kept := &keptError{}
	if !f.reading && *p != nil {
		kept.text = (*p).Error()
	}
	there := *p != nil
	if f.flag(&there); !there {
		return
	}
	words(f, &kept.text)
	for _, kind := range [...]error{ErrCorrupt, ErrTooLarge, ErrUnsupported} {
		is := !f.reading && errors.Is(*p, kind)
		if f.flag(&is); is {
			kept.kinds = append(kept.kinds, kind)
		}
	}
	if f.reading {
		*p = kept
	}
}
