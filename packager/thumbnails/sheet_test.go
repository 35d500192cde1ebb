package thumbnails

import (
	"bytes"
	"image/jpeg"
	"math/rand/v2"
	"testing"
)

func TestFit(t *testing.T) {
	for _, c := range [][4]int{
		{1920, 1080, 320, 180},
		{1080, 1920, 100, 180},
		{640, 480, 240, 180},
		{4096, 1716, 320, 134},
		{2, 2000, 2, 180},
		{2000, 2, 320, 2},
		{0, 0, 320, 180},
		{160, 90, 320, 180},
	} {
		if w, h := Fit(c[0], c[1], 320, 180); w != c[2] || h != c[3] {
			t.Errorf("%dx%d fits as %dx%d, want %dx%d", c[0], c[1], w, h, c[2], c[3])
		}
	}
}

// TestEncode: each cell shows its picture, cells beyond are black, and noise is kept within the bit rate that is promised.
func TestEncode(t *testing.T) {
	s := Sheet{Columns: 3, Rows: 2, Width: 32, Height: 16}
	raw := make([]byte, 3*s.pictureBytes())
	for picture, luma := range []byte{40, 120, 220} {
		p := raw[picture*s.pictureBytes():][:s.pictureBytes()]
		for i := range p {
			p[i] = 128
			if i < s.Width*s.Height {
				p[i] = luma
			}
		}
	}
	body, err := s.encode(raw, []int{0, 1, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil || sheet.Bounds().Dx() != 96 || sheet.Bounds().Dy() != 32 {
		t.Fatal(sheet.Bounds(), err)
	}
	for cell, want := range []int{40, 120, 120, 220, 0, 0} {
		r, _, _, _ := sheet.At(cell%3*32+16, cell/3*16+8).RGBA()
		if got := int(r >> 8); got < want-4 || got > want+4 {
			t.Errorf("cell %d is as bright as %d, want %d", cell, got, want)
		}
	}
	noise := rand.New(rand.NewPCG(1, 2))
	for i := range raw {
		raw[i] = byte(noise.Uint32())
	}
	if body, err = s.encode(raw, []int{0, 1, 2, 0, 1, 2}); err != nil || len(body) > 2*s.MaxBytes() {
		t.Errorf("%d bytes of noise, where %d are promised; %v", len(body), s.MaxBytes(), err)
	}
}
