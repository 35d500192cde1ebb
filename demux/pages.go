package demux

import "iter"

// pageLen is how many values a page holds at most.
const pageLen = 1024

// pages is a list that grows without what it holds being copied, so that growing costs no more than that is.
type pages[T any] struct {
	full [][]T
	last []T
}

// add appends a value.
func (p *pages[T]) add(v T) {
	if n := len(p.last); n == cap(p.last) {
		if n > 0 {
			p.full = append(p.full, p.last)
		}
		p.last = make([]T, 0, min(max(4, 2*n), pageLen))
	}
	p.last = append(p.last, v)
}

// each yields where the values are, in the order in which they came.
func (p *pages[T]) each() iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for _, page := range p.full {
			for i := range page {
				if !yield(&page[i]) {
					return
				}
			}
		}
		for i := range p.last {
			if !yield(&p.last[i]) {
				return
			}
		}
	}
}

// first is where the first value is; nil where there is none.
func (p *pages[T]) first() *T {
	for v := range p.each() {
		return v
	}
	return nil
}
