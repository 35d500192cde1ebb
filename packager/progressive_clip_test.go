package packager

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"unreel/demux/testmedia"
)

// stuck is a client that takes a block and then nothing, until it is let go.
type stuck struct {
	took chan<- struct{}
	let  <-chan struct{}
	body bytes.Buffer
}

func (s *stuck) Write(b []byte) (int, error) {
	if s.body.Len() == 0 {
		s.took <- struct{}{}
		<-s.let
	}
	return s.body.Write(b)
}

var clipped = FileRef{"film", "1080p"}

func (o *origin) clip(start, end float64) *Clip {
	o.t.Helper()
	c, err := o.Clip(o.t.Context(), clipped, start, end)
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// TestSlowClipsHoldNoLayout: the layout of a part of a long film is megabytes. However many clients wait within such, each within
// another, they hold no more than is kept for all; and each gets what it would have got alone.
func TestSlowClipsHoldNoLayout(t *testing.T) {
	const clients, each, most = 16, 320 << 10, 4 << 20
	o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: testmedia.Film(20)}))
	o.clips.most = most
	clipAt := func(i int) *Clip { return o.clip(float64(10*i), 1e6) }
	_ = clipAt(0)
	before := heap()
	took, let, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	all := make([]stuck, clients)
	for i := range all {
		all[i] = stuck{took: took, let: let}
		c := clipAt(i)
		n := c.head + 100_000 // the head, over some blocks, and some media
		if c.head < each {
			t.Fatalf("a layout is %d bytes only", c.head)
		}
		go func() { ended <- c.WriteRange(t.Context(), &all[i], 0, n) }()
		<-took
	}
	if held := heap() - before; held > most+clients*each {
		t.Errorf("%d clients hold %d KiB", clients, held>>10)
	}
	close(let)
	for range all {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	for i := range all {
		var alone bytes.Buffer
		if err := clipAt(i).WriteRange(t.Context(), &alone, 0, int64(all[i].body.Len())); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(alone.Bytes(), all[i].body.Bytes()) {
			t.Errorf("client %d: other bytes than alone", i)
		}
	}
	if o.clips.bytes > most || o.clips.bytes <= 0 {
		t.Errorf("%d bytes are kept, at most %d", o.clips.bytes, most)
	}
}

// TestClipsAreMadeFew: a layout costs processor time. No more than some are made at once, some requests wait, and more are refused; a
// layout that is kept costs nobody a turn, and one larger than all that may be kept is not made for each of its blocks.
func TestClipsAreMadeFew(t *testing.T) {
	o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: testmedia.Film(1)}))
	o.clips.most = 1
	c := o.clip(2, 4)
	for range maxClipMakes {
		o.clips.makes <- struct{}{}
	}
	if err := c.WriteRange(t.Context(), io.Discard, 0, c.Size()); err != nil {
		t.Error(err)
	}
	_ = o.clip(2, 4)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := o.Clip(ctx, clipped, 4, 6); !errors.Is(err, context.Canceled) {
		t.Errorf("while others are made: %v", err)
	}
	for range maxClipsAsked {
		o.clips.asked <- struct{}{}
	}
	if _, err := o.Clip(t.Context(), clipped, 4, 6); !errors.Is(err, ErrBusy) {
		t.Errorf("while as many wait as may: %v", err)
	}
}
