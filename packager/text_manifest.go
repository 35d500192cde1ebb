package packager

import (
	"fmt"
	"strings"

	"unreel/demux"
	"unreel/packager/dash"
	"unreel/packager/subtitles"
)

// addTexts adds a set of each subtitles. A file beside the film is one file of WebVTT, the form that all players know longest
// and that costs one request; so is any track where all is in single files. Tracks of a film are made segment by segment,
// since reading one whole takes a read for each line: wvtt, or TTML as it is. dash.js 5.2, shaka-player 5.2 and video.js 8
// show both.
func (m *manifest) addTexts(texts []*text) {
	for _, x := range texts {
		set := dash.AdaptationSet{Kind: dash.Text, Language: knownLanguage(x.language), Roles: []dash.Role{dash.RoleSubtitle}}
		if x.label != x.language {
			set.Label = x.label
		}
		if x.sdh {
			set.Roles, set.Accessibility = []dash.Role{dash.RoleCaption}, []dash.Descriptor{dash.HardOfHearing()}
		}
		if x.forced {
			set.Roles = append([]dash.Role{dash.RoleForcedSubtitle}, set.Roles...)
		}
		r := dash.Representation{
			ID:        string(x.tracks.AppendTo(append(appendEscaped(nil, x.name), '-'))),
			Bandwidth: x.rate(duration(m.Duration.Ticks, m.Duration.Timescale).Milliseconds()),
		}
		r.Base = m.at.ofText(x)
		link := append(appendEscaped(nil, x.name), '/')
		if x.track == nil || m.onDemand {
			ref := TextFileRef{Rendition: x.name, Version: x.media.version, Tracks: x.tracks}
			if x.track != nil {
				ref.Zero = m.title.zero.on(subtitles.Clock) // a file has no @presentationTimeOffset: it counts from the Period's start
			}
			r.File = &dash.File{URI: string(ref.AppendLink(nil)), Type: TypeText}
		} else {
			init := InitRef{Version: x.media.version, Tracks: x.tracks}
			segment := FragmentRef{Version: x.media.version, Cuts: x.cuts, Tracks: x.tracks}
			r.CodecID = "wvtt"
			if passedThrough(x.track) {
				r.CodecID = x.track.CodecID
			}
			r.Template = &dash.Template{
				Init: string(init.AppendLink(append([]byte(nil), link...))), Media: string(segment.AppendTemplate(link)),
				Timescale: subtitles.SegmentClock, PTO: m.title.zero.on(subtitles.SegmentClock),
				Timeline: dash.Timeline{Start: x.bounds[0].Time, Durations: make([]demux.Ticks, len(x.bounds)-1)},
			}
			for i := range r.Template.Timeline.Durations {
				r.Template.Timeline.Durations[i] = x.bounds[i+1].Time - x.bounds[i].Time
			}
		}
		set.Representations = []dash.Representation{r}
		m.Sets = append(m.Sets, set)
	}
}

// rate is the average bit rate of the text, bits per second, by what is known of it without reading it.
func (x *text) rate(millis int64) int64 {
	bytes := int64(0)
	if x.track == nil {
		bytes = x.media.stamp.Size
	} else {
		c := x.track.Samples.From(x.track.First)
		for range x.track.End - x.track.First {
			s, _ := c.Next()
			bytes += int64(s.Size)
		}
		bytes += 256 * int64(len(x.bounds)) // what is around them in segments
	}
	return max(bytes*8*1000/max(millis, 1), 1)
}

// captionDescriptors say what closed captions pictures carry. In what language, nothing in them says.
func captionDescriptors(pictures []*stream) (list []dash.Descriptor) {
	l := layout{pictures: pictures}
	captions := l.captions()
	if channels := captions.Channels(); len(channels) > 0 {
		list = append(list, dash.ClosedCaptions(strings.Join(channels, ";")))
	}
	var digital []string
	for n, there := range captions.Services {
		if there {
			digital = append(digital, fmt.Sprintf("%d=lang:und", n))
		}
	}
	if len(digital) > 0 {
		list = append(list, dash.DigitalCaptions(strings.Join(digital, ";")))
	}
	return list
}
