//go:build !race

package fmp4

const pooled = true
