package packager

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// sideBySide does n pieces of work. It panics in the caller's goroutine, as one of them did in its own: it is the request's.
func sideBySide(n int, work func(i int)) {
	if n == 1 {
		work(0)
		return
	}
	var all sync.WaitGroup
	var next atomic.Int64
	var failed atomic.Pointer[string]
	for range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					reason := fmt.Sprintf("%v\n%s", r, debug.Stack())
					failed.Store(&reason)
				}
			}()
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				work(int(i))
			}
		})
	}
	all.Wait()
	if reason := failed.Load(); reason != nil {
		panic(*reason) //nolint:forbidigo // it is one already, and handlers recover those of a request
	}
}
