// Package mpegts lays a span of an MP4's samples out as MPEG transport stream packets, and writes them. It follows
// ISO/IEC 13818-1 (packets, PES, PSI, clocks), Annex B of ISO/IEC 14496-10 (start codes), ISO/IEC 14496-15 §5 (NAL units
// in MP4), ISO/IEC 14496-3 §1.A.2 (ADTS), and ATSC A/52 annexes A and G (AC-3 and E-AC-3 in transport streams). It
// carries H.264, AAC, MP3, AC-3 and E-AC-3, and HEVC where Options ask for it.
//
// A Program is what one rendition's stream carries. A Plan is one segment of it, laid out from the index alone: every
// size, counter and clock is known before a media byte is read. A Muxer then reads the media and writes the packets that
// the plan foresaw, from any byte on. What a sample turns out to hold already (an access unit delimiter, parameter sets)
// is not written twice; stuffing keeps the packets where they were planned.
//
// Segments of one Program that follow each other, concatenated, are one valid transport stream.
package mpegts
