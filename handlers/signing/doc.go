// Package signing makes and checks tokens that let their bearer fetch what lies below one path for some time: HMAC-SHA256
// (RFC 2104, FIPS 180-4) over a scope, an expiry and, where wanted, the addresses that may use it. It knows no HTTP.
//
// A token is 32 characters of base64url (RFC 4648 §5): 8 bytes that say what was signed and 16 of the MAC, the least part
// that RFC 2104 §5 allows. The scope itself is not in it: the path that a request asks for holds it, and the token says how
// many of its elements are signed. So a token in front of every segment's URL stays short.
package signing
