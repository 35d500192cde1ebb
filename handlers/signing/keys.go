package signing

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

const (
	// MinKeyBytes is how long a key must be: shorter than the MAC's own output, it would be the weaker of the two (RFC 2104 §3).
	MinKeyBytes = 32
	// MaxKeys is how many keys one file may hold: one that signs, and those that still verify what was signed before.
	MaxKeys = 4
)

// Keys are the secrets: the first signs, all verify. They print as nothing, so that no log tells them.
type Keys struct{ keys [][]byte }

// ParseKeys reads a key file: a key a line in hexadecimal, 32 bytes at least. Empty lines and those that begin with # are
// skipped. To rotate, put the new key second everywhere, then first, and take the old one out when its last token has
// expired. Errors name the line, never what stands there.
func ParseKeys(file []byte) (Keys, error) {
	var found Keys
	lines := bufio.NewScanner(bytes.NewReader(file))
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		key, err := hex.DecodeString(text)
		switch {
		case err != nil: // its text would quote the key
			return Keys{}, fmt.Errorf("line %d is not hexadecimal: openssl rand -hex 32 makes a key", n)
		case len(key) < MinKeyBytes:
			return Keys{}, fmt.Errorf("line %d is a key of %d bytes, fewer than %d: openssl rand -hex 32 makes one", n, len(key), MinKeyBytes)
		case len(found.keys) == MaxKeys:
			return Keys{}, fmt.Errorf("line %d: more than %d keys", n, MaxKeys)
		}
		found.keys = append(found.keys, key)
	}
	if err := lines.Err(); err != nil {
		return Keys{}, fmt.Errorf("after %d keys: %w", len(found.keys), err)
	}
	if len(found.keys) == 0 {
		return Keys{}, errors.New("no key: openssl rand -hex 32 makes one")
	}
	return found, nil
}

// None tells whether there are no keys, so that nothing is signed.
func (k Keys) None() bool { return len(k.keys) == 0 }

// String tells nothing.
func (k Keys) String() string { return fmt.Sprintf("%d keys", len(k.keys)) }

// GoString tells nothing either.
func (k Keys) GoString() string { return k.String() }
