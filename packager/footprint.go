package packager

import (
	"unsafe"

	"unreel/packager/timeline"
)

// What a title keeps beside its indexes is counted piece by piece as it is made, since it varies by orders of magnitude: a
// film that nobody has asked for but by its master keeps tables, one of key frames alone an I-frame playlist of megabytes.
// All are bytes; TestFootprint holds them to what the heap says.
const (
	titleBytes  = 1 << 10
	fileBytes   = 1 << 10
	streamBytes = 1 << 10
)

func (s *stream) bytes() int64 {
	if s.program.format == CMAF {
		return streamBytes // its cut list is kept with its file
	}
	return streamBytes + boundsBytes(s.bounds)
}

func boundsBytes(bounds []timeline.Boundary) int64 {
	return int64(cap(bounds)) * int64(unsafe.Sizeof(timeline.Boundary{}))
}

func (l *table) bytes() int64 {
	return int64(cap(l.segments))*int64(unsafe.Sizeof(tableSegment{})) + int64(cap(l.iframes))*int64(unsafe.Sizeof(tableIFrame{}))
}

func (d *Document) bytes() int64 {
	return int64(unsafe.Sizeof(*d)) + int64(cap(d.Body)+cap(d.Gzip)) + 64 // its entity tags
}

func (i *Info) bytes() int64 {
	n := int64(unsafe.Sizeof(*i)) + 8*int64(cap(i.Cuts)) + 256*int64(len(i.Streams)) + i.textBytes()
	for _, r := range i.Renditions {
		n += int64(unsafe.Sizeof(r)) + 512*int64(len(r.Tracks)) + 256*int64(len(r.Warnings))
	}
	return n
}
