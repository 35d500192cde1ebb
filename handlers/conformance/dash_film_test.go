package conformance

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// manifests writes the film's MPDs, one for each way of addressing.
func (s *cmafSite) manifests() {
	var live, single strings.Builder
	const head = `<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:%s:2011" type="static" mediaPresentationDuration="PT%sS" minBufferTime="PT6S">
<Period start="PT0S" duration="PT%sS">
`
	fmt.Fprintf(&live, head, "isoff-live", "18.0", "18.0")
	fmt.Fprintf(&single, head, "isoff-on-demand", "18", "18")
	inVideo := false
	for _, t := range s.tracks {
		switch {
		case !t.video:
			set := fmt.Sprintf(`<AdaptationSet contentType="audio" lang="%s" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1">`+
				`<AudioChannelConfiguration schemeIdUri="urn:mpeg:mpegB:cicp:ChannelConfiguration" value="2"/>`+"\n", t.name)
			live.WriteString(set)
			single.WriteString(subsegments(set))
		case !inVideo:
			set := `<AdaptationSet contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1" maxWidth="640" maxHeight="360">` + "\n"
			live.WriteString(set)
			single.WriteString(subsegments(set))
			inVideo = true
		}
		s.represent(&live, &single, t)
		if !t.video {
			live.WriteString("</AdaptationSet>\n")
			single.WriteString("</AdaptationSet>\n")
		}
	}
	const (
		tiles = `<AdaptationSet contentType="image" mimeType="image/jpeg"><Representation id="tiles" bandwidth="2000" width="160" height="36">` +
			`<EssentialProperty schemeIdUri="http://dashif.org/guidelines/thumbnail_tile" value="5x2"/>` +
			`<SegmentTemplate timescale="1" startNumber="0" duration="20" media="$RepresentationID$-$Number$.jpg"/></Representation>` + "\n"
		end = "</AdaptationSet>\n</Period>\n</MPD>\n"
	)
	s.files["/manifest.mpd"] = []byte(live.String() + "</AdaptationSet>\n" + tiles + end)
	s.files["/ondemand.mpd"] = []byte(single.String() + end)
}

func subsegments(set string) string {
	return strings.NewReplacer("segmentAlignment", "subsegmentAlignment", "startWithSAP", "subsegmentStartsWithSAP").Replace(set)
}

// represent writes one Representation of each MPD, and the file of the second.
func (s *cmafSite) represent(live, single *strings.Builder, t *cmafTrack) {
	attributes := `codecs="mp4a.40.2" audioSamplingRate="48000"`
	if t.video {
		attributes = fmt.Sprintf(`codecs="avc1.64001e" width="%d" height="%d" frameRate="25"`, t.width, t.height)
	}
	var timeline strings.Builder
	var references []mp4Reference
	var media []byte
	bits := int64(0)
	for i := range t.segments {
		length := t.presented(i+1) - t.presented(i)
		at := ""
		if i == 0 {
			at = fmt.Sprintf(` t="%d"`, t.presented(0))
		}
		fmt.Fprintf(&timeline, `<S%s d="%d"/>`, at, length)
		b, _ := t.segment(i)
		media = append(media, b...)
		references = append(references, mp4Reference{size: int64(len(b)), duration: length})
		bits = max(bits, 8*int64(len(b)))
	}
	open := fmt.Sprintf(`<Representation id="%s" bandwidth="%d" %s>`, t.name, bits/6, attributes)
	fmt.Fprintf(live, `%s<SegmentTemplate timescale="%d" startNumber="0" initialization="$RepresentationID$-init.mp4" media="$RepresentationID$-$Number$-$Time$.m4s">`+
		"<SegmentTimeline>%s</SegmentTimeline></SegmentTemplate></Representation>\n", open, t.timescale, timeline.String())
	init, sidx := t.init(), t.sidx(t.presented(0), 0, references)
	fmt.Fprintf(single, `%s<BaseURL>%s.mp4</BaseURL><SegmentBase timescale="%d" indexRange="%d-%d" indexRangeExact="true"><Initialization range="0-%d"/></SegmentBase></Representation>`+"\n",
		open, t.name, t.timescale, len(init), len(init)+len(sidx)-1, len(init)-1)
	s.files["/"+t.name+".mp4"] = slices.Concat(init, sidx, media)
}

// checkMPDs runs the checker on one of the site's MPDs.
func (s *site) checkMPD(t *testing.T, name string, opts Options) Report {
	t.Helper()
	var handler http.Handler = s
	if s.wrap != nil {
		handler = s.wrap(s)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	report, err := CheckDASH(t.Context(), server.Client(), server.URL+name, opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestGoodDASH(t *testing.T) {
	s := newCMAF().buildCMAF()
	for _, name := range []string{"/manifest.mpd", "/ondemand.mpd"} {
		report := s.checkMPD(t, name, Options{})
		if len(report.Findings) > 0 {
			t.Errorf("%s: %s", name, report.String())
		}
		if want := map[string]int{"/manifest.mpd": 13, "/ondemand.mpd": 12}[name]; report.Segments != want || report.Bytes < 100_000 {
			t.Errorf("%s: %d segments of %d bytes were read, want %d", name, report.Segments, report.Bytes, want)
		}
	}
}

// brokenDASH is a good MPD with one mistake.
type brokenDASH struct {
	rule  string
	name  string // of the MPD: manifest.mpd where ""
	edit  [2]string
	spoil func(*film)
	after func(*testing.T, *site)
	wrap  func(http.Handler) http.Handler
	alone bool // segments are left alone
}

func TestBrokenDASH(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while, and does one thing at a time")
	}
	for name, c := range brokenDASHs() {
		t.Run(name, func(t *testing.T) {
			f := newCMAF()
			if c.spoil != nil {
				c.spoil(f)
			}
			s := f.buildCMAF().site
			path := "/" + c.name
			if c.name == "" {
				path = "/manifest.mpd"
			}
			if c.edit[0] != "" {
				s.edit(t, path, c.edit[0], c.edit[1])
			}
			if c.after != nil {
				c.after(t, s)
			}
			s.wrap = c.wrap
			onlyRule(t, s.checkMPD(t, path, Options{PlaylistsOnly: c.alone}), c.rule)
		})
	}
}

func brokenDASHs() map[string]brokenDASH {
	type edit = [2]string
	const single = "ondemand.mpd"
	return map[string]brokenDASH{
		"no XML":                  {rule: "dash-syntax", edit: edit{"</Period>", ""}},
		"no minBufferTime":        {rule: "dash-syntax", edit: edit{` minBufferTime="PT6S"`, ""}},
		"duration that is none":   {rule: "dash-syntax", edit: edit{`minBufferTime="PT6S"`, `minBufferTime="6"`}},
		"one id twice":            {rule: "dash-syntax", edit: edit{`id="de"`, `id="en"`}},
		"no mimeType":             {rule: "dash-syntax", edit: edit{`mimeType="video/mp4" `, ""}},
		"identifier that is none": {rule: "dash-syntax", edit: edit{`$-init.mp4"`, `$-init.mp4?$x"`}},
		"two modes in a set":      {rule: "dash-1", edit: edit{`<Representation id="lo"`, oneMode + `<Representation id="lo"`}},
		"profile of templates":    {rule: "dash-1", name: single, edit: edit{"isoff-on-demand", "isoff-live"}},
		"no timescale":            {rule: "dash-2", edit: edit{` timescale="48000"`, ""}},
		"dynamic":                 {rule: "dash-3", edit: edit{`type="static"`, `type="dynamic"`}},
		"Period later":            {rule: "dash-3", edit: edit{`start="PT0S"`, `start="PT1S"`}},
		"no end":                  {rule: "dash-3", edit: edit{` duration="PT18.0S"`, ""}, after: editMPD(` mediaPresentationDuration="PT18.0S"`, "")},
		"two durations":           {rule: "dash-13", edit: edit{`mediaPresentationDuration="PT18.0S"`, `mediaPresentationDuration="PT17.5S"`}},
		"gap":                     {rule: "dash-4", alone: true, edit: edit{`<S d="540000"/></SegmentTimeline>`, `<S t="1080001" d="540000"/></SegmentTimeline>`}},
		"segments beyond the end": {rule: "dash-4", edit: edit{`PT18.0S`, `PT12.0S`}},
		"segments that end early": {rule: "dash-4", edit: edit{`PT18.0S`, `PT20.0S`}},
		"S@n":                     {rule: "dash-6", edit: edit{`<S t="0"`, `<S n="0" t="0"`}},
		"duration and timeline":   {rule: "dash-6", edit: edit{`startNumber="0"`, `startNumber="0" duration="540000"`}},
		"presentationDuration":    {rule: "dash-12", edit: edit{`startNumber="0"`, `startNumber="0" presentationDuration="540000"`}},
		"Time that isn't tfdt":    {rule: "dash-7", spoil: video(cmafMuxing{edits: []mp4Edit{{media: 2*frameTicks - 90}}})},
		"last segment longer":     {rule: "dash-7", edit: edit{`d="540000"/></SegmentTimeline>`, `d="550000"/></SegmentTimeline>`}},
		"not aligned":             {rule: "dash-5", spoil: func(f *film) { f.lo.cmaf.delay = 9000 }},
		"simple that drifts":      {rule: "dash-8", after: simpleTimes},
		"no index range":          {rule: "dash-9", name: single, edit: edit{"indexRange=", "otherRange="}},
		"timescale of another":    {rule: "dash-9", name: single, edit: edit{`<SegmentBase timescale="48000"`, `<SegmentBase timescale="96000"`}},
		"two in one file":         {rule: "dash-9", name: single, edit: edit{"<BaseURL>de.mp4", "<BaseURL>en.mp4"}},
		"index of a segment":      {rule: "dash-10", name: single, spoil: video(cmafMuxing{indexed: true})},
		"index of another track":  {rule: "dash-10", name: single, after: patchIndex(11, 2)},
		"index that starts later": {rule: "dash-10", name: single, after: patchIndex(23, 5)},
		"index without SAP":       {rule: "dash-10", name: single, after: patchIndex(44, 0)},
		"a segment is missing":    {rule: "dash-11", after: func(_ *testing.T, s *site) { delete(s.files, "/en-1-290816.m4s") }},
		"ranges ignored": {rule: "dash-11", name: single, wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.Header.Get("Range"), ",") {
					http.Error(w, "no", http.StatusInternalServerError)
					return
				}
				next.ServeHTTP(w, r)
			})
		}},
		"segments start with a P": {rule: "dash-sap", spoil: func(f *film) {
			for _, r := range []*reel{f.hi, f.lo} {
				r.parts[1].video[0].hidden = true
				notIDR(&r.parts[1].video[0], 0x41, 0x9b)
			}
		}},
		"bandwidth too low": {rule: "dash-bandwidth", after: func(t *testing.T, s *site) {
			s.replace(t, "/manifest.mpd", `bandwidth="(\d+)"`, func(n int64) int64 { return n / 2 })
		}},
		"sound in another language": {rule: "mp4-language", spoil: english(cmafMuxing{language: inFrench})},
		"lang of another":           {rule: "mp4-language", edit: edit{`lang="en"`, `lang="nl"`}, spoil: english(cmafMuxing{language: inEnglish})},
		"tiles of another layout":   {rule: "dash-images", edit: edit{`value="5x2"`, `value="7x2"`}},
		"tiles of another size":     {rule: "dash-images", edit: edit{`height="36"`, `height="38"`}},
		"tiles that are no JPEG":    {rule: "dash-images", after: func(_ *testing.T, s *site) { s.files["/tiles-0.jpg"] = []byte("tiles") }},
		"codecs of another":         {rule: "dash-attributes", edit: edit{`codecs="avc1.64001e" width="640"`, `codecs="avc1.640028" width="640"`}},
		"width of another":          {rule: "dash-attributes", edit: edit{`width="640"`, `width="800"`}},
		"larger than the set":       {rule: "dash-attributes", edit: edit{`maxWidth="640"`, `maxWidth="320"`}},
		"frame rate of another":     {rule: "dash-attributes", edit: edit{`frameRate="25"`, `frameRate="30000/1001"`}},
		"sampling rate":             {rule: "dash-attributes", edit: edit{`audioSamplingRate="48000"`, `audioSamplingRate="44100"`}},
		"channels":                  {rule: "dash-attributes", edit: edit{`ChannelConfiguration" value="2"`, `ChannelConfiguration" value="6"`}},
		"mimeType of sound":         {rule: "dash-attributes", edit: edit{`mimeType="video/mp4"`, `mimeType="audio/mp4"`}},
		"transfer of HDR":           {rule: "dash-attributes", edit: edit{`<Representation id="hi"`, hdr + `<Representation id="hi"`}},
		"namespace of a library":    {rule: "dash-reread", edit: edit{`bandwidth="`, `bandwidth="0`}},
	}
}

const (
	oneMode = `<Representation id="x" bandwidth="1000" codecs="avc1.64001e" width="640" height="360"><BaseURL>subs-0.vtt</BaseURL></Representation>` + "\n"
	hdr     = `<EssentialProperty schemeIdUri="urn:mpeg:mpegB:cicp:TransferCharacteristics" value="16"/>`
)

func editMPD(from, to string) func(*testing.T, *site) { return edit("/manifest.mpd", from, to) }

// patchIndex changes a byte of a file's sidx, counted from its type.
func patchIndex(at int, to byte) func(*testing.T, *site) {
	return func(_ *testing.T, s *site) {
		b := s.files["/hi.mp4"]
		b[bytes.Index(b, []byte("sidx"))+at] = to
	}
}

// simpleTimes turns the videos' explicit addressing into a simple one that is far from where segments are.
func simpleTimes(t *testing.T, s *site) {
	t.Helper()
	text := string(s.files["/manifest.mpd"])
	const to = `<SegmentTemplate timescale="90000" startNumber="0" duration="800000" initialization="$$RepresentationID$$-init.mp4" media="$$RepresentationID$$-$$Number$$.m4s"/>`
	s.files["/manifest.mpd"] = []byte(regexp.MustCompile(`<SegmentTemplate timescale="90000".*</SegmentTemplate>`).ReplaceAllString(text, to))
	for name, b := range maps.Clone(s.files) {
		if short := regexp.MustCompile(`-\d+\.m4s$`).ReplaceAllString(name, ".m4s"); short != name {
			s.files[short] = b
		}
	}
}
