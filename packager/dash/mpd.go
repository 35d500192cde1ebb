package dash

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"time"

	"github.com/Eyevinn/dash-mpd/mpd"
)

// Schemes of descriptors.
const (
	schemeRole      = "urn:mpeg:dash:role:2011"
	schemeSwitching = "urn:mpeg:dash:adaptation-set-switching:2016"
	schemeTile      = "http://dashif.org/guidelines/thumbnail_tile"
)

// liveProfiles: a CMAF presentation is one of isoff-live too (ISO/IEC 23009-1 §8.12).
const liveProfiles = mpd.PROFILE_LIVE + "," + mpd.PROFILE_CMAF

// AppendTo appends the MPD's text to dst: the same data is always the same text. The error tells what can't be written: a set
// without Representations, or one whose addressing isn't exactly one.
func (p *Presentation) AppendTo(dst []byte) ([]byte, error) {
	m := mpd.MPD{
		XMLNs:                     mpd.DASH_NAMESPACE,
		Profiles:                  liveProfiles,
		Type:                      mpd.Ptr(mpd.STATIC_TYPE),
		MediaPresentationDuration: p.Duration.milliseconds(),
		MinBufferTime:             roundUp(p.MinBufferTime),
	}
	period := &mpd.Period{Id: "0", Start: mpd.Ptr(mpd.Duration(0)), Duration: p.Duration.milliseconds()}
	for i := range p.Sets {
		set, err := p.Sets[i].element(i)
		if err != nil {
			return dst, fmt.Errorf("adaptation set %d: %w", i+1, err)
		}
		period.AdaptationSets = append(period.AdaptationSets, set)
		if p.Sets[i].Representations[0].Single != nil {
			m.Profiles = mpd.PROFILE_ONDEMAND
		}
	}
	m.Periods = []*mpd.Period{period}
	b := bytes.NewBuffer(dst)
	if _, err := m.Write(b, "  ", true); err != nil {
		return dst, fmt.Errorf("MPD: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// milliseconds rounds up.
func (d Duration) milliseconds() *mpd.Duration {
	hi, lo := bits.Mul64(uint64(max(d.Ticks, 0)), 1000)
	scale := uint64(max(d.Timescale, 1))
	lo, carry := bits.Add64(lo, scale-1, 0)
	if hi += carry; hi >= scale {
		return mpd.Ptr(mpd.Duration(math.MaxInt64))
	}
	ms, _ := bits.Div64(hi, lo, scale)
	return mpd.Ptr(mpd.Duration(time.Duration(min(ms, uint64(math.MaxInt64/time.Millisecond))) * time.Millisecond))
}

func roundUp(d time.Duration) *mpd.Duration {
	d = max(d, 0) + time.Millisecond - 1
	return mpd.Ptr(mpd.Duration(d.Truncate(time.Millisecond)))
}

// names are the values of @contentType and @mimeType for MP4 (RFC 4337).
func (k Kind) names() (content mpd.RFC6838ContentTypeType, mime string) {
	switch k {
	case Video:
		return "video", "video/mp4"
	case Audio:
		return "audio", "audio/mp4"
	case Image:
		return "image", "image/jpeg"
	default:
		return "text", "application/mp4"
	}
}

// element is the set as XML; place is its place in the Period.
func (a *AdaptationSet) element(place int) (*mpd.AdaptationSetType, error) {
	e := &mpd.AdaptationSetType{Id: mpd.Ptr(uint32(place + 1)), Lang: a.Language}
	e.ContentType, e.MimeType = a.Kind.names()
	if a.Label != "" {
		e.Labels = []*mpd.LabelType{{Value: a.Label}}
	}
	for _, role := range a.Roles {
		e.Roles = append(e.Roles, mpd.NewDescriptor(schemeRole, string(role), ""))
	}
	for _, d := range a.Accessibility {
		e.Accessibilities = append(e.Accessibilities, mpd.NewDescriptor(d.Scheme, d.Value, ""))
	}
	if len(a.SwitchableWith) > 0 {
		ids := []byte(nil)
		for i, other := range a.SwitchableWith {
			if i > 0 {
				ids = append(ids, ',')
			}
			ids = strconv.AppendInt(ids, int64(other+1), 10)
		}
		e.SupplementalProperties = append(e.SupplementalProperties, mpd.NewDescriptor(schemeSwitching, string(ids), ""))
	}
	if len(a.Representations) == 0 {
		return nil, fmt.Errorf("no representation")
	}
	first := &a.Representations[0]
	switch {
	case first.File != nil:
		e.MimeType = first.File.Type
	case first.Single != nil:
		e.SubsegmentAlignment = a.Aligned || len(a.Representations) == 1
		e.SubsegmentStartsWithSAP = a.sap()
	case a.Kind != Image:
		e.SegmentAlignment = a.Aligned || len(a.Representations) == 1
		e.StartWithSAP = a.sap()
	}
	a.bounds(e)
	e.SegmentTemplate = a.shared()
	for i := range a.Representations {
		r, err := a.Representations[i].element(a.Kind, e.SegmentTemplate != nil)
		if err != nil {
			return nil, fmt.Errorf("representation %q: %w", a.Representations[i].ID, err)
		}
		e.Representations = append(e.Representations, r)
	}
	a.describe(e)
	return e, nil
}

func (a *AdaptationSet) sap() uint32 {
	if a.Kind == Audio || a.Kind == Text {
		return 1
	}
	return uint32(min(max(a.SAP, 0), 6))
}

// bounds sets what a player wants to know before it looks at each Representation: the largest picture and frame rate, and
// the picture's aspect ratio where it is the same in all.
func (a *AdaptationSet) bounds(e *mpd.AdaptationSetType) {
	if a.Kind != Video {
		return
	}
	var fastest Ratio
	var par Ratio
	same := true
	for i := range a.Representations {
		r := &a.Representations[i]
		e.MaxWidth = max(e.MaxWidth, uint32(max(r.Width, 0)))
		e.MaxHeight = max(e.MaxHeight, uint32(max(r.Height, 0)))
		if r.FrameRate.known() && (!fastest.known() || r.FrameRate.more(fastest)) {
			fastest = r.FrameRate
		}
		is := r.par()
		same = same && is.known() && (i == 0 || is == par)
		par = is
	}
	e.MaxFrameRate = string(fastest.rate())
	if same {
		e.Par = par.ratio()
	}
}

// shared is what of the SegmentTemplates of all Representations is the same, nil where they differ.
func (a *AdaptationSet) shared() *mpd.SegmentTemplateType {
	first := a.Representations[0].Template
	if first == nil || len(a.Representations) == 1 {
		return nil
	}
	for i := range a.Representations {
		if t := a.Representations[i].Template; t == nil || !t.sameTimes(first) {
			return nil
		}
	}
	return first.times()
}

// element is the Representation as XML; inherited tells that the set has its times.
func (r *Representation) element(kind Kind, inherited bool) (*mpd.RepresentationType, error) {
	e := &mpd.RepresentationType{Id: r.ID, Bandwidth: uint32(min(max(r.Bandwidth, 0), math.MaxUint32))}
	e.Codecs = r.CodecID
	e.SCTE214SupplementalCodecs = mpd.StringVectorType(r.SupplementalCodec)
	if r.Width > 0 && r.Height > 0 {
		e.Width, e.Height = uint32(r.Width), uint32(r.Height)
	}
	switch kind {
	case Video:
		e.Sar, e.FrameRate = r.Sar.ratio(), r.FrameRate.rate()
	case Image:
		e.EssentialProperties = append(e.EssentialProperties,
			mpd.NewDescriptor(schemeTile, strconv.Itoa(r.Tiles.Columns)+"x"+strconv.Itoa(r.Tiles.Rows), ""))
	}
	return e, r.address(e, inherited)
}

// address sets how segments are found.
func (r *Representation) address(e *mpd.RepresentationType, inherited bool) error {
	switch {
	case r.Template != nil && r.Single == nil && r.File == nil:
		e.SegmentTemplate = &mpd.SegmentTemplateType{}
		if r.Base != "" {
			e.BaseURLs = []*mpd.BaseURLType{mpd.NewBaseURL(r.Base)}
		}
		if !inherited {
			e.SegmentTemplate = r.Template.times()
		}
		e.SegmentTemplate.Initialization, e.SegmentTemplate.Media = Literal(r.Template.Init), r.Template.Media
	case r.Single != nil && r.Template == nil && r.File == nil:
		e.BaseURLs = []*mpd.BaseURLType{mpd.NewBaseURL(r.Base + r.Single.URI)}
		e.SegmentBase = &mpd.SegmentBaseType{
			Timescale:       mpd.Ptr(uint32(r.Single.Timescale)),
			IndexRange:      r.Single.Index.String(),
			IndexRangeExact: true,
			Initialization:  &mpd.URLType{Range: r.Single.Init.String()},
		}
		if r.Single.PTO > 0 {
			e.SegmentBase.PresentationTimeOffset = mpd.Ptr(uint64(r.Single.PTO))
		}
	case r.File != nil && r.Template == nil && r.Single == nil:
		e.BaseURLs = []*mpd.BaseURLType{mpd.NewBaseURL(r.Base + r.File.URI)}
	default:
		return fmt.Errorf("not exactly one of Template, Single and File")
	}
	return nil
}

// String is the range as HTTP writes it.
func (b Bytes) String() string {
	return strconv.FormatInt(b.Offset, 10) + "-" + strconv.FormatInt(b.Offset+b.Size-1, 10)
}

func (t *Template) sameTimes(other *Template) bool {
	if t.Timescale != other.Timescale || t.StartNumber != other.StartNumber || t.PTO != other.PTO || t.Every != other.Every ||
		t.Timeline.Start != other.Timeline.Start || len(t.Timeline.Durations) != len(other.Timeline.Durations) {
		return false
	}
	for i, d := range t.Timeline.Durations {
		if d != other.Timeline.Durations[i] {
			return false
		}
	}
	return true
}

// times is the SegmentTemplate without its URLs.
func (t *Template) times() *mpd.SegmentTemplateType {
	e := &mpd.SegmentTemplateType{}
	e.Timescale = mpd.Ptr(uint32(t.Timescale))
	e.StartNumber = mpd.Ptr(uint32(max(t.StartNumber, 0)))
	if t.PTO > 0 {
		e.PresentationTimeOffset = mpd.Ptr(uint64(t.PTO))
	}
	if t.Every > 0 {
		e.Duration = mpd.Ptr(uint32(min(t.Every, math.MaxUint32)))
		return e
	}
	e.SegmentTimeline = t.Timeline.element()
	return e
}

// element is the timeline with equal durations counted in S@r. Only the first S has a time: the others follow it.
func (t *Timeline) element() *mpd.SegmentTimelineType {
	e := &mpd.SegmentTimelineType{}
	var last *mpd.S
	for _, d := range t.Durations {
		if last != nil && last.D == uint64(max(d, 0)) {
			last.R++
			continue
		}
		last = &mpd.S{D: uint64(max(d, 0))}
		e.S = append(e.S, last)
	}
	if len(e.S) > 0 {
		e.S[0].T = mpd.Ptr(uint64(max(t.Start, 0)))
	}
	return e
}
