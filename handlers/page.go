package handlers

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"unreel/packager"
)

// pageType are the MIME types of the page's files. The system's own table is not asked: it differs between machines.
func pageType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8" // RFC 9239
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".json", ".map":
		return packager.TypeJSON
	default:
		return "text/plain; charset=utf-8"
	}
}

// policy lets the page load nothing but its own. Media Source Extensions play from blob URLs, and shaka-player begins its
// tracks of subtitles with empty ones of data: URLs.
const policy = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"media-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// pageFile is one of the page's files, ready to be sent.
type pageFile struct {
	path     string // of its URL
	document *packager.Document
}

// loadPage reads the page's files once; nil files are no page.
func loadPage(files fs.FS) (page []pageFile, err error) {
	if files == nil {
		return nil, nil
	}
	err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if strings.ContainsAny(name, ":*") {
			return fmt.Errorf("%q means something else as a route", name)
		}
		url := "/" + name
		if path.Dir(name) == "." {
			url = strings.TrimSuffix(strings.TrimSuffix(url, ".html"), "index")
		}
		page = append(page, pageFile{url, packager.NewDocument(pageType(name), body, 0)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load the page: %w", err)
	}
	return page, nil
}

func (h *Handler) page(f pageFile) func(x *exchange) error {
	return func(x *exchange) error {
		x.Header().Set("Content-Security-Policy", h.policy())
		x.Header().Set("Referrer-Policy", "same-origin")
		return x.document(f.document)
	}
}
