// Package handlers is unreel's HTTP: the only package that imports gin or names a status. A request goes through it once:
// route, answer of the packager, conditions and ranges, bytes.
//
// HTTP semantics follow RFC 9110 (validators §8.8, conditions §13, ranges §14, Accept-Encoding §12.5.3), caching RFC 9111
// and RFC 8246 (immutable), CORS the Fetch Standard. Slow is legal, stuck is not: a connection has a deadline that is
// renewed whenever its client takes any bytes, and none on the whole.
package handlers
