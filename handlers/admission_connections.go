package handlers

import (
	"net"
	"net/http"
	"sync"
)

// door lets so many connections in at once; the kernel keeps the others waiting (listen(2)). Without it, clients would take the
// descriptors that their answers are read from.
type door struct {
	net.Listener
	slots  chan struct{} // holds one for each that is in
	closed chan struct{}
	once   sync.Once
}

// Bounded is a listener that lets no more than most connections in at once, where most isn't 0, once Serve serves on it.
func Bounded(ln net.Listener, most int) net.Listener {
	if most < 1 {
		return ln
	}
	return &door{Listener: ln, slots: make(chan struct{}, most), closed: make(chan struct{})}
}

// watch hears of all that becomes of its connections.
func (d *door) watch(_ net.Conn, state http.ConnState) {
	if state == http.StateClosed || state == http.StateHijacked {
		<-d.slots
	}
}

// Accept waits for room, and then for a connection.
func (d *door) Accept() (net.Conn, error) {
	select {
	case d.slots <- struct{}{}:
	case <-d.closed:
		return nil, net.ErrClosed
	}
	c, err := d.Listener.Accept()
	if err != nil {
		<-d.slots
	}
	return c, err
}

// Close ends what Accept waits for.
func (d *door) Close() error {
	d.once.Do(func() { close(d.closed) })
	return d.Listener.Close()
}
