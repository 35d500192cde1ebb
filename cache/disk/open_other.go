//go:build !unix

package disk

// nonBlocking is nothing where there are no pipes among files.
const nonBlocking = 0
