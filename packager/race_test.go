//go:build race

package packager

// Under the race detector pools drop things at random.
const pooled = false
