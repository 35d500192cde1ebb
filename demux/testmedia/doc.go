// Package testmedia builds MP4 files in memory, the same bytes every time, good ones and broken ones, for tests and
// benchmarks. The tables, parameter sets, NAL lengths and NAL types are real; what the NAL units hold is noise that no
// decoder takes, but that differs from byte to byte, so a misplaced range shows. Boxes follow ISO/IEC 14496-12.
package testmedia
