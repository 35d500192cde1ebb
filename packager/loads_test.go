package packager

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"unreel/demux/testmedia"
)

// TestLoadsThatWaitAreBounded: beyond the queue a title is refused as busy, all of it, and is whole afterwards.
func TestLoadsThatWaitAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := serve(t, newMemory(testmedia.Ladder()...))
		for range cap(o.shelf.asked) - 2 { // two of three files find room
			o.shelf.asked <- struct{}{}
		}
		for range maxLoads {
			o.shelf.loads <- struct{}{}
		}
		refused := make(chan error, 1)
		go func() {
			_, err := o.HLS(t.Context(), "library/master.m3u8")
			refused <- err
		}()
		synctest.Wait()
		for range maxLoads {
			<-o.shelf.loads
		}
		if err := <-refused; !errors.Is(err, ErrBusy) {
			t.Errorf("%v, want %v", err, ErrBusy)
		}
		synctest.Wait()
		for range cap(o.shelf.asked) - 2 {
			<-o.shelf.asked
		}
		if got, want := o.text("library/master.m3u8"), serve(t, o.memory).text("library/master.m3u8"); got != want {
			t.Errorf("another master than without the crowd:\n%s\n%s", got, want)
		}
		synctest.Wait()
		if len(o.shelf.asked) != 0 || len(o.shelf.loads) != 0 {
			t.Errorf("%d places and %d turns are still taken", len(o.shelf.asked), len(o.shelf.loads))
		}
	})
}

// TestTitleOfManyFiles: one title takes no more of the queue than can be read at once.
func TestTitleOfManyFiles(t *testing.T) {
	m := newMemory()
	for i := range 3 * maxLoads {
		m.put(fmt.Sprintf("library/audio_%02d.m4a", i+1), movie(soundOf(1)))
	}
	o := serve(t, m)
	for range cap(o.shelf.asked) - maxLoads {
		o.shelf.asked <- struct{}{}
	}
	if _, err := o.Info(t.Context(), "library"); err != nil {
		t.Error(err)
	}
}
