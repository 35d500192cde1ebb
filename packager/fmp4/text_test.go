package fmp4_test

import (
	"bytes"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"unreel/packager/fmp4"
)

// TestText has mp4ff read what is written.
func TestText(t *testing.T) {
	k := fmp4.TextTrack{Language: "pt-BR", Name: "Português", Timescale: 90_000, Entry: fmp4.WebVTTEntry("WEBVTT")}
	b, err := k.Init()
	if err != nil {
		t.Fatal(err)
	}
	want := []fmp4.TextSample{{45_000, []byte("\x00\x00\x00\x08vtte")}, {90_000, []byte("\x00\x00\x00\x14vttc\x00\x00\x00\x0cpaylcue!")}}
	if b, err = fmp4.AppendTextSegment(b, 7, 540_000, want); err != nil {
		t.Fatal(err)
	}
	file, err := mp4.DecodeFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	trak := file.Init.Moov.Trak
	if w := trak.Mdia.Minf.Stbl.Stsd.Wvtt; w == nil || w.VttC.Config != "WEBVTT" {
		t.Errorf("no wvtt entry, or not the configuration: %+v", w)
	}
	if h := trak.Mdia.Hdlr; h.HandlerType != "text" || trak.Mdia.Elng.Language != "pt-BR" || trak.Mdia.Mdhd.Timescale != 90_000 {
		t.Errorf("%+v", h)
	}
	fragment := file.Segments[0].Fragments[0]
	if fragment.Moof.Mfhd.SequenceNumber != 8 || fragment.Moof.Traf.Tfdt.BaseMediaDecodeTime() != 540_000 {
		t.Errorf("%+v", fragment.Moof.Traf.Tfdt)
	}
	samples, err := fragment.GetFullSamples(file.Init.Moov.Mvex.Trex)
	if err != nil || len(samples) != len(want) {
		t.Fatalf("%d samples, %v", len(samples), err)
	}
	for i, s := range samples {
		if s.Dur != want[i].Duration || !bytes.Equal(s.Data, want[i].Data) || !s.IsSync() {
			t.Errorf("sample %d: %+v", i, s)
		}
	}
	k.Entry = []byte("\x00\x00\x00\x10tx3g\x00\x00\x00\x00\x00\x00\x00\x01")
	if _, err = k.Init(); err == nil {
		t.Error("a tx3g entry is taken")
	}
	if _, err = fmp4.AppendTextSegment(nil, 0, -1, nil); err == nil {
		t.Error("a negative time is taken")
	}
}
