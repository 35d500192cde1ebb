package fmp4

// Run is what comes next where that is bytes of the source as they are: n of them from off on. n is 0 where it is not.
func (m *Muxer) Run() (off, n int64) {
	if m.piece == len(m.plan.pieces) {
		return 0, 0
	}
	c := &m.plan.pieces[m.piece]
	if c.kind != extentPiece {
		return 0, 0
	}
	return c.from + m.done, c.size - m.done
}

// Skip passes over n bytes of a Run, which somebody else has written.
func (m *Muxer) Skip(n int64) {
	if m.done += n; m.done >= m.plan.pieces[m.piece].size {
		m.piece, m.done = m.piece+1, 0
	}
}

// Until is how many bytes come before the next run of at least so many; all that are left where there is none.
func (m *Muxer) Until(least int64) (n int64) {
	done := m.done
	for _, c := range m.plan.pieces[m.piece:] {
		if c.kind == extentPiece && c.size-done >= least {
			break
		}
		n, done = n+c.size-done, 0
	}
	return n
}
