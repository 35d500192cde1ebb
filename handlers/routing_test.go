package handlers

import (
	"log/slog"
	"strings"
	"testing"

	"unreel/packager/routing"
)

// The page may load films from where rules lead to, and from nowhere else.
func TestPageMayFollowRoutes(t *testing.T) {
	rules, err := routing.ParseAll([]string{
		"height>=2160=https://uhd.example:8443/films", "kind=audio=/sound", "codec=av1=https://uhd.example:8443", "height>=0=http://a,b.example",
	})
	check(t, err)
	table, err := routing.NewTable(rules, "", NewRoutesMetrics(newRegistry()), slog.New(slog.DiscardHandler))
	check(t, err)
	s := newSite(t, func(c *Config) { c.Routes = table })
	got := s.get(t, "/").Header.Get("Content-Security-Policy")
	want := strings.ReplaceAll(strings.ReplaceAll(policy, "connect-src 'self'", "connect-src 'self' https://uhd.example:8443"),
		"media-src 'self'", "media-src 'self' https://uhd.example:8443")
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
