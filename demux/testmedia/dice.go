package testmedia

import (
	"math/rand/v2"
	"testing"
)

// A Dice gives choices from a fuzzer's bytes, and zeros after them.
type Dice struct{ Data []byte }

// Roll gives a number from 0 to n-1; n is 256 at most.
func (d *Dice) Roll(n int) int {
	if len(d.Data) == 0 {
		return 0
	}
	v := int(d.Data[0])
	d.Data = d.Data[1:]
	return v % n
}

// AddDice gives a fuzzer some dice to begin with.
func AddDice(f *testing.F) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 40 {
		seed := make([]byte, random.IntN(600))
		for i := range seed {
			seed[i] = byte(random.Uint32())
		}
		f.Add(seed)
	}
}
