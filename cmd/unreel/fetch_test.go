package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/Eyevinn/hls-m3u8/m3u8"

	"unreel/packager"
)

// answered is a whole response.
type answered struct {
	status int
	header http.Header
	length int64 // Content-Length; -1 where there is none
	body   []byte
}

// newClient is an HTTP client that keeps its connections, asks for nothing on its own, and follows no redirect: there are
// none.
func newClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// ask sends one request, its headers given in pairs. Where the body is cut, the error is there beside what came of it.
func ask(ctx context.Context, client *http.Client, method, address string, headers ...string) (answered, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return answered{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return answered{}, err
	}
	defer resp.Body.Close()
	a := answered{status: resp.StatusCode, header: resp.Header, length: resp.ContentLength}
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		err = fmt.Errorf("%s %s: after %d bytes of %d: %w", method, address, len(a.body), a.length, err)
	}
	return a, err
}

// list is a media or I-frame playlist.
type list struct {
	url     string
	iframes bool
	pieces  []piece
}

// piece is one entry of a playlist.
type piece struct {
	url          string // absolute
	offset, size int64  // the byte range; size 0 where it has none
}

// refusal is an answer other than 200, where that is an error.
type refusal struct {
	url    string
	status int
	body   []byte
}

func (r *refusal) Error() string { return fmt.Sprintf("%s: %d %s", r.url, r.status, r.body) }

// words is the "error" of a refusal's JSON, "" if there is none.
func (r *refusal) words() string {
	var body struct{ Error string }
	if json.Unmarshal(r.body, &body) != nil {
		return ""
	}
	return body.Error
}

// playlistsBelow fetches all playlists below a master, each once. An answer other than 200 is a *refusal.
func playlistsBelow(ctx context.Context, client *http.Client, master string) (lists []list, err error) {
	read, err := playlistAt(ctx, client, master)
	if err != nil {
		return nil, err
	}
	top, ok := read.(*m3u8.MasterPlaylist)
	if !ok {
		return nil, fmt.Errorf("%s is no master", master)
	}
	seen := map[string]bool{}
	add := func(link string) error {
		if link == "" || seen[link] {
			return nil
		}
		seen[link] = true
		l, failed := listAt(ctx, client, resolve(master, link))
		lists = append(lists, l)
		return failed
	}
	for _, v := range top.Variants {
		if err = add(v.URI); err != nil {
			return nil, err
		}
	}
	for _, a := range top.GetAllAlternatives() {
		if err = add(a.URI); err != nil {
			return nil, err
		}
	}
	return lists, nil
}

// listAt fetches one media playlist.
func listAt(ctx context.Context, client *http.Client, address string) (list, error) {
	read, err := playlistAt(ctx, client, address)
	if err != nil {
		return list{}, err
	}
	media, ok := read.(*m3u8.MediaPlaylist)
	if !ok {
		return list{}, fmt.Errorf("%s is no media playlist", address)
	}
	l := list{url: address, iframes: media.Iframe}
	for _, s := range media.GetAllSegments() {
		l.pieces = append(l.pieces, piece{resolve(address, s.URI), s.Offset, s.Limit})
	}
	return l, nil
}

func playlistAt(ctx context.Context, client *http.Client, address string) (m3u8.Playlist, error) {
	a, err := ask(ctx, client, http.MethodGet, address)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, &refusal{address, a.status, a.body}
	}
	read, _, err := m3u8.DecodeFrom(bytes.NewReader(a.body), true)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return read, nil
}

// resolve makes a link absolute; one that can't be read stays as it is, and will be found nowhere.
func resolve(base, link string) string {
	from, err := url.Parse(base)
	if err != nil {
		return link
	}
	to, err := from.Parse(link)
	if err != nil {
		return link
	}
	return to.String()
}

func masterOf(base, title string) string { return base + "hls/" + escapeTitle(title) + "/master.m3u8" }

func cmafMasterOf(base, title string) string {
	return base + "cmaf/" + escapeTitle(title) + "/master.m3u8"
}

// infoAt fetches a title's metadata.
func infoAt(ctx context.Context, client *http.Client, base, title string, info *packager.Info) error {
	address := base + "info/" + escapeTitle(title) + ".json"
	a, err := ask(ctx, client, http.MethodGet, address)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return &refusal{address, a.status, a.body}
	}
	return json.Unmarshal(a.body, info)
}

// titlesAt are the names of all titles.
func titlesAt(ctx context.Context, client *http.Client, base string) ([]string, error) {
	var names []string
	for {
		a, err := ask(ctx, client, http.MethodGet, fmt.Sprintf("%sapi/titles?limit=500&offset=%d", base, len(names)))
		if err != nil {
			return nil, err
		}
		var page struct {
			Titles []packager.Summary
			Total  int
		}
		if err = json.Unmarshal(a.body, &page); err != nil {
			return nil, fmt.Errorf("%d %.300s: %w", a.status, a.body, err)
		}
		for _, title := range page.Titles {
			names = append(names, title.Title)
		}
		if len(page.Titles) == 0 || len(names) >= page.Total {
			return names, nil
		}
	}
}

// eachTitle does something with every title of a server, two at a time; what goes wrong with one doesn't end the others.
func eachTitle(t *testing.T, client *http.Client, base string, do func(ctx context.Context, title string) error) {
	t.Helper()
	names, err := titlesAt(t.Context(), client, base)
	if err != nil {
		t.Fatal(err)
	}
	queue := make(chan string)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for title := range queue {
				if failed := do(t.Context(), title); failed != nil {
					t.Errorf("%s: %v", title, failed)
				}
			}
		})
	}
	for _, title := range names {
		queue <- title
	}
	close(queue)
	workers.Wait()
}
