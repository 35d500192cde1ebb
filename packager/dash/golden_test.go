package dash

import (
	"testing"
	"time"

	"unreel/demux"
	"unreel/packager/golden"
)

// frames are segments of 144 frames at 23.976 frames a second, and one of 50.
func frames(n int, timescale demux.Timescale) Timeline {
	tick := demux.Ticks(1001) * demux.Ticks(timescale) / 24000
	var tl Timeline
	for range n {
		tl.Durations = append(tl.Durations, 144*tick)
	}
	tl.Durations = append(tl.Durations, 50*tick)
	return tl
}

// sound is AAC at 48 kHz cut nearest to the same places.
func sound() Timeline {
	return Timeline{Durations: []demux.Ticks{288768, 287744, 288768, 287744, 100352}}
}

func video(id string, lines int, bandwidth int64, timescale demux.Timescale) Representation {
	return Representation{
		ID: id, Bandwidth: bandwidth, CodecID: "avc1.640028", Width: lines * 16 / 9, Height: lines, Sar: Ratio{1, 1},
		FrameRate: Ratio{24000, 1001}, Colour: Colour{1, 1, 1},
		Template: &Template{
			Init: id + "/0123456789abcdef/v1-init.mp4", Media: id + "/0123456789abcdef/6000-89abcdef/v1-$Number$-$Time$.m4s",
			Timescale: timescale, Timeline: frames(4, timescale),
		},
	}
}

func audio(id, codec string, bandwidth int64, s Sound) Representation {
	s.SampleRate = 48000
	return Representation{
		ID: id, Bandwidth: bandwidth, CodecID: codec, Sound: s,
		Template: &Template{
			Init: id + "/0123456789abcdef/a2-init.mp4", Media: id + "/0123456789abcdef/6000-76543210/a2-$Number$-$Time$.m4s",
			Timescale: 48000, Timeline: sound(),
		},
	}
}

// films are what the golden files are made of.
func films() map[string]*Presentation {
	length := Duration{626 * 1001, 24000}
	hdr := video("2160p-v2", 2160, 15_000_000, 90000)
	hdr.CodecID, hdr.SupplementalCodec, hdr.Colour = "hvc1.2.4.L153.B0", "dvh1.08.06/db1p", Colour{9, 16, 9}
	hdr.Template.PTO, hdr.Template.Timeline.Start = 7507, 7507
	tiles := Template{Media: "thumbnails/0123456789abcdef/10x10-$Number$.jpg", Timescale: 1, Every: 100}
	captions := Template{
		Init: "film.en.vtt/0123456789abcdef/t1-init.mp4", Media: "film.en.vtt/0123456789abcdef/6000-0a0b0c0d/t1-$Number$-$Time$.m4s",
		Timescale: 1000, Timeline: Timeline{Durations: []demux.Ticks{6000, 6000, 6000, 6000, 2109}},
	}
	single := func(r Representation, index int64) Representation {
		r.Single = &Single{URI: r.ID + "/0123456789abcdef/6000-89abcdef/v1.mp4", Init: Bytes{0, 800}, Index: Bytes{800, index}, Timescale: r.Template.Timescale}
		r.Template = nil
		return r
	}
	return map[string]*Presentation{
		"plain.mpd": {
			Duration: length, MinBufferTime: 6006 * time.Millisecond,
			Sets: []AdaptationSet{
				{Kind: Video, Aligned: true, SAP: 1, Representations: []Representation{
					video("360p-v1", 360, 900_000, 24000), video("720p-v1", 720, 3_500_000, 24000), video("1080p-v1", 1080, 6_000_000, 24000),
				}},
				{Kind: Audio, Language: "en", Roles: []Role{RoleMain}, Representations: []Representation{audio("1080p-a2", "mp4a.40.2", 128_000, Sound{Configuration: 2})}},
			},
		},
		"everything.mpd": {
			Duration: length, MinBufferTime: 6006*time.Millisecond + 1,
			Sets: []AdaptationSet{
				{
					Kind: Video, SAP: 3, Roles: []Role{RoleMain}, SwitchableWith: []int{1}, Accessibility: []Descriptor{ClosedCaptions("CC1=eng"), DigitalCaptions("1=lang:eng")},
					Representations: []Representation{video("360p-v1", 360, 900_000, 24000), video("720p-v1", 720, 3_500_000, 90000)},
				},
				{Kind: Video, SAP: 1, Roles: []Role{RoleMain}, SwitchableWith: []int{0}, Representations: []Representation{hdr}},
				{
					Kind: Audio, Language: "en", Label: "English & \"more\"", Roles: []Role{RoleMain}, Aligned: true,
					Representations: []Representation{audio("en-64", "mp4a.40.5", 64_000, Sound{Channels: 2}), audio("en-128", "mp4a.40.2", 128_000, Sound{Channels: 2})},
				},
				{
					Kind: Audio, Language: "en", Label: "Atmos", Roles: []Role{RoleAlternate},
					Representations: []Representation{audio("en-atmos", "ec-3", 768_000, Sound{Dolby: DolbyChannels(7, true, 0), JOC: 16})},
				},
				{
					Kind: Audio, Language: "fr-CA", Label: "Description", Roles: []Role{RoleAlternate, RoleDescription}, Accessibility: []Descriptor{AudioDescription()},
					Representations: []Representation{audio("fr", "Opus", 96_000, Sound{Channels: 8})},
				},
				{
					Kind: Text, Language: "en", Roles: []Role{RoleCaption}, Accessibility: []Descriptor{HardOfHearing()},
					Representations: []Representation{{ID: "t1", Bandwidth: 300, CodecID: "wvtt", Template: &captions}},
				},
				{
					Kind: Text, Language: "de", Roles: []Role{RoleForcedSubtitle},
					Representations: []Representation{{ID: "t2", Bandwidth: 256, File: &File{URI: "film.de.vtt/0123456789abcdef/t1.vtt", Type: "text/vtt"}}},
				},
				{Kind: Image, Representations: []Representation{{ID: "thumbnails", Bandwidth: 12_000, Width: 3200, Height: 1800, Tiles: Tiles{10, 10}, Template: &tiles}}},
			},
		},
		"ondemand.mpd": {
			Duration: length, MinBufferTime: 6 * time.Second,
			Sets: []AdaptationSet{
				{Kind: Video, Aligned: true, SAP: 1, Representations: []Representation{
					single(video("360p-v1", 360, 900_000, 24000), 92), single(video("720p-v1", 720, 3_500_000, 24000), 92),
				}},
				{Kind: Audio, Language: "en", Roles: []Role{RoleMain}, Representations: []Representation{single(audio("1080p-a2", "mp4a.40.2", 128_000, Sound{Configuration: 2}), 92)}},
			},
		},
	}
}

func TestGolden(t *testing.T) {
	for name, p := range films() {
		text, err := p.AppendTo(nil)
		if err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, name, text)
		validate(t, name, text)
	}
}
