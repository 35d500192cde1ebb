package handlers

import "fmt"

// healthz says that we live, and who we are.
func (h *Handler) healthz(x *exchange) error {
	return x.text("ok, unreel " + h.cfg.Version + "\n")
}

// readyz says whether a balancer should send requests here.
func (h *Handler) readyz(x *exchange) error {
	if h.draining.Load() {
		return fmt.Errorf("%w: shutting down", errNotReady)
	}
	if h.cfg.Ready != nil {
		if err := h.cfg.Ready(); err != nil {
			return fmt.Errorf("%w: %w", errNotReady, err)
		}
	}
	return x.text("ready\n")
}

// text answers a few words that hold for this moment only.
func (x *exchange) text(words string) error {
	x.Header().Set("Content-Type", "text/plain; charset=utf-8")
	x.Header().Set("Cache-Control", "no-store")
	_, err := x.Write([]byte(words))
	return err
}
