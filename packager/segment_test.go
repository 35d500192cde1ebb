package packager

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"testing"
	"testing/synctest"

	"unreel/cache"
	"unreel/demux/testmedia"
)

// bigFilm has segments of many blocks.
func bigFilm() *memory {
	film := movie(testmedia.Video(360, 1080, 8), soundOf(12))
	return newMemory(testmedia.File{Name: filmPath, Movie: film})
}

// firstSegment plans the first segment of the one film.
func (o *origin) firstSegment() *Segment {
	o.t.Helper()
	list := links(filmMaster, o.text(filmMaster))[0]
	a, err := o.HLS(o.t.Context(), links(list, o.text(list))[0])
	if err != nil {
		o.t.Fatal(err)
	}
	return a.Segment
}

// TestChangedFile: a file that changes while a segment is made gives ErrChanged, and never the last block.
func TestChangedFile(t *testing.T) {
	whole := serve(t, bigFilm()).firstSegment().Size()
	before := firstBytes + (whole-firstBytes-1)/blockBytes*blockBytes // the last block
	f := func(name string, want error, change func(m *memory)) {
		for when, after := range map[string]int{"before it is opened": -1, "before it is read": 0, "while it is read": 3, "after it is read": 1 << 30} {
			for _, admit := range []bool{false, true} {
				if after == 1<<30 && admit {
					continue // a fill writes to memory: there is no client between the last read and the last block
				}
				t.Run(name+" "+when, func(t *testing.T) {
					m := bigFilm()
					o := serve(t, m, func(c *Config) { c.Cache = cache.Config{MaxBytes: 64 << 20, AdmitFirst: admit} })
					s := o.firstSegment()
					reads, file := 0, m.file(filmPath)
					file.Hook = func(context.Context, int64, int) error {
						if reads++; reads == after {
							change(m)
						}
						return nil
					}
					w := &changer{}
					switch {
					case after < 0:
						change(m)
					case after == 0:
						m.opened = func(string) { change(m) }
					case after == 1<<30: // the last read has been done by the time that the last but one block is written
						w.at, w.change = before, func() { change(m) }
					}
					err := s.WriteRange(t.Context(), w, 0, s.Size())
					known := errors.Is(err, want) || errors.Is(err, ErrChanged) && after != -1
					if !known || int64(w.Len()) >= s.Size() || int64(w.Len()) > before {
						t.Errorf("%v after %d bytes of %d, want %v", err, w.Len(), s.Size(), want)
					}
					if err == nil || after <= 0 && w.Len() > 0 {
						t.Errorf("%d bytes were written of a file that had changed before", w.Len())
					}
					if s.Cached() {
						t.Error("it is in the cache")
					}
				})
			}
		}
	}
	f("replaced", ErrChanged, func(m *memory) { m.put(filmPath, testmedia.H264AAC(12)) })
	f("touched", ErrChanged, func(m *memory) { m.touch(filmPath) })
	f("removed", ErrNotFound, func(m *memory) { m.remove(filmPath) })
}

// changer is a Writer that something happens to behind its first bytes.
type changer struct {
	bytes.Buffer
	at     int64
	change func()
}

func (w *changer) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if w.change != nil && int64(w.Len()) >= w.at {
		w.change()
		w.change = nil
	}
	return n, err
}

// TestWriteCached: bytes of the cache and no others.
func TestWriteCached(t *testing.T) {
	o := serve(t, bigFilm(), func(c *Config) { c.Cache = cache.Config{MaxBytes: 64 << 20, AdmitFirst: true} })
	s := o.firstSegment()
	var body, again bytes.Buffer
	if there, err := s.WriteCached(t.Context(), &body, 0, s.Size()); there || err != nil || body.Len() > 0 {
		t.Errorf("before: %v, %v, %d bytes", there, err, body.Len())
	}
	if err := s.WriteRange(t.Context(), &body, 0, s.Size()); err != nil {
		t.Fatal(err)
	}
	if there, err := s.WriteCached(t.Context(), &again, 0, s.Size()); !there || err != nil || !bytes.Equal(again.Bytes(), body.Bytes()) {
		t.Errorf("after: %v, %v, %d bytes of %d", there, err, again.Len(), body.Len())
	}
}

// TestFailingFile: what goes wrong with the storage has its kind.
func TestFailingFile(t *testing.T) {
	broken := errors.New("broken")
	f := func(name string, arrange func(m *memory), want ...error) {
		t.Run(name, func(t *testing.T) {
			m := bigFilm()
			o := serve(t, m)
			s := o.firstSegment()
			arrange(m)
			w := &silent{}
			err := s.WriteRange(t.Context(), w, 0, s.Size())
			for _, kind := range want {
				if !errors.Is(err, kind) {
					t.Errorf("%v, want %v", err, kind)
				}
			}
			if w.n >= s.Size()/blockBytes*blockBytes {
				t.Errorf("%d bytes of %d were written", w.n, s.Size())
			}
		})
	}
	f("ends early", func(m *memory) { m.file(filmPath).Truncated = 1 << 20 }, ErrChanged)
	f("fails", func(m *memory) {
		m.file(filmPath).Hook = func(context.Context, int64, int) error { return broken }
	}, ErrStorage, broken)
	f("can't be opened", func(m *memory) { m.fail(filmPath, broken) }, ErrStorage, broken)
	f("is gone", func(m *memory) { m.fail(filmPath, fs.ErrNotExist) }, ErrNotFound)
}

// TestClientThatLeaves ends the work within a block, and nothing of it goes on.
func TestClientThatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := bigFilm()
		o := serve(t, m)
		s := o.firstSegment()
		before := m.reads()
		ctx, cancel := context.WithCancel(t.Context())
		m.file(filmPath).Hook = func(ctx context.Context, _ int64, _ int) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}
		ended := make(chan error)
		w := &silent{}
		go func() { ended <- s.WriteRange(ctx, w, 0, s.Size()) }()
		synctest.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) || errors.Is(err, ErrStorage) {
			t.Errorf("%v, want a cancelled context and nothing else", err)
		}
		if n := m.reads() - before; n != 1 || w.n != 0 {
			t.Errorf("%d reads, %d bytes written", n, w.n)
		}
	})
	o := serve(t, bigFilm())
	s := o.firstSegment()
	gone := errors.New("gone")
	before := o.memory.file(filmPath).Bytes.Load()
	if err := s.WriteRange(t.Context(), broken{gone}, 0, s.Size()); !errors.Is(err, gone) {
		t.Errorf("%v, want the writer's own error", err)
	}
	if n := o.memory.file(filmPath).Bytes.Load() - before; n > 2*blockBytes {
		t.Errorf("%d bytes were read for nobody", n)
	}
}

// broken is a Writer that takes nothing.
type broken struct{ err error }

func (w broken) Write([]byte) (int, error) { return 0, w.err }

// TestRangesThatAreNone: no byte is written of what the segment doesn't have.
func TestRangesThatAreNone(t *testing.T) {
	s := serve(t, bigFilm()).firstSegment()
	w := &silent{}
	for _, r := range [][2]int64{{-1, 1}, {0, -1}, {0, s.Size() + 1}, {s.Size(), 1}, {1 << 62, 1 << 62}, {1, 1<<63 - 1}} {
		if err := s.WriteRange(t.Context(), w, r[0], r[1]); err == nil || w.n != 0 {
			t.Errorf("%v: %v, %d bytes", r, err, w.n)
		}
	}
	if err := s.WriteRange(t.Context(), w, s.Size(), 0); err != nil || w.n != 0 {
		t.Errorf("an empty range: %v, %d bytes", err, w.n)
	}
}

var _ io.Writer = (*changer)(nil)

// TestPlannedOnce: who asks for a segment's size and then for its bytes has it planned once; who asks again has the same bytes.
func TestPlannedOnce(t *testing.T) {
	s := serve(t, oneFilm()).firstSegment()
	planned := s.plan
	if planned == nil || planned.Size() != s.Size() {
		t.Fatalf("a segment of %d bytes has no plan", s.Size())
	}
	var first, again bytes.Buffer
	for _, w := range []*bytes.Buffer{&first, &again} {
		if err := s.WriteRange(t.Context(), w, 0, s.Size()); err != nil {
			t.Fatal(err)
		}
		if s.plan != nil {
			t.Error("the plan is still there after it was used")
		}
	}
	if !bytes.Equal(first.Bytes(), again.Bytes()) || int64(first.Len()) != s.Size() {
		t.Errorf("%d bytes, then %d others", first.Len(), again.Len())
	}
}
