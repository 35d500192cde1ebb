//go:build !race

package handlers

// pooled tells that pools keep what they are given.
const pooled = true
