package packager

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// catalogue is all titles at one time, in natural order. It isn't changed: a sweep that finds something else makes another.
type catalogue struct {
	entries []Entry
	byTitle map[string]int
	folded  func() []string // titles as List compares them, made when first searched
	notices []notice
}

// newCatalogue gives each claim a name of its own. It depends on what the folders hold alone, not on their order, so that
// every replica has the same titles.
func newCatalogue(folders []*folder) *catalogue {
	c := &catalogue{}
	owners, losers := ownersOf(folders)
	slices.SortFunc(losers, compareLosers)
	for _, loser := range losers {
		title := freeName(loser.title, loser.files[0].Path, owners)
		c.notices = append(c.notices, notice{
			loser.files[0].Path, "a title's name is taken", fmt.Sprintf("%q is %q", loser.title, owners[loser.title].files[0].Path) +
				fmt.Sprintf(", this is %q", title),
		})
		owners[title] = loser
	}
	c.entries = make([]Entry, 0, len(owners))
	for title, claim := range owners { // sorted below
		c.entries = append(c.entries, Entry{Title: title, Files: claim.files, Subtitles: claim.subtitles, Thumbnails: claim.thumbs})
	}
	slices.SortFunc(c.entries, func(a, b Entry) int { return compareNames(a.Title, b.Title) })
	c.byTitle = make(map[string]int, len(c.entries))
	for i := range c.entries {
		c.byTitle[c.entries[i].Title] = i
	}
	c.folded = sync.OnceValue(c.fold)
	return c
}

// ownersOf gives each name to the first claim, and the other claims.
func ownersOf(folders []*folder) (owners map[string]*claim, losers []*claim) {
	n := 0
	for _, f := range folders {
		n += len(f.claims)
	}
	owners = make(map[string]*claim, n)
	for _, f := range folders {
		for i := range f.claims {
			claim := &f.claims[i]
			owner, ok := owners[claim.title]
			if ok && compareClaims(owner, claim) < 0 {
				losers = append(losers, claim)
				continue
			}
			if ok {
				losers = append(losers, owner)
			}
			owners[claim.title] = claim
		}
	}
	return owners, losers
}

// compareClaims says who of two goes first: the directory, then the first in order.
func compareClaims(a, b *claim) int {
	x, y := a.files[0].Path, b.files[0].Path
	_, p := splitExt(x)
	_, q := splitExt(y)
	return cmp.Or(cmp.Compare(a.rule, b.rule), cmp.Compare(mediaRank(p), mediaRank(q)), strings.Compare(x, y))
}

// compareLosers lets single files choose first, since their name with its extension is just what the file is called.
func compareLosers(a, b *claim) int {
	return cmp.Or(strings.Compare(a.title, b.title), cmp.Compare(b.rule, a.rule), compareClaims(a, b))
}

func (c *catalogue) fold() []string {
	folded := make([]string, len(c.entries))
	for i := range c.entries {
		folded[i] = fold(c.entries[i].Title)
	}
	return folded
}
