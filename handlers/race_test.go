//go:build race

package handlers

// pooled tells that pools keep what they are given: the race detector drops some of it.
const pooled = false
