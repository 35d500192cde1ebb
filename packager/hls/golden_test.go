package hls

import (
	"strconv"
	"testing"

	"unreel/demux"
	"unreel/packager/golden"
)

// film is a playlist of n segments of 144 frames at 23.976 frames a second, and one of 50.
func film(n int) *Playlist {
	p := &Playlist{Independent: true}
	for i := range n + 1 {
		ticks := demux.Ticks(144 * 1001)
		if i == n {
			ticks = 50 * 1001
		}
		p.Segments = append(p.Segments, Segment{Duration: Duration{ticks, 24000}, URI: "0123456789abcdef/v1a2-" + strconv.Itoa(i) + ".ts"})
	}
	p.TargetDuration = TargetDuration(p.Segments)
	return p
}

func TestGoldenPlaylists(t *testing.T) {
	f := func(name string, p *Playlist) {
		t.Helper()
		text := p.AppendTo(nil)
		golden.Compare(t, name, text)
		checkPlaylist(t, p, text)
	}
	f("media.m3u8", film(4))
	open := film(1)
	open.Independent = false
	f("open-gop.m3u8", open)
	f("short.m3u8", &Playlist{TargetDuration: 1, Independent: true, Segments: segments(90000, 3003)})
	f("iframes.m3u8", &Playlist{
		TargetDuration: 6,
		Independent:    true,
		IFramesOnly:    true,
		Segments: []Segment{
			{Duration: Duration{48048, 24000}, URI: "v1a2-0.ts", Offset: 376, Size: 41_548},
			{Duration: Duration{96096, 24000}, URI: "v1a2-0.ts", Offset: 5_000_000_000, Size: 188},
			{Duration: Duration{1001, 24000}, URI: "v1a2-1.ts", Offset: 376, Size: 4136},
		},
	})
}

func TestGoldenMasters(t *testing.T) {
	f := func(name string, m *Master) {
		t.Helper()
		text := m.AppendTo(nil)
		golden.Compare(t, name, text)
		checkMaster(t, m, text)
	}
	video := func(lines int, peak int64, uri string, codecs ...string) Variant {
		return Variant{
			Bitrate: Bitrate{Peak: peak, Average: peak * 3 / 4}, Codecs: codecs,
			Width: lines * 16 / 9, Height: lines, FrameRate: Rate{24000, 1001}, URI: uri,
		}
	}
	muxed := &Master{
		Independent: true,
		Variants: []Variant{
			video(1080, 6_000_000, "1080p/v1a2.m3u8", "avc1.640028", "mp4a.40.2"),
			video(720, 3_500_000, "720p/v1a2.m3u8", "avc1.64001f", "mp4a.40.2"),
			video(360, 900_000, "360p/v1a2.m3u8", "avc1.64001e", "mp4a.40.2"),
		},
		IFrames: []Variant{video(360, 90_000, "360p/v1a2.iframes.m3u8", "avc1.64001e")},
	}
	Order(muxed.Variants)
	f("muxed.m3u8", muxed)

	grouped := &Master{
		Media: []Rendition{
			{GroupID: "audio", Name: "Director's \"cut\"\r\ncommentary", Language: "en", Channels: "2", URI: "audio_en/a1.m3u8"},
			{GroupID: "audio", Name: "日本語", Language: "ja", Channels: "6", Default: true, URI: "audio_ja/a1.m3u8"},
			{GroupID: "audio", Name: "日本語", Language: "und", URI: "audio_03/a1.m3u8"},
		},
		Variants: []Variant{
			video(720, 3_500_000, "720p/v1.m3u8", "avc1.64001f", "mp4a.40.2"),
			{Bitrate: Bitrate{192_000, 190_000}, Codecs: []string{"mp4a.40.2"}, URI: "audio_en/a1.m3u8", Audio: "audio"},
		},
	}
	grouped.Variants[0].Audio = "audio"
	grouped.Variants[0].FrameRate = Rate{30, 1}
	Distinguish(grouped.Media)
	f("grouped.m3u8", grouped)
}
