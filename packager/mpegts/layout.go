package mpegts

import (
	"math"
	"sync"

	"unreel/demux"
)

// maxClockPackets bounds the PCR-only packets in one gap between samples. Longer gaps than two minutes are a file's error;
// the clock then jumps.
const maxClockPackets = 1200

// layout is the walk over a span's samples that makes a Plan. It takes the audio along with the video's clock.
type layout struct {
	plan     *Plan
	program  *Program
	video    walk
	audio    walk
	counters Counters

	clock    int64 // DTS of the last packet with a PCR
	started  bool  // there was one
	pictured bool  // the video has begun, so audio may come

	frame     frame // the next audio sample that can be framed
	framePTS  int64
	frameDTS  demux.Ticks // in the track's time, as the next two
	frameEnd  demux.Ticks // when the one that is decoded after it is due
	framesEnd demux.Ticks // the same of the last frame in a PES
	frames    int         // audio samples after it
	ready     bool        // there is one
}

// leastPackets fills the shortest segments up, with null packets: ffmpeg takes no less than 11 times 204 bytes for a
// transport stream.
const leastPackets = 12

// A layout holds two cursors of 5 KB, which no slow client should keep.
var layouts = sync.Pool{New: func() any { return new(layout) }}

// A walk is a cursor over ranges that are walked to their end. Where the next one follows, as in a playlist, no block is
// unpacked twice. It keeps the table from the garbage collector, for as long as the pool keeps the layout.
type walk struct {
	demux.Cursor
	samples *demux.Samples
	next    int
}

func (w *walk) seek(s *demux.Samples, r demux.Range) {
	if w.samples != s || w.next != r.First {
		w.Seek(s, r.First)
	}
	w.samples, w.next = s, r.End
}

func lay(pl *Plan, span Span) {
	l := layouts.Get().(*layout)
	defer layouts.Put(l)
	l.plan, l.program, l.counters = pl, pl.program, span.Counters
	l.clock, l.started, l.pictured, l.ready, l.frames = 0, false, false, false, 0
	pl.low, pl.high = math.MaxInt64, 0
	l.add(tablesPiece, psiPackets, 0)
	if l.program.audio != nil && span.Audio.First < span.Audio.End {
		l.audio.seek(&l.program.audio.Samples, span.Audio)
		l.frames = span.Audio.End - span.Audio.First
		l.nextFrame()
	}
	if l.program.video != nil {
		l.layVideo(span.Video)
	} else {
		l.layAudio()
	}
	if short := leastPackets - pl.packets; short > 0 {
		l.add(nullPiece, int(short), 0)
	}
	pl.next = l.counters
	if pl.high == 0 {
		pl.low = 0
	}
	l.plan, l.program = nil, nil
}

// add appends a piece behind the others. It gives it to be filled in, since building one elsewhere and copying it costs
// a third of a plan's time.
func (l *layout) add(kind pieceKind, packets int, counter uint8) *piece {
	pl := l.plan
	n := len(pl.pieces)
	if n == cap(pl.pieces) {
		pl.pieces = append(pl.pieces, piece{})
	}
	pl.pieces = pl.pieces[:n+1]
	c := &pl.pieces[n]
	c.at, c.kind, c.packets, c.counter = pl.packets, kind, int32(packets), counter //nolint:gosec // a sample of 2^32 bytes takes 2^25
	pl.packets += int64(packets)
	return c
}

// reads notes that the plan reads bytes of the source.
func (l *layout) reads(offset int64, size uint32) {
	l.plan.low = min(l.plan.low, offset)
	l.plan.high = max(l.plan.high, offset+int64(size))
}

// after is the counter that follows n packets.
func after(counter uint8, n int) uint8 {
	return (counter + uint8(n&int(counterMask))) & counterMask
}

// layVideo lays out the video's samples, and the audio between them by its time.
func (l *layout) layVideo(r demux.Range) {
	t := l.program.video
	var last demux.Sample
	if r.First < r.End {
		l.video.seek(&t.Samples, r)
	}
	for i := r.First; i < r.End; i++ {
		s, ok := l.video.Next()
		if !ok {
			break
		}
		last = s
		dts := l.program.videoScale.clock(t.DecodeTimeOf(&s))
		if i == t.First && l.ready && l.framePTS < dts-pcrLead {
			// The film begins with sound alone. The picture's PCR would be past it, so the clock starts with the sound.
			l.pictured = true
			l.addClock(l.framePTS)
		}
		if l.started {
			l.run(dts)
		}
		if s.Size == 0 {
			l.omit(dts)
			continue
		}
		l.addVideo(&s, int32(i), dts) //nolint:gosec // demux.Limits keeps sample numbers below 2^31
	}
	l.pictured = true // or never will
	if l.started {    // up to where the next segment takes over
		l.run(l.program.videoScale.clock(t.DecodeTimeOf(&last) + last.Duration))
	}
	for l.ready {
		if l.started && r.End >= t.End {
			l.run(l.framePTS) // no segment follows, so audio that outlasts the video may move the clock
		} else {
			l.addAudio(false)
		}
	}
}

// omit passes over a video sample without bytes. Where the segment has no PCR yet, one stands in its place.
func (l *layout) omit(dts int64) {
	l.plan.omitted++
	if !l.started {
		l.addClock(dts)
	}
}

// layAudio lays out audio that carries the clock itself.
func (l *layout) layAudio() {
	for l.ready {
		if l.started {
			l.run(l.program.audioScale.clock(l.frameDTS))
		}
		l.addAudio(true)
	}
	if l.started {
		l.run(l.program.audioScale.clock(l.framesEnd))
	}
}

// run brings the stream to just before the moment until: PCR-only packets where the clock would be silent for too long,
// and, beside video, the audio whose time has come.
func (l *layout) run(until int64) {
	if until-l.clock > maxClockPackets*pcrPeriod {
		l.clock = until - maxClockPackets*pcrPeriod
	}
	for {
		next := min(l.clock+pcrPeriod, until)
		for l.pictured && l.ready && l.framePTS <= next {
			l.addAudio(false)
		}
		if next >= until {
			return
		}
		l.addClock(next)
	}
}

// addClock adds a PCR-only packet.
func (l *layout) addClock(clock int64) {
	counter := l.counters.Video
	if l.program.video == nil {
		counter = l.counters.Audio
	}
	l.add(clockPiece, 1, (counter-1)&counterMask).dts = clock
	l.clock, l.started = clock, true
}

// addVideo adds the PES of one video sample.
func (l *layout) addVideo(s *demux.Sample, number int32, dts int64) {
	pts := l.program.videoScale.clock(l.program.video.PresentationTime(s))
	size := headerSize(pts, dts) + l.program.syntax.delimiterSize() + int64(s.Size) + int64(s.Growth)
	if s.Sync {
		size += int64(len(l.program.sets))
	}
	packets := pesPackets(size, true)
	c := l.add(videoPiece, packets, l.counters.Video)
	c.pts, c.dts, c.first, c.sync = pts, dts, number, s.Sync
	c.offset, c.size, c.growth = s.Offset, s.Size, s.Growth
	l.reads(s.Offset, s.Size)
	l.counters.Video = after(l.counters.Video, packets)
	l.clock, l.started, l.pictured = max(l.clock, dts), true, true
}

// nextFrame looks for the next audio sample that can be framed.
func (l *layout) nextFrame() {
	for l.ready = false; l.frames > 0; {
		s, ok := l.audio.Next()
		if !ok {
			l.frames = 0
			return
		}
		l.frames--
		if s.Size == 0 || int64(s.Size) > l.program.sound.most {
			l.plan.omitted++
			continue
		}
		time := l.program.audio.PresentationTime(&s)
		l.frame.offset, l.frame.size = s.Offset, s.Size
		l.framePTS = l.program.audioScale.clock(time)
		l.frameDTS = l.program.audio.DecodeTimeOf(&s)
		l.frameEnd = l.frameDTS + s.Duration
		l.ready = true
		return
	}
}

// addAudio adds a PES of the next audio frames: as many as fit, and as are where a decoder expects them, counting from
// the PES's PTS, within a tick.
func (l *layout) addAudio(clocked bool) {
	steps, frames := l.program.steps, l.plan.frames
	if len(frames) == 0 {
		steps = steps[:1] // ffmpeg's HLS demuxer learns from it how long a frame is, and misplaces what shares its PES
	}
	first, pts, dts := len(frames), l.framePTS, l.framePTS
	if clocked { // some files present their first audio frame after the second: the clock needs the order of decoding
		dts = l.program.audioScale.clock(l.frameDTS)
	}
	size, header := int64(pesHeader), l.program.sound.header
	for k := 0; k < len(steps) && l.ready; k++ {
		room := maxAudioPES - size - header - int64(l.frame.size)
		drift := l.framePTS - pts - steps[k]
		if k > 0 && (room < 0 || drift < -1 || drift > 1) {
			break
		}
		size += header + int64(l.frame.size)
		frames = append(frames, l.frame)
		l.reads(l.frame.offset, l.frame.size)
		l.framesEnd = l.frameEnd
		l.nextFrame()
	}
	l.plan.frames = frames
	packets := pesPackets(size, clocked)
	c := l.add(audioPiece, packets, l.counters.Audio)
	c.pts, c.dts = pts, dts
	c.first, c.frames = int32(first), int32(len(frames)-first) //nolint:gosec // demux.Limits keeps sample numbers below 2^31
	l.counters.Audio = after(l.counters.Audio, packets)
	if clocked {
		l.clock, l.started = max(l.clock, dts), true
	}
}
