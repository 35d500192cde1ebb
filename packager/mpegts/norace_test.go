//go:build !race

package mpegts

const pooled = true
