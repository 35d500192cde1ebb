package packager

import "unsafe"

// SubtitleInfo is one rendition of subtitles: a file beside the films, or a track of one of them.
type SubtitleInfo struct {
	Playlist  string `json:"playlist"` // relative to the title's master of either format
	Rendition string `json:"rendition"`
	Tracks    string `json:"tracks"`
	File      string `json:"file"`   // within the library
	Format    string `json:"format"` // vtt, srt; of a track tx3g, wvtt or stpp
	Name      string `json:"name"`
	Language  string `json:"language"`
	Forced    bool   `json:"forced,omitempty"`
	SDH       bool   `json:"sdh,omitempty"`  // for the deaf and hard of hearing
	Cues      int    `json:"cues"`           // of a track: its samples
	Base      string `json:"base,omitempty"` // that a rule has players fetch it from, in place of us
	Rule      string `json:"rule,omitempty"` // which rule
}

// describeTexts tells of what is shown beside the picture.
func (t *title) describeTexts(info *Info) {
	for _, x := range t.texts {
		s := SubtitleInfo{
			Playlist:  string(PlaylistRef{Rendition: x.name, Tracks: x.tracks}.AppendLink(nil)),
			Rendition: x.name, Tracks: x.tracks.String(), File: x.media.path,
			Name: x.label, Language: x.language, Forced: x.forced, SDH: x.sdh,
		}
		if x.track != nil {
			s.Format, s.Cues = string(x.track.Codec), x.track.End-x.track.First
		} else {
			_, ext := splitExt(x.media.path)
			s.Format, s.Cues = string(sidecarFormat(ext)), len(x.media.beside.text.Cues)
		}
		info.Subtitles = append(info.Subtitles, s)
	}
	for i := range t.layouts {
		if names := t.layouts[i].captions().InstreamIDs(); len(info.Captions) == 0 {
			info.Captions = append(info.Captions, names...)
		}
	}
	if t.thumbs != nil || t.tiles != nil {
		info.Thumbnails = thumbsName
	}
}

func (i *Info) textBytes() int64 {
	return int64(len(i.Subtitles))*(int64(unsafe.Sizeof(SubtitleInfo{}))+256) + 64*int64(len(i.Captions))
}
