package demux

// Bounds of an HEVC sequence parameter set (Rec. ITU-T H.265 §7.4.3.2.1).
const (
	maxReferenceSets = 64
	maxReferences    = 16
	maxLongTerm      = 32
	maxLog2POC       = 16
)

// readSPS265 reads seq_parameter_set_rbsp (Rec. ITU-T H.265 §7.3.2.2.1); ok is false where it is cut short or holds what
// no set may.
func readSPS265(unit []byte) (s sps, ok bool) {
	r := rbsp(unit, 2)
	s.colour = noColour
	r.read(4) // sps_video_parameter_set_id
	layers := r.read(3)
	r.read(1)
	r.profileTierLevel(layers)
	r.golomb() // sps_seq_parameter_set_id
	if s.chroma = r.golomb(); s.chroma == chroma444 {
		r.read(1)
	}
	s.width, s.height = r.side(), r.side()
	if r.flag() { // conformance window
		s.crop(r, 1)
	}
	s.depth = 8 + r.golomb()
	r.golomb() // of chroma
	log2POC := r.golomb() + 4
	if log2POC > maxLog2POC {
		return s, false
	}
	n := 1
	if r.flag() { // sps_sub_layer_ordering_info_present_flag
		n = layers + 1
	}
	r.skip(3 * n)
	r.skip(6) // sizes of blocks
	if r.flag() {
		if r.flag() { // not the default lists
			r.scalingLists265()
		}
	}
	r.read(2)     // asymmetric motion partitions, sample adaptive offset
	if r.flag() { // PCM
		r.read(8)
		r.skip(2)
		r.read(1)
	}
	if !r.referenceSets() {
		return s, false
	}
	if r.flag() { // long_term_ref_pics_present_flag
		n = r.golomb()
		if n > maxLongTerm {
			return s, false
		}
		for range n {
			r.read(log2POC + 1)
		}
	}
	r.read(2) // temporal motion vectors, strong intra smoothing
	if r.flag() {
		s.visualUsability(r)
	}
	return s, r.left() >= 0
}

// profileTierLevel passes over profile_tier_level (§7.3.3) with general profile and so many sub-layers less one.
func (r *bitReader) profileTierLevel(layers int) {
	const profile, level = 88, 8
	r.at += profile + level
	if layers == 0 {
		return
	}
	var present [7][2]bool
	for i := range layers {
		present[i] = [2]bool{r.flag(), r.flag()}
	}
	r.at += 2 * (8 - layers)
	for _, p := range present[:layers] {
		if p[0] {
			r.at += profile
		}
		if p[1] {
			r.at += level
		}
	}
}

// scalingLists265 passes over scaling_list_data (§7.3.4).
func (r *bitReader) scalingLists265() {
	for size := range 4 {
		step := 1
		if size == 3 {
			step = 3
		}
		for matrix := 0; matrix < 6; matrix += step {
			if !r.flag() { // scaling_list_pred_mode_flag
				r.golomb()
				continue
			}
			if size > 1 {
				r.golomb() // scaling_list_dc_coef_minus8
			}
			r.skip(min(64, 1<<(4+size<<1)))
		}
	}
}

// referenceSets passes over the st_ref_pic_set()s (§7.3.7).
func (r *bitReader) referenceSets() bool {
	n := r.golomb()
	if n > maxReferenceSets {
		return false
	}
	deltas := 0 // NumDeltaPocs of the set before
	for i := range n {
		if i > 0 && r.flag() { // inter_ref_pic_set_prediction_flag
			r.read(1)
			r.golomb()
			used := 0
			for range deltas + 1 {
				usable := r.flag() // used_by_curr_pic_flag
				if !usable {
					usable = r.flag() // use_delta_flag
				}
				if usable {
					used++
				}
			}
			deltas = used
			continue
		}
		negative, positive := r.golomb(), r.golomb()
		if negative > maxReferences || positive > maxReferences {
			return false
		}
		deltas = negative + positive
		for range deltas {
			r.golomb()
			r.read(1)
		}
	}
	return r.left() >= 0
}
