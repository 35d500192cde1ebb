package packager

import (
	"context"
	"crypto/sha256"
	"fmt"

	"unreel/demux"
	"unreel/packager/subtitles"
)

// beside is what was read of a small file beside the films, whole: subtitles, or a picture of thumbnails.
type beside struct {
	text *subtitles.Track
	body []byte // of a picture
}

// maxPictureBytes bounds a picture of thumbnails: one of 100 tiles of 320x180 has 1 MB.
const maxPictureBytes = 16 << 20

func (b *beside) bytes() int64 {
	n := refusalBytes + int64(len(b.body))
	if b.text != nil {
		n += b.text.Bytes()
	}
	return n
}

// isBeside tells by its name what is no film.
func isBeside(path string) bool {
	_, ext := splitExt(path)
	return sidecarFormat(ext) != "" || pictureType(path) != ""
}

// read reads what a file of the library is good for. The error is what it is refused for, or the storage's.
func (x *shelf) read(ctx context.Context, source Source, path string, stamp demux.Stamp) (*media, error) {
	if isBeside(path) {
		return readBeside(ctx, source, path, stamp)
	}
	index, err := demux.Open(ctx, source, x.limits)
	if err != nil {
		return nil, err
	}
	m := newMedia(path, stamp, index, x.ts)
	m.captions, err = findCaptions(ctx, source, index)
	return m, err
}

// readBeside reads a small file whole. Its version is that of its bytes, so every replica computes the same.
func readBeside(ctx context.Context, source Source, path string, stamp demux.Stamp) (*media, error) {
	_, ext := splitExt(path)
	format, most := sidecarFormat(ext), int64(maxPictureBytes)
	if format != "" {
		most = subtitles.MaxFileBytes
	}
	if n := source.Size(); n > most {
		return nil, fmt.Errorf("%q has %d bytes, limit %d: %w", path, n, most, ErrTooLarge)
	}
	body := make([]byte, source.Size())
	if err := readAt(ctx, source, body, 0); err != nil {
		return nil, err
	}
	m := &media{path: path, stamp: stamp, beside: &beside{}, cuts: map[cutKey]cutList{}}
	sum := sha256.Sum256(body)
	m.version = versionOf(demux.Fingerprint(sum[:16]))
	if format == "" {
		m.beside.body = body
		return m, nil
	}
	text, err := subtitles.Read(format, body)
	if err != nil {
		return nil, fmt.Errorf("%q: %w: %w", path, ErrCorrupt, err)
	}
	m.beside.text = text
	return m, nil
}

// readAt reads one piece of a source.
func readAt(ctx context.Context, source demux.Source, p []byte, off int64) error {
	if len(p) == 0 {
		return nil
	}
	r, err := source.ReadRange(ctx, off, int64(len(p)))
	if err != nil {
		return err
	}
	defer r.Close()
	return r.ReadAt(ctx, p, off)
}
