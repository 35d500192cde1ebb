package packager

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"unreel/cache"
	"unreel/demux/testmedia"
)

// TestChaos lets many ask for everything while files are replaced, touched, removed and broken, and room is scarce. Nobody
// ever gets other bytes than a path stands for, nor an error without a kind, and the shelf's sums stay right.
func TestChaos(t *testing.T) {
	var films []testmedia.Movie
	for seconds := range 3 {
		films = append(films, testmedia.H264AAC(6+6*seconds))
	}
	names := []string{"a/1080p.mp4", "a/720p.mp4", "a/360p.mp4", "film.mp4", "b/audio_en.m4a"}
	m := newMemory()
	for i, name := range names {
		m.put(name, films[i%len(films)])
	}
	o := serve(t, m, func(c *Config) {
		c.IndexCacheBytes = 30 << 10
		c.Cache = cache.Config{MaxBytes: 4 << 20, AdmitFirst: true}
	})
	var bodies sync.Map // of segments, by path
	var answered, refused atomic.Int64
	ask := func(random *rand.Rand, paths []string) []string {
		path := paths[random.IntN(len(paths))]
		a, err := o.HLS(t.Context(), path)
		switch {
		case err == nil && a.Document != nil:
			answered.Add(1)
			return links(path, string(a.Document.Body))
		case err == nil:
			var body bytes.Buffer
			if err = a.Segment.WriteRange(t.Context(), &body, 0, a.Segment.Size()); err == nil {
				if first, known := bodies.LoadOrStore(path, body.Bytes()); known && !bytes.Equal(first.([]byte), body.Bytes()) {
					t.Errorf("%s has other bytes than before", path)
				}
				answered.Add(1)
				return nil
			}
		}
		refused.Add(1)
		for _, kind := range []error{ErrNotFound, ErrStale, ErrChanged, ErrStorage, ErrCorrupt, ErrUnsupported} {
			if errors.Is(err, kind) {
				return nil
			}
		}
		t.Errorf("%s: %v", path, err)
		return nil
	}
	var all, changes sync.WaitGroup
	stop := make(chan struct{})
	changes.Go(func() {
		random := rand.New(rand.NewPCG(1, 1))
		for {
			select {
			case <-stop:
				return
			default:
				m.disturb(random, names, films)
			}
		}
	})
	for i := range 8 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(2, uint64(i)))
			for range 40 {
				title := []string{"a", "film", "b", "c"}[random.IntN(4)]
				lists := ask(random, []string{MasterRef{title}.String()})
				for k := 0; k < 3 && len(lists) > 0; k++ {
					if segments := ask(random, lists); len(segments) > 0 {
						ask(random, segments)
					}
				}
				if _, err := o.Info(t.Context(), title); err != nil && !errors.Is(err, ErrNotFound) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	close(stop)
	changes.Wait()
	t.Logf("%d answers, %d refusals", answered.Load(), refused.Load())
	if answered.Load() < 100 {
		t.Errorf("%d answers only", answered.Load())
	}
	o.empty()
}

// disturb changes something about a file.
func (m *memory) disturb(random *rand.Rand, names []string, films []testmedia.Movie) {
	name := names[random.IntN(len(names))]
	switch random.IntN(8) {
	case 0:
		m.fail(name, io.ErrClosedPipe)
	case 1:
		m.putSource(name, testmedia.Memory([]byte(fmt.Sprintf("no MP4 %d", random.IntN(9)))))
	case 2:
		m.touch(name)
	case 3:
		m.remove(name)
		m.put(name, films[random.IntN(len(films))])
	default:
		m.fail(name, nil)
		m.put(name, films[random.IntN(len(films))])
	}
}
