package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"unreel/packager"
)

// explanation collects a title's explanation.
type explanation struct{ strings.Builder }

func (t *explanation) line(format string, args ...any) {
	t.WriteString(plain(fmt.Sprintf(format, args...)) + "\n")
}

// plain takes out what would steer a terminal: names come from files. Errors that were joined by lines stay apart.
func plain(line string) string {
	line = strings.ReplaceAll(line, "\n", "; ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, line)
}

// writeText explains a title to a person: first what plays and what doesn't, then file by file.
func writeText(w io.Writer, info *packager.Info) error {
	var t explanation
	t.line("%s", info.Title)
	if info.Error != "" {
		t.line("  does not play: %s", info.Error)
	}
	if len(info.Cuts) > 0 {
		t.line("  %s in %s, %s", lengthWords(info.Seconds), plural(len(info.Cuts), "segment"), segmentLengths(info))
		t.line("  %s", ladderWords(info))
	}
	t.warnings("  ", info.Warnings)
	if err := t.formats(info); err != nil {
		return err
	}
	for i := range info.Renditions {
		t.rendition(&info.Renditions[i])
	}
	_, err := io.WriteString(w, t.String())
	return err
}

// segmentLengths tells the shortest and the longest segment of the timeline.
func segmentLengths(info *packager.Info) string {
	shortest, longest := info.Seconds, 0.0
	first := info.Cuts[0]
	for i, cut := range info.Cuts {
		next := first + info.Seconds
		if i+1 < len(info.Cuts) {
			next = info.Cuts[i+1]
		}
		shortest, longest = min(shortest, next-cut), max(longest, next-cut)
	}
	return fmt.Sprintf("from %.3f to %.3f s long", shortest, longest)
}

// ladderWords tells how the renditions stand to each other.
func ladderWords(info *packager.Info) string {
	var aligned, alone, sound, out []string
	for i := range info.Renditions {
		switch r := &info.Renditions[i]; {
		case r.LeftOut != "" || r.Error != "":
			out = append(out, r.Name)
		case !slices.ContainsFunc(r.Tracks, isPicture):
			sound = append(sound, r.Name)
		case r.Aligned:
			aligned = append(aligned, r.Name)
		default:
			alone = append(alone, r.Name)
		}
	}
	cuts := "some cuts are open: a few frames before a key frame need the segment before"
	if info.Independent {
		cuts = "every segment decodes by itself"
	}
	var parts []string
	switch {
	case len(aligned) > 1:
		parts = append(parts, fmt.Sprintf("%s share one timeline", strings.Join(aligned, ", ")))
	case len(alone)+len(sound)+len(out) == 0:
		parts = append(parts, "one rendition")
	}
	if len(sound) > 0 {
		parts = append(parts, fmt.Sprintf("sound only: %s", strings.Join(sound, ", ")))
	}
	if len(alone) > 0 {
		parts = append(parts, fmt.Sprintf("cut on their own: %s", strings.Join(alone, ", ")))
	}
	if len(out) > 0 {
		parts = append(parts, fmt.Sprintf("left out: %s", strings.Join(out, ", ")))
	}
	return strings.Join(append(parts, cuts), "; ")
}

func isPicture(k packager.TrackInfo) bool { return k.Video != nil && k.Refusal == "" }

// formats tells what players can choose below /hls/ and below /cmaf/.
func (t *explanation) formats(info *packager.Info) error {
	for _, f := range info.Formats {
		prefix := map[string]string{packager.TS.String(): "/hls/", packager.CMAF.String(): "/cmaf/"}[f.Format]
		if f.Error != "" && info.Error == "" {
			t.line("  nothing is in the format of %s: %s", prefix, f.Error)
			continue
		}
		if err := t.streams(prefix, f.Format, info.Streams); err != nil {
			return err
		}
	}
	return nil
}

// streams is a table of the playlists of one format.
func (t *explanation) streams(prefix, format string, streams []packager.StreamInfo) error {
	streams = slices.DeleteFunc(slices.Clone(streams), func(s packager.StreamInfo) bool { return s.Format != format })
	if len(streams) == 0 {
		return nil
	}
	t.line("  playlists below %s:", prefix)
	var lines strings.Builder
	table := tabwriter.NewWriter(&lines, 0, 0, 3, ' ', 0)
	for i := range streams {
		s := &streams[i]
		fmt.Fprintf(table, "    %s\t%s\t%s\tpeak %s\taverage %s\t%s\n", plain(s.Playlist), plural(s.Segments, "segment"),
			sizeWords(s.Bytes), rateWords(s.Bandwidth), rateWords(s.AverageBandwidth), plain(strings.Join(streamNames(s), ", ")))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(lines.String()) {
		t.line("%s", strings.TrimRight(line, " \n")) // the last column may be empty
	}
	return nil
}

// streamNames is what tells an audio rendition from others.
func streamNames(s *packager.StreamInfo) (parts []string) {
	for _, part := range []string{s.Name, s.Language} {
		if part != "" && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	if s.Default {
		parts = append(parts, "default")
	}
	return parts
}

func (t *explanation) rendition(r *packager.RenditionInfo) {
	t.line("")
	t.line("  %s, %s, modified %s", r.File, sizeWords(r.Bytes), r.Modified.Format("2006-01-02 15:04:05 MST"))
	if r.Error != "" {
		t.line("    does not play: %s", r.Error)
	}
	if r.LeftOut != "" {
		t.line("    left out: %s", r.LeftOut)
	}
	if r.Version != "" {
		t.line("    rendition %s, version %s, brand %q, moov of %s %s, index of %s", r.Name, r.Version, r.Brand,
			sizeWords(r.MoovBytes), map[bool]string{true: "after the media", false: "before the media"}[r.MoovLast], sizeWords(int64(r.IndexBytes)))
	}
	for i := range r.Tracks {
		t.track(&r.Tracks[i])
	}
	t.warnings("    ", r.Warnings)
}

func (t *explanation) track(k *packager.TrackInfo) {
	facts := []string{k.Codec}
	if k.CodecID != "" && k.CodecID != k.Codec {
		facts[0] += " (" + k.CodecID + ")"
	}
	if v := k.Video; v != nil {
		facts = append(facts, pictureFacts(v)...)
	}
	if a := k.Audio; a != nil {
		facts = append(facts, fmt.Sprintf("%d Hz", a.SampleRate), plural(a.Channels, "channel"))
	}
	for _, word := range []string{k.Language, k.Name} {
		if word != "" && word != "und" {
			facts = append(facts, word)
		}
	}
	t.line("    track %d, %s: %s", k.ID, k.Kind, strings.Join(facts, ", "))
	if k.Refusal != "" {
		t.line("      not delivered: %s", k.Refusal)
	}
	if k.Samples == 0 {
		t.line("      empty")
		return
	}
	hidden := ""
	if k.Hidden > 0 {
		hidden = fmt.Sprintf(", %d of them hidden by the edit list", k.Hidden)
	}
	t.line("      %s%s, from %.6f s for %.6f s, timescale %d", plural(k.Samples, "sample"), hidden, k.Start, k.Seconds, k.Timescale)
	for _, e := range k.Edits {
		t.line("      %s", editFacts(e, k.Timescale))
	}
	if k.Video != nil {
		t.line("      %s", keyframeFacts(&k.Video.Keyframes))
	}
}

func pictureFacts(v *packager.VideoInfo) []string {
	facts := []string{fmt.Sprintf("%dx%d", v.Width, v.Height), fmt.Sprintf("%.4g fps", v.FrameRate)}
	if a := v.PixelAspect; a[0] != a[1] {
		facts = append(facts, fmt.Sprintf("pixels %d:%d", a[0], a[1]))
	}
	if v.Rotation != 0 {
		facts = append(facts, fmt.Sprintf("shown turned by %d degrees", v.Rotation))
	}
	return facts
}

func editFacts(e packager.EditInfo, timescale uint32) string {
	lasting := fmt.Sprintf("for %d ticks of the movie's clock", e.Ticks)
	if e.Ticks == 0 {
		lasting = "to the end"
	}
	if e.MediaStart < 0 {
		return "edit: nothing " + lasting
	}
	return fmt.Sprintf("edit: from media time %d (%.6f s) %s", e.MediaStart, float64(e.MediaStart)/float64(max(timescale, 1)), lasting)
}

func keyframeFacts(k *packager.KeyframeInfo) string {
	if k.Count == 0 {
		return "no key frame"
	}
	open := "all GOPs closed"
	if k.Open > 0 {
		open = fmt.Sprintf("%d of %d GOPs open", k.Open, k.Count)
	}
	return fmt.Sprintf("%s, GOP length min %.3f s, median %.3f s, max %.3f s, %s", plural(k.Count, "key frame"), k.Min, k.Median, k.Max, open)
}

func (t *explanation) warnings(indent string, warnings []string) {
	for _, warning := range warnings {
		t.line("%swarning: %s", indent, warning)
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// lengthWords is a length for a person: 1:02:03.456.
func lengthWords(seconds float64) string {
	millis := int64(seconds*1000 + 0.5)
	return fmt.Sprintf("%d:%02d:%02d.%03d", millis/3_600_000, millis/60_000%60, millis/1000%60, millis%1000)
}

// sizeWords is a size for a person, in the units that file managers use.
func sizeWords(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if n >= unit.size {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(unit.size), unit.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}

// rateWords is a bit rate for a person.
func rateWords(bitsPerSecond int64) string {
	if bitsPerSecond >= 1e6 {
		return fmt.Sprintf("%.2f Mbit/s", float64(bitsPerSecond)/1e6)
	}
	return fmt.Sprintf("%d kbit/s", (bitsPerSecond+500)/1000)
}
