package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/asticode/go-astits"
)

const packetBytes = 188 // ISO/IEC 13818-1 §2.4.3.2

// onePicture tells whether some packets hold one access unit of the video and nothing else.
func onePicture(packets []byte, video uint16) error {
	if len(packets) == 0 || len(packets)%packetBytes != 0 {
		return fmt.Errorf("%d bytes are no whole packets", len(packets))
	}
	for at := 0; at < len(packets); at += packetBytes {
		p := packets[at:]
		if pid := uint16(p[1]&31)<<8 | uint16(p[2]); p[0] != 0x47 || pid != video {
			return fmt.Errorf("at byte %d no packet of PID %d, but % x", at, video, p[:4])
		}
		if start := p[1]&0x40 != 0; start != (at == 0) { // payload_unit_start_indicator
			return fmt.Errorf("at byte %d, the start of an access unit: %v", at, start)
		}
	}
	return nil
}

// videoPID finds the video in a segment's PMT, as another maker's parser reads it.
func videoPID(segment []byte) (pid uint16, ok bool) {
	demuxer := astits.NewDemuxer(context.Background(), bytes.NewReader(segment), astits.DemuxerOptPacketSize(packetBytes))
	for {
		data, err := demuxer.NextData()
		if err != nil {
			return 0, false
		}
		if data.PMT == nil {
			continue
		}
		for _, s := range data.PMT.ElementaryStreams {
			if s.StreamType.IsVideo() {
				return s.ElementaryPID, true
			}
		}
		return 0, false
	}
}
