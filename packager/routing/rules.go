package routing

import (
	"math"
	"strconv"
	"strings"
)

// Rules are some rules in order. They never change; a nil *Rules has none.
type Rules struct{ all []rule }

type rule struct {
	line       int // where it stands; 0 where it was given by itself
	conditions []condition
	base       string // ends with a slash
}

type condition struct {
	field    field
	operator string
	text     string // the value
	number   float64
}

// Len is how many rules there are.
func (r *Rules) Len() int {
	if r == nil {
		return 0
	}
	return len(r.all)
}

// Base is where a rendition is fetched from: a URL, or a path from the server's root, that ends with a slash and below which
// paths are those of our own. It is "" where no rule fits; place is the rule's, from 0, and -1 then.
func (r *Rules) Base(f *Facts) (base string, place int) {
	if r == nil {
		return "", -1
	}
	for i := range r.all {
		if r.all[i].fits(f) {
			return r.all[i].base, i
		}
	}
	return "", -1
}

// Then are r's rules, and after them those of others.
func (r *Rules) Then(others *Rules) *Rules {
	all := &Rules{}
	for _, some := range [...]*Rules{r, others} {
		if some != nil {
			all.all = append(all.all, some.all...)
		}
	}
	return all
}

func (r *rule) fits(f *Facts) bool {
	for i := range r.conditions {
		if !r.conditions[i].holds(f) {
			return false
		}
	}
	return true
}

// tolerance is what two rates may differ by and be the same: 29.97 and 30000/1001.
const tolerance = 0.005

func (c *condition) holds(f *Facts) bool {
	if c.field.text != nil {
		return c.isText(c.field.text(f))
	}
	n := c.field.value(f)
	if n <= 0 {
		return false
	}
	same := math.Abs(n-c.number) < tolerance
	switch c.operator {
	case "=":
		return same
	case "!=":
		return !same
	case "<":
		return n < c.number && !same
	case "<=":
		return n < c.number || same
	case ">":
		return n > c.number && !same
	default:
		return n > c.number || same
	}
}

func (c *condition) isText(text string) bool {
	if text == "" {
		return false
	}
	same := false
	switch c.field.shape {
	case glob:
		same = matchGlob(c.text, text)
	case language:
		same = speaks(text, c.text)
	default:
		same = text == c.text
	}
	return same == (c.operator == "=")
}

// Rule is a rule as people see it.
type Rule struct {
	Line int    `json:"line,omitempty"` // of the file; 0 where it was given as a flag
	When string `json:"when"`           // its conditions
	Base string `json:"base"`           // ends with a slash
}

// At is rule number place, from 0, as it is read.
func (r *Rules) At(place int) string { return r.all[place].when() + "=" + r.all[place].base }

// List tells all rules, in order.
func (r *Rules) List() []Rule {
	list := make([]Rule, 0, r.Len())
	if r == nil {
		return list
	}
	for i := range r.all {
		rule := &r.all[i]
		list = append(list, Rule{Line: rule.line, When: rule.when(), Base: rule.base})
	}
	return list
}

// String is the rules as Parse reads them.
func (r *Rules) String() string {
	var text strings.Builder
	for _, rule := range r.List() {
		text.WriteString(rule.When + "=" + rule.Base + "\n")
	}
	return text.String()
}

func (r *rule) when() string {
	parts := make([]string, len(r.conditions))
	for i := range r.conditions {
		parts[i] = r.conditions[i].String()
	}
	return strings.Join(parts, "&")
}

// String is the condition as it is read.
func (c *condition) String() string {
	value := c.text
	switch {
	case c.field.shape <= length:
		value = strconv.FormatFloat(c.number, 'f', -1, 64)
	case strings.Contains(value, `"`): // it stood without quotes, so it needs none
	case strings.ContainsAny(value, "&= \t") || value == "":
		value = `"` + value + `"`
	}
	return c.field.name + c.operator + value
}
