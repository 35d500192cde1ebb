package testmedia

import (
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
)

// Place is one box of a file.
type Place struct {
	Path     string // of box types, "moov/trak/mdia"
	At, Size int    // of the whole box, bytes
	Header   int    // bytes of its header
	In       int    // place of the box around it, -1 for none
}

// containers are the boxes that hold boxes and nothing before them (ISO/IEC 14496-12 §6.2.3).
var containers = []string{"moov", "trak", "edts", "mdia", "minf", "dinf", "stbl", "mvex", "moof", "traf", "udta"}

// Places lists all boxes of a sound file, each before those in it. dref and stsd, whose boxes stand behind a count, are
// looked into too.
func Places(file []byte) []Place { return places(nil, file, 0, len(file), "", -1) }

func places(all []Place, file []byte, at, end int, path string, in int) []Place {
	for at+8 <= end {
		p := Place{At: at, Size: int(binary.BigEndian.Uint32(file[at:])), Header: 8, In: in}
		switch p.Size {
		case 0:
			p.Size = end - at
		case 1:
			p.Size, p.Header = int(binary.BigEndian.Uint64(file[at+8:])), 16
		}
		typ := string(file[at+4 : at+8])
		p.Path = typ
		if path != "" {
			p.Path = path + "/" + typ
		}
		all = append(all, p)
		switch {
		case slices.Contains(containers, typ):
			all = places(all, file, at+p.Header, at+p.Size, p.Path, len(all)-1)
		case typ == "stsd" || typ == "dref":
			all = places(all, file, at+p.Header+8, at+p.Size, p.Path, len(all)-1)
		}
		at += p.Size
	}
	return all
}

// Damaged damages a sound file systematically, in one place at a time, and names what it did: every box cut at each of its
// boundaries, with sizes that lie, under another name, gone, twice, and with every number in its first and last words set to
// what numbers of files should never be: that covers versions, flags, counts, timescales, durations, sizes and offsets. The
// bytes are good until the next ones.
func Damaged(file []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		all := Places(file)
		for _, f := range []func([]byte, []Place, func(string, []byte) bool) bool{truncated, lying, moved, counted} {
			if !f(file, all, yield) {
				return
			}
		}
	}
}

func truncated(file []byte, all []Place, yield func(string, []byte) bool) bool {
	seen := map[int]bool{}
	for _, p := range all {
		for _, n := range []int{p.At, p.At + 1, p.At + 4, p.At + 8, p.At + p.Header + 4, p.At + p.Header + 8, p.At + p.Size/2, p.At + p.Size - 1} {
			if n >= min(len(file), p.At+p.Size) || seen[n] {
				continue
			}
			seen[n] = true
			if !yield(fmt.Sprintf("%s at %d: the file ends at %d", p.Path, p.At, n), file[:n]) {
				return false
			}
		}
	}
	return true
}

// lying sets a box's size.
func lying(file []byte, all []Place, yield func(string, []byte) bool) bool {
	b := slices.Clone(file)
	for _, p := range all {
		own := uint32(p.Size)
		for _, size := range []uint32{0, 1, 2, 7, 8, 9, 12, own - 8, own - 4, own - 1, own + 1, own + 4, own + 8, 2 * own, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
			if size == own {
				continue
			}
			copy(b, file)
			binary.BigEndian.PutUint32(b[p.At:], size)
			if !yield(fmt.Sprintf("%s at %d: size %d of %d", p.Path, p.At, size, own), b) {
				return false
			}
		}
		if p.Size < 16 {
			continue
		}
		for _, size := range []uint64{0, 8, 15, 16, 1<<63 - 1, 1 << 63, 1<<64 - 1, 1<<64 - 8} {
			copy(b, file)
			binary.BigEndian.PutUint32(b[p.At:], 1)
			binary.BigEndian.PutUint64(b[p.At+8:], size)
			if !yield(fmt.Sprintf("%s at %d: 64-bit size %d", p.Path, p.At, size), b) {
				return false
			}
		}
	}
	return true
}

// moved renames, removes and doubles boxes; sizes of those around them follow.
func moved(file []byte, all []Place, yield func(string, []byte) bool) bool {
	for i, p := range all {
		for _, name := range []string{"free", "moov", "trak", "stbl", "moof", "mdat", "stsz", "\x00\x00\x00\x00"} {
			b := slices.Clone(file)
			copy(b[p.At+4:], name)
			if !yield(fmt.Sprintf("%s at %d: called %q", p.Path, p.At, name), b) {
				return false
			}
		}
		own := file[p.At : p.At+p.Size]
		for what, b := range map[string][]byte{
			"gone":      slices.Delete(slices.Clone(file), p.At, p.At+p.Size),
			"twice":     slices.Insert(slices.Clone(file), p.At, own...),
			"in itself": slices.Insert(slices.Clone(file), p.At+p.Header, own...),
		} {
			for k := i; k >= 0; k = all[k].In {
				grown := len(b) - len(file)
				if k == i && what != "in itself" {
					continue
				}
				if all[k].Header == 8 {
					binary.BigEndian.PutUint32(b[all[k].At:], uint32(all[k].Size+grown))
				}
			}
			if !yield(fmt.Sprintf("%s at %d: %s", p.Path, p.At, what), b) {
				return false
			}
		}
	}
	return true
}

// counted sets each of a box's first and last numbers.
func counted(file []byte, all []Place, yield func(string, []byte) bool) bool {
	const first, last = 12, 3 // words
	b := slices.Clone(file)
	for i, p := range all {
		if i+1 < len(all) && all[i+1].In == i && p.Header+8 < all[i+1].At-p.At {
			continue // a container of nothing but boxes
		}
		words := (p.Size - p.Header) / 4
		for w := range words {
			if w >= first && w < words-last || p.Path == "mdat" && w > 0 {
				continue
			}
			at := p.At + p.Header + 4*w
			own := binary.BigEndian.Uint32(file[at:])
			for _, value := range []uint32{0, 1, own - 1, own + 1, own ^ 1<<24, uint32(len(file)), 1<<31 - 1, 1 << 31, 1<<32 - 2, 1<<32 - 1} {
				if value == own {
					continue
				}
				copy(b, file)
				binary.BigEndian.PutUint32(b[at:], value)
				if !yield(fmt.Sprintf("%s at %d: word %d is %#x", p.Path, p.At, w, value), b) {
					return false
				}
			}
		}
	}
	return true
}
