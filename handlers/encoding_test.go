package handlers

import "testing"

func TestAcceptsGzip(t *testing.T) {
	f := func(want bool, lines ...string) {
		t.Helper()
		if got := acceptsGzip(lines); got != want {
			t.Errorf("%q: %v, want %v", lines, got, want)
		}
	}
	f(true, "gzip")
	f(true, "GZip")
	f(true, "x-gzip")
	f(true, "gzip, deflate, br, zstd")
	f(true, "deflate, gzip;q=1.0, *;q=0.5")
	f(true, "br;q=1.0, gzip;q=0.001")
	f(true, "*")
	f(true, "*;q=0.1")
	f(true, "identity;q=0.5, gzip;q=0.8")
	f(true, "identity, gzip")
	f(true, "identity;q=0, gzip;q=0.1")
	f(true, "deflate", "gzip")
	f(true, "gzip ; q=0.5")
	f(true, "gzip;Q=0.5")
	f(true, "gzip;q=0, x-gzip")

	f(false)
	f(false, "")
	f(false, "identity")
	f(false, "deflate, br")
	f(false, "gzip;q=0")
	f(false, "gzip;q=0.000")
	f(false, "gzip;q=0, *")
	f(false, "*;q=0")
	f(false, "identity, gzip;q=0.5")
	f(false, "identity;q=0.9, *;q=0.1")
	f(false, "gzip;q=junk")
	f(false, "gzip;q=-1")
	f(false, "gzip;q=2")
	f(false, "notgzip")
}
