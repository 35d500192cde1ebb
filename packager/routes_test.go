package packager

import (
	"bytes"
	"strings"
	"sync/atomic"
	"testing"

	"unreel/demux/testmedia"
	"unreel/packager/golden"
	"unreel/packager/routing"
)

// rulesOf reads rules, one a line.
func rulesOf(t *testing.T, text string) *routing.Rules {
	t.Helper()
	r, err := routing.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestGoldenRoutes holds masters and manifests of which some renditions are fetched from elsewhere.
func TestGoldenRoutes(t *testing.T) {
	var rules atomic.Pointer[routing.Rules]
	rules.Store(rulesOf(t, "height>=1080=https://uhd.cdn.example\nheight>=700&codec=h264=/hd\nkind=audio&language=fr=https://fr.example:8443/films/"))
	for _, name := range []string{"ladder", "beside"} {
		t.Run(name, func(t *testing.T) {
			o := serve(t, newMemory(layouts()[name]...), func(c *Config) { c.Routes = rules.Load })
			page, _ := o.Titles("", 0, 1)
			title := page[0].Title
			var all bytes.Buffer
			for _, path := range []string{
				MasterRef{title}.String(), cmafPrefix + MasterRef{title}.String(),
				cmafPrefix + ManifestRef{title, false}.String(), cmafPrefix + ManifestRef{title, true}.String(),
			} {
				all.WriteString("== " + path + "\n" + o.text(path))
			}
			golden.Compare(t, "routes/"+name+".txt", all.Bytes())
		})
	}
}

// When the rules change, so do the documents that they are in, and their entity tags; and back again.
func TestRoutesChange(t *testing.T) {
	var rules atomic.Pointer[routing.Rules]
	o := serve(t, newMemory(testmedia.Ladder()...), func(c *Config) { c.Routes = rules.Load })
	page, _ := o.Titles("", 0, 1)
	title := page[0].Title
	paths := []string{
		MasterRef{title}.String(), cmafPrefix + MasterRef{title}.String(),
		cmafPrefix + ManifestRef{title, false}.String(), cmafPrefix + ManifestRef{title, true}.String(),
	}
	ask := func() (texts, tags []string) {
		for _, path := range paths {
			a, err := o.HLS(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			d := a.Document
			texts, tags = append(texts, string(d.Body)), append(tags, d.ETag)
		}
		return texts, tags
	}
	plain, plainTags := ask()
	kept := o.shelf.bytes
	for _, text := range []string{"kind=video=https://a.example", "kind=video=https://b.example"} {
		rules.Store(rulesOf(t, text))
		base := text[strings.LastIndexByte(text, '=')+1:]
		texts, tags := ask()
		for i, path := range paths {
			if !strings.Contains(texts[i], base+"/") || tags[i] == plainTags[i] {
				t.Errorf("%s does not lead to %s, or has its old entity tag", path, base)
			}
		}
		info, err := o.Info(t.Context(), title)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range info.Streams {
			if video := strings.HasPrefix(s.Tracks, "v"); video != (s.Base == base+"/") || video != (s.Rule == text+"/") {
				t.Errorf("%s %s: base %q by %q", s.Rendition, s.Tracks, s.Base, s.Rule)
			}
		}
	}
	rules.Store(nil)
	again, tags := ask()
	for i, path := range paths {
		if again[i] != plain[i] || tags[i] != plainTags[i] {
			t.Errorf("%s is not what it was before there were rules", path)
		}
	}
	if now := o.shelf.bytes; now > kept+64<<10 {
		t.Errorf("%d bytes are kept, %d before", now, kept)
	}
}
