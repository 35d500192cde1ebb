package main

import (
	"math"
	"math/rand/v2"
	"sort"
)

// popularity chooses among names, the first ones more often: Zipf's law with any exponent. It isn't changed.
type popularity struct {
	names []string
	sums  []float64
}

func newPopularity(names []string, exponent float64) *popularity {
	p := &popularity{names: names, sums: make([]float64, len(names))}
	sum := 0.0
	for i := range names {
		sum += math.Pow(float64(i+1), -exponent)
		p.sums[i] = sum
	}
	return p
}

// choose takes one of the names, of which there must be any.
func (p *popularity) choose(dice *rand.Rand) string {
	at := dice.Float64() * p.sums[len(p.sums)-1]
	return p.names[min(sort.SearchFloat64s(p.sums, at), len(p.names)-1)]
}
