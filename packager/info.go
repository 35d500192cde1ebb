package packager

import (
	"context"
	"log/slog"
	"time"
)

// Info is what is known of a title, for people and for machines. Its JSON is a contract: fields are added, never changed.
// Times are seconds, sizes bytes, rates bits per second.
type Info struct {
	Title       string          `json:"title"`
	Error       string          `json:"error,omitempty"` // why nothing of it plays
	Seconds     float64         `json:"duration_seconds"`
	Target      int             `json:"target_duration_seconds"` // EXT-X-TARGETDURATION
	Independent bool            `json:"independent_segments"`    // every cut is closed
	Cuts        []float64       `json:"cuts_seconds"`            // where segments of the title's timeline begin
	Renditions  []RenditionInfo `json:"renditions"`              // one a file
	Streams     []StreamInfo    `json:"streams"`                 // one a playlist
	Formats     []FormatInfo    `json:"formats"`
	Subtitles   []SubtitleInfo  `json:"subtitles"`
	Captions    []string        `json:"closed_captions"`      // in the picture: CC1 to CC4, or SERVICE1 to SERVICE63
	Thumbnails  string          `json:"thumbnails,omitempty"` // WebVTT of pictures for a scrubbing bar, relative to the master below /cmaf/
	Warnings    []string        `json:"warnings"`
}

// FormatInfo is what a title is in one format.
type FormatInfo struct {
	Format string `json:"format"`                            // ts or cmaf
	Error  string `json:"error,omitempty"`                   // why it holds nothing of the title
	Target int    `json:"target_duration_seconds,omitempty"` // EXT-X-TARGETDURATION
}

// RenditionInfo is one file of a title.
type RenditionInfo struct {
	Name       string     `json:"name"` // in URLs
	File       string     `json:"file"` // within the library
	Error      string     `json:"error,omitempty"`
	LeftOut    string     `json:"left_out,omitempty"` // why a sound file is in no playlist
	Aligned    bool       `json:"aligned"`            // it shares the title's timeline
	Bytes      int64      `json:"size_bytes"`
	Modified   time.Time  `json:"modified"`
	Version    string     `json:"version"` // in segment URLs
	Brand      string     `json:"brand"`
	Minor      uint32     `json:"minor_version"`
	Compatible []string   `json:"compatible_brands,omitempty"`
	Created    *time.Time `json:"created,omitempty"`       // by its mvhd
	Start      float64    `json:"start_seconds"`           // when the first of its tracks begins
	Seconds    float64    `json:"duration_seconds"`        // from time 0 to the end of its longest track
	Movie      float64    `json:"movie_seconds,omitempty"` // how long it lasts by its mvhd, whatever its tracks do
	Bitrate    int64      `json:"bit_rate"`                // of the whole file, bits per second
	// TextTags are a file's own words on itself: title, artist, date, encoder, and QuickTime's keys. Where it was taken is left out.
	TextTags   map[string]string `json:"tags,omitempty"`
	MoovBytes  int64             `json:"moov_bytes"`
	MoovLast   bool              `json:"moov_last"`
	IndexBytes int               `json:"index_bytes"` // resident
	Tracks     []TrackInfo       `json:"tracks"`
	Warnings   []string          `json:"warnings"`
}

// StreamInfo is one media playlist of a title.
type StreamInfo struct {
	Format           string `json:"format"`   // ts, below /hls/, or cmaf, below /cmaf/
	Playlist         string `json:"playlist"` // relative to the title's master of that format
	Rendition        string `json:"rendition"`
	Tracks           string `json:"tracks"`
	Name             string `json:"name,omitempty"` // of an audio rendition
	Language         string `json:"language,omitempty"`
	Default          bool   `json:"default,omitempty"`
	Segments         int    `json:"segments"`
	Bytes            int64  `json:"size_bytes"`
	Bandwidth        int64  `json:"bandwidth"`
	AverageBandwidth int64  `json:"average_bandwidth"`
	Base             string `json:"base,omitempty"` // that a rule has players fetch it from, in place of us
	Rule             string `json:"rule,omitempty"` // which rule
}

// Info describes a title; one that doesn't play too. It is shared: don't change it. The error is ErrNotFound, or a context's that ended.
func (p *Packager) Info(ctx context.Context, name string) (*Info, error) {
	t, err := p.look(ctx, name)
	if err != nil {
		return nil, err
	}
	return p.tellAbout(ctx, t)
}

// Inspect describes a title that need not be in the library: any files of the storage, taken as one. What Info would log is
// in what it returns.
func (p *Packager) Inspect(ctx context.Context, entry Entry) (*Info, error) {
	files, errs, err := p.gather(ctx, entry)
	if err != nil {
		return nil, err
	}
	return p.tellAbout(ctx, newTitle(p, entry, p.config.SegmentDuration, files, errs, slog.New(slog.DiscardHandler)))
}

func (t *title) describe(ctx context.Context) *Info {
	info := &Info{Title: t.name, Cuts: []float64{}, Renditions: []RenditionInfo{}, Streams: []StreamInfo{}, Formats: []FormatInfo{}, Subtitles: []SubtitleInfo{}, Captions: []string{}, Warnings: []string{}}
	if err := t.make(ctx); err != nil {
		info.Error = err.Error()
	}
	for _, w := range t.warnings {
		info.Warnings = append(info.Warnings, w.String())
	}
	info.Independent, info.Target = t.closed, max(t.layouts[TS].target, t.layouts[CMAF].target)
	for _, r := range t.renditions {
		info.Renditions = append(info.Renditions, r.info())
	}
	for i := range t.layouts {
		l := &t.layouts[i]
		l.describe(info)
		entry := FormatInfo{Format: Format(i).String(), Target: l.target}
		if l.err != nil {
			entry.Error, entry.Target = l.err.Error(), 0
		}
		info.Formats = append(info.Formats, entry)
	}
	t.describeTexts(info)
	return info
}

// describe tells of a layout's streams.
func (l *layout) describe(info *Info) {
	first := len(info.Streams)
	for _, s := range l.streams() {
		if len(info.Streams) == 0 {
			info.addTimeline(s)
		}
		entry, err := s.info()
		if err != nil && info.Error == "" {
			info.Error = err.Error()
		}
		info.Streams = append(info.Streams, entry)
	}
	for _, g := range l.sounds {
		for _, a := range g.tracks {
			for i := first; i < len(info.Streams); i++ {
				if s := &info.Streams[i]; s.Rendition == a.stream.rendition.name && s.Tracks == a.stream.tracks.String() {
					s.Name, s.Language, s.Default = a.voice.name, a.voice.language, a.fallback
				}
			}
		}
	}
}

// addTimeline tells the title's length and cuts by its first variant.
func (i *Info) addTimeline(s *stream) {
	scale := s.program.lead().Timescale
	start, _ := s.extent(0)
	_, stop := s.extent(s.count() - 1)
	i.Seconds = (stop - start).Seconds(scale)
	for _, b := range s.bounds[:s.count()] {
		i.Cuts = append(i.Cuts, b.Time.Seconds(scale))
	}
}

func (s *stream) info() (StreamInfo, error) {
	info := StreamInfo{
		Format: s.program.format.String(), Playlist: s.link(false),
		Rendition: s.rendition.name, Tracks: s.tracks.String(), Segments: s.count(),
	}
	list, err := s.table()
	if err != nil {
		return info, err
	}
	for _, segment := range list.segments {
		info.Bytes += segment.size
	}
	info.Bandwidth, info.AverageBandwidth = list.bitrate.Peak, list.bitrate.Average
	return info, nil
}

func (r *rendition) info() RenditionInfo {
	info := RenditionInfo{
		Name: r.name, File: r.file.Path, LeftOut: r.leftOut, Aligned: r.aligned,
		Tracks: []TrackInfo{}, Warnings: []string{},
	}
	if r.err != nil {
		info.Error = r.err.Error()
	}
	if r.media == nil {
		return info
	}
	info.Bytes, info.Modified = r.media.stamp.Size, time.Unix(0, r.media.stamp.ModTime).UTC()
	x := r.media.index
	if x == nil {
		return info
	}
	info.Version, info.Brand = r.media.version.String(), x.Brand
	info.MoovBytes, info.MoovLast, info.IndexBytes = x.MoovSize, x.MoovLast, x.Bytes()
	info.Warnings = append(info.Warnings, x.Warnings...)
	for _, refusal := range r.refusals {
		info.Warnings = append(info.Warnings, refusal.Error())
	}
	info.measure(x)
	for _, track := range x.Tracks {
		entry := trackInfo(track)
		for format := range formats {
			if r.media.carries(format, track) {
				entry.Formats = append(entry.Formats, format.String())
			}
		}
		info.Tracks = append(info.Tracks, entry)
		info.Warnings = append(info.Warnings, trackWarnings(track)...)
	}
	return info
}
