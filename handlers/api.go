package handlers

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"unreel/packager"
)

// How many titles /api/titles lists at a time, and how long what names and files say may be kept.
const (
	defaultTitles = 50
	maxTitles     = 1000
	metadataAge   = 5 * time.Second
)

// titlePage is the answer of /api/titles. Its URLs are relative to the server's root, whatever prefix a proxy gives it.
type titlePage struct {
	Titles []packager.Summary `json:"titles"`
	Total  int                `json:"total"` // that match, on all pages
	Offset int                `json:"offset"`
	Limit  int                `json:"limit"`
}

// titles answers /api/titles?q=&offset=&limit=.
func (h *Handler) titles(x *exchange) error {
	query, err := url.ParseQuery(x.request.URL.RawQuery)
	if err != nil {
		return fmt.Errorf("%w: the query can't be read: %w", errBadRequest, err)
	}
	offset, err := number(query, "offset", 0)
	if err != nil {
		return err
	}
	limit, err := number(query, "limit", defaultTitles)
	if err != nil {
		return err
	}
	page := titlePage{Offset: offset, Limit: min(limit, maxTitles)}
	page.Titles, page.Total = h.packager.Titles(query.Get("q"), page.Offset, page.Limit)
	if page.Titles == nil {
		page.Titles = []packager.Summary{} // [], not null
	}
	return x.json(page)
}

// number is a query's non-negative whole number.
func number(query url.Values, name string, otherwise int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%w: %s=%q is no whole number from 0", errBadRequest, name, text)
	}
	return int(n), nil
}

// info answers /info/<title>.json.
func (h *Handler) info(x *exchange) error {
	title, err := packager.ParseInfo(strings.TrimPrefix(x.request.URL.EscapedPath(), infoPrefix))
	if err != nil {
		return err
	}
	x.title = title
	info, err := h.packager.Info(x.request.Context(), title)
	if err != nil {
		return err
	}
	return x.json(info)
}

func (x *exchange) json(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %T as JSON: %w", v, err)
	}
	return x.document(packager.NewDocument(packager.TypeJSON, append(text, '\n'), metadataAge))
}
