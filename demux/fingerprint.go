package demux

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

const (
	probes     = 4    // blocks of media in a Fingerprint
	probeBytes = 4096 // bytes of each
)

// fingerprint hashes the size, the structure, and four blocks of media spread over the file.
func (m *movie) fingerprint(ctx context.Context) error {
	hash := sha256.New()
	hash.Write(binary.BigEndian.AppendUint64(nil, uint64(m.size))) //nolint:gosec // never negative
	// 64 bits of XXH64 tell a structure from those that had its name before; SHA-256 of 9 MB would take a quarter of the time of
	// Open, and keep nobody from changing the media between the blocks that are looked at.
	hash.Write(binary.BigEndian.AppendUint64(nil, m.structure.Sum64()))
	for i := range int64(probes) {
		off := max(m.size-probeBytes, 0) * i / (probes - 1)
		block, err := m.read(ctx, off, min(probeBytes, m.size-off))
		if err != nil {
			return fmt.Errorf("read block at byte %d for the fingerprint: %w", off, err)
		}
		hash.Write(block)
	}
	copy(m.index.Fingerprint[:], hash.Sum(nil))
	return nil
}
