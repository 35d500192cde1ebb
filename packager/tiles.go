package packager

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"unreel/demux"
	"unreel/packager/hls"
	"unreel/packager/subtitles"
	"unreel/packager/thumbnails"
)

// tiles are the thumbnails of a title that ffmpeg makes, when somebody asks for them: which picture they are made of, and how
// often.
type tiles struct {
	stream *stream
	zero   demux.Ticks // when the first thumbnail stands, 1/1000 s
	sheet  thumbnails.Sheet
	every  demux.Ticks // of the film, 1/1000 s, between thumbnails
	count  int         // thumbnails
	images document    // their playlist
	text   document    // their WebVTT file
}

// How thumbnails are arranged, and how large they are.
const (
	tileColumns = 5
	tileRows    = 5
	tileCells   = tileColumns * tileRows
	tileWidth   = 320 // pixels, at most
	tileHeight  = 180
	maxThumbs   = 720 // one every 10 s of 2 h
)

// tileSteps are how far thumbnails may be apart, in seconds.
var tileSteps = [...]demux.Ticks{1, 2, 5, 10, 20, 30, 60}

// maxTileSheets bounds the JPEGs that are kept, of at most thumbnails.Sheet.MaxBytes: 46 MB.
const maxTileSheets = 128

// tileKey is all that a JPEG depends on.
type tileKey struct {
	version Version
	track   uint32
	every   uint32
	number  int
	zero    demux.Ticks
}

// drawn is a JPEG, or why there is none.
type drawn struct {
	document *Document
	err      error
}

// newTiles chooses the picture: the smallest that is as high as a thumbnail, in the usual range of brightness where there is one. It is nil
// where no thumbnails are made.
func (t *title) newTiles() *tiles {
	l := &t.layouts[CMAF]
	if t.packager.config.Thumbnails == nil || t.thumbs != nil || l.err != nil || len(l.pictures) == 0 {
		return nil
	}
	worth := func(s *stream) int {
		v := s.program.video.Video
		n := min(v.Width, v.Height)
		if n < tileHeight {
			n = 1<<17 - n // too small: the largest of those
		}
		if v.Range != demux.SDR {
			n += 1 << 18
		}
		return n
	}
	s := slices.MinFunc(l.pictures, func(a, b *stream) int { return worth(a) - worth(b) })
	x := &tiles{stream: s, zero: t.zeroOfTiles(s.program.video), sheet: sheetOf(s.program.video)}
	stop, ok := s.program.video.Stop.Rescale(s.program.video.Timescale, millis)
	if stop -= x.zero; !ok || stop <= 0 {
		return nil
	}
	x.every = tileStep(stop, s.program.video)
	x.count = int((stop + x.every - 1) / x.every)
	x.images = t.document(func() (*Document, error) { return x.writeImages(), nil })
	x.text = t.document(func() (*Document, error) { return x.writeText(), nil })
	return x
}

// zeroOfTiles is when a film begins for its thumbnails, in 1/1000 s: with the title, or with the picture where only an encoder's priming
// of the sound comes before that.
func (t *title) zeroOfTiles(video *demux.Track) demux.Ticks {
	at := t.zero.on(millis)
	start, ok := video.Start.Rescale(video.Timescale, millis)
	if at > 0 && ok && start-at < tileSteps[0]*1000/2 {
		return start
	}
	return at
}

// tileStep is the least step that gives no more thumbnails than there should be, nor than there are key frames.
func tileStep(stop demux.Ticks, video *demux.Track) demux.Ticks {
	frames := demux.Ticks(0)
	for range video.Cuts() {
		frames++
	}
	least := stop / min(max(frames, 1), maxThumbs)
	for _, step := range tileSteps {
		if step*1000 >= least {
			return step * 1000
		}
	}
	minute := tileSteps[len(tileSteps)-1] * 1000
	return (least + minute - 1) / minute * minute
}

// sheetOf is how a track's thumbnails are arranged: as it is shown, turned where it is to be turned.
func sheetOf(video *demux.Track) thumbnails.Sheet {
	width, height := displaySize(video.Video)
	if video.Video.Rotation%180 != 0 {
		width, height = height, width
	}
	w, h := thumbnails.Fit(width, height, tileWidth, tileHeight)
	return thumbnails.Sheet{Columns: tileColumns, Rows: tileRows, Width: w, Height: h}
}

// ref is the URL of a JPEG, without the title.
func (x *tiles) ref(number int) TileRef {
	return TileRef{
		Rendition: x.stream.rendition.name, Version: x.stream.rendition.media.version, Tracks: x.stream.tracks,
		Every: uint32(x.every), Number: number, Zero: x.zero,
	}
}

// bitrate is at most what thumbnails take, bits per second of the film.
func (x *tiles) bitrate() int64 {
	return (int64(x.sheet.MaxBytes())*8*1000 + tileCells*int64(x.every) - 1) / (tileCells * int64(x.every))
}

// writeImages writes the playlist of the JPEGs.
func (x *tiles) writeImages() *Document {
	list := hls.Images{
		Width: x.sheet.Width, Height: x.sheet.Height, Columns: tileColumns, Rows: tileRows,
		Every: hls.Duration{Ticks: x.every, Timescale: millis}, Count: x.count,
	}
	for number := range (x.count + tileCells - 1) / tileCells {
		list.URIs = append(list.URIs, string(x.ref(number).AppendLink(nil)))
	}
	return NewDocument(TypePlaylist, list.AppendTo(nil), playlistAge)
}

// writeText writes the WebVTT file that tells web players which part of which JPEG shows which time (W3C Media Fragments §4.2.2).
func (x *tiles) writeText() *Document {
	var list subtitles.Track
	rendition := append(appendEscaped(nil, x.stream.rendition.name), '/')
	for i := range x.count {
		cell := i % tileCells
		link := x.ref(i / tileCells).AppendLink(slices.Clone(rendition))
		list.Cues = append(list.Cues, subtitles.Cue{
			Start: demux.Ticks(i) * x.every, End: demux.Ticks(i+1) * x.every,
			Text: fmt.Sprintf("%s#xywh=%d,%d,%d,%d", link, cell%tileColumns*x.sheet.Width, cell/tileColumns*x.sheet.Height, x.sheet.Width, x.sheet.Height),
		})
	}
	return NewDocument(TypeText, list.AppendFile(nil), playlistAge)
}

// imagesOf gives the playlist of a title's thumbnails.
func (p *Packager) imagesOf(ctx context.Context, ref ImagesRef) (*Document, error) {
	t, err := p.title(ctx, ref.Title)
	if err != nil {
		return nil, err
	}
	if x := t.tiles; x != nil && x.stream.rendition.name == ref.Rendition && x.stream.tracks == ref.Tracks {
		return x.images(ctx)
	}
	return nil, fmt.Errorf("title %q has no thumbnails %s/%v: %w", ref.Title, ref.Rendition, ref.Tracks, ErrNotFound)
}

// tile gives a JPEG of thumbnails, made now or lately. One is made at a time, since each takes a core; why one could not be made is kept
// too.
func (p *Packager) tile(ctx context.Context, ref TileRef) (*Document, error) {
	if p.config.Thumbnails == nil {
		return nil, fmt.Errorf("no thumbnails are made here (--thumbnails): %w", ErrNotFound)
	}
	m, program, err := p.programOf(ctx, CMAF, ref.Title, ref.Rendition, ref.Version, ref.Tracks)
	if err != nil {
		return nil, err
	}
	cells, frames := tileFrames(program.video, ref)
	if len(cells) == 0 {
		return nil, fmt.Errorf("no thumbnails %d of %d ms: %w", ref.Number, ref.Every, ErrNotFound)
	}
	key := tileKey{m.version, ref.Tracks.Video, ref.Every, ref.Number, ref.Zero}
	if d, ok := p.drawn.Get(key); ok {
		return d.document, d.err
	}
	select {
	case p.drawing <- struct{}{}:
		defer func() { <-p.drawing }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if d, ok := p.drawn.Get(key); ok { // somebody else had it made
		return d.document, d.err
	}
	var d drawn
	d.document, d.err = p.draw(ctx, m, program, ref, cells, frames)
	if d.err == nil || errors.Is(d.err, ErrUnsupported) {
		p.drawn.Add(key, d)
	}
	return d.document, d.err
}

// tileFrames are the key frames of a JPEG, in order, and which of them each cell shows: the last that is presented until the middle
// of the cell's time. There are none where the JPEG lies beyond the film.
func tileFrames(video *demux.Track, ref TileRef) (cells, frames []int) {
	every := demux.Ticks(ref.Every)
	first := demux.Ticks(ref.Number) * tileCells
	stop, ok := video.Stop.Rescale(video.Timescale, millis)
	if stop -= ref.Zero; !ok || every < tileSteps[0]*1000 || first >= (stop+every-1)/every {
		return nil, nil
	}
	latest := video.First
	cell := first
	show := func() {
		if n := len(frames); n == 0 || frames[n-1] != latest {
			frames = append(frames, latest)
		}
		cells = append(cells, len(frames)-1)
		cell++
	}
	for cut := range video.Cuts() {
		at, _ := cut.Time.Rescale(video.Timescale, millis)
		at -= ref.Zero
		for cell < first+tileCells && cell*every < stop && cell*every+every/2 < at {
			show()
		}
		latest = cut.Sample
	}
	for cell < first+tileCells && cell*every < stop {
		show()
	}
	return cells, frames
}

// draw makes a JPEG. ffmpeg is given the init section and, of each key frame, a segment of its own.
func (p *Packager) draw(ctx context.Context, m *media, program *program, ref TileRef, cells, frames []int) (_ *Document, err error) {
	begin := time.Now()
	defer func() { p.observer.Stage(ctx, StageThumbnails, time.Since(begin), err) }()
	body, err := p.config.Thumbnails.Tile(ctx, sheetOf(program.video), cells, func(ctx context.Context, w io.Writer, from, to int) error {
		if _, failed := w.Write(program.init.Body); failed != nil {
			return failed
		}
		for _, sample := range frames[from:to] {
			s := p.layOut(ctx, m, program, ref.Tracks, segmentSpan{video: demux.Range{First: sample, End: sample + 1}})
			if failed := s.mux(ctx, ctx, false, w, 0, s.size); failed != nil {
				return failed
			}
		}
		return nil
	})
	if errors.Is(err, thumbnails.ErrDecode) {
		return nil, fmt.Errorf("thumbnails of %q: %w: %w", m.path, ErrUnsupported, err)
	}
	if err != nil {
		return nil, err
	}
	return newImmutable(pictureType("tile"+tileExt), body), nil
}
