package packager

import (
	"fmt"
	"strconv"
	"sync"

	"unreel/demux"
	"unreel/packager/mpegts"
	"unreel/packager/subtitles"
)

// media is one file of the library as it was last read: its index, or why it was refused.
type media struct {
	path    string
	stamp   demux.Stamp
	refusal error
	index   *demux.Index
	version Version
	ts      mpegts.Options
	title   string // that is made of it; guarded by the shelf

	captions subtitles.Captions // in its first picture
	beside   *beside            // what it is in place of a film; index is nil then

	ownName func() string // how its one rendition is called where its path holds no label

	mu       sync.Mutex
	programs map[programKey]*program // made on first use
	cuts     map[cutKey]cutList
	cutOrder []cutKey // of cuts, the oldest first

	extra int64 // bytes that the media came to keep; guarded by the shelf
}

// programKey is a program within its file.
type programKey struct {
	format Format
	tracks Tracks
}

// maxPrograms bounds the programs that a file keeps. One has a handful, unless it is made to have as many as tracks can be
// paired.
const maxPrograms = 200

func newMedia(path string, stamp demux.Stamp, index *demux.Index, ts mpegts.Options) *media {
	m := &media{
		path: path, stamp: stamp, index: index, ts: ts, version: versionOf(index.Fingerprint),
		programs: map[programKey]*program{}, cuts: map[cutKey]cutList{},
	}
	m.ownName = sync.OnceValue(m.heightName)
	return m
}

// heightName names a file by the height of its picture, as it is to be shown.
func (m *media) heightName() string {
	videos, _ := m.playable(demux.KindVideo)
	if len(videos) == 0 {
		return "audio"
	}
	height := videos[0].Video.Height
	if videos[0].Video.Rotation%180 != 0 {
		height = videos[0].Video.Width
	}
	return strconv.Itoa(height) + "p"
}

// bytes is what the media keeps resident; the shelf's lock is held.
func (m *media) bytes() int64 {
	switch {
	case m.beside != nil:
		return m.beside.bytes() + m.extra
	case m.index == nil:
		return refusalBytes
	}
	return int64(m.index.Bytes()) + m.extra
}

// program finds what the given tracks make in a format. The error wraps ErrNotFound where the file has no such tracks,
// ErrUnsupported where the format can't carry them.
func (m *media) program(format Format, tracks Tracks) (*program, error) {
	if tracks.Text != 0 {
		return nil, fmt.Errorf("%q has no stream %v: %w", m.path, tracks, ErrNotFound)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	key := programKey{format, tracks}
	p, ok := m.programs[key]
	if ok {
		return p, p.err
	}
	video, err := m.track(tracks.Video, demux.KindVideo)
	if err != nil {
		return nil, err // not kept: a client could name any number of tracks
	}
	audio, err := m.track(tracks.Audio, demux.KindAudio)
	if err != nil {
		return nil, err
	}
	p = newProgram(format, m.ts, video, audio)
	if len(m.programs) < maxPrograms {
		m.programs[key] = p
	}
	return p, p.err
}

// track finds a track by its ID; nil for ID 0.
func (m *media) track(id uint32, kind demux.Kind) (*demux.Track, error) {
	if id == 0 {
		return nil, nil
	}
	t, ok := m.index.Track(id)
	if !ok || t.Kind != kind {
		return nil, fmt.Errorf("%q has no such track %d: %w", m.path, id, ErrNotFound)
	}
	if t.Refusal != nil {
		return nil, t.Refusal
	}
	return t, nil
}

// playable are the tracks of one kind that some format may carry, in file order, and why none may carry each of the others.
func (m *media) playable(kind demux.Kind) (tracks []*demux.Track, refusals []error) {
	for _, t := range m.index.Tracks {
		if t.Kind != kind {
			continue
		}
		if !m.carries(TS, t) && !m.carries(CMAF, t) {
			_, err := m.program(CMAF, tracksOf(t))
			refusals = append(refusals, err) // it names the track
			continue
		}
		tracks = append(tracks, t)
	}
	return tracks, refusals
}

// carries tells whether a format may carry a track.
func (m *media) carries(format Format, t *demux.Track) bool {
	_, err := m.program(format, tracksOf(t))
	return err == nil
}

func tracksOf(tracks ...*demux.Track) Tracks {
	var names Tracks
	for _, t := range tracks {
		switch {
		case t == nil:
		case t.Kind == demux.KindVideo:
			names.Video = t.ID
		default:
			names.Audio = t.ID
		}
	}
	return names
}
