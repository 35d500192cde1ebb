//go:build !race

package packager

const pooled = true
