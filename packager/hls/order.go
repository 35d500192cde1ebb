package hls

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// The rung to begin with. Apple's HLS Authoring Specification (section 1, video encoding requirements) wants the variant of
// about 2000 kbit/s on average as the default on Wi-Fi; the rungs of a ladder seldom meet it, so the limit is above.
const (
	startBitrate = 3_000_000 // bits per second, on average
	startLines   = 720       // of the shorter side, so that upright films count as well
)

// Order sorts variants the way they are listed. The first is what players begin with: Apple's play it until they know the
// network; hls.js, up to its abrEwmaDefaultEstimateMax of 5 Mbit/s, takes its BANDWIDTH for the first estimate. It is the
// best of at most 720 lines and 3 Mbit/s on average, or else the least of all; where some variants are H.264 with AAC in
// SDR, which every player plays, it is one of them. The others follow from the least to the best. Variants without a picture come last where there are pictures: nobody wants to begin with those.
func Order(variants []Variant) {
	slices.SortStableFunc(variants, func(a, b Variant) int {
		return cmp.Or(cmp.Compare(blind(a), blind(b)), cmp.Compare(a.Peak, b.Peak), cmp.Compare(a.Average, b.Average))
	})
	first := max(slices.IndexFunc(variants, common), 0)
	for i, v := range variants {
		if blind(v) == blind(variants[first]) && common(v) == common(variants[first]) && v.Average <= startBitrate && min(v.Width, v.Height) <= startLines {
			first = i
		}
	}
	if first > 0 {
		v := variants[first]
		copy(variants[1:first+1], variants[:first])
		variants[0] = v
	}
}

// common tells variants that every player plays.
func common(v Variant) bool {
	return (v.VideoRange == sdr || v.VideoRange == "") && !slices.ContainsFunc(v.Codecs, func(id string) bool {
		return !strings.HasPrefix(id, "avc1.") && !strings.HasPrefix(id, "mp4a.40.")
	})
}

// blind is 1 for what has no picture, so that it sorts last.
func blind(v Variant) int {
	if v.Width > 0 && v.Height > 0 {
		return 0
	}
	return 1
}

// Distinguish makes renditions fit for one playlist: within a group names differ, as written, one rendition of sound is
// the default, the first that claims it or else the first of all, and those that a player may choose by itself differ in
// what it chooses by (RFC 8216 §4.3.4.1.1).
func Distinguish(media []Rendition) {
	for i := range media {
		media[i].Name = distinct(media[:i], &media[i])
	}
	for i := range media {
		in := func(r Rendition) bool { return r.GroupID == media[i].GroupID }
		if media[i].Type != Audio || slices.ContainsFunc(media[:i], in) {
			continue // not the first of its group
		}
		chosen := i
		if k := slices.IndexFunc(media, func(r Rendition) bool { return in(r) && r.Default }); k >= 0 {
			chosen = k
		}
		for k := range media {
			if in(media[k]) {
				media[k].Default = k == chosen
			}
		}
	}
	for i := range media {
		media[i].Autoselect = autoselect(media, i)
	}
}

// autoselect tells whether a rendition is the one that a player chooses among those of its group that it can't tell apart:
// the default, which must be (RFC 8216 §4.3.4.1), or else the first. What is made for accessibility must be too, so that those
// who need it get it unasked (HLS Authoring Specification 2.13, 4.5).
func autoselect(media []Rendition, i int) bool {
	if media[i].Default || strings.Contains(media[i].Characteristics, "public.accessibility.") {
		return true
	}
	for k := range media {
		if k != i && media[k].alike(&media[i]) && (k < i || media[k].Default) {
			return false
		}
	}
	return true
}

// alike tells renditions of one group with the same LANGUAGE, FORCED and CHARACTERISTICS.
func (r *Rendition) alike(o *Rendition) bool {
	return r.Type == o.Type && r.GroupID == o.GroupID && cmp.Or(r.Language, undetermined) == cmp.Or(o.Language, undetermined) &&
		r.Forced == o.Forced && r.Characteristics == o.Characteristics
}

// distinct is the name of r as it is written, with a number where one before it has that name already.
func distinct(before []Rendition, r *Rendition) string {
	plain := strings.TrimSpace(string(appendText(nil, r.Name)))
	if plain == "" {
		plain = "audio"
	}
	name := plain
	for n := 2; ; n++ {
		taken := slices.ContainsFunc(before, func(b Rendition) bool { return b.GroupID == r.GroupID && b.Name == name })
		if !taken {
			return name
		}
		name = plain + " " + strconv.Itoa(n)
	}
}
