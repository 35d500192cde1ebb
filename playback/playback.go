// Package playback holds what goes on around the segments: where viewers stopped (progress), who is watching (sessions) and
// how well it plays (events). Films play whether or not any of it works.
//
// This package itself is what the three have in common: the errors that they answer, and what an identifier may be.
package playback

import (
	"context"
	"errors"
	"fmt"
	"math"
	"unicode"
	"unicode/utf8"
)

// Kinds of error.
var (
	// ErrInvalid is input that breaks a rule. A *FieldError around it names the field.
	ErrInvalid = errors.New("invalid")
	// ErrNotFound is what nothing is kept of.
	ErrNotFound = errors.New("nothing is kept of it")
	// ErrUnavailable is a store that doesn't answer, or has no room. It is worth trying again.
	ErrUnavailable = errors.New("the store does not answer")
)

// FieldError is input that breaks a rule, by the field's name.
type FieldError struct {
	Field  string // as the client spells it
	Reason string
}

// Error names the field.
func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

// Unwrap is ErrInvalid.
func (e *FieldError) Unwrap() error { return ErrInvalid }

// Invalid is a FieldError.
func Invalid(field, format string, args ...any) error {
	return &FieldError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// MaxID bounds an identifier, in bytes: a title may be a long path.
const MaxID = 1024

// CheckID tells what is wrong with an identifier: it must be UTF-8 of at most most bytes, without control characters,
// which stores put between identifiers.
func CheckID(field, id string, required bool, most int) error {
	switch {
	case id == "" && required:
		return Invalid(field, "is missing")
	case len(id) > most:
		return Invalid(field, "has %d bytes, at most %d are kept", len(id), most)
	case !utf8.ValidString(id):
		return Invalid(field, "is no UTF-8")
	}
	for _, c := range id {
		if unicode.IsControl(c) {
			return Invalid(field, "holds a control character")
		}
	}
	return nil
}

// MaxSeconds is longer than any film.
const MaxSeconds = 1e7

// CheckSeconds tells what is wrong with a time in a film, or with its length.
func CheckSeconds(field string, seconds float64) error {
	if math.IsNaN(seconds) || seconds < 0 || seconds > MaxSeconds {
		return Invalid(field, "%v is not from 0 to %v seconds", seconds, MaxSeconds)
	}
	return nil
}

// Unavailable says what a store's failure means: a caller that left, or a store that doesn't answer.
func Unavailable(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, err)
}
