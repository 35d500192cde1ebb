package packager

import (
	"encoding/binary"

	"unreel/demux"
)

// Revision goes up whenever the same file would give other bytes than before under the same URL. TestGoldenSegments fails
// until it does.
const Revision = 2

// versionOf mixes a file's fingerprint with the Revision. Every replica computes the same, and a file that was replaced
// has another Version.
func versionOf(f demux.Fingerprint) Version { return versionAt(f, Revision) }

// versionAt is versionOf at some revision. The fingerprint's bits are uniform; an odd multiple, which wraps, spreads a small
// revision over all of them.
func versionAt(f demux.Fingerprint, revision uint64) (v Version) {
	binary.BigEndian.PutUint64(v[:], binary.BigEndian.Uint64(f[:])^revision*0x9e3779b97f4a7c15)
	return v
}
