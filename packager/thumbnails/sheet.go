package thumbnails

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
)

// Sheet is how pictures are arranged: Columns by Rows of them, each Width by Height pixels, both even.
type Sheet struct{ Columns, Rows, Width, Height int }

// Cells is how many pictures there is room for.
func (s Sheet) Cells() int { return s.Columns * s.Rows }

// MaxBytes is the most that a sheet may have, so that a bit rate can be said before one is made: two bits a pixel. JPEG takes
// one for what films look like.
func (s Sheet) MaxBytes() int { return s.Cells() * s.Width * s.Height / 4 }

// pictureBytes is the size of one picture as ffmpeg writes it: Y, then Cb and Cr of half the width and height.
func (s Sheet) pictureBytes() int { return s.Width * s.Height * 3 / 2 }

// Fit is the size of a picture that fits into a box and keeps its shape; both are even, as 4:2:0 wants it.
func Fit(width, height, boxWidth, boxHeight int) (w, h int) {
	if width <= 0 || height <= 0 {
		return boxWidth, boxHeight
	}
	w, h = boxWidth, (height*boxWidth+width/2)/width
	if h > boxHeight {
		w, h = (width*boxHeight+height/2)/height, boxHeight
	}
	return max(w&^1, 2), max(h&^1, 2)
}

// encode arranges the pictures, and writes them as well as MaxBytes allows.
func (s Sheet) encode(raw []byte, cells []int) ([]byte, error) {
	whole := image.NewYCbCr(image.Rect(0, 0, s.Columns*s.Width, s.Rows*s.Height), image.YCbCrSubsampleRatio420)
	for i := range whole.Cb {
		whole.Cb[i], whole.Cr[i] = 128, 128 // black
	}
	for cell, picture := range cells[:min(len(cells), s.Cells())] {
		s.place(whole, cell%s.Columns, cell/s.Columns, raw[picture*s.pictureBytes():])
	}
	var b bytes.Buffer
	for _, quality := range [...]int{80, 60, 40, 20, 5} {
		b.Reset()
		if err := jpeg.Encode(&b, whole, &jpeg.Options{Quality: quality}); err != nil {
			return nil, fmt.Errorf("encode a JPEG: %w", err)
		}
		if b.Len() <= s.MaxBytes() {
			break
		}
	}
	return b.Bytes(), nil
}

// place copies a picture's three planes to its cell.
func (s Sheet) place(whole *image.YCbCr, column, row int, picture []byte) {
	x, y := column*s.Width, row*s.Height
	picture = copyPlane(whole.Y[whole.YOffset(x, y):], whole.YStride, picture, s.Width, s.Height)
	picture = copyPlane(whole.Cb[whole.COffset(x, y):], whole.CStride, picture, s.Width/2, s.Height/2)
	copyPlane(whole.Cr[whole.COffset(x, y):], whole.CStride, picture, s.Width/2, s.Height/2)
}

// copyPlane copies rows of a plane, and gives what follows it.
func copyPlane(to []byte, stride int, from []byte, width, height int) (rest []byte) {
	for line := range height {
		copy(to[line*stride:][:width], from)
		from = from[width:]
	}
	return from
}
