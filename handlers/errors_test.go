package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/packager"
	"unreel/playback"
)

// failed is what an error before the first byte answers.
func failed(t *testing.T, r *http.Request, err error) (*httptest.ResponseRecorder, errorBody, *exchange) {
	t.Helper()
	rec := httptest.NewRecorder()
	x := &exchange{ResponseWriter: rec, request: r, title: "a film"}
	for _, name := range []string{"ETag", "Content-Encoding", "X-Cache", "Accept-Ranges"} {
		x.Header().Set(name, "of what was meant to be sent")
	}
	x.fail(err)
	var body errorBody
	if bad := json.Unmarshal(rec.Body.Bytes(), &body); bad != nil {
		t.Errorf("%v answers %q: %v", err, rec.Body, bad)
	}
	for _, name := range []string{"ETag", "Content-Encoding", "X-Cache", "Accept-Ranges"} {
		if value, ok := rec.Header()[name]; ok {
			t.Errorf("%v answers with %s: %q", err, name, value)
		}
	}
	h := rec.Header()
	if h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "no-store" || h.Get("Content-Length") != strconv.Itoa(rec.Body.Len()) {
		t.Errorf("%v answers with %v", err, h)
	}
	if body.Title != "a film" || body.Error == "" {
		t.Errorf("%v answers %+v", err, body)
	}
	return rec, body, x
}

// TestErrorTable walks the table: each kind by itself, and as it comes, wrapped.
func TestErrorTable(t *testing.T) {
	want := map[error]int{
		packager.ErrNotFound: 404, packager.ErrStale: 404, packager.ErrCorrupt: 422, packager.ErrTooLarge: 422,
		packager.ErrUnsupported: 422, packager.ErrBusy: 503, packager.ErrChanged: 503, packager.ErrStorage: 502,
		context.DeadlineExceeded: 504, context.Canceled: 499,
		errBadRequest: 400, errMethod: 405, errPrecondition: 412, errRange: 416, errNotReady: 503,
		errBodySize: 413, packager.ErrNoPart: 400, errTooMany: 429, playback.ErrInvalid: 400, playback.ErrNotFound: 404, playback.ErrUnavailable: 503,
		errForbidden: 403, errUnauthorized: 401,
	}
	left, leave := context.WithCancel(t.Context())
	leave()
	reasons := map[string]bool{}
	for _, f := range failures {
		if want[f.err] != f.status {
			t.Errorf("%v is answered %d, want %d", f.err, f.status, want[f.err])
		}
		delete(want, f.err)
		if reasons[f.reason] {
			t.Errorf("two failures are counted as %q", f.reason)
		}
		reasons[f.reason] = true
		for _, err := range []error{f.err, fmt.Errorf("open \"a/film.mp4\": %w", f.err), fmt.Errorf("%w: %w", f.err, errors.New("inner secret"))} {
			rec, body, x := failed(t, request().WithContext(left), err)
			if rec.Code != f.status || x.reason != f.reason || !errors.Is(x.err, f.err) {
				t.Errorf("%v: %d %q, want %d %q", err, rec.Code, x.reason, f.status, f.reason)
			}
			if retry := rec.Header().Get("Retry-After"); (retry != "") != (f.status == http.StatusServiceUnavailable || f.status == http.StatusTooManyRequests) {
				t.Errorf("%v: Retry-After %q with %d", err, retry, f.status)
			}
			if f.words != "" && body.Error != f.words || f.words == "" && body.Error != err.Error() {
				t.Errorf("%v is told as %q", err, body.Error)
			}
		}
	}
	for err := range want {
		t.Errorf("%v isn't in the table", err)
	}
}

func TestFormatErrorSaysWhere(t *testing.T) {
	err := fmt.Errorf("index \"a.mp4\": %w", &demux.FormatError{Box: "moov/trak", Offset: 42, Err: fmt.Errorf("no hdlr: %w", demux.ErrCorrupt)})
	rec, body, _ := failed(t, request(), err)
	if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(body.Error, "box moov/trak at byte 42: no hdlr") {
		t.Errorf("%d %q", rec.Code, body.Error)
	}
}

func TestUnknownErrorsTellNothing(t *testing.T) {
	rec, body, x := failed(t, request(), errors.New("password is hunter2"))
	if rec.Code != http.StatusInternalServerError || strings.Contains(body.Error, "hunter2") || x.reason != "internal" {
		t.Errorf("%d %q %q", rec.Code, body.Error, x.reason)
	}
}

func TestCanceledByUsIsNotTheClientsDoing(t *testing.T) {
	rec, _, x := failed(t, request(), fmt.Errorf("fill: %w", context.Canceled))
	if rec.Code != http.StatusServiceUnavailable || x.reason != "closing" || rec.Header().Get("Retry-After") == "" {
		t.Errorf("%d %q", rec.Code, x.reason)
	}
}

func TestErrorAfterTheFirstByteCuts(t *testing.T) {
	rec := httptest.NewRecorder()
	x := &exchange{ResponseWriter: rec, request: request()}
	_, err := x.Write([]byte("some"))
	check(t, err)
	defer func() {
		if r := recover(); r != http.ErrAbortHandler { //nolint:errorlint // it is compared so by net/http
			t.Errorf("recovered %v, want http.ErrAbortHandler", r)
		}
		if rec.Body.String() != "some" || x.reason != "storage" {
			t.Errorf("%q was sent, %q counted", rec.Body, x.reason)
		}
	}()
	x.fail(packager.ErrStorage)
}
