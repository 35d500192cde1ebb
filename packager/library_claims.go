package packager

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"
)

// rule is one of those by which files become titles. Where several claim one name, the lower rule has it.
type rule uint8

const (
	ruleDirectory rule = 1 + iota // names that are labels only: the title is named by the directory
	ruleRoot                      // the same in the root, whose name is no part of any path
	ruleStem                      // one stem before labels: the title is named by the stem
	ruleFile                      // any other file is a title of its own
)

// claim is a title as its directory makes it, before other directories had a say.
type claim struct {
	title     string
	rule      rule
	files     []File
	subtitles []Sidecar
	thumbs    string // path; "" for none
}

// noRootName is the title that media with pure labels in the root have where the root itself has no name, such as "/".
const noRootName = "library"

// candidate is one file on its way into a claim.
type candidate struct {
	file File
	stem string
	rule rule
	rank int
}

// claimsOf makes titles of one directory's media files by their names, and gives them the files beside.
func claimsOf(dir, rootName string, names, sidecars []string) []claim {
	candidates := make([]candidate, len(names))
	for i, name := range names {
		candidates[i] = newCandidate(dir, name)
	}
	keepLoneAudio(candidates)
	slices.SortFunc(candidates, compareCandidates)
	var claims []claim
	for len(candidates) > 0 {
		first := &candidates[0]
		n := 1
		for n < len(candidates) && first.rule != ruleFile && candidates[n].rule == first.rule && candidates[n].stem == first.stem {
			n++
		}
		claims = append(claims, newClaim(dir, rootName, candidates[:n]))
		candidates = candidates[n:]
	}
	addSidecars(claims, dir, sidecars)
	return claims
}

func newCandidate(dir, name string) candidate {
	stem, ext := splitExt(name)
	c := candidate{rule: ruleFile, rank: mediaRank(ext)}
	c.file = unlabelled(join(dir, name))
	c.stem = c.file.readLabel(stem)
	switch {
	case c.file.Rendition == "":
	case c.stem == "" && dir == ".":
		c.rule = ruleRoot
	case c.stem == "":
		c.rule = ruleDirectory
	default:
		c.rule = ruleStem
	}
	return c
}

// unlabelled is a file whose name is no label.
func unlabelled(path string) File {
	_, ext := splitExt(path)
	return File{Path: path, IsAudio: strings.EqualFold(ext, "m4a")}
}

// loneAudio is the label that is a word of many names: two_audio.mp4 may be a film of that name.
const loneAudio = "audio"

// keepLoneAudio takes "audio" alone behind a stem for part of a file's own name, unless another file has the stem before a label
// that says more.
func keepLoneAudio(candidates []candidate) {
	lone := func(c candidate) bool { return c.rule == ruleStem && c.file.Rendition == loneAudio }
	if !slices.ContainsFunc(candidates, lone) {
		return
	}
	labelled := map[string]bool{}
	for _, c := range candidates {
		if c.rule == ruleStem && !lone(c) {
			labelled[c.stem] = true
		}
	}
	for i := range candidates {
		if c := &candidates[i]; lone(*c) && !labelled[c.stem] {
			c.rule, c.file = ruleFile, unlabelled(c.file.Path)
			c.stem, _ = splitExt(path.Base(c.file.Path))
		}
	}
}

// compareCandidates puts files together that make one title, in the order in which they may choose a name.
func compareCandidates(a, b candidate) int {
	return cmp.Or(
		cmp.Compare(a.rule, b.rule), strings.Compare(a.stem, b.stem), cmp.Compare(a.rank, b.rank),
		strings.Compare(a.file.Path, b.file.Path),
	)
}

func newClaim(dir, rootName string, members []candidate) claim {
	first := &members[0]
	c := claim{rule: first.rule, files: make([]File, len(members))}
	for i, m := range members {
		c.files[i] = m.file
	}
	switch {
	case first.rule == ruleDirectory:
		c.title = dir
	case first.rule == ruleRoot && validElement(rootName):
		c.title = rootName
	case first.rule == ruleRoot:
		c.title = noRootName
	default:
		c.title = first.file.Path[:len(join(dir, first.stem))] // shares the path's memory
	}
	nameRenditions(c.files)
	slices.SortFunc(c.files, compareFiles)
	return c
}

// nameRenditions makes labels that occur twice differ: the first keeps it, others get their extension, then a number.
func nameRenditions(files []File) {
	if len(files) == 1 {
		return
	}
	taken := make(map[string]bool, len(files))
	for i := range files {
		taken[files[i].Rendition] = true
	}
	first := make(map[string]bool, len(files))
	for i := range files {
		f := &files[i]
		if !first[f.Rendition] {
			first[f.Rendition] = true
			continue
		}
		f.Rendition = freeName(f.Rendition, f.Path, taken)
		taken[f.Rendition] = true
	}
}

// freeName is the name that a file takes whose own is taken: with its extension, and if need be a number.
func freeName[V any](name, path string, taken map[string]V) string {
	_, ext := splitExt(path)
	name += "." + ext
	free := name
	for n := 2; ; n++ {
		if _, ok := taken[free]; !ok {
			return free
		}
		free = name + "~" + strconv.Itoa(n)
	}
}

// compareFiles is the order of a title's files: pictures first, the highest first.
func compareFiles(a, b File) int {
	if a.IsAudio != b.IsAudio {
		if b.IsAudio {
			return -1
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(b.Height, a.Height), cmp.Compare(a.AudioTrack, b.AudioTrack), cmp.Compare(a.Language, b.Language),
		cmp.Compare(b.Bitrate, a.Bitrate), compareNames(a.Rendition, b.Rendition),
	)
}
