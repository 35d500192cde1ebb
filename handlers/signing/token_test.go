package signing

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func keysOf(t testing.TB, seeds ...byte) Keys {
	t.Helper()
	var file strings.Builder
	for _, s := range seeds {
		fmt.Fprintf(&file, "# a comment\n\n %x \r\n", bytes.Repeat([]byte{s}, 32))
	}
	k, err := ParseKeys([]byte(file.String()))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sign(t testing.TB, k Keys, g Grant) Token {
	t.Helper()
	text, err := k.Sign(g)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) != TokenLength || strings.ContainsAny(text, "/+=%") {
		t.Errorf("token %q is not %d characters that a path may hold", text, TokenLength)
	}
	token, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestVerify(t *testing.T) {
	keys := keysOf(t, 1)
	film, hour := Scope{"Film"}, now.Add(time.Hour)
	four, six := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8:1:2:3:4:5:6")
	f := func(name string, g Grant, by Keys, path string, client netip.Addr, at time.Time, want error) {
		t.Helper()
		err := by.Verify(sign(t, keys, g), strings.Split(path, "/"), client, at, time.Minute)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	f("its film", Grant{Scope: film, Expiry: hour}, keys, "Film/1080p/v1.m3u8", four, now, nil)
	f("the film itself", Grant{Scope: film, Expiry: hour}, keys, "Film", four, now, nil)
	f("everything", Grant{Expiry: hour}, keys, "Film/1080p", four, now, nil)
	f("another film", Grant{Scope: film, Expiry: hour}, keys, "Film2/1080p", four, now, ErrSignature)
	f("above it", Grant{Scope: Scope{"Film", "1080p"}, Expiry: hour}, keys, "Film", four, now, ErrSignature)
	f("beside it", Grant{Scope: Scope{"Film", "1080p"}, Expiry: hour}, keys, "Film/720p", four, now, ErrSignature)
	f("the same letters cut elsewhere", Grant{Scope: Scope{"Fi", "lm"}, Expiry: hour}, keys, "Fil/m", four, now, ErrSignature)
	f("a slash in an element", Grant{Scope: Scope{"a/b"}, Expiry: hour}, keys, "a/b", four, now, ErrSignature)

	f("its last second and the skew", Grant{Expiry: now}, keys, "x", four, now.Add(time.Minute-1), nil)
	f("after the skew", Grant{Expiry: now}, keys, "x", four, now.Add(time.Minute), ErrExpired)

	f("its client", Grant{Expiry: hour, Clients: netip.MustParsePrefix("192.0.2.7/32")}, keys, "x", four, now, nil)
	f("its client on an IPv6 socket", Grant{Expiry: hour, Clients: netip.MustParsePrefix("192.0.2.7/32")}, keys, "x", netip.MustParseAddr("::ffff:192.0.2.7"), now, nil)
	f("its neighbour", Grant{Expiry: hour, Clients: netip.MustParsePrefix("192.0.2.7/32")}, keys, "x", netip.MustParseAddr("192.0.2.8"), now, ErrSignature)
	f("its network", Grant{Expiry: hour, Clients: netip.MustParsePrefix("192.0.2.0/24")}, keys, "x", four, now, nil)
	f("its IPv6 network", Grant{Expiry: hour, Clients: netip.MustParsePrefix("2001:db8:1:2::/64")}, keys, "x", six, now, nil)
	f("another IPv6 network", Grant{Expiry: hour, Clients: netip.MustParsePrefix("2001:db8:1:3::/64")}, keys, "x", six, now, ErrSignature)
	f("a client that nobody knows", Grant{Expiry: hour, Clients: netip.MustParsePrefix("192.0.2.7/32")}, keys, "x", netip.Addr{}, now, ErrSignature)

	f("another key", Grant{Expiry: hour}, keysOf(t, 2), "x", four, now, ErrSignature)
	f("the key before", Grant{Expiry: hour}, keysOf(t, 2, 1), "x", four, now, nil)
	f("no key", Grant{Expiry: hour}, Keys{}, "x", four, now, ErrSignature)
	f("forged and expired", Grant{Expiry: now.Add(-time.Hour)}, keysOf(t, 2), "x", four, now, ErrSignature)
}

// Every bit of a token is signed.
func TestEveryBitCounts(t *testing.T) {
	keys := keysOf(t, 1)
	text, err := keys.Sign(Grant{Scope: Scope{"Film"}, Expiry: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(raw) * 8 {
		raw[bit/8] ^= 1 << (bit % 8)
		token, bad := Parse(base64.RawURLEncoding.EncodeToString(raw))
		if bad == nil {
			bad = keys.Verify(token, []string{"Film", "x", "y"}, netip.MustParseAddr("192.0.2.7"), now, 0)
		}
		if !errors.Is(bad, ErrMalformed) && !errors.Is(bad, ErrSignature) {
			t.Errorf("bit %d: %v", bit, bad)
		}
		raw[bit/8] ^= 1 << (bit % 8)
	}
}

// The MAC is what the package says, computed here by hand.
func TestMAC(t *testing.T) {
	token := sign(t, keysOf(t, 7), Grant{Scope: Scope{"Film"}, Expiry: time.Unix(0x0102030405, 0)})
	h := hmac.New(sha256.New, bytes.Repeat([]byte{7}, 32))
	h.Write([]byte("unreel token\x00\x01\x01\x01\x02\x03\x04\x05\x00\x00\x00\x00\x04Film"))
	if want := h.Sum(nil)[:16]; !bytes.Equal(token.mac[:], want) {
		t.Errorf("%x, want %x", token.mac, want)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", "x", strings.Repeat("A", TokenLength), strings.Repeat("A", TokenLength-1), strings.Repeat("A", TokenLength+1),
		strings.Repeat("A", TokenLength-1) + "=", strings.Repeat("+", TokenLength), "AQ" + strings.Repeat("é", 15),
		"AQ" + strings.Repeat("A", TokenLength-6) + "\n\n\n\n", "AQ" + strings.Repeat("\r", 4) + strings.Repeat("A", TokenLength-6), // base64 passes over them
		"Ag" + strings.Repeat("A", TokenLength-2), "AQAAAAAAAP8" + strings.Repeat("A", TokenLength-11),
	} {
		if token, err := Parse(text); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %+v, %v", text, token, err)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	f := func(name string, k Keys, g Grant) {
		t.Helper()
		if token, err := k.Sign(g); err == nil {
			t.Errorf("%s is signed: %s", name, token)
		}
	}
	f("without a key", Keys{}, Grant{Expiry: now})
	f("before 1970", keysOf(t, 1), Grant{Expiry: time.Unix(-1, 0)})
	f("for ever", keysOf(t, 1), Grant{Expiry: time.Unix(1<<40, 0)})
	f("256 elements", keysOf(t, 1), Grant{Expiry: now, Scope: make(Scope, 256)})
	f("every address", keysOf(t, 1), Grant{Expiry: now, Clients: netip.MustParsePrefix("::/0")})
}

// Mistakes in a key file are told without the key, and keys never print.
func TestKeysStaySecret(t *testing.T) {
	secret := strings.Repeat("5ec2e7", 12)
	for name, file := range map[string]string{
		"none": "# nothing\n\n", "not hex": secret + "x", "short": secret[:62],
		"many": strings.Repeat(secret+"\n", 5), "a long line": strings.Repeat(secret, 2000),
	} {
		_, err := ParseKeys([]byte(file))
		if err == nil || strings.Contains(err.Error(), "5ec2e7") || strings.Contains(err.Error(), "e7x") {
			t.Errorf("%s: %v", name, err)
		}
	}
	keys, err := ParseKeys([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, keys); text != "1 keys" {
			t.Errorf("%s prints %q", verb, text)
		}
	}
}

func FuzzParse(f *testing.F) {
	keys := keysOf(f, 1)
	good, err := keys.Sign(Grant{Scope: Scope{"Film"}, Expiry: now})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, "Film/x")
	f.Add(strings.Repeat("A", TokenLength), "")
	f.Fuzz(func(t *testing.T, text, path string) {
		token, bad := Parse(text)
		if bad != nil {
			return
		}
		if again := token.print(); again != token.head {
			t.Fatalf("%x prints %x", token.head, again)
		}
		bad = keys.Verify(token, strings.Split(path, "/"), netip.Addr{}, now, time.Minute)
		if (bad == nil) != (text == good && strings.SplitN(path, "/", 2)[0] == "Film") {
			t.Fatalf("%q on %q: %v", text, path, bad)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	keys := keysOf(b, 1, 2)
	token := sign(b, keysOf(b, 2), Grant{Scope: Scope{"Film"}, Expiry: now})
	path := []string{"Film", "1080p"}
	b.ReportAllocs()
	for b.Loop() {
		if err := keys.Verify(token, path, netip.Addr{}, now, time.Minute); err != nil {
			b.Fatal(err)
		}
	}
}
