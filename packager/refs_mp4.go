package packager

import (
	"net/url"
	"strings"
)

// FileRef is one file of a title as it lies in the library, below /mp4/: <title>/<rendition>.mp4. Files of any container
// that the library knows have that ending; their own is in the Content-Type.
type FileRef struct{ Title, Rendition string }

const fileExt = ".mp4"

// AppendTo appends the path after /mp4/, escaped.
func (r FileRef) AppendTo(dst []byte) []byte {
	dst = append(appendEscaped(dst, r.Title), '/')
	return append(appendEscaped(dst, r.Rendition), fileExt...)
}

// String is the path after /mp4/, escaped.
func (r FileRef) String() string { return string(r.AppendTo(nil)) }

// TitleName is the title, not escaped.
func (r FileRef) TitleName() string { return r.Title }

// ParseMP4 reads the escaped path after /mp4/, and is the inverse of FileRef's String. What it doesn't know is ErrNotFound.
func ParseMP4(escaped string) (FileRef, error) {
	path, err := url.PathUnescape(escaped)
	if err != nil {
		return FileRef{}, notFound(escaped)
	}
	rest, ok := strings.CutSuffix(path, fileExt)
	var r FileRef
	r.Title, r.Rendition = cutLast(rest)
	if !ok || !validTitle(r.Title) || !validElement(r.Rendition) {
		return FileRef{}, notFound(escaped)
	}
	return r, nil
}
