package packager

import (
	"bytes"
	"testing"
)

// BenchmarkDocument zips what a page of titles or a film's metadata takes.
func BenchmarkDocument(b *testing.B) {
	body := bytes.Repeat([]byte(`{"title":"a film of some name","master":"hls/a%20film/master.m3u8"},`), 50)
	b.ReportAllocs()
	for b.Loop() {
		if d := NewDocument(TypeJSON, body, 0); d.Gzip == nil {
			b.Fatal("not zipped")
		}
	}
}
