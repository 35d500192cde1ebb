package packager

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"unreel/packager/subtitles"
)

// maxPictures bounds the pictures that one list of thumbnails names.
const maxPictures = 256

// addThumbnails notes the title's list of thumbnails, the last of its files. One that can't be read is a warning.
func (t *title) addThumbnails(entry Entry, files []*media, errs []error) {
	if entry.Thumbnails == "" {
		return
	}
	last := len(files) - 1
	switch {
	case errs[last] == nil:
		t.thumbs = files[last]
	case !isMissing(errs[last]):
		t.warn(entry.Thumbnails, "is left out: "+errs[last].Error())
	}
}

// thumbnails writes the WebVTT file that a title's list of thumbnails is to players: its pictures' links say their versions.
// A picture that is missing or no picture of ours leaves its times without one.
func (p *Packager) thumbnails(ctx context.Context, ref ThumbnailsRef) (*Document, error) {
	if p.config.Thumbnails != nil {
		if t, err := p.title(ctx, ref.Title); err == nil && t.tiles != nil {
			return t.tiles.text(ctx)
		}
	}
	list, dir, err := p.thumbnailList(ctx, ref.Title)
	if err != nil {
		return nil, err
	}
	links := map[string]string{}
	var kept subtitles.Track
	for _, c := range list.Cues {
		name, fragment, ok := thumbnail(c.Text)
		if !ok {
			continue
		}
		if _, known := links[name]; !known && len(links) < maxPictures {
			m, failed := p.shelf.get(ctx, join(dir, name))
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if links[name] = ""; failed == nil {
				links[name] = string(PictureRef{Version: m.version, Name: name}.AppendLink(nil))
			}
		}
		if link := links[name]; link != "" {
			c.Text = link + fragment
			kept.Cues = append(kept.Cues, c)
		}
	}
	return NewDocument(TypeText, kept.AppendFile(nil), playlistAge), nil
}

// thumbnailList gives a title's list of thumbnails, and the directory that it stands in.
func (p *Packager) thumbnailList(ctx context.Context, title string) (*subtitles.Track, string, error) {
	entry, err := p.library.Lookup(ctx, title)
	if err != nil {
		return nil, "", err
	}
	if entry.Thumbnails == "" {
		return nil, "", fmt.Errorf("title %q has no thumbnails: %w", title, ErrNotFound)
	}
	m, err := p.shelf.get(ctx, entry.Thumbnails)
	if err != nil {
		return nil, "", err
	}
	return m.beside.text, path.Dir(entry.Thumbnails), nil
}

// thumbnail reads a cue of a list of thumbnails: a picture beside it, and which part of it (#xywh=, W3C Media Fragments §4.2.2).
func thumbnail(text string) (name, fragment string, ok bool) {
	link, fragment, cut := strings.Cut(strings.TrimSpace(text), "#")
	if cut {
		fragment = "#" + fragment
	}
	name, err := url.PathUnescape(strings.TrimPrefix(link, "./"))
	return name, fragment, err == nil && validElement(name) && !strings.HasPrefix(name, ".") && pictureType(name) != "" &&
		!strings.ContainsAny(fragment, "\n\r ")
}

// picture gives a picture of thumbnails that the title's list names.
func (p *Packager) picture(ctx context.Context, ref PictureRef) (*Document, error) {
	list, dir, err := p.thumbnailList(ctx, ref.Title)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(list.Cues, func(c subtitles.Cue) bool {
		name, _, ok := thumbnail(c.Text)
		return ok && name == ref.Name
	}) {
		return nil, fmt.Errorf("the thumbnails of %q name no %q: %w", ref.Title, ref.Name, ErrNotFound)
	}
	m, err := p.shelf.get(ctx, join(dir, ref.Name))
	if err != nil {
		return nil, err
	}
	if m.version != ref.Version {
		return nil, fmt.Errorf("%q is at version %v, not %v: %w", m.path, m.version, ref.Version, ErrStale)
	}
	return newImmutable(pictureType(ref.Name), m.beside.body), nil
}
