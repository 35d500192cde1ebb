package handlers

import (
	"errors"
	"testing"
)

func TestConditions(t *testing.T) {
	f := func(wantNot bool, wantErr error, headers ...string) {
		t.Helper()
		not, err := conditions(request(headers...), tag)
		if not != wantNot || !errors.Is(err, wantErr) {
			t.Errorf("%q: not modified %v, %v; want %v, %v", headers, not, err, wantNot, wantErr)
		}
	}
	f(false, nil)
	for _, list := range []string{
		`"v1"`, `W/"v1"`, `*`, ` * `, `"a", "v1"`, `"a","v1","b"`, `"a" , W/"v1"`, `W/"a",W/"v1"`, `, ,"v1"`, `"", "v1"`, `"a,b", "v1"`, `"v1", junk`,
	} {
		f(true, nil, "If-None-Match: "+list)
	}
	for _, list := range []string{
		``, `"v2"`, `v1`, `"v1`, `v1"`, `w/"v1"`, `"v1 "`, `"a,\"v1\""`, `W/`, `"`, `junk, "v1"`, `"*"`,
	} {
		f(false, nil, "If-None-Match: "+list)
	}
	f(true, nil, `If-None-Match: "a"`, `If-None-Match: "v1"`)

	f(false, nil, `If-Match: "v1"`)
	f(false, nil, `If-Match: *`)
	f(false, nil, `If-Match: "a", "v1"`)
	f(false, errPrecondition, `If-Match: "v2"`)
	f(false, errPrecondition, `If-Match: W/"v1"`)
	f(false, errPrecondition, `If-Match: "v2"`, `If-None-Match: "v1"`) // If-Match is evaluated first
	f(true, nil, `If-Match: "v1"`, `If-None-Match: "v1"`)
	f(false, nil, "If-Modified-Since: Sun, 06 Nov 2044 08:49:37 GMT") // there is no Last-Modified to compare
}

func FuzzMatches(f *testing.F) {
	f.Add(`"a", W/"v1"`)
	f.Add(`*`)
	f.Fuzz(func(t *testing.T, list string) {
		strong, weak := matches([]string{list}, tag, false), matches([]string{list}, tag, true)
		if strong && !weak {
			t.Errorf("%q matches strongly but not weakly", list)
		}
	})
}
