//go:build race

package mpegts

// Under the race detector pools drop things at random.
const pooled = false
