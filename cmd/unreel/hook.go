package main

import (
	"context"
	"encoding/json"

	"unreel/handlers/webhook"
	"unreel/packager"
)

var _ webhook.Titles = told{}

// told is the library as the webhook tells of it.
type told struct{ *packager.Packager }

// Names are all titles.
func (t told) Names() []string {
	const all = int(^uint(0) >> 1)
	page, _ := t.Titles("", 0, all)
	names := make([]string, len(page))
	for i := range page {
		names[i] = page[i].Title
	}
	return names
}

// Describe is what /info/ answers, once the title plays: one that doesn't may be a file that is still being copied.
func (t told) Describe(ctx context.Context, title string) (body []byte, ready bool, err error) {
	info, err := t.Info(ctx, title)
	if err != nil || info.Error != "" {
		return nil, false, err
	}
	body, err = json.Marshal(info)
	return body, true, err
}

// runHook tells --on-title of titles that are not known, until ctx ends.
func (s *server) runHook(ctx context.Context, known []string) {
	if s.cfg.Routing.OnTitle == "" {
		return
	}
	hook := webhook.DefaultConfig(s.cfg.Routing.OnTitle)
	hook.Known, hook.Every, hook.Count = known, s.cfg.RescanInterval, s.told
	webhook.Run(ctx, hook, told{s.packager}, s.log)
}
