package box

import (
	"math"

	"unreel/demux"
)

// AppendMatrix appends a transformation (§8.2.2); one of zeros, which would show nothing, stands for that which changes nothing.
func AppendMatrix(b []byte, matrix [9]int32) []byte {
	if matrix == ([9]int32{}) {
		matrix = [9]int32{0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000}
	}
	for _, v := range matrix {
		b = Append32(b, uint32(v))
	}
	return b
}

// AppendPresentation appends the end of a tkhd (§8.3.2): how a track is heard, turned and how large it is shown.
func AppendPresentation(b []byte, t *demux.Track) []byte {
	volume := uint16(0)
	if t.Kind == demux.KindAudio {
		volume = 0x100
	}
	b = Append16(Append32(b, 0, 0), 0, 0, volume, 0)
	if t.Video == nil {
		return Append32(AppendMatrix(b, [9]int32{}), 0, 0)
	}
	width, height := displaySize(t.Video)
	return Append32(AppendMatrix(b, t.Video.Matrix), width, height)
}

// displaySize is how large the picture is shown, in 16.16 pixels (§8.3.2): the coded width, widened by the pixel's shape.
func displaySize(v *demux.VideoFormat) (width, height uint32) {
	w := uint64(max(v.Width, 0)) << 16
	if x, y := uint64(v.PixelAspect[0]), uint64(v.PixelAspect[1]); x > 0 && y > 0 {
		w = min(w*x/y, math.MaxUint32)
	}
	return uint32(w), uint32(v.Height) << 16
}

// AppendHandler appends hdlr (§8.4.3) and, where a language is known, elng (§8.4.6).
func AppendHandler(b []byte, handler string, t *demux.Track) []byte {
	b = AppendFull(b, "hdlr", 0, 0, func(b []byte) []byte {
		return append(append(Append32(append(Append32(b, 0), handler...), 0, 0, 0), t.Name...), 0)
	})
	if t.Language != "" {
		b = AppendFull(b, "elng", 0, 0, func(b []byte) []byte { return append(append(b, t.Language...), 0) })
	}
	return b
}

// AppendLanguage appends the end of an mdhd (§8.4.2.3). What three letters can't say of it stands in elng alone; most players, ffmpeg
// and browsers among them, read no elng.
func AppendLanguage(b []byte, language string) []byte {
	return Append16(b, demux.PackedLanguage(language), 0)
}

// AppendSelfContained appends a dinf that says that the media is in the same file (§8.7.1, §8.7.2).
func AppendSelfContained(b []byte) []byte {
	return Append(b, "dinf", func(b []byte) []byte {
		return AppendFull(b, "dref", 0, 0, func(b []byte) []byte {
			return AppendFull(Append32(b, 1), "url ", 0, 1, Nothing)
		})
	})
}
