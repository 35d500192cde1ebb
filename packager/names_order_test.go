package packager

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestCompareNames(t *testing.T) {
	sorted := []string{
		"", "a", "a/b", "a/b/c", "a b", "a01", "a1", "A1/x", "a2", "a10", "a10b", "a99999999999999999999999", "a100000000000000000000000", "ab", "B", "b", "É", "é1", "é2", "\xff",
	}
	for range 20 {
		shuffled := slices.Clone(sorted)
		rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		slices.SortFunc(shuffled, compareNames)
		if !slices.Equal(shuffled, sorted) {
			t.Fatalf("got %q", shuffled)
		}
	}
}

// TestCompareNamesIsAnOrder tries all triples of many short names, since sorting with anything else depends on where one
// starts.
func TestCompareNamesIsAnOrder(t *testing.T) {
	letters := []string{"0", "1", "a", "A", "/", "ſ", "\xff", "-"}
	names := []string{""}
	for i := 0; len(names) < 73; i++ { // all of up to two letters
		for _, c := range letters {
			names = append(names, names[i]+c)
		}
	}
	for len(names) < 150 {
		name := names[rand.IntN(len(names))] + letters[rand.IntN(len(letters))]
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, a := range names {
		for _, b := range names {
			x := compareNames(a, b)
			if x != -compareNames(b, a) || (x == 0) != (a == b) {
				t.Fatalf("%q and %q", a, b)
			}
			for _, c := range names {
				if x < 0 && compareNames(b, c) < 0 && compareNames(a, c) >= 0 {
					t.Fatalf("%q < %q < %q", a, b, c)
				}
			}
		}
	}
}
