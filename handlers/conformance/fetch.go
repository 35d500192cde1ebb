package conformance

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// fetcher turns requests into exchanges.
type fetcher struct{ client Fetcher }

// exchange is what a server answered to one request, without the body.
type exchange struct {
	url    string // that was asked for
	landed string // that answered in the end, "" where it is the same
	status int    // 0 where nothing came back
	length int64  // Content-Length, -1 where it is not said
	size   int64  // bytes of the body that arrived
	failed string // why the request or its body broke off, "" if it did not

	contentType, coding, tag, caching, vary, contentRange string // header fields; the rest is forgotten
}

// headers keeps what rules ask for.
func (x *exchange) headers(h http.Header) {
	x.contentType, x.coding, x.tag = h.Get("Content-Type"), h.Get("Content-Encoding"), h.Get("ETag")
	x.caching, x.contentRange = h.Get("Cache-Control"), h.Get("Content-Range")
	x.vary = strings.ToLower(strings.Join(h.Values("Vary"), ","))
}

// ok tells whether a body came, whole.
func (x *exchange) ok() bool {
	return x.failed == "" && (x.status == http.StatusOK || x.status == http.StatusPartialContent)
}

// mediaType is the Content-Type without its parameters, in lower case.
func (x *exchange) mediaType() string {
	mime, _, _ := strings.Cut(x.contentType, ";")
	return strings.ToLower(strings.TrimSpace(mime))
}

// header fields of one request, in pairs.
type fields []string

// do sends one request and hands its body to read, which sees it as it was sent: no coding is undone.
func (f *fetcher) do(ctx context.Context, method, target string, h fields, read func(*exchange, io.Reader) error) (exchange, error) {
	x := exchange{url: target, length: -1}
	req, err := http.NewRequestWithContext(ctx, method, target, http.NoBody)
	if err != nil {
		x.failed = err.Error()
		return x, nil
	}
	req.Header.Set("Accept-Encoding", "identity") // set by us, so that the transport leaves the coding alone
	for i := 0; i+1 < len(h); i += 2 {
		req.Header.Set(h[i], h[i+1])
	}
	resp, err := f.client.Do(req)
	if err != nil {
		x.failed = err.Error()
		return x, context.Cause(ctx)
	}
	defer func() { _ = resp.Body.Close() }() // it is read to its end or given up
	x.status, x.length = resp.StatusCode, resp.ContentLength
	x.headers(resp.Header)
	if resp.Request != nil && resp.Request.URL.String() != req.URL.String() {
		x.landed = resp.Request.URL.String()
	}
	counted := &countingReader{r: resp.Body}
	if err = read(&x, counted); err != nil {
		x.failed = err.Error()
	}
	x.size = counted.n
	return x, context.Cause(ctx)
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// discard reads a body to its end.
func discard(_ *exchange, r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// whole fetches a small body into memory.
func (f *fetcher) whole(ctx context.Context, target string, most int64, h fields) (exchange, []byte, error) {
	var body []byte
	x, err := f.do(ctx, http.MethodGet, target, h, func(_ *exchange, r io.Reader) (err error) {
		body, err = io.ReadAll(io.LimitReader(r, most+1))
		if err == nil && int64(len(body)) > most {
			err = fmt.Errorf("more than %d bytes", most)
		}
		return err
	})
	return x, body, err
}

// document is one playlist with all the ways in which it was asked for.
type document struct {
	get, gzip, head, unchanged, again exchange // unchanged: with If-None-Match; again: at the end of the walk

	list    *playlist
	text    []byte
	gzipped string // what is wrong with the text inside the gzip answer, "" where nothing is
	changed string // how the text differs at the end of the walk, "" where it does not
}

// document fetches a playlist and asks for it in the other ways that a client or a cache would.
func (f *fetcher) document(ctx context.Context, target string, most int64) (*document, error) {
	var (
		d   document
		err error
	)
	if d.get, d.text, err = f.whole(ctx, target, most, nil); err != nil || !d.get.ok() {
		return &d, err
	}
	var zipped []byte
	if d.gzip, zipped, err = f.whole(ctx, target, most, fields{"Accept-Encoding", "gzip"}); err != nil {
		return &d, err
	}
	if strings.EqualFold(d.gzip.coding, "gzip") {
		text, failed := unzip(zipped, most)
		switch {
		case failed != nil:
			d.gzipped = "is broken: " + failed.Error()
		case !bytes.Equal(text, d.text):
			d.gzipped = "differs from that of identity: " + firstDifference(d.text, text)
		}
	}
	if d.head, err = f.do(ctx, http.MethodHead, target, nil, discard); err != nil {
		return &d, err
	}
	if tag := d.get.tag; tag != "" {
		d.unchanged, err = f.do(ctx, http.MethodGet, target, fields{"If-None-Match", tag}, discard)
	}
	return &d, err
}

// revisit fetches the playlist once more.
func (f *fetcher) revisit(ctx context.Context, d *document, most int64) (err error) {
	var text []byte
	if d.again, text, err = f.whole(ctx, d.get.url, most, nil); err == nil && !bytes.Equal(text, d.text) {
		d.changed = firstDifference(d.text, text)
	}
	return err
}

// firstDifference tells two texts that are not equal apart in words.
func firstDifference(a, b []byte) string {
	was, is := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(was), len(is)) {
		if !bytes.Equal(was[i], is[i]) {
			return fmt.Sprintf("line %d, %q, is %q", i+1, was[i], is[i])
		}
	}
	return fmt.Sprintf("%d lines are %d", len(was), len(is))
}

func unzip(b []byte, most int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, most))
}

// resolve makes a URI of a playlist absolute (RFC 3986 §5, RFC 8216 §4.1).
func resolve(base, uri string) (string, error) {
	b, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	u, err := b.Parse(uri)
	if err != nil {
		return "", err
	}
	u.Fragment = ""
	return u.String(), nil
}
