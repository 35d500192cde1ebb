package packager

import "testing"

// TestTileRefs: what thumbnails print is what they parse to, and nothing else is theirs.
func TestTileRefs(t *testing.T) {
	version := Version{1, 2, 3}
	for _, title := range []string{"film", "a/b c", "x/tiles", "1080p/0102030000000000/tiles"} {
		for _, want := range []Ref{
			ImagesRef{Title: title, Rendition: "720p", Tracks: Tracks{Video: 1}},
			TileRef{Title: title, Rendition: "thumbs", Version: version, Tracks: Tracks{Video: 7}, Every: 10_000, Number: 3},
			TileRef{Title: title, Rendition: "thumbs", Version: version, Tracks: Tracks{Video: 7}, Every: 10_000, Number: 3, Zero: 7_200_000},
		} {
			for format := range formats {
				if got, err := Parse(format, want.String()); err != nil || got != want {
					t.Errorf("%s: %#v, %v", want, got, err)
				}
			}
		}
	}
	for _, path := range []string{
		"film/720p/a1.images.m3u8", "film/720p/v1a2.images.m3u8", "film/720p/0102030000000000/tiles/v1-0-0.jpg",
		"film/720p/0102030000000000/tiles/a1-1000-0.jpg", "film/720p/0102030000000000/tiles/v1-1000.jpg",
		"film/720p/0102030000000000/tiles/v1-01000-0.jpg", "film/720p/0102/tiles/v1-1000-0.jpg", "film/720p/tiles/v1-1000-0.jpg",
		"film/720p/0102030000000000/tiles/v1-1000-0-0.jpg", "film/720p/0102030000000000/tiles/v1-1000-0-.jpg", "film/720p/0102030000000000/tiles/v1-1000-0-1-1.jpg",
	} {
		if ref, err := Parse(CMAF, path); err == nil {
			t.Errorf("%s is taken for %#v", path, ref)
		}
	}
}
