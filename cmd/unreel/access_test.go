package main

import "testing"

// TestSharesOfMemory keeps what may grow within the memory that there is, and leaves the rest to connections and the
// collector.
func TestSharesOfMemory(t *testing.T) {
	c := defaultConfig()
	for _, limit := range []int64{64 << 20, 256 << 20, 1 << 30, 8 << 30} {
		shares := c.indexCacheSize(limit) + c.packager(limit).Cache.MaxBytes + int64(c.Access.inflight(limit, 0))*inflightBytes
		if shares > limit/100*80 {
			t.Errorf("of %d bytes, %d may be taken", limit, shares)
		}
	}
	if got := c.indexCacheSize(0); got != 256<<20 || c.Access.inflight(0, 0) != mostInflight {
		t.Errorf("without a limit: %d, %d", got, c.Access.inflight(0, 0))
	}
	c.IndexCacheSize, c.Access.MaxInflight = 5<<20, 7
	if c.indexCacheSize(1<<30) != 5<<20 || c.Access.inflight(1<<30, 0) != 7 {
		t.Error("the flags are not heeded")
	}
}
