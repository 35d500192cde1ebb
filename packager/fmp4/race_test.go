//go:build race

package fmp4

// Under the race detector pools drop things at random.
const pooled = false
