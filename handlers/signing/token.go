package signing

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Why a token doesn't let its bearer in.
var (
	ErrMalformed = errors.New("the token is malformed")
	ErrSignature = errors.New("the token was signed for another path or address, or with another key")
	ErrExpired   = errors.New("the token has expired")
)

const (
	version   = 1
	headBytes = 8  // version, elements, expiry, address bits
	macBytes  = 16 // RFC 2104 §5: half of SHA-256's 32
	// TokenLength is how many characters a token has.
	TokenLength = (headBytes + macBytes) / 3 * 4
	// MaxElements is how many elements a scope may have.
	MaxElements = 255
	maxExpiry   = 1<<40 - 1 // seconds since 1970 in the 5 bytes of a token: the year 36812
)

// encoding refuses all but one way to write a token, so that there is one cache key for one token.
var encoding = base64.RawURLEncoding.Strict()

// Scope is what a token opens: the path elements, decoded, that whatever it opens begins with. None is everything.
type Scope []string

// Grant is what is signed.
type Grant struct {
	Scope   Scope
	Expiry  time.Time    // whole seconds
	Clients netip.Prefix // addresses that may use it; the zero Prefix is all
}

// Token is one that was read, but not verified.
type Token struct {
	elements int
	bits     int // of the client's address, as IPv6; 0 for none
	expiry   int64
	head     [headBytes]byte
	mac      [macBytes]byte
}

// Sign makes the token of a grant with the first key.
func (k Keys) Sign(g Grant) (string, error) {
	if k.None() {
		return "", errors.New("no key to sign with")
	}
	if len(g.Scope) > MaxElements {
		return "", fmt.Errorf("a scope of %d elements, more than %d", len(g.Scope), MaxElements)
	}
	expiry := g.Expiry.Unix()
	if expiry < 0 || expiry > maxExpiry {
		return "", fmt.Errorf("an expiry of %v", g.Expiry)
	}
	t := Token{elements: len(g.Scope), expiry: expiry}
	var client netip.Addr
	if g.Clients.IsValid() {
		client = g.Clients.Addr()
		t.bits = g.Clients.Bits()
		if client.Is4() {
			t.bits += 96
		}
		if t.bits == 0 {
			return "", errors.New("a client address of no bits is every address: leave it out")
		}
	}
	t.head = t.print()
	t.mac = sum(k.keys[0], &t, g.Scope, client)
	return encoding.EncodeToString(append(t.head[:], t.mac[:]...)), nil
}

// print is the token's first bytes. Sign has checked that all fit.
func (t *Token) print() (head [headBytes]byte) {
	binary.BigEndian.PutUint64(head[:], version<<56|uint64(t.elements)<<48|uint64(t.expiry)<<8|uint64(t.bits))
	return head
}

// Parse reads a token, and says nothing of whether it is genuine. The error is ErrMalformed.
func Parse(text string) (t Token, err error) {
	var raw [headBytes + macBytes]byte
	if len(text) != TokenLength {
		return t, ErrMalformed
	}
	if n, bad := encoding.Decode(raw[:], []byte(text)); bad != nil || n < len(raw) { // fewer where it passed over line ends
		return t, ErrMalformed
	}
	copy(t.head[:], raw[:])
	copy(t.mac[:], raw[headBytes:])
	head := binary.BigEndian.Uint64(t.head[:])
	t.elements, t.expiry, t.bits = int(head>>48&0xff), int64(head>>8&maxExpiry), int(head&0xff)
	if head>>56 != version || t.bits > 128 {
		return t, ErrMalformed
	}
	return t, nil
}

// Elements is how many elements of a path the token's scope has; 0 is the scope of everything.
func (t Token) Elements() int { return t.elements }

// Verify tells whether the token opens a path, given as its elements, for a client now. skew is how far the signer's clock
// may be behind ours. The MAC is compared first and in constant time, so that whoever guesses learns nothing. The errors
// are ErrSignature and ErrExpired.
func (k Keys) Verify(t Token, path []string, client netip.Addr, now time.Time, skew time.Duration) error {
	if len(path) < t.elements {
		return fmt.Errorf("%w: the path is shorter than what was signed", ErrSignature)
	}
	genuine := 0
	for _, key := range k.keys {
		mac := sum(key, &t, path[:t.elements], client)
		genuine |= subtle.ConstantTimeCompare(mac[:], t.mac[:])
	}
	if genuine == 0 {
		return ErrSignature
	}
	if expiry := time.Unix(t.expiry, 0).Add(skew); !now.Before(expiry) {
		return fmt.Errorf("%w: at %v", ErrExpired, time.Unix(t.expiry, 0).UTC().Format(time.RFC3339))
	}
	return nil
}

// sum is the MAC of what a token says, of the addresses that it is for, and of its scope. Each element is led by its length,
// so that no two scopes read the same.
func sum(key []byte, t *Token, scope []string, client netip.Addr) (mac [macBytes]byte) {
	h := hmac.New(sha256.New, key)
	var room [256]byte
	b := append(room[:0], "unreel token\x00"...)
	b = append(b, t.head[:]...)
	if t.bits > 0 {
		b = append(b, masked(client, t.bits)...)
	}
	for _, element := range scope {
		b = binary.BigEndian.AppendUint32(b, uint32(len(element)))
		b = append(b, element...)
	}
	_, _ = h.Write(b) // a hash takes everything
	copy(mac[:], h.Sum(room[:0]))
	return mac
}

// masked is the leading bits of an address, all zero where the address is unknown. IPv4 is mapped (RFC 4291 §2.5.5.2), so
// that it is one client by whichever socket it comes.
func masked(client netip.Addr, bits int) []byte {
	if !client.IsValid() {
		return make([]byte, 16)
	}
	prefix, err := netip.AddrFrom16(client.WithZone("").As16()).Prefix(bits)
	if err != nil {
		return make([]byte, 16)
	}
	out := prefix.Masked().Addr().As16()
	return out[:]
}

// String is how a person writes the scope.
func (s Scope) String() string { return strings.Join(s, "/") }
