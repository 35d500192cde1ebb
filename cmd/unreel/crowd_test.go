package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	crowdSize   = 200
	slowRead    = 50 * time.Millisecond // of the source
	slowClient  = 10 << 10              // bytes a second
	slowTicks   = 10                    // a second
	blockOfTest = 94 << 10              // what a segment is muxed in for whom nothing is known of
	crowdLimit  = 2 * time.Minute
)

// TestCrowd has 200 clients ask at once for a segment that nobody has asked for before. The first of them, whose request
// the segment is made for as it goes, is slow; the storage is slow for all.
func TestCrowd(t *testing.T) {
	dir := bigFilm(t)
	want, once := aloneWith(t, dir)
	f := func(admit string, most int64) {
		t.Run(admit, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), crowdLimit)
			defer cancel()
			base, storage := serveFaulty(t, dir, "--cache-admit="+admit)
			segment := firstSegment(ctx, t, base)
			before := storage.bytes()
			storage.through(slowSource)

			others := make(chan struct{})
			slow := startSlowClient(ctx, t, segment, others)
			crowd(ctx, t, segment, want, crowdSize-1)
			if got := slow.read.Load(); got >= int64(len(want)) {
				t.Errorf("the slow client had all of its %d bytes before the others", got)
			}
			if got := storage.bytes() - before; got > most*once {
				t.Errorf("%d bytes were read for %d clients, that is %.1f times what one needs", got, crowdSize, float64(got)/float64(once))
			}
			close(others)
			if err := <-slow.ended; err != nil {
				t.Errorf("the slow client: %v", err)
			}
			if !bytes.Equal(slow.body.Bytes(), want) {
				t.Errorf("the slow client got other bytes, %d of %d", slow.body.Len(), len(want))
			}
			if got := storage.bytes() - before; got > most*once {
				t.Errorf("%d bytes were read in all, that is %.1f times what one needs", got, float64(got)/float64(once))
			}
		})
	}
	f(admitSecond, 2)
	f(admitFirst, 1)
}

// slowSource takes its time for every read, as a cold disk far away does.
func slowSource(ctx context.Context, _ int64, _ int) error {
	timer := time.NewTimer(slowRead)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// aloneWith is the first segment's body, and what is read of the source to make it once, for the cache: as for slow clients, in
// small blocks, whose edges may be read twice.
func aloneWith(t *testing.T, dir string) (body []byte, once int64) {
	t.Helper()
	base, storage := serveFaulty(t, dir, "--cache-admit=first")
	segment := firstSegment(t.Context(), t, base)
	before := storage.bytes()
	a, err := ask(t.Context(), newClient(t), http.MethodGet, segment)
	if err != nil || a.status != http.StatusOK {
		t.Fatal(a.status, err)
	}
	return a.body, storage.bytes() - before
}

// firstSegment is the URL of the film's first segment, of which no media byte was read yet.
func firstSegment(ctx context.Context, t *testing.T, base string) string {
	t.Helper()
	lists, err := playlistsBelow(ctx, newClient(t), masterOf(base, "film"))
	if err != nil {
		t.Fatal(err)
	}
	return lists[0].pieces[0].url
}

// slow is a client that reads 10 kB a second until it is let go.
type slow struct {
	read  atomic.Int64
	body  bytes.Buffer // once it has ended
	ended chan error
}

// startSlowClient returns once the answer has begun.
func startSlowClient(ctx context.Context, t *testing.T, address string, letGo <-chan struct{}) *slow {
	t.Helper()
	client := newClient(t)
	client.Transport.(*http.Transport).DialContext = narrow
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req) //nolint:bodyclose // the goroutine below closes it
	if err != nil {
		t.Fatal(err)
	}
	s := &slow{ended: make(chan error, 1)}
	go func() {
		defer resp.Body.Close()
		tick := time.NewTicker(time.Second / slowTicks)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				n, failed := io.CopyN(&s.body, resp.Body, slowClient/slowTicks)
				if s.read.Add(n); failed != nil {
					s.ended <- failed
					return
				}
			case <-letGo:
				_, failed := io.Copy(&s.body, resp.Body)
				s.ended <- failed
				return
			}
		}
	}()
	return s
}

// crowd has n clients, each with a connection of its own, ask at the same moment, and returns when all have the body.
func crowd(ctx context.Context, t *testing.T, address string, want []byte, n int) {
	t.Helper()
	barrier := make(chan struct{})
	var all sync.WaitGroup
	for range n {
		client := newClient(t)
		all.Go(func() {
			<-barrier
			if err := sameBody(ctx, client, address, want); err != nil {
				t.Error(err)
			}
		})
	}
	close(barrier)
	all.Wait()
}

// sameBody fetches a body and compares it as it comes.
func sameBody(ctx context.Context, client *http.Client, address string, want []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.ContentLength != int64(len(want)) {
		return fmt.Errorf("%s: %d, %d bytes", address, resp.StatusCode, resp.ContentLength)
	}
	same := &comparing{want: want}
	if _, err = io.Copy(same, resp.Body); err != nil {
		return err
	}
	if len(same.want) != 0 {
		return fmt.Errorf("%d bytes are missing", len(same.want))
	}
	return nil
}

// comparing takes the bytes that it wants and nothing else.
type comparing struct{ want []byte }

func (c *comparing) Write(p []byte) (int, error) {
	if !bytes.HasPrefix(c.want, p) {
		return 0, errors.New("other bytes than wanted")
	}
	c.want = c.want[len(p):]
	return len(p), nil
}

// TestClientThatLeaves counts what is still asked of a storage, deaf to contexts, once the client has gone.
func TestClientThatLeaves(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), crowdLimit)
	defer cancel()
	base, storage := serveFaulty(t, bigFilm(t), "--cache-size=0")
	segment := firstSegment(ctx, t, base)
	reading, gone := make(chan struct{}), make(chan struct{})
	var reads, after atomic.Int64
	storage.through(func(request context.Context, _ int64, n int) error {
		switch number := reads.Add(1); {
		case number == 3:
			close(reading)
			select {
			case <-request.Done(): // as it must be soon after the client has gone
			case <-ctx.Done():
				return errors.New("nobody told the storage that the client has gone")
			}
			fallthrough
		case number > 3:
			after.Add(int64(n))
		}
		return nil
	})
	select {
	case <-storage.closed: // the index's
	default:
	}
	request, leave := context.WithCancel(ctx)
	defer leave()
	client := newClient(t)
	go func() {
		defer close(gone)
		_, _ = ask(request, client, http.MethodGet, segment)
	}()
	for _, event := range []<-chan struct{}{reading, gone, storage.closed} {
		select {
		case <-event:
			leave()
		case <-ctx.Done():
			t.Fatal("the segment was never given up")
		}
	}
	if n := after.Load(); n > blockOfTest {
		t.Errorf("%d bytes were asked of the storage after the client had gone, more than a block of %d", n, blockOfTest)
	}
}

// TestFillOutlivesItsClient has the client leave whose request began to fill the cache: whoever follows has it all.
func TestFillOutlivesItsClient(t *testing.T) {
	dir := bigFilm(t)
	want, once := aloneWith(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), crowdLimit)
	defer cancel()
	base, storage := serveFaulty(t, dir, "--cache-admit=first")
	segment := firstSegment(ctx, t, base)
	before := storage.bytes()
	reading, goOn := make(chan struct{}), make(chan struct{})
	var reads atomic.Int64
	storage.through(func(context.Context, int64, int) error {
		if reads.Add(1) == 3 {
			close(reading)
			<-goOn
		}
		return nil
	})
	first, leave := context.WithCancel(ctx)
	defer leave()
	gone, client := make(chan struct{}), newClient(t)
	go func() {
		defer close(gone)
		_, _ = ask(first, client, http.MethodGet, segment)
	}()
	<-reading
	leave()
	<-gone
	close(goOn)
	crowd(ctx, t, segment, want, 3)
	if got := storage.bytes() - before; got != once {
		t.Errorf("%d bytes were read, want the %d of one fill", got, once)
	}
}
