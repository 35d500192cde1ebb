package conformance

import (
	"fmt"
	"strings"
)

// Severity tells what a finding means.
type Severity uint8

// Severities.
const (
	Warning Severity = iota // a SHOULD that is not kept, or advice
	Error                   // a MUST that is broken
)

func (s Severity) String() string {
	if s == Error {
		return "error"
	}
	return "warning"
}

// Finding is one place where a rule is not kept.
type Finding struct {
	Rule     string   // name of the rule, e.g. "hls-14"; Rules lists them with their clauses
	Severity Severity //
	URL      string   // of the playlist or segment that is at fault
	Detail   string   // what was found and what was expected, with the numbers
}

func (f Finding) String() string {
	return fmt.Sprintf("%-7s %-12s %s: %s", f.Severity, f.Rule, f.URL, f.Detail)
}

// Omission counts the findings of one rule that are left out of a Report.
type Omission struct {
	Rule  string
	Count int
}

// Report is the outcome of a walk: findings in the order of the rules, and within a rule in the order of the playlists.
type Report struct {
	Findings  []Finding
	Omitted   []Omission // beyond Options.MaxPerRule
	Playlists int        // fetched, the master included
	Segments  int        // fetched, byte ranges of I-frame playlists included
	Bytes     int64      // of media
}

// Errors gives the findings that break a MUST.
func (r *Report) Errors() []Finding { return r.of(Error) }

// Warnings gives the findings that go against a SHOULD or against advice.
func (r *Report) Warnings() []Finding { return r.of(Warning) }

func (r *Report) of(s Severity) []Finding {
	var out []Finding
	for _, f := range r.Findings {
		if f.Severity == s {
			out = append(out, f)
		}
	}
	return out
}

// String is the report for people: one line for each finding, then a count.
func (r *Report) String() string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintln(&b, f)
	}
	for _, o := range r.Omitted {
		fmt.Fprintf(&b, "        %-12s and %d more\n", o.Rule, o.Count)
	}
	fmt.Fprintf(&b, "%d errors, %d warnings in %d playlists and %d segments of %d bytes\n",
		len(r.Errors()), len(r.Warnings()), r.Playlists, r.Segments, r.Bytes)
	return b.String()
}

// reporter is what a rule says its findings to.
type reporter struct {
	report *Report
	rule   string
	most   int
	n      int
}

func (r *reporter) errorf(url, format string, args ...any) {
	r.add(Finding{Rule: r.rule, Severity: Error, URL: url, Detail: fmt.Sprintf(format, args...)})
}

func (r *reporter) warnf(url, format string, args ...any) {
	r.add(Finding{Rule: r.rule, Severity: Warning, URL: url, Detail: fmt.Sprintf(format, args...)})
}

func (r *reporter) add(f Finding) {
	if r.n++; r.n <= r.most {
		r.report.Findings = append(r.report.Findings, f)
	}
}

// done notes what was left out.
func (r *reporter) done() {
	if r.n > r.most {
		r.report.Omitted = append(r.report.Omitted, Omission{Rule: r.rule, Count: r.n - r.most})
	}
}
