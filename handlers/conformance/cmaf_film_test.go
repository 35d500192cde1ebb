package conformance

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"strings"
	"testing"
	"time"
)

// newCMAF is the film whose presentation starts at time 0, as CMAF has it.
func newCMAF() *film { return filmAt(0) }

// cmafSite is the film as CMAF, with playlists, two MPDs and subtitles.
type cmafSite struct {
	*site
	film   *film
	tracks []*cmafTrack
}

// buildCMAF writes the film's segments, playlists and MPDs.
func (f *film) buildCMAF() *cmafSite {
	s := &cmafSite{site: &site{files: map[string][]byte{}}, film: f}
	const group = `,AUDIO="a",SUBTITLES="s"`
	master := "#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n"
	var trick, variants strings.Builder
	var audioPeak, audioAverage int64
	for i, r := range []*reel{f.en, f.de, f.hi, f.lo} {
		if r == nil {
			continue
		}
		t := r.cmafTrack(f.base)
		s.tracks = append(s.tracks, t)
		iframePeak, peak, average := s.media(t)
		if !t.video {
			audioPeak, audioAverage = max(audioPeak, peak), max(audioAverage, average)
			master += fmt.Sprintf("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=%q,LANGUAGE=%q,DEFAULT=%s,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"%s.m3u8\"\n",
				[]string{"English", "Deutsch"}[i], r.name, []string{"YES", "NO"}[i], r.name)
			continue
		}
		fourCC := "avc1"
		if r.cmaf.fourCC != "" {
			fourCC = r.cmaf.fourCC
		}
		fmt.Fprintf(&variants, "#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,CODECS=\"%s.64001e,mp4a.40.2\",RESOLUTION=%dx%d,FRAME-RATE=25.000%s\n%s.m3u8\n",
			peak+audioPeak, average+audioAverage, fourCC, r.width, r.height, group, r.name)
		fmt.Fprintf(&trick, "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=%d,CODECS=\"%s.64001e\",RESOLUTION=%dx%d,URI=\"%s.iframes.m3u8\"\n",
			iframePeak, fourCC, r.width, r.height, r.name)
	}
	s.subtitles()
	s.thumbnails()
	s.manifests()
	master += `#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",LANGUAGE="en",AUTOSELECT=YES,URI="subs.m3u8"` + "\n"
	trick.WriteString(`#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=2000,RESOLUTION=32x18,CODECS="jpeg",URI="images.m3u8"` + "\n")
	s.files["/master.m3u8"] = []byte(master + variants.String() + trick.String())
	return s
}

// media writes one track's segments and playlists.
func (s *cmafSite) media(t *cmafTrack) (iframePeak, peakRate, averageRate int64) {
	const head = "#EXTM3U\n#EXT-X-VERSION:%d\n#EXT-X-TARGETDURATION:6\n#EXT-X-PLAYLIST-TYPE:VOD\n"
	init := fmt.Sprintf("#EXT-X-MAP:URI=\"%s-init.mp4\"\n", t.name)
	s.files["/"+t.name+"-init.mp4"] = t.init()
	list, trick := fmt.Sprintf(head, 6)+init, fmt.Sprintf(head, 5)+"#EXT-X-I-FRAMES-ONLY\n"+init
	var sizes, frameSizes []sized
	var all []extent
	for i := range t.segments {
		_, frames := t.segment(i)
		all = append(all, frames...)
	}
	seconds := func(ticks, timescale int64) time.Duration {
		return time.Duration(ticks) * time.Second / time.Duration(timescale)
	}
	end := ticks(t.presented(len(t.segments)))
	for i := range t.segments {
		b, frames := t.segment(i)
		name := fmt.Sprintf("%s-%d-%d.m4s", t.name, i, t.presented(i))
		s.files["/"+name] = b
		d := seconds(t.presented(i+1)-t.presented(i), t.timescale)
		list += fmt.Sprintf("#EXTINF:%.6f,\n%s\n", d.Seconds(), name)
		sizes = append(sizes, sized{int64(len(b)), d})
		for _, x := range frames {
			all = all[1:]
			until := end
			if len(all) > 0 {
				until = all[0].pts
			}
			length := (until - x.pts).duration()
			trick += fmt.Sprintf("#EXTINF:%.6f,\n#EXT-X-BYTERANGE:%d@%d\n%s\n", length.Seconds(), x.end-x.offset, x.offset, name)
			frameSizes = append(frameSizes, sized{int64(x.end - x.offset), length})
		}
	}
	s.files["/"+t.name+".m3u8"] = []byte(list + "#EXT-X-ENDLIST\n")
	if t.video {
		s.files["/"+t.name+".iframes.m3u8"] = []byte(trick + "#EXT-X-ENDLIST\n")
	}
	return peakBruteForce(frameSizes), peakBruteForce(sizes), averageRateOf(sizes)
}

// subtitles writes WebVTT: a cue within a segment, one over a boundary, none in the last.
func (s *cmafSite) subtitles() {
	const (
		head  = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\nNOTE of the maker\n\n"
		first = "1\n00:01.000 --> 00:02.500\nHello\n\n"
		over  = "00:00:05.000 --> 00:00:07.000 align:start\nover the\nboundary\n\n"
		last  = "00:00:09.000 --> 00:00:10.000\nBye"
	)
	s.files["/subs-0.vtt"] = []byte(head + first + over)
	s.files["/subs-1.vtt"] = []byte(head + over + last)
	s.files["/subs-2.vtt"] = []byte(head)
	s.files["/subs.m3u8"] = []byte("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n#EXT-X-PLAYLIST-TYPE:VOD\n" +
		"#EXTINF:6.000,\nsubs-0.vtt\n#EXTINF:6.000,\nsubs-1.vtt\n#EXTINF:6.000,\nsubs-2.vtt\n#EXT-X-ENDLIST\n")
}

// thumbnails writes an image of 5x2 tiles.
func (s *cmafSite) thumbnails() {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 5*32, 2*18)), nil) // to memory
	s.files["/tiles-0.jpg"] = b.Bytes()
	s.files["/images.m3u8"] = []byte("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:18\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-IMAGES-ONLY\n" +
		"#EXTINF:18.000,\n#EXT-X-TILES:RESOLUTION=32x18,LAYOUT=5x2,DURATION=2.000\ntiles-0.jpg\n#EXT-X-ENDLIST\n")
}

func TestGoodCMAF(t *testing.T) {
	inBandFilm := newCMAF()
	for _, r := range []*reel{inBandFilm.hi, inBandFilm.lo} {
		r.cmaf = cmafMuxing{inBand: true}
	}
	known, extended := newCMAF(), newCMAF()
	known.en.cmaf = cmafMuxing{language: inEnglish}
	extended.en.cmaf = cmafMuxing{language: inFrench, extended: "en-GB"} // which goes before mdhd's (ISO/IEC 14496-12 §8.4.6.1)
	for name, f := range map[string]*film{"out of band": newCMAF(), "sets in both places": inBandFilm, "language": known, "extended language": extended} {
		t.Run(name, func(t *testing.T) {
			report := f.buildCMAF().check(t, Options{})
			if len(report.Findings) > 0 {
				t.Error(report.String())
			}
			if report.Segments < 8 || report.Bytes < 100_000 {
				t.Errorf("only %d segments of %d bytes were read", report.Segments, report.Bytes)
			}
		})
	}
}
