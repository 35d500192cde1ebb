package routing

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of what is read.
const (
	maxRules = 1000
	maxLine  = 4096 // bytes of a rule
	// MaxText bounds a file of rules, in bytes.
	MaxText = 256 << 10
)

// SyntaxError tells what is wrong with a rule, and where.
type SyntaxError struct {
	Line   int // from 1; 0 where there is but one
	Column int // from 1, in bytes
	Reason string
}

// Error is "line 3, column 8: …".
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("column %d: %s", e.Column, e.Reason)
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

// errTooMany is of a file that nobody wrote by hand.
var errTooMany = errors.New("more rules than are looked at")

// Parse reads rules, one a line. Empty lines, and those that begin with #, are passed over. The error tells all that is wrong,
// each a *SyntaxError.
func Parse(text string) (*Rules, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("%w: %d bytes, limit %d", errTooMany, len(text), MaxText)
	}
	r, n := &Rules{}, 0
	var errs []error
	for line := range strings.Lines(text) {
		n++
		if trimmed := strings.TrimSpace(line); trimmed == "" || trimmed[0] == '#' {
			continue
		}
		rule, err := parseRule(strings.TrimRight(line, " \t\r\n"))
		var wrong *SyntaxError
		if errors.As(err, &wrong) {
			wrong.Line = n
			errs = append(errs, wrong)
			continue
		}
		rule.line = n
		if len(r.all) == maxRules {
			return nil, errors.Join(append(errs, fmt.Errorf("line %d: %w, %d", n, errTooMany, maxRules))...)
		}
		r.all = append(r.all, rule)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return r, nil
}

// ParseAll reads rules that were given one by one. An error names the rule.
func ParseAll(rules []string) (*Rules, error) {
	r := &Rules{}
	var errs []error
	for _, text := range rules {
		rule, err := parseRule(strings.TrimSpace(text))
		if err != nil {
			errs = append(errs, fmt.Errorf("%q: %w", text, err))
			continue
		}
		r.all = append(r.all, rule)
	}
	if len(r.all) > maxRules {
		errs = append(errs, fmt.Errorf("%w, %d", errTooMany, maxRules))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return r, nil
}

// scanner reads one rule.
type scanner struct {
	text string
	at   int
}

func (s *scanner) wrong(at int, format string, args ...any) error {
	return &SyntaxError{Column: at + 1, Reason: fmt.Sprintf(format, args...)}
}

func (s *scanner) space() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t') {
		s.at++
	}
}

// parseRule reads conditions with & between them, = and a base. Its errors are *SyntaxErrors.
func parseRule(text string) (r rule, err error) {
	s := &scanner{text: text}
	if len(text) > maxLine {
		return r, s.wrong(maxLine, "a rule of %d bytes, limit %d", len(text), maxLine)
	}
	for {
		c, failed := s.condition()
		if failed != nil {
			return r, failed
		}
		r.conditions = append(r.conditions, c)
		s.space()
		if s.at == len(text) {
			return r, s.wrong(s.at, "the base URL is missing: after the conditions comes =https://… or =/…")
		}
		s.at++ // & or =, which values end at
		if text[s.at-1] == '=' {
			break
		}
	}
	s.space()
	r.base, err = s.base()
	return r, err
}

// condition reads a field, an operator and a value.
func (s *scanner) condition() (c condition, err error) {
	s.space()
	begin := s.at
	for s.at < len(s.text) && s.text[s.at] >= 'a' && s.text[s.at] <= 'z' {
		s.at++
	}
	name, all := s.text[begin:s.at], fields()
	i := slices.IndexFunc(all, func(f field) bool { return f.name == name })
	if i < 0 {
		names := make([]string, len(all))
		for k := range all {
			names[k] = all[k].name
		}
		return c, s.wrong(begin, "no field %q: known are %s", s.upTo(begin), strings.Join(names, ", "))
	}
	c.field = all[i]
	s.space()
	at := s.at
	if c.operator, err = s.operator(); err != nil {
		return c, err
	}
	if c.field.shape > length && c.operator != "=" && c.operator != "!=" {
		return c, s.wrong(at, "%s is no number: only = and != compare it", name)
	}
	s.space()
	at = s.at
	if c.text, err = s.value(); err != nil {
		return c, err
	}
	if reason := c.read(); reason != "" {
		return c, s.wrong(at, "%s", reason)
	}
	return c, nil
}

// upTo is the word that stands at a place, for an error.
func (s *scanner) upTo(at int) string {
	word := s.text[at:]
	if i := strings.IndexAny(word, "=<>!& \t"); i >= 0 {
		word = word[:i]
	}
	return word
}

func (s *scanner) operator() (string, error) {
	for _, op := range [...]string{"!=", "<=", ">=", "=", "<", ">"} {
		if strings.HasPrefix(s.text[s.at:], op) {
			s.at += len(op)
			return op, nil
		}
	}
	return "", s.wrong(s.at, "no operator: known are = != < <= > >=")
}

// value reads what stands up to & or =, or between double quotes.
func (s *scanner) value() (string, error) {
	begin := s.at
	if strings.HasPrefix(s.text[begin:], `"`) {
		n := strings.IndexByte(s.text[begin+1:], '"')
		if n < 0 {
			return "", s.wrong(begin, "the quote does not end")
		}
		s.at = begin + n + 2
		s.space()
		if s.at < len(s.text) && s.text[s.at] != '&' && s.text[s.at] != '=' {
			return "", s.wrong(s.at, "after a quoted value comes & or =")
		}
		return s.text[begin+1 : begin+1+n], nil
	}
	n := strings.IndexAny(s.text[begin:], "&=")
	if n < 0 {
		n = len(s.text) - begin
	}
	s.at = begin + n
	value := strings.TrimRight(s.text[begin:s.at], " \t")
	if value == "" {
		return "", s.wrong(begin, "the value is missing")
	}
	return value, nil
}

// read makes of a value's text what is compared. It tells what is wrong with it; "" for nothing.
func (c *condition) read() (reason string) {
	var err error
	switch c.field.shape {
	case number:
		c.number, err = strconv.ParseFloat(c.text, 64)
	case rate:
		c.number, err = readRate(c.text)
	case length:
		c.number, err = readLength(c.text)
	case word:
		c.text = strings.ToLower(c.text)
		if c.field.name == "codec" {
			c.text = family(c.text)
		}
		if !slices.Contains(c.field.known, c.text) {
			return fmt.Sprintf("no %s %q: known are %s", c.field.name, c.text, strings.Join(c.field.known, ", "))
		}
	}
	if err != nil || !(c.number >= 0 && c.number < 1e15) {
		return fmt.Sprintf("%q is no %s", c.text, [...]string{"number", "bit rate, such as 3000k", "duration in seconds, or such as 1h30m"}[c.field.shape])
	}
	return ""
}

// readRate reads 3000000, 3000k or 3M, in bits per second.
func readRate(text string) (float64, error) {
	times := 1.0
	if digits, ok := strings.CutSuffix(text, "k"); ok {
		text, times = digits, 1e3
	} else if digits, ok = strings.CutSuffix(text, "M"); ok {
		text, times = digits, 1e6
	}
	n, err := strconv.ParseFloat(text, 64)
	return n * times, err
}

// readLength reads seconds, or a duration with units.
func readLength(text string) (float64, error) {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return n, nil
	}
	d, err := time.ParseDuration(text)
	return d.Seconds(), err
}

// base reads what is left: an http or https URL, or a path from the server's root.
func (s *scanner) base() (string, error) {
	begin, text := s.at, strings.TrimSpace(s.text[s.at:])
	u, err := url.Parse(text)
	switch {
	case text == "":
		return "", s.wrong(begin, "the base URL is missing: https://… or /…")
	case err != nil || strings.ContainsFunc(text, strange) || strings.ContainsFunc(u.Host, strange): // url.Parse has decoded the host
		return "", s.wrong(begin, "%q is no URL that playlists and Nginx can hold", text)
	case u.User != nil:
		return "", s.wrong(begin, "a base URL must hold no user or password: everybody gets to see it")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", s.wrong(begin, "a base URL has no query and no fragment: what follows it are paths")
	case u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/"):
	case (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.Opaque == "":
	default:
		return "", s.wrong(begin, "%q is neither an http:// or https:// URL nor a path that begins with /", text)
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	for element := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		plain, _ := url.PathUnescape(element) // clients take out %2e%2e as they do .. (WHATWG URL, double-dot path segment)
		if plain == "." || plain == ".." || element == "" && path != "" {
			return "", s.wrong(begin, "the path of %q has elements that clients take out", text)
		}
	}
	if u.Scheme == "" {
		return path + "/", nil
	}
	return u.Scheme + "://" + u.Host + path + "/", nil
}

// strange tells of characters that mean something in playlists or in Nginx' configuration, and have no place in a base.
func strange(r rune) bool {
	alphanumeric := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return !alphanumeric && !strings.ContainsRune("-._~:/%[]+,@?#=&", r)
}
