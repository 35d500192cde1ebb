package handlers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

// below is a ResponseWriter that keeps what reaches it, and in how many calls.
type below struct {
	http.ResponseWriter
	body    bytes.Buffer
	writes  int
	last    []byte // as it came
	files   int
	flushed int
	err     error
}

func (b *below) Write(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	b.writes++
	b.last = p
	return b.body.Write(p)
}

func (b *below) ReadFrom(r io.Reader) (int64, error) {
	b.files++
	return b.body.ReadFrom(r)
}

func (b *below) FlushError() error { b.flushed++; return nil }

func TestGatherer(t *testing.T) {
	small := noise(100)
	f := func(name string, writes int, write func(g *gatherer) []byte) {
		t.Run(name, func(t *testing.T) {
			b := &below{}
			g := &gatherer{ResponseWriter: b}
			want := write(g)
			check(t, g.leave())
			if !bytes.Equal(b.body.Bytes(), want) || b.writes != writes {
				t.Errorf("%d bytes in %d writes, want %d in %d", b.body.Len(), b.writes, len(want), writes)
			}
		})
	}
	put := func(g *gatherer, n int) (all []byte) {
		for range n {
			k, err := g.Write(small)
			if k != len(small) || err != nil {
				t.Fatal(k, err)
			}
			all = append(all, small...)
		}
		return all
	}
	f("nothing", 0, func(*gatherer) []byte { return nil })
	f("one piece", 1, func(g *gatherer) []byte { return put(g, 1) })
	f("as many as fit", 1, func(g *gatherer) []byte { return put(g, bufferBytes/100) })
	f("one more", 2, func(g *gatherer) []byte { return put(g, bufferBytes/100+1) })
	f("a megabyte", 33, func(g *gatherer) []byte { return put(g, 1<<20/100) })
	f("large ones between", 4, func(g *gatherer) []byte {
		all := put(g, 3)
		large := noise(largeWrite)
		for range 2 {
			_, err := g.Write(large)
			check(t, err)
			if &g.ResponseWriter.(*below).last[0] != &large[0] {
				t.Error("a large write was copied")
			}
			all = append(all, large...)
		}
		return append(all, put(g, 3)...)
	})
	f("a file between", 2, func(g *gatherer) []byte {
		all := put(g, 3)
		_, err := io.Copy(g, struct{ io.Reader }{strings.NewReader("file")})
		if check(t, err); g.ResponseWriter.(*below).files != 1 {
			t.Error("the file did not go its own way")
		}
		return append(append(all, "file"...), put(g, 1)...)
	})
	f("flushed", 2, func(g *gatherer) []byte {
		all := put(g, 3)
		check(t, http.NewResponseController(&exchange{ResponseWriter: g}).Flush())
		if b := g.ResponseWriter.(*below); b.flushed != 1 || b.body.Len() != 300 {
			t.Errorf("flushed %d times, %d bytes", b.flushed, b.body.Len())
		}
		return append(all, put(g, 1)...)
	})
}

// Whatever is written in whatever pieces, a client of the engine gets just that; a client that left is known at the end.
func TestBuffered(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	want := noise(300_000)
	s := newSite(t, nil)
	s.engine.GET("/pieces", buffered(), s.handle(kindOther, func(x *exchange) error {
		for rest := want; len(rest) > 0; {
			n := min(len(rest), 1+random.IntN(1<<random.IntN(15)))
			if _, err := x.Write(rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
		return nil
	}))
	if a := s.must(t, "/pieces"); !bytes.Equal(a.body, want) {
		t.Errorf("%d bytes, want %d, or others", len(a.body), len(want))
	}
	gone := errors.New("gone")
	x := &exchange{ResponseWriter: &below{ResponseWriter: httptest.NewRecorder(), err: gone}, request: request()}
	engine := gin.New()
	engine.GET("/", buffered(), func(c *gin.Context) { _, _ = exchangeOf(c).Write([]byte("some")) })
	engine.ServeHTTP(x, x.request)
	if !errors.Is(x.writeErr, gone) || x.bytes != 4 {
		t.Errorf("%v after %d bytes", x.writeErr, x.bytes)
	}
}

// BenchmarkBuffered is a body in pieces of 100 bytes and one in large writes to a client on this machine, with and without
// the middleware.
func BenchmarkBuffered(b *testing.B) {
	for _, size := range []int{1 << 10, 32 << 10, 1 << 20} {
		for _, piece := range []int{100, 188 << 10} {
			for _, with := range []bool{false, true} {
				b.Run(fmt.Sprintf("%dKiB/pieces of %d/buffered=%v", size>>10, piece, with), func(b *testing.B) {
					engine := gin.New()
					body := noise(size)
					handle := []gin.HandlerFunc{func(c *gin.Context) {
						x := exchangeOf(c)
						for rest := body; len(rest) > 0; {
							n := min(len(rest), piece)
							_, _ = x.Write(rest[:n])
							rest = rest[n:]
						}
					}}
					if with {
						handle = append([]gin.HandlerFunc{buffered()}, handle...)
					}
					engine.GET("/", handle...)
					server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						engine.ServeHTTP(&exchange{ResponseWriter: w, request: r}, r)
					}))
					defer server.Close()
					b.SetBytes(int64(size))
					b.ReportAllocs()
					for b.Loop() {
						answer, err := http.Get(server.URL)
						check(b, err)
						n, err := io.Copy(io.Discard, answer.Body)
						check(b, errors.Join(err, answer.Body.Close()))
						if n != int64(size) {
							b.Fatal(n)
						}
					}
				})
			}
		}
	}
}
