package main

import "testing"

func TestSizeReadsAndPrints(t *testing.T) {
	for _, c := range []struct {
		text  string
		want  size
		print string
	}{
		{"0", 0, "0"},
		{"1000", 1000, "1000"},
		{"1024", 1024, "1KiB"},
		{"512MiB", 512 << 20, "512MiB"},
		{"512M", 512 << 20, "512MiB"},
		{"512m", 512 << 20, "512MiB"},
		{"512 MB", 512e6, "500000KiB"},
		{"1kB", 1000, "1000"},
		{"3GiB", 3 << 30, "3GiB"},
		{"2TiB", 2 << 40, "2TiB"},
		{"7B", 7, "7"},
		{"auto", auto, "auto"},
	} {
		var got, again size
		if err := got.Set(c.text); err != nil || got != c.want || got.String() != c.print {
			t.Errorf("%q reads as %d, %v and prints %q, want %d, %q", c.text, int64(got), err, got, int64(c.want), c.print)
		}
		if err := again.Set(got.String()); err != nil || again != got {
			t.Errorf("%q reads as %d, %v, which is not %d", got, int64(again), err, int64(got))
		}
	}
}

func TestSizeRefuses(t *testing.T) {
	for _, text := range []string{"", "MiB", "-1", "-1MiB", "1.5GiB", "1e6", "12 parsecs", "9223372036854775808", "9000000000GiB", "Auto"} {
		got := size(42)
		if err := got.Set(text); err == nil || got != 42 {
			t.Errorf("%q reads as %d, %v; want it refused and nothing changed", text, int64(got), err)
		}
	}
}
