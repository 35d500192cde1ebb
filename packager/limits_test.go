package packager

import (
	"errors"
	"strings"
	"testing"

	"unreel/demux/testmedia"
)

// TestMaxSegmentBytes refuses a film with a larger segment, by the flag's name, in both formats; and a URL that another
// replica with another limit wrote.
func TestMaxSegmentBytes(t *testing.T) {
	m := newMemory()
	m.put("film.mp4", testmedia.H264AAC(12))
	free := serve(t, m, func(*Config) {})
	list := links("film/master.m3u8", free.text("film/master.m3u8"))[0]
	segment := links(list, free.text(list))[0]
	size := int64(len(free.body(segment)))

	for limit, refused := range map[int64]bool{size / 2: true, 2 * size: false} {
		o := serve(t, m, func(c *Config) { c.MaxSegmentBytes = limit })
		for _, path := range []string{"film/master.m3u8", list, segment} {
			_, err := o.HLS(t.Context(), path)
			if errors.Is(err, ErrTooLarge) != refused || refused && !strings.Contains(err.Error(), "--max-segment-bytes") {
				t.Errorf("%s with a limit of %d: %v", path, limit, err)
			}
		}
	}
}
