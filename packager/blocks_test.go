package packager

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// client is a writer that says whether it is quick, and notes how much it is given at a time.
type client struct {
	bytes.Buffer
	quick  bool
	pieces []int
}

func (c *client) Quick() bool { return c.quick }

func (c *client) Write(p []byte) (int, error) {
	c.pieces = append(c.pieces, len(p))
	return c.Buffer.Write(p)
}

// The quick get large blocks, as long as there are some.
func TestBlocksFitTheClient(t *testing.T) {
	const maxLarge = 3
	b := newBlocks(maxLarge)
	sizeOf := func(w io.Writer) int {
		block := b.take(w, largeBytes)
		defer b.give(block)
		return len(*block)
	}
	if sizeOf(&bytes.Buffer{}) != blockBytes || sizeOf(&client{}) != blockBytes || sizeOf(&client{quick: true}) != largeBytes {
		t.Error("a block of the wrong size")
	}
	if block := b.take(&client{quick: true}, blockBytes); len(*block) != blockBytes {
		t.Error("a large block for little")
	}
	var held []*[]byte
	for range maxLarge {
		held = append(held, b.take(&client{quick: true}, largeBytes))
	}
	if n := sizeOf(&client{quick: true}); n != blockBytes {
		t.Errorf("with %d large blocks in use another one of %d is given", maxLarge, n)
	}
	b.give(held[0])
	if n := sizeOf(&client{quick: true}); n != largeBytes {
		t.Errorf("a block of %d after a large one came back", n)
	}
	for _, block := range held[1:] {
		b.give(block)
	}
	if n := b.largeInUse.Load(); n != 0 {
		t.Errorf("%d large blocks are said to be in use", n)
	}
}

// relay passes on all that is made, and asks before the last block, and only then.
func TestRelay(t *testing.T) {
	body := make([]byte, 3*largeBytes+1000)
	for i := range body {
		body[i] = byte(rand.Uint32())
	}
	refused := errors.New("refused")
	f := func(name string, w *client, pieces int, fails error) {
		t.Run(name, func(t *testing.T) {
			at, asked := 0, 0
			_, err := newBlocks(1).relay(w, int64(len(body)), func(p []byte) (int, error) {
				n := copy(p, body[at:])
				at += n
				return n, nil
			}, func() error {
				asked++
				if at != len(body) || w.Len() >= len(body) {
					t.Errorf("asked when %d bytes were made and %d written, of %d", at, w.Len(), len(body))
				}
				return fails
			})
			want := body
			if fails != nil {
				want, pieces = body[:w.Len()], pieces-1
			}
			if len(w.pieces) == 0 || w.pieces[0] != firstBytes {
				t.Errorf("pieces of %d bytes: the client waits for the first", w.pieces)
			}
			if !errors.Is(err, fails) || asked != 1 || len(w.pieces) != pieces || !bytes.Equal(w.Bytes(), want) {
				t.Errorf("%v, asked %d times, %d bytes in pieces of %v", err, asked, w.Len(), w.pieces)
			}
		})
	}
	f("quick", &client{quick: true}, 4, nil)
	f("slow", &client{}, len(body)/blockBytes+1, nil)
	f("refused", &client{quick: true}, 4, refused)
	broken := errors.New("broken")
	_, err := newBlocks(1).relay(io.Discard, 10, func([]byte) (int, error) { return 0, broken }, func() error { return nil })
	if !errors.Is(err, broken) {
		t.Errorf("of what can't be made: %v", err)
	}
}
