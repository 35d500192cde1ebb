package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"unreel/packager"
)

// refusedByName are the files that ffmpeg decodes cleanly, in codecs that we carry, and that are not played all the same,
// each with its reason. Three at most.
var refusedByName = map[string]string{
	// The sound begins nine seconds before the picture, and ffmpeg's HLS demuxer gives up on a stream of which it sees
	// nothing for five. Players that read a segment whole play it.
	"livepeer+catalyst-api__tiny_cut.mp4": "its picture begins nine seconds after its sound",
}

// TestCorpusFrames plays every good file of the corpus, as transport streams and as CMAF, and compares each frame with what
// ffmpeg decodes from the MP4. At least 99 % of those in codecs that we carry must play so.
func TestCorpusFrames(t *testing.T) {
	needFFmpeg(t)
	corpus := corpusDir(t)
	rows := corpusIndex(t, corpus, "good")
	library := t.TempDir()
	for i, row := range rows {
		copyFile(t, filepath.Join(corpus, row["copied"]), filepath.Join(library, corpusTitle(i), "film"+servedExt(row["copied"])))
	}
	base := startServer(t, library)

	var mu sync.Mutex
	played, causes := 0, map[string]int{}
	var wrong []string
	t.Run("files", func(t *testing.T) {
		for i, row := range rows {
			name := filepath.Base(row["copied"])
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				problem, cause := corpusFile(t, base, library, corpusTitle(i)+"/film", row)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case problem != "":
					wrong = append(wrong, name+": "+problem)
				case cause != "":
					causes[cause]++
				default:
					played++
				}
			})
		}
	})
	t.Logf("%d of %d play frame for frame; refused by cause: %v", played, len(rows), causes)
	slices.Sort(wrong)
	unlisted := slices.DeleteFunc(slices.Clone(wrong), func(w string) bool {
		name, _, _ := strings.Cut(w, ": ")
		return refusedByName[name] != ""
	})
	if len(unlisted) > 0 {
		t.Errorf("%d files should play and don't:\n%s", len(unlisted), strings.Join(unlisted, "\n"))
	}
	if eligible := played + len(wrong); played*100 < eligible*99 {
		t.Errorf("%d of %d files play, less than 99 %%", played, eligible)
	}
	if len(refusedByName) > 3 {
		t.Errorf("%d files are refused by name, more than 3", len(refusedByName))
	}
}

// corpusFile plays one file. problem is what is wrong with how it plays; cause is why it rightly doesn't.
func corpusFile(t *testing.T, base, library, title string, row map[string]string) (problem, cause string) {
	t.Helper()
	info := fetchInfo(t, base, title)
	if len(info.Renditions) != 1 {
		return fmt.Sprintf("%d renditions", len(info.Renditions)), ""
	}
	file := info.Renditions[0]
	carried := carriedKinds(row)
	if info.Error != "" {
		if len(carried) > 0 {
			return "refused: " + info.Error, ""
		}
		return "", refusalCause(info.Error)
	}
	for _, kind := range carried {
		if !slices.ContainsFunc(info.Streams, func(s packager.StreamInfo) bool { return strings.Contains(s.Tracks, kind) }) {
			return fmt.Sprintf("no stream has %s: %v", kind, file.Warnings), ""
		}
		if why := inTransport(info, row, kind); why != "" {
			return why, ""
		}
	}
	for _, s := range info.Streams {
		if inBoth(info, s) && file.Bytes > bothBelow {
			continue
		}
		if problem = compareStream(t, base, filepath.Join(library, file.File), title, file, s); problem != "" {
			return s.Format + " " + s.Tracks + ": " + problem, ""
		}
	}
	return "", ""
}

// bothBelow is the size of a file up to which its tracks are compared in both formats. In larger ones CMAF's are compared
// only where a transport stream has none: packager/fmp4's tests compare those of all files.
const bothBelow = 16 << 10

// inBoth tells that a stream is CMAF's and that a transport stream has its track too.
func inBoth(info packager.Info, s packager.StreamInfo) bool {
	return s.Format == packager.CMAF.String() && slices.ContainsFunc(info.Streams, func(other packager.StreamInfo) bool {
		return other.Format != s.Format && other.Rendition == s.Rendition && strings.Contains(other.Tracks, s.Tracks)
	})
}

// inTransport tells what a transport stream should hold of a file and doesn't.
func inTransport(info packager.Info, row map[string]string, kind string) string {
	codecs := map[string][]string{"v": {row["v_codec"]}, "a": strings.Split(row["a_codec"], "/")}[kind]
	if !slices.ContainsFunc(codecs, func(c string) bool { return slices.Contains(transportCodecs, c) }) {
		return ""
	}
	if slices.ContainsFunc(info.Streams, func(s packager.StreamInfo) bool {
		return s.Format == packager.TS.String() && strings.Contains(s.Tracks, kind)
	}) || kind == "a" && row["v_codec"] != "" && row["v_codec"] != "h264" { // its picture is in CMAF alone, and so is all of it
		return ""
	}
	return "no transport stream has " + kind
}

// transportCodecs are ffprobe's names of the codecs that our transport streams carry; fragmentCodecs are those that only
// CMAF does.
var (
	transportCodecs = []string{"h264", "aac", "mp3", "mp2", "ac3", "eac3"}
	fragmentCodecs  = []string{"hevc", "av1", "vp9", "opus", "flac", "alac"}
)

// carriedKinds are the kinds of track ("v", "a") that ffprobe found in codecs that we carry.
func carriedKinds(row map[string]string) (kinds []string) {
	if row["decode_clean"] != "yes" {
		return nil
	}
	for kind, codecs := range map[string]string{"v": row["v_codec"], "a": row["a_codec"]} {
		for codec := range strings.SplitSeq(codecs, "/") {
			if (slices.Contains(transportCodecs, codec) || slices.Contains(fragmentCodecs, codec)) && !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	return kinds
}

// refusalCause keys a refusal: its words without what differs from file to file.
func refusalCause(text string) string {
	for _, cause := range []string{"HEVC", "MP3", "AC-3", "no video or audio track", "mp4v", "ALAC"} {
		if strings.Contains(text, cause) {
			return cause
		}
	}
	return text
}

func corpusTitle(i int) string { return fmt.Sprintf("%03d", i) }

// corpusIndex are the rows of the corpus's index of one category, by column.
func corpusIndex(t *testing.T, corpus, category string) (rows []map[string]string) {
	t.Helper()
	f, err := os.Open(filepath.Join(corpus, "index.csv"))
	if err != nil {
		t.Skipf("the corpus has no index: %v", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.LazyQuotes = true
	records, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	columns := records[0]
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, column := range columns {
			row[column] = record[i]
		}
		if row["category"] == category {
			rows = append(rows, row)
		}
	}
	return rows
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err = os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err = os.WriteFile(to, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
