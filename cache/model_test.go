package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

var errModel = errors.New("told to fail")

// bench drives a cache step by step beside a naive model of it: a slice for the order of use, a sum for the bytes.
type bench struct {
	t     *testing.T
	cfg   Config
	cache *Cache[byte]

	order   []byte // keys of whole bodies, least recently used first
	growing map[byte]*growth
	seen    []seenKey // least recently seen first
	readers []*reader
}

type seenKey struct {
	key  byte
	when time.Time
}

// growth is a fill that writes when told.
type growth struct {
	step chan int // bytes to write; 0 ends it well, -1 badly
	left int64
}

// reader is a client that takes one write when told.
type reader struct {
	key  byte
	body *Body
	goOn chan struct{}
	done chan error
	got  bytes.Buffer

	failed bool // its body's fill did, and it hasn't noticed yet
}

func (r *reader) Write(p []byte) (int, error) {
	<-r.goOn
	return r.got.Write(p)
}

// sizeOf is the size of a key's body: some small, some of several blocks, one too large.
func sizeOf(key byte) int64 { return []int64{1, 5000, blockLen, 2*blockLen + 7, 9 * blockLen}[key%5] }

var bodyOf = func() func(key byte) []byte {
	var bodies [20][]byte
	for key := range bodies {
		bodies[key] = payload(uint64(key), int(sizeOf(byte(key))))
	}
	return func(key byte) []byte { return bodies[key] }
}()

// open is one request, and what the model thinks of it.
func (m *bench) open(key byte) {
	size, cost := sizeOf(key), costOf(sizeOf(key))
	g := &growth{step: make(chan int), left: size}
	wantHit, wantBody := m.growing[key] != nil, m.growing[key] != nil
	if at := slices.Index(m.order, key); at >= 0 {
		m.use(at)
		wantHit, wantBody = true, true
	}
	if !wantHit && size <= m.cfg.MaxItemBytes && m.wasSeen(key) && m.makeRoom(cost) {
		m.growing[key] = g
		wantBody = true
	}
	body, hit := m.cache.Open(key, size, func(_ context.Context, w io.Writer) error { return g.run(key, w) })
	if hit != wantHit || (body != nil) != wantBody {
		m.t.Fatalf("key %d: body %v, hit %v; the model says %v, %v", key, body != nil, hit, wantBody, wantHit)
	}
	if body != nil {
		r := &reader{key: key, body: body, goOn: make(chan struct{}), done: make(chan error, 1)}
		m.readers = append(m.readers, r)
		go func() { r.done <- r.body.WriteRange(context.Background(), r, 0, size) }()
	}
}

func (g *growth) run(key byte, w io.Writer) error {
	body := bodyOf(key)
	for n := range g.step {
		switch n {
		case 0:
			_, err := w.Write(body[int64(len(body))-g.left:])
			return err
		case -1:
			return errModel
		}
		at := int64(len(body)) - g.left
		n := min(int64(n), g.left)
		if _, err := w.Write(body[at : at+n]); err != nil {
			return err
		}
		g.left -= n
	}
	return errModel
}

// use moves a whole body to the front.
func (m *bench) use(at int) {
	key := m.order[at]
	m.order = append(slices.Delete(m.order, at, at+1), key)
}

func (m *bench) wasSeen(key byte) bool {
	at := slices.IndexFunc(m.seen, func(s seenKey) bool { return s.key == key })
	if at >= 0 {
		s := m.seen[at]
		m.seen = append(slices.Delete(m.seen, at, at+1), s)
		if time.Since(s.when) <= m.cfg.Window {
			return true
		}
		m.seen = m.seen[:len(m.seen)-1]
	}
	m.seen = append(m.seen, seenKey{key, time.Now()})
	for len(m.seen) > 1 {
		var sum int64
		for _, s := range m.seen {
			sum += costOf(sizeOf(s.key))
		}
		if sum <= m.cfg.MaxBytes/2 {
			break
		}
		m.seen = m.seen[1:]
	}
	return false
}

func (m *bench) makeRoom(cost int64) bool {
	for inUse := 0; inUse < len(m.order) && m.used()+cost > m.cfg.MaxBytes; {
		if m.reads(m.order[0]) {
			m.use(0)
			inUse++
		} else {
			m.order = m.order[1:]
		}
	}
	return m.used()+cost <= m.cfg.MaxBytes
}

func (m *bench) reads(key byte) bool {
	return slices.ContainsFunc(m.readers, func(r *reader) bool { return r.key == key && !r.failed })
}

func (m *bench) used() (sum int64) {
	for _, key := range m.order {
		sum += costOf(sizeOf(key))
	}
	for key := range m.growing {
		sum += costOf(sizeOf(key))
	}
	held := map[*Body]bool{}
	for _, r := range m.readers {
		if r.failed && !held[r.body] {
			held[r.body] = true
			sum += costOf(sizeOf(r.key))
		}
	}
	return sum
}

// step tells key's fill to write n bytes, or to end.
func (m *bench) step(key byte, n int) {
	g := m.growing[key]
	if g == nil {
		return
	}
	g.step <- n
	synctest.Wait()
	if n > 0 {
		return
	}
	delete(m.growing, key)
	for _, r := range m.readers {
		r.failed = r.failed || r.key == key && n < 0
	}
	if n == 0 {
		m.order = append(m.order, key)
		m.seen = slices.DeleteFunc(m.seen, func(s seenKey) bool { return s.key == key })
	}
}

// settle lets go of the readers that ended, and compares everything.
func (m *bench) settle() {
	synctest.Wait()
	m.readers = slices.DeleteFunc(m.readers, func(r *reader) bool {
		select {
		case err := <-r.done:
			if err == nil && !bytes.Equal(r.got.Bytes(), bodyOf(r.key)) || err != nil && !errors.Is(err, errModel) {
				m.t.Fatalf("a reader of key %d got %d bytes, %v", r.key, r.got.Len(), err)
			}
			return true
		default:
			return false
		}
	})
	m.cache.account.Lock()
	used, keys := m.cache.account.used, m.cache.queues.kept.lru.Keys()
	m.cache.account.Unlock()
	if !slices.Equal(keys, m.order) {
		m.t.Fatalf("the cache holds %v, the model %v", keys, m.order)
	}
	if used > m.cfg.MaxBytes || used != m.used() {
		m.t.Fatalf("the cache counts %d bytes of %d; the model %d", used, m.cfg.MaxBytes, m.used())
	}
	for key := range byte(20) {
		if want := m.growing[key] != nil || slices.Contains(m.order, key); m.cache.Peek(key) != want {
			m.t.Fatalf("peek %d: want %v", key, want)
		}
	}
}

// run takes each byte pair as an operation.
func (m *bench) run(ops []byte) {
	for len(ops) >= 2 {
		op, key := ops[0]%8, ops[1]%20
		ops = ops[2:]
		switch op {
		case 0, 1, 2:
			m.open(key)
		case 3:
			m.step(key, 100_000)
		case 4:
			m.step(key, 0)
		case 5:
			m.step(key, -1)
		case 6: // one reader takes one write
			if len(m.readers) > 0 {
				select {
				case m.readers[int(key)%len(m.readers)].goOn <- struct{}{}:
				default: // it waits for the fill
				}
			}
		case 7:
			<-time.After(time.Duration(key) * time.Second)
		}
		m.settle()
	}
	for key := range m.growing {
		close(m.growing[key].step)
	}
	for _, r := range m.readers {
		close(r.goOn)
	}
	m.growing, m.readers = map[byte]*growth{}, nil
	if err := m.cache.Close(); err != nil {
		m.t.Error(err)
	}
	synctest.Wait()
	if m.cache.account.used != m.used() {
		m.t.Fatalf("at rest the cache counts %d bytes, the model %d", m.cache.account.used, m.used())
	}
}

// FuzzModel plays any sequence of requests, fills, failures and slow readers against the model.
func FuzzModel(f *testing.F) {
	f.Add([]byte{0, 1, 0, 1, 4, 1, 0, 1})
	f.Add([]byte{0, 3, 0, 3, 3, 3, 6, 0, 5, 3, 0, 3})
	f.Add(bytes.Repeat([]byte{0, 3, 0, 8, 0, 13, 4, 3, 4, 8, 4, 13, 6, 0, 6, 1, 7, 9}, 4))
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) > 600 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			cfg := Config{MaxBytes: 4 * costOf(2*blockLen), MaxItemBytes: 3 * blockLen, Window: 30 * time.Second}
			m := &bench{t: t, cfg: cfg, cache: New[byte](cfg, Silent{}), growing: map[byte]*growth{}}
			m.run(ops)
		})
	})
}

// TestModel plays some long random sequences.
func TestModel(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := Config{MaxBytes: 4 * costOf(2*blockLen), MaxItemBytes: 3 * blockLen, Window: 30 * time.Second}
				m := &bench{t: t, cfg: cfg, cache: New[byte](cfg, Silent{}), growing: map[byte]*growth{}}
				m.run(payload(seed, 2000))
			})
		})
	}
}

// TestCost: what a body is counted as is at least what is taken for it, from the allocator or from the system, and not much more.
func TestCost(t *testing.T) {
	for _, size := range []int64{1, 100, 8192, 8193, 20481, 32769, leastMapped - 1, leastMapped, leastMapped + 1, 5*blockLen + 30000} {
		const rounds = 50
		var before, after runtime.MemStats
		bodies, account := make([]*Body, 0, rounds), &account{}
		runtime.ReadMemStats(&before)
		for range rounds {
			bodies = append(bodies, newBody(size, account))
		}
		runtime.ReadMemStats(&after)
		cost, taken := costOf(size), int64(after.TotalAlloc-before.TotalAlloc)/rounds
		if mapped := size >= leastMapped && runtime.GOOS == "linux"; bodies[0].store.mapped != mapped {
			t.Errorf("%d bytes: mapped %t, want %t", size, !mapped, mapped)
		} else if page := int64(os.Getpagesize()); mapped {
			taken += (size + page - 1) / page * page
		}
		if cost < taken || cost > taken+2*pageLen+bodyOverhead {
			t.Errorf("%d bytes are counted as %d, and take %d", size, cost, taken)
		}
		for _, b := range bodies {
			account.drop(b)
		}
	}
}
