package packager

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"
)

// addSidecars gives each sidecar file of a directory to the title that its name begins like: the longest name wins. One that
// belongs to none is left.
func addSidecars(claims []claim, dir string, names []string) {
	if len(names) == 0 {
		return
	}
	owners := sidecarOwners(claims, dir)
	for _, name := range names {
		stem, ext := splitExt(name)
		for i := len(stem); i >= 0; i-- {
			if i > 0 && i < len(stem) && !isSeparator(stem[i]) {
				continue
			}
			at, ok := owners[strings.TrimRight(stem[:i], separators)]
			if ok && claims[at].addSidecar(join(dir, name), stem[i:], ext) {
				break
			}
		}
	}
	for i := range claims {
		claims[i].nameSidecars()
	}
}

// sidecarOwners maps what a sidecar's name may begin with to a claim's place: the title's stem, and its files'. For files that
// are labels alone it is nothing, or the directory's own name.
func sidecarOwners(claims []claim, dir string) map[string]int {
	owners := make(map[string]int, 2*len(claims))
	for i := range claims {
		for _, file := range claims[i].files {
			stem, _ := splitExt(path.Base(file.Path))
			if _, ok := owners[stem]; !ok {
				owners[stem] = i
			}
		}
	}
	for i := range claims { // a title's own name counts for more than a file's
		switch claims[i].rule {
		case ruleDirectory:
			owners[""], owners[path.Base(dir)] = i, i
		case ruleRoot:
			owners[""] = i
		case ruleStem:
			owners[path.Base(claims[i].title)] = i
		case ruleFile:
		}
	}
	return owners
}

// maxSidecars bounds what is looked at for each playlist of a title.
const maxSidecars = 256

// addSidecar takes a sidecar if its label can be read.
func (c *claim) addSidecar(path, label, ext string) bool {
	label = strings.Trim(label, separators)
	s := Sidecar{Path: path, Format: sidecarFormat(ext)}
	if isThumbs(label) && strings.EqualFold(ext, "vtt") {
		if c.thumbs == "" || path < c.thumbs {
			c.thumbs = path
		}
		return true
	}
	if !s.readLabel(label) || len(c.subtitles) == maxSidecars {
		return false
	}
	if label == "" {
		label = "und"
	}
	s.Rendition = strings.ToLower(label) + "." + string(s.Format)
	c.subtitles = append(c.subtitles, s)
	return true
}

// nameSidecars puts a title's sidecars in order, and makes names that occur twice differ.
func (c *claim) nameSidecars() {
	slices.SortFunc(c.subtitles, compareSidecars)
	taken := map[string]bool{}
	for i := range c.subtitles {
		s := &c.subtitles[i]
		name := s.Rendition
		for n := 2; taken[s.Rendition]; n++ {
			s.Rendition = name + "~" + strconv.Itoa(n)
		}
		taken[s.Rendition] = true
	}
}

// compareSidecars is their order in menus: by language, the whole text first.
func compareSidecars(a, b Sidecar) int {
	return cmp.Or(
		cmp.Compare(a.Language, b.Language), compareBools(a.Forced, b.Forced), compareBools(a.SDH, b.SDH),
		cmp.Compare(a.Rendition, b.Rendition), cmp.Compare(a.Path, b.Path),
	)
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// paths are those of all files that the title is made of: the media, then the subtitles, then the list of thumbnails.
func (e Entry) paths() []string {
	paths := make([]string, 0, len(e.Files)+len(e.Subtitles)+1)
	for _, f := range e.Files {
		paths = append(paths, f.Path)
	}
	for _, s := range e.Subtitles {
		paths = append(paths, s.Path)
	}
	if e.Thumbnails != "" {
		paths = append(paths, e.Thumbnails)
	}
	return paths
}

// Sidecar finds the subtitles that a rendition's name in a URL stands for.
func (e Entry) Sidecar(rendition string) (Sidecar, bool) {
	for _, s := range e.Subtitles {
		if s.Rendition == rendition {
			return s, true
		}
	}
	return Sidecar{}, false
}
