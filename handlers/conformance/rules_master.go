package conformance

import (
	"slices"
	"strings"
)

// checkRenditions: what EXT-X-MEDIA must say, what must be unique, and that groups are whole and exist.
func checkRenditions(p *presentation, r *reporter) {
	if p.master == nil {
		return
	}
	list := p.master.list
	defaults, names := map[string]int{}, map[string]int{}
	for _, m := range list.media {
		typ, name := m.attrs.text("TYPE"), m.attrs.text("NAME")
		group := typ + " group " + m.attrs.text("GROUP-ID")
		if typ != "VIDEO" && !m.attrs.has("LANGUAGE") {
			r.errorf(list.url, "line %d: %s rendition %q has no LANGUAGE", m.line, typ, name)
		}
		if was := names[group+"\n"+name]; was != 0 {
			r.errorf(list.url, "line %d: %s has the NAME %q in line %d already", m.line, group, name, was)
		}
		names[group+"\n"+name] = m.line
		if m.attrs.text("DEFAULT") == "YES" {
			if was := defaults[group]; was != 0 {
				r.errorf(list.url, "line %d: %s has a DEFAULT in line %d already", m.line, group, was)
			}
			defaults[group] = m.line
			if m.attrs.text("AUTOSELECT") == "NO" {
				r.errorf(list.url, "line %d: DEFAULT=YES with AUTOSELECT=NO", m.line)
			}
		}
	}
	checkGroups(list, r)
}

// checkAutoselect: members of a group that a player may choose by itself differ in what it chooses by. Those for accessibility have
// no choice: see checkCharacteristics.
func checkAutoselect(p *presentation, r *reporter) {
	if p.master == nil {
		return
	}
	type choice [6]string
	seen := map[choice]int{}
	for _, m := range p.master.list.media {
		if m.attrs.text("AUTOSELECT") != "YES" || strings.Contains(m.attrs.text("CHARACTERISTICS"), "public.accessibility.") {
			continue
		}
		var c choice
		for i, name := range [len(c)]string{"TYPE", "GROUP-ID", "LANGUAGE", "ASSOC-LANGUAGE", "FORCED", "CHARACTERISTICS"} {
			c[i] = m.attrs.text(name)
		}
		if c[4] == "NO" {
			c[4] = "" // its absence says the same
		}
		if was := seen[c]; was != 0 {
			r.warnf(p.master.get.url, "line %d: AUTOSELECT=YES, but nothing that a player chooses by tells %q from line %d", m.line, m.attrs.text("NAME"), was)
			continue
		}
		seen[c] = m.line
	}
}

// groupTypes are the TYPEs of EXT-X-MEDIA, and the attributes that name their groups.
var groupTypes = []string{"AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"}

// checkGroups: every group that a variant names exists, some variant names every group, and groups of one TYPE have the same members.
func checkGroups(list *playlist, r *reporter) {
	for _, v := range list.variants {
		for _, typ := range groupTypes {
			a, ok := v.attrs.get(typ)
			if ok && a.quoted && len(list.group(typ, a.value)) == 0 {
				r.errorf(list.url, "line %d: %s=%q names no group", v.line, typ, a.value)
			}
		}
	}
	for _, m := range list.media {
		typ, group := m.attrs.text("TYPE"), m.attrs.text("GROUP-ID")
		if slices.Contains(groupTypes, typ) && !slices.ContainsFunc(list.variants, func(v variant) bool { return v.attrs.text(typ) == group }) {
			r.errorf(list.url, "line %d: no variant has %s=%q", m.line, typ, group)
		}
	}
	type kind struct{ typ, group string }
	var seen []kind
	for _, m := range list.media {
		k := kind{m.attrs.text("TYPE"), m.attrs.text("GROUP-ID")}
		if slices.Contains(seen, k) {
			continue
		}
		if i := slices.IndexFunc(seen, func(o kind) bool { return o.typ == k.typ }); i >= 0 {
			if a, b := list.members(seen[i].typ, seen[i].group), list.members(k.typ, k.group); a != b {
				r.errorf(list.url, "line %d: %s group %q has the renditions %s, group %q has %s", m.line, k.typ, k.group, b,
					seen[i].group, a)
			}
		}
		seen = append(seen, k)
	}
}

// group gives the renditions of one group.
func (p *playlist) group(typ, id string) []*rendition {
	var out []*rendition
	for i := range p.media {
		if m := &p.media[i]; m.attrs.text("TYPE") == typ && m.attrs.text("GROUP-ID") == id {
			out = append(out, m)
		}
	}
	return out
}

// members prints a group's renditions in an order of their own (RFC 8216 §4.3.4.1.1).
func (p *playlist) members(typ, id string) string {
	var names []string
	for _, m := range p.group(typ, id) {
		names = append(names, m.attrs.text("NAME")+" ("+m.attrs.text("LANGUAGE")+")")
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// checkAllOrNone: SCORE, PATHWAY-ID beside content steering, and CLOSED-CAPTIONS=NONE stand on all variants or on none.
func checkAllOrNone(p *presentation, r *reporter) {
	if p.master == nil {
		return
	}
	list := p.master.list
	scored, none := 0, 0
	for _, v := range list.variants {
		if v.attrs.has("SCORE") {
			scored++
		}
		if a, ok := v.attrs.get("CLOSED-CAPTIONS"); ok && !a.quoted {
			none++
			if a.value != "NONE" {
				r.errorf(list.url, "line %d: CLOSED-CAPTIONS=%s", v.line, a.value)
			}
		}
		if list.has("#EXT-X-CONTENT-STEERING") && !v.attrs.has("PATHWAY-ID") {
			r.errorf(list.url, "line %d: content steering, but no PATHWAY-ID", v.line)
		}
	}
	if n := len(list.variants); scored != 0 && scored != n {
		r.errorf(list.url, "SCORE on %d of %d variants", scored, n)
	}
	if n := len(list.variants); none != 0 && none != n {
		r.errorf(list.url, "CLOSED-CAPTIONS=NONE on %d of %d variants", none, n)
	}
}

// characteristics are the media characteristic tags that Apple's players know.
var characteristics = []string{
	"public.accessibility.transcribes-spoken-dialog", "public.accessibility.describes-music-and-sound",
	"public.accessibility.describes-video", "public.easy-to-read", "public.auxiliary-content", "public.machine-generated",
	"public.accessibility.enhances-speech-intelligibility",
}

// checkCharacteristics: the strings are exact, and what is made for accessibility may be chosen automatically.
func checkCharacteristics(p *presentation, r *reporter) {
	if p.master == nil {
		return
	}
	for _, m := range p.master.list.media {
		value := m.attrs.text("CHARACTERISTICS")
		if value == "" {
			continue
		}
		for _, c := range strings.Split(value, ",") {
			if strings.HasPrefix(c, "public.") && !slices.Contains(characteristics, c) || strings.TrimSpace(c) != c || c == "" {
				r.errorf(p.master.get.url, "line %d: CHARACTERISTICS %q is none that is known", m.line, c)
			}
		}
		if strings.Contains(value, "public.accessibility.") && m.attrs.text("AUTOSELECT") != "YES" {
			r.errorf(p.master.get.url, "line %d: %s without AUTOSELECT=YES", m.line, value)
		}
	}
}
