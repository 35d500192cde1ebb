package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// size is a flag's number of bytes, written with or without a unit.
type size int64

// auto is a size that is left to us.
const auto size = -1

// units as GNU tools write them: K and KiB are 1024, kB is 1000. The longest suffix comes first.
var units = []struct {
	suffix string
	bytes  int64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", 1 << 40},
	{"kB", 1e3},
	{"KB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"K", 1 << 10},
	{"k", 1 << 10},
	{"M", 1 << 20},
	{"m", 1 << 20},
	{"G", 1 << 30},
	{"g", 1 << 30},
	{"T", 1 << 40},
	{"B", 1},
	{"", 1},
}

// Set reads a size.
func (s *size) Set(text string) error {
	if text == "auto" {
		*s = auto
		return nil
	}
	for _, unit := range units {
		digits, ok := strings.CutSuffix(text, unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/unit.bytes {
			break
		}
		*s = size(n * unit.bytes)
		return nil
	}
	return fmt.Errorf("%q is no size: write a whole number of bytes, or one with a unit, such as 512MiB", text)
}

// String prints the shortest form that Set reads back as the same.
func (s size) String() string {
	if s == auto {
		return "auto"
	}
	for _, unit := range []struct {
		suffix string
		bytes  size
	}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if s >= unit.bytes && s%unit.bytes == 0 {
			return strconv.FormatInt(int64(s/unit.bytes), 10) + unit.suffix
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// Type names the value in --help.
func (s *size) Type() string { return "size" }
