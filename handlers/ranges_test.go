package handlers

import (
	"bytes"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const tag = `"v1"`

// request is a GET with headers as "Name: value".
func request(headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	return r
}

func TestRangeOf(t *testing.T) {
	f := func(header string, want span, wantPartial bool, wantErr error) {
		t.Helper()
		got, partial, err := rangeOf(request("Range: "+header), tag, 1000)
		if got != want || partial != wantPartial || !errors.Is(err, wantErr) {
			t.Errorf("%q: %v, %v, %v; want %v, %v, %v", header, got, partial, err, want, wantPartial, wantErr)
		}
	}
	part := func(header string, off, n int64) { t.Helper(); f(header, span{off, n}, true, nil) }
	part("bytes=0-0", 0, 1)
	part("bytes=0-999", 0, 1000)
	part("bytes=10-19", 10, 10)
	part("bytes=990-5000", 990, 10)
	part("bytes=999-", 999, 1)
	part("bytes=0-", 0, 1000)
	part("bytes=-1", 999, 1)
	part("bytes=-1000", 0, 1000)
	part("bytes=-5000", 0, 1000)
	part("bytes=0-99999999999999999999999", 0, 1000)
	part("bytes=-99999999999999999999999", 0, 1000)
	part("BYTES=1-2", 1, 2)
	part("bytes= 1-2 ,", 1, 2)
	part("bytes=007-008", 7, 2)

	whole := func(header string) { t.Helper(); f(header, span{0, 1000}, false, nil) }
	for _, header := range []string{
		"", "bytes", "bytes=", "bytes=-", "bytes=5", "bytes=5-1", "bytes=a-b", "bytes=1-b", "bytes=--1", "bytes=1--2", "bytes=+1-2",
		"bytes=1-2,5-6", "bytes=0-0, -1", "bytes=1 - 2", "seconds=1-2", "bytes 1-2", "bytes=0x1-0x2", "bytes=１-２", "bytes:1-2",
	} {
		whole(header)
	}
	for _, header := range []string{"bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=99999999999999999999999-"} {
		f(header, span{0, 1000}, false, errRange)
	}
}

func TestRangeOnlyWhereItApplies(t *testing.T) {
	f := func(name string, want bool, r *http.Request) {
		t.Helper()
		if _, partial, err := rangeOf(r, tag, 1000); partial != want || err != nil {
			t.Errorf("%s: partial %v, %v; want %v", name, partial, err, want)
		}
	}
	f("If-Range of this body", true, request("Range: bytes=1-2", `If-Range: "v1"`))
	f("If-Range of another body", false, request("Range: bytes=1-2", `If-Range: "v2"`))
	f("If-Range that is weak", false, request("Range: bytes=1-2", `If-Range: W/"v1"`))
	f("If-Range with a date", false, request("Range: bytes=1-2", "If-Range: "+time.Now().UTC().Format(http.TimeFormat)))
	f("If-Range of another body, out of bounds", false, request("Range: bytes=5000-", `If-Range: "v2"`))
	f("two Range headers", false, request("Range: bytes=1-2", "Range: bytes=3-4"))
	head := request("Range: bytes=1-2")
	head.Method = http.MethodHead
	f("HEAD", false, head)
	f("no header", false, request())
}

func TestRangeOfNothing(t *testing.T) {
	for _, header := range []string{"bytes=0-", "bytes=-1", "bytes=0-0"} {
		if _, _, err := rangeOf(request("Range: "+header), tag, 0); !errors.Is(err, errRange) {
			t.Errorf("%q of an empty body: %v", header, err)
		}
	}
}

// FuzzRange holds what is answered partially against net/http's own opinion.
func FuzzRange(f *testing.F) {
	for _, seed := range []string{"bytes=0-0", "bytes=5-", "bytes=-5", "bytes=1-2,3-4", "bytes=9-99999999999999999999", "bytes= 1-2,,"} {
		f.Add(seed, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			size = -(size + 1)
		}
		s, partial, err := rangeOf(request("Range: "+header), tag, size)
		if s.off < 0 || s.n < 0 || s.off > size-s.n || !partial && s != (span{0, size}) {
			t.Fatalf("%q of %d bytes: %+v, partial %v, %v", header, size, s, partial, err)
		}
		if !partial || size > 1<<16 || !strings.HasPrefix(header, "bytes=") || beyondInt64(header) {
			return // net/http refuses such numbers
		}
		body := noise(int(size))
		oracle := httptest.NewRecorder()
		http.ServeContent(oracle, request("Range: "+header), "", time.Time{}, bytes.NewReader(body))
		if oracle.Code != http.StatusPartialContent || !bytes.Equal(oracle.Body.Bytes(), body[s.off:s.off+s.n]) ||
			oracle.Header().Get("Content-Range") != contentRange(s, size) {
			t.Fatalf("%q of %d bytes: we %+v, net/http %d %s", header, size, s, oracle.Code, oracle.Header().Get("Content-Range"))
		}
	})
}

// beyondInt64 tells whether some number in s is.
func beyondInt64(s string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' }), func(digits string) bool {
		_, err := strconv.ParseInt(digits, 10, 64)
		return err != nil
	})
}

func TestPosition(t *testing.T) {
	f := func(digits string, want int64, ok bool) {
		t.Helper()
		if got, is := position(digits); is != ok || ok && got != want {
			t.Errorf("%q: %d, %v; want %d, %v", digits, got, is, want, ok)
		}
	}
	f("0", 0, true)
	f("00042", 42, true)
	f("", 0, false)
	f("-1", 0, false)
	f("1 ", 0, false)
	if n, ok := position(strings.Repeat("9", 100)); !ok || n < math.MaxInt64-100 {
		t.Errorf("a number beyond an int64: %d, %v", n, ok)
	}
}
