package mpegts

import (
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// Sound that begins seconds before the picture comes before it too, since the clock that the first picture brings would
// find it late: no PCR is past the decode time of what follows it (ISO/IEC 13818-1 §2.4.2.6).
func TestAudioLongBeforeThePicture(t *testing.T) {
	movie := testmedia.H264AAC(8)
	video := &movie.Tracks[0]
	video.Edits = append([]demux.Edit{{Duration: 3000, MediaTime: -1}}, video.Edits...)
	f := open(t, movie.Bytes())
	if lead := f.video.Start.Seconds(f.video.Timescale); lead < 2.9 {
		t.Fatalf("the picture starts at %v s", lead)
	}
	for _, samples := range []int{60, 1 << 20} {
		stream, _ := f.concatenate(t, samples)
		p := parse(t, stream, clockZero-pcrLead)
		p.headers(t)
		f.checkVideo(t, p)
		f.checkAudio(t, p)
		for _, pid := range []uint16{videoPID, audioPID} {
			for _, u := range p.units[pid] {
				if u.dts < u.clock {
					t.Fatalf("PID %#x is to be decoded at %d, but arrives at %d (packet %d)", pid, u.dts, u.clock, u.packet)
				}
			}
		}
		if first := p.order[0]; first.pid != audioPID {
			t.Errorf("PID %#x comes first", first.pid)
		}
	}
}
