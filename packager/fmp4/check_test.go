package fmp4

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"unreel/demux"
)

// parse has mp4ff read a file or a part of one.
func parse(t testing.TB, b []byte) *mp4.File {
	t.Helper()
	f, err := mp4.DecodeFile(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("mp4ff: %v", err)
	}
	return f
}

// check holds the init section and all segments of a track, as mp4ff reads them, against the source: every sample once,
// with its bytes, times and sync flag; tfdt running on over fragments and segments.
func (f *film) check(t testing.TB, k *Track, segments [][]byte) {
	t.Helper()
	trex := checkInit(t, k)
	c := k.source.Samples.From(k.source.First)
	number, sequence := k.source.First, uint32(0)
	var time uint64 // when the next sample is decoded
	for i, segment := range segments {
		file := parse(t, segment)
		if len(file.Segments) != 1 || file.Segments[0].Styp == nil || len(file.Sidxs) > 0 {
			t.Fatalf("segment %d: %d segments to mp4ff, %d sidx", i, len(file.Segments), len(file.Sidxs))
		}
		if len(file.Segments[0].Fragments) == 0 {
			t.Fatalf("segment %d has no fragment", i)
		}
		for j, fragment := range file.Segments[0].Fragments {
			traf := fragment.Moof.Traf
			if len(fragment.Moof.Trafs) != 1 || len(traf.Truns) != 1 || traf.Tfdt.Version != 1 {
				t.Fatalf("segment %d fragment %d: %d trafs, %d truns, tfdt version %d", i, j, len(fragment.Moof.Trafs), len(traf.Truns),
					traf.Tfdt.Version)
			}
			if n := fragment.Moof.Mfhd.SequenceNumber; n <= sequence {
				t.Fatalf("segment %d fragment %d: sequence number %d after %d", i, j, n, sequence)
			} else {
				sequence = n
			}
			at := traf.Tfdt.BaseMediaDecodeTime()
			if (i > 0 || j > 0) && at != time {
				t.Fatalf("segment %d fragment %d: tfdt %d, the samples before end at %d", i, j, at, time)
			}
			checkSize(t, fragment)
			samples, err := fragment.GetFullSamples(trex)
			if err != nil {
				t.Fatal(err)
			}
			for n := range samples {
				s, ok := c.Next()
				if !ok || number >= k.source.End {
					t.Fatalf("segment %d fragment %d: more samples than the source has", i, j)
				}
				f.checkSample(t, k, number, &s, &samples[n])
				time = samples[n].DecodeTime + uint64(samples[n].Dur)
				number++
			}
		}
	}
	if number != k.source.End {
		t.Errorf("samples [%d, %d), want to %d", k.source.First, number, k.source.End)
	}
}

// checkSize holds the fields of a fragment against what its samples need.
func checkSize(t testing.TB, fragment *mp4.Fragment) {
	t.Helper()
	traf := fragment.Moof.Traf
	trun := traf.Trun
	same := func(field func(*mp4.Sample) uint32) bool {
		for i := range trun.Samples {
			if field(&trun.Samples[i]) != field(&trun.Samples[0]) {
				return false
			}
		}
		return true
	}
	if trun.HasSampleSize() && same(func(s *mp4.Sample) uint32 { return s.Size }) ||
		trun.HasSampleDuration() && same(func(s *mp4.Sample) uint32 { return s.Dur }) ||
		trun.HasSampleFlags() && same(func(s *mp4.Sample) uint32 { return s.Flags }) {
		t.Errorf("trun has a field for each sample in which all are equal: %+v", trun)
	}
	if trun.HasSampleCompositionTimeOffset() && same(func(s *mp4.Sample) uint32 { return uint32(s.CompositionTimeOffset) }) &&
		trun.Samples[0].CompositionTimeOffset == 0 {
		t.Error("trun has composition offsets, all of which are 0")
	}
	if want := uint64(0x020000); uint64(traf.Tfhd.Flags)&0x020001 != want {
		t.Errorf("tfhd flags %06x: offsets don't count from the moof", traf.Tfhd.Flags)
	}
}

func (f *film) checkSample(t testing.TB, k *Track, number int, s *demux.Sample, got *mp4.FullSample) {
	t.Helper()
	want := make([]byte, s.Size)
	if err := f.reader.ReadAt(t.Context(), want, s.Offset); err != nil {
		t.Fatal(err)
	}
	time := k.source.PresentationTime(s) + k.advance
	if !bytes.Equal(got.Data, want) || got.PresentationTime() != int64(time) || got.Dur != uint32(s.Duration) || got.IsSync() != s.Sync {
		t.Fatalf("sample %d is %+v with %d bytes presented at %d, want %+v at %d", number, got.Sample, len(got.Data),
			got.PresentationTime(), *s, time)
	}
	if got.CompositionTimeOffset < 0 {
		t.Fatalf("sample %d has a negative composition offset: %+v", number, got.Sample)
	}
	if flags := mp4.DecodeSampleFlags(got.Flags); flags.SampleDependsOn != 1 && !s.Sync || flags.SampleDependsOn != 2 && s.Sync {
		t.Fatalf("sample %d: sync is %v, flags say %+v", number, s.Sync, flags)
	}
}

// checkInit holds the init section against what HLS and CMAF ask (tables without an entry, durations of 0, mvex).
func checkInit(t testing.TB, k *Track) *mp4.TrexBox {
	t.Helper()
	file := parse(t, readable(k.Init()))
	if file.Init == nil || len(file.Children) != 2 {
		t.Fatalf("the init section has %d boxes", len(file.Children))
	}
	var again bytes.Buffer
	if err := file.Init.Encode(&again); err != nil {
		t.Fatal(err)
	}
	moov := file.Moov
	if len(moov.Traks) != 1 || moov.Mvex == nil || moov.Mvex.Trex == nil || moov.Mvhd.Duration != 0 {
		t.Fatalf("moov with %d traks, mvex %+v, duration %d", len(moov.Traks), moov.Mvex, moov.Mvhd.Duration)
	}
	trak := moov.Trak
	stbl := trak.Mdia.Minf.Stbl
	if trak.Tkhd.Duration != 0 || trak.Mdia.Mdhd.Duration != 0 || len(stbl.Stts.SampleCount) > 0 || len(stbl.Stsc.Entries) > 0 ||
		stbl.Stsz.SampleNumber > 0 || len(stbl.Stco.ChunkOffset) > 0 {
		t.Error("the init section has samples or durations")
	}
	if trak.Tkhd.TrackID != moov.Mvex.Trex.TrackID || trak.Mdia.Mdhd.Timescale != uint32(k.source.Timescale) {
		t.Errorf("track %d, trex for %d, timescale %d", trak.Tkhd.TrackID, moov.Mvex.Trex.TrackID, trak.Mdia.Mdhd.Timescale)
	}
	switch {
	case k.advance == 0 && trak.Edts != nil:
		t.Errorf("an edit list that is not needed: %+v", trak.Edts)
	case k.advance > 0:
		if e := trak.Edts.Elst[0].Entries; len(e) != 1 || e[0].MediaTime != int64(k.advance) || e[0].SegmentDuration != 0 || e[0].MediaRateInteger != 1 {
			t.Errorf("edit list %+v, want one entry at %d", e, k.advance)
		}
	}
	return moov.Mvex.Trex
}

// entryOf is the sample entry box of an init section.
func entryOf(init []byte) []byte {
	at := bytes.Index(init, []byte("stsd")) + 12
	return init[at : at+int(binary.BigEndian.Uint32(init[at:]))]
}

// readable hides avcC boxes with NAL lengths of 1 to 3 bytes from mp4ff, which refuses them.
func readable(init []byte) []byte {
	at := bytes.Index(init, []byte("avcC"))
	if at < 0 || init[at+8]&3 == 3 {
		return init
	}
	init = bytes.Clone(init)
	copy(init[at:], "free")
	return init
}
