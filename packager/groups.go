package packager

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"unreel/demux"
)

// audioGroup is audio renditions of one codec, one number of channels and like bit rates (EXT-X-MEDIA of one GROUP-ID): of
// each voice that there is in them, one.
type audioGroup struct {
	id     string
	tracks []audioTrack
}

// audioTrack is an audio rendition (EXT-X-MEDIA).
type audioTrack struct {
	stream   *stream
	voice    *voice
	fallback bool // the one of its group that plays when nobody chose
}

// voice is what a listener chooses among: a language, or a commentary in it. It may be there in several codecs and bit
// rates, which are the player's choice.
type voice struct {
	voiceKey
	name string // as people see it; the names of a title differ
}

// voiceKey tells voices apart. Tracks of one file are different voices, unless they differ in codec or channels.
type voiceKey struct {
	language string // BCP 47
	label    string // as authored, "" where nobody gave one
	file     string // of a file beside the picture without a bit rate in its name: nothing tells that it is the same as another
	number   int    // as the file's name numbers it
	ordinal  int    // among the file's tracks of which all else is the same
}

// kin is what the renditions of a group have in common.
type kin struct {
	codec    demux.Codec
	channels int
}

// offer is an audio track that a title could offer.
type offer struct {
	rendition *rendition
	track     *demux.Track
	voice     *voice
	rate      int64   // bits per second, where there are several of the voice
	stream    *stream // once it is chosen
}

func (o *offer) kin() kin { return kin{o.track.Codec, o.track.Audio.Channels} }

// measure is the track's bit rate, in bits per second: what the name of a file of its own says, or that of its frames alone.
func (o *offer) measure() int64 {
	if named := o.rendition.file.Bitrate; named > 0 && o.rendition.video == nil {
		return int64(named) * 1000
	}
	bytes := int64(0)
	c := o.track.Samples.From(o.track.First)
	for range o.track.End - o.track.First {
		s, _ := c.Next()
		bytes += int64(s.Size)
	}
	millis, ok := (o.track.Stop - o.track.Start).Rescale(o.track.Timescale, millis)
	if !ok || bytes > 1<<49 {
		return 0
	}
	return bytes * 8 * 1000 / max(int64(millis), 1)
}

// language is a track's BCP 47 tag: what the file's name says counts for more than what an encoder left inside. Every
// EXT-X-MEDIA needs one (HLS Authoring Specification 8.9), so it is undetermined where nothing tells.
func (o *offer) language() string {
	return cmp.Or(o.rendition.file.Language, o.track.Language, undetermined)
}

// undetermined is the BCP 47 tag of what nobody told the language of.
const undetermined = "und"

// severalLanguages tells whether offers are alternatives of language. One that doesn't tell its own is none.
func severalLanguages(offers []offer) bool {
	first := undetermined
	for i := range offers {
		switch language := offers[i].language(); {
		case language == undetermined:
		case first == undetermined:
			first = language
		case language != first:
			return true
		}
	}
	return false
}

// addLanguages adds to the known voices, which the first offer began, the first voice of each other language.
func addLanguages(known map[voiceKey]bool, offers []offer) {
	told := map[string]bool{undetermined: true, offers[0].language(): true}
	for i := range offers {
		if o := &offers[i]; !told[o.language()] {
			told[o.language()] = true
			known[o.voice.voiceKey] = true
		}
	}
}

// label is what a person called the track; "" where it was a program.
func (o *offer) label() string { return authored(o.track.Name) }

// authored is a track's name, "" where a program gave it.
func authored(name string) string {
	lower := strings.ToLower(name)
	if strings.Contains(lower, "handler") || strings.Contains(lower, "media") || strings.Contains(lower, "gpac") {
		return ""
	}
	return name
}

// unrelated tells whether the offer is in a file of its own, of which nothing says that it is a choice among bit rates.
func (o *offer) unrelated() bool { return o.rendition.video == nil && o.rendition.file.Bitrate == 0 }

// tellVoices tells for each offer which voice it is.
func tellVoices(offers []offer) {
	taken := map[string]bool{}
	var known []*voice
	type place struct {
		rendition *rendition
		kin       kin
		key       voiceKey
	}
	seen := map[place]int{}
	for i := range offers {
		o := &offers[i]
		key := voiceKey{language: o.language(), label: o.label(), number: o.rendition.file.AudioTrack}
		if o.unrelated() {
			key.file = o.rendition.file.Path
		}
		at := place{o.rendition, o.kin(), key}
		key.ordinal = seen[at]
		seen[at]++
		if k := slices.IndexFunc(known, func(v *voice) bool { return v.voiceKey == key }); k >= 0 {
			o.voice = known[k]
			continue
		}
		v := &voice{voiceKey: key}
		v.name = v.freeName(taken)
		taken[v.name] = true
		known = append(known, v)
		o.voice = v
	}
}

// freeName is how a person may tell the voice from the others.
func (v *voice) freeName(taken map[string]bool) string {
	plain := v.label
	switch {
	case plain != "":
	case v.language != undetermined:
		plain = v.language
	default:
		plain = "audio"
	}
	name := plain
	for n := 2; taken[name]; n++ {
		name = plain + " " + strconv.Itoa(n)
	}
	return name
}

// maxRates bounds the bit rates of one voice that are offered: each makes a variant of every quality.
const maxRates = 3

// distinct leaves out what is there already: of one voice in one codec and with so many channels, bit rates within an
// eighth of each other, which a ladder's qualities hold as copies, and what is between the best, the middle and the least.
func distinct(offers []offer) (kept []offer) {
	type place struct {
		kin   kin
		voice *voice
	}
	ladders := map[place][]int{} // places in offers
	for i := range offers {
		at := place{offers[i].kin(), offers[i].voice}
		ladders[at] = append(ladders[at], i)
	}
	stays := make([]bool, len(offers))
	for _, steps := range ladders {
		if len(steps) > 1 {
			steps = apart(offers, steps)
		}
		for _, i := range steps {
			stays[i] = true
		}
	}
	for i := range offers {
		if stays[i] {
			kept = append(kept, offers[i])
		}
	}
	return kept
}

// apart measures the bit rates of offers at some places, and gives those places that are worth a choice, the best first.
func apart(offers []offer, places []int) (steps []int) {
	for _, i := range places {
		rate := offers[i].measure()
		offers[i].rate = rate
		if !slices.ContainsFunc(steps, func(k int) bool { return magnitude(offers[k].rate-rate)*8 <= max(offers[k].rate, rate) }) {
			steps = append(steps, i)
		}
	}
	slices.SortStableFunc(steps, func(a, b int) int { return cmp.Compare(offers[b].rate, offers[a].rate) })
	if n := len(steps); n > maxRates {
		steps = []int{steps[0], steps[n/2], steps[n-1]}
	}
	return steps
}

func magnitude(n int64) int64 { return max(n, -n) }

// group sorts distinct offers into groups. A group has every voice that there is in its codec and channels; a voice of fewer
// bit rates than another is in several groups.
func group(offers []offer) (groups []audioGroup) {
	var kins []kin
	ladders := map[kin][][]offer{} // of each voice the bit rates
	for _, o := range offers {
		k := o.kin()
		if !slices.Contains(kins, k) {
			kins = append(kins, k)
		}
		at := slices.IndexFunc(ladders[k], func(l []offer) bool { return l[0].voice == o.voice })
		if at < 0 {
			at = len(ladders[k])
			ladders[k] = append(ladders[k], nil)
		}
		ladders[k][at] = append(ladders[k][at], o)
	}
	for _, k := range kins {
		steps := 1
		for _, l := range ladders[k] {
			slices.SortStableFunc(l, func(a, b offer) int { return cmp.Compare(b.rate, a.rate) })
			steps = max(steps, len(l))
		}
		for step := range steps {
			g := audioGroup{id: k.id(step)}
			for _, l := range ladders[k] {
				o := l[min(step, len(l)-1)]
				g.tracks = append(g.tracks, audioTrack{stream: o.stream, voice: o.voice})
			}
			groups = append(groups, g)
		}
	}
	if len(groups) == 1 {
		groups[0].id = audioGroupID
	}
	return groups
}

// audioGroupID is the GROUP-ID of a title's only group, and how others begin.
const audioGroupID = "audio"

func (k kin) id(step int) string {
	id := fmt.Sprintf("%s-%s-%d", audioGroupID, strings.ToLower(string(k.codec)), k.channels)
	if step > 0 {
		id += "-" + strconv.Itoa(step+1)
	}
	return id
}

// chooseDefaults marks in each group the track that plays when nobody chose: the title's first voice that its file plays by
// default, or else the group's first.
func chooseDefaults(groups []audioGroup) {
	var chosen *voice
	for _, g := range groups {
		for _, a := range g.tracks {
			if chosen == nil && a.stream.program.audio.Default {
				chosen = a.voice
			}
		}
	}
	for _, g := range groups {
		i := slices.IndexFunc(g.tracks, func(a audioTrack) bool { return a.voice == chosen })
		if i < 0 {
			i = slices.IndexFunc(g.tracks, func(a audioTrack) bool { return a.stream.program.audio.Default })
		}
		g.tracks[max(i, 0)].fallback = true
	}
}
