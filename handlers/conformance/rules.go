package conformance

// rule is one thing that must hold.
type rule struct {
	name   string
	clause string
	media  bool // needs the bytes of segments
	check  func(*presentation, *reporter)
	of     manifestKind // which presentations it is about; 0 is HLS alone
}

// manifestKind is a set of kinds of presentation.
type manifestKind uint8

const (
	ofHLS manifestKind = 1 << iota
	ofDASH
	ofBoth = ofHLS | ofDASH
)

// timing is DASH-IF's "Guidelines for Implementation: DASH-IF Interoperability Points; Part 2: Core principles", its timing model.
const timing = "DASH-IF timing model, "

// holds tells whether the rule is about a presentation.
func (r *rule) holds(p *presentation) bool {
	of := r.of
	if of == 0 {
		of = ofHLS
	}
	if p.mpd != nil {
		return of&ofDASH != 0
	}
	return of&ofHLS != 0
}

// RuleInfo names a rule and the clauses it stands on.
type RuleInfo struct {
	Name   string
	Clause string
}

// Rules lists what Check holds a presentation to, in the order of its Report.
func Rules() []RuleInfo {
	out := make([]RuleInfo, 0, len(rules))
	for _, r := range rules {
		out = append(out, RuleInfo{Name: r.name, Clause: r.clause})
	}
	return out
}

// rules is the table. Names of HLS and DASH rules are numbers of the project's lists of them and never change their meaning; what
// holds for both is named after the container, and stands under its number of the HLS list with its clause.
var rules = []rule{
	{name: "hls-syntax", clause: "RFC 8216 §4.1 to §4.3", check: checkSyntax},
	{name: "hls-reread", clause: "RFC 8216 §4, read by github.com/Eyevinn/hls-m3u8", check: checkReread},
	{name: "hls-unread", clause: "none: a segment that no reader of ours knows", media: true, check: checkUnread},
	{name: "hls-1", clause: "bis 6.2.1; HA 7.7", check: checkTarget},
	{name: "hls-2", clause: "HA 8.2; bis 6.2.4", check: checkOneTarget},
	{name: "hls-3", clause: "bis 6.2.1", check: checkUnchanged},
	{name: "hls-4", clause: "HA 8.1", media: true, check: checkDurations},
	{name: "hls-5", clause: "HA 8.6; bis 6.2.1, 6.2.4", check: checkVOD},
	{name: "hls-6", clause: "HA 8.3, 8.7; bis 6.2.4", check: checkSameRange},
	{name: "hls-7", clause: "bis 6.2.4; HA 8.7", media: true, check: checkSameClock},
	{name: "hls-8", clause: "HA 8.22", check: checkBoundaries},
	{name: "hls-9", clause: "HA 8.13 to 8.15; bis 6.2.1", media: true, check: checkDiscontinuities},
	{name: "hls-10", clause: "bis 8, 6.2.1", check: checkVersion},
	{name: "hls-11", clause: "bis 8", check: checkRemoved},
	{name: "hls-12", clause: "HA 9.1, 9.3, 5.10; bis 6.2.4", media: true, check: checkCodecs},
	{name: "hls-13", clause: "HA 9.2, 9.4, 9.15", media: true, check: checkResolution},
	{name: "hls-14", clause: "HA 9.13, 1.27; RFC 8216 §4.1", media: true, check: checkPeak},
	{name: "hls-15", clause: "HA 9.14, 1.26", media: true, check: checkAverage},
	{name: "hls-16", clause: "HA 9.16, 1.24", media: true, check: checkRange},
	{name: "hls-17", clause: "HA 7.4, 9.11, 9.12", media: true, check: checkIndependent},
	{name: "hls-18", clause: "HA 6.1, 6.8, 6.16; RFC 8216 §4.3.3.6", media: true, check: checkIFrames},
	{name: "hls-19", clause: "HA 6.10; bis 3.1.2", media: true, check: checkMoofRanges},
	{name: "hls-20", clause: "HA 8.9, 8.10; RFC 8216 §4.3.4.1", check: checkRenditions},
	{name: "hls-autoselect", clause: "RFC 8216 §4.3.4.1.1", check: checkAutoselect},
	{name: "hls-21", clause: "HA 9.6, 9.7, 2.17", media: true, check: checkMuxed},
	{name: "hls-22", clause: "HA 2.3, 2.6, 9.9", media: true, check: checkChoice},
	{name: "hls-23", clause: "HA 9.18, 9.19; RFC 8216 §4.3.4.2", check: checkAllOrNone},
	{name: "hls-24", clause: "HA 2.12, 2.13, 4.4 to 4.6", check: checkCharacteristics},
	{name: "hls-25", clause: "HA 8.18; bis 6.2.1", check: checkFetched},
	{name: "hls-26", clause: "HA 10.1; bis 6.2.1", check: checkGzip},
	{name: "hls-27", clause: "HA 10.4; RFC 8216 §4", check: checkTypes},
	{name: "hls-28", clause: "bis 3.1.1", media: true, check: checkTables},
	{name: "hls-29", clause: "HA 7.2; bis 3; ISO/IEC 13818-1 §2.4.3.3", media: true, check: checkCounters},
	{name: "hls-30", clause: "bis 3.1.4; ISO/IEC 13818-1 §2.4.3.7", media: true, check: checkWrap},
	{name: "hls-31", clause: "bis 3", media: true, check: checkSets},
	{name: "hls-32", clause: "HA 8.20; bis 3.1.2", check: checkMapped},
	{name: "hls-37", clause: "HA 1.10", media: true, check: checkEntries},
	{name: "hls-38", clause: "HA 1.5, 1.39, 2.24, 2.25", media: true, check: checkContainers},
	{name: "hls-39", clause: "HA 1.3, 1.13, 1.15, 7.5", media: true, check: checkLimits},
	{name: "hls-41", clause: "HA 5.3 to 5.5; bis 3.1.4; WebVTT §4.1", media: true, check: checkText},
	{name: "hls-captions", clause: "RFC 8216 §4.3.4.2, §4.3.4.1", media: true, check: checkCaptions},
	{name: "hls-images", clause: "Image Media Playlist Specification 0.4 (Disney, WarnerMedia, Roku)", media: true, check: checkImages},
	{name: "hls-44", clause: "bis 6.2.1; RFC 9110 §13.1.5, §14", media: true, check: checkRanges},
	{name: "ts-syntax", clause: "ISO/IEC 13818-1 §2.4.3, §2.4.4; ISO/IEC 14496-3 §1.A.2", media: true, check: checkPackets},
	{name: "ts-pcr", clause: "ISO/IEC 13818-1 §2.7.2, §2.4.2", media: true, check: checkClock},
	{name: "ts-aud", clause: "ISO/IEC 13818-1 §2.14.1", media: true, check: checkDelimiters},
	{name: "dash-syntax", clause: "ISO/IEC 23009-1 §5.3", check: checkMPD, of: ofDASH},
	{name: "dash-reread", clause: "ISO/IEC 23009-1 §5.3, read by github.com/Eyevinn/dash-mpd", check: checkMPDReread, of: ofDASH},
	{name: "dash-1", clause: timing + "addressing modes; ISO/IEC 23009-1 §8", check: checkModes, of: ofDASH},
	{name: "dash-2", clause: timing + "sample timeline", check: checkTimescale, of: ofDASH},
	{name: "dash-3", clause: timing + "periods", check: checkStatic, of: ofDASH},
	{name: "dash-4", clause: timing + "segment references", check: checkReferences, of: ofDASH},
	{name: "dash-5", clause: timing + "segment alignment; ISO/IEC 23009-1 §5.3.3.2", media: true, check: checkAligned, of: ofDASH},
	{name: "dash-6", clause: timing + "explicit addressing", check: checkExplicit, of: ofDASH},
	{name: "dash-7", clause: timing + "explicit addressing", media: true, check: checkStarts, of: ofDASH},
	{name: "dash-8", clause: timing + "simple addressing, inaccuracy", media: true, check: checkNominal, of: ofDASH},
	{name: "dash-9", clause: timing + "indexed addressing", check: checkIndexed, of: ofDASH},
	{name: "dash-10", clause: timing + "indexed addressing; ISO/IEC 14496-12 §8.16.3", media: true, check: checkIndex, of: ofDASH},
	{name: "dash-11", clause: timing + "clock drift, missing segments", media: true, check: checkHere, of: ofDASH},
	{name: "dash-12", clause: timing + "unused attributes", check: checkUnused, of: ofDASH},
	{name: "dash-13", clause: timing + "presentation duration", check: checkSum, of: ofDASH},
	{name: "dash-sap", clause: "ISO/IEC 23009-1 §5.3.7.2; ISO/IEC 14496-12 Annex I", media: true, check: checkAccess, of: ofDASH},
	{name: "dash-bandwidth", clause: "ISO/IEC 23009-1 §5.3.5.2", media: true, check: checkFill, of: ofDASH},
	{name: "dash-attributes", clause: "ISO/IEC 23009-1 §5.3.7.2", media: true, check: checkSaid, of: ofDASH},
	{name: "dash-images", clause: "DASH-IF IOP part 5 §6.2.6, tiles of thumbnails", media: true, check: checkTileSets, of: ofDASH},
	{name: "mp4-init", clause: "33: bis 3.1.2; ISO/IEC 23000-19 §7.3.2", media: true, check: checkInit, of: ofBoth},
	{name: "mp4-syntax", clause: "ISO/IEC 14496-12 §4.2, §8.8", media: true, check: checkBoxes, of: ofBoth},
	{name: "mp4-fragment", clause: "34: bis 3.1.2; ISO/IEC 23000-19 §7.5", media: true, check: checkAddressing, of: ofBoth},
	{name: "mp4-continuity", clause: "35: HA 7.1, 7.3; ISO/IEC 23000-19 §6.6.8", media: true, check: checkTiles, of: ofBoth},
	{name: "mp4-language", clause: "ISO/IEC 14496-12 §8.4.2, §8.4.6; RFC 8216 §4.3.4.1; ISO/IEC 23009-1 §5.3.3.2", media: true, check: checkLanguage, of: ofBoth},
	{name: "mp4-edits", clause: "36; ISO/IEC 23000-19 §7.5.13", media: true, check: checkEdits, of: ofBoth},
	{name: "mp4-sync", clause: "ISO/IEC 14496-12 §8.8.3.1; ISO/IEC 23000-19 §7.5.16", media: true, check: checkSync, of: ofBoth},
	{name: "mp4-sets", clause: "ISO/IEC 14496-15 §5.4.2.1, §8.4.1", media: true, check: checkParameterSets, of: ofBoth},
	{name: "http-head", clause: "RFC 9110 §9.3.2, §8.6", check: checkHead, of: ofBoth},
	{name: "http-validators", clause: "dash-14: " + timing + "MPD updates; RFC 9110 §8.8.3, §13.1.2; RFC 9111 §5.2", check: checkValidators, of: ofBoth},
}
