package demux

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// maxEntryBytes bounds a sample entry, which is kept as it stands and sent with every init section: no decoder's configuration is
// near it.
const maxEntryBytes = 1 << 20

// describe reads the sample description (§8.5.2): what codec this is, and whether we can deliver it.
func (t *trak) describe() error {
	entry, err := t.sampleEntry()
	if err != nil {
		return err
	}
	t.track.Codec = Codec(entry.typ())
	t.track.CodecID = entry.typ()
	if len(entry.body) > maxEntryBytes {
		return entry.errorf("a sample entry of %d bytes, limit %d: %w", len(entry.body), maxEntryBytes, ErrTooLarge)
	}
	t.track.Entry = entry.bytes()
	entry.body = t.track.Entry[8:] // so that what is put right in the one is in the other
	switch {
	case encrypted(*entry):
		t.refuse("it is encrypted (sample entry %q)", entry.typ())
		return nil
	case len(entry.body) >= 8 && t.external(int(u16(entry.body[6:]))):
		t.refuse("its media is in another file")
	}
	switch t.track.Kind {
	case KindVideo:
		return t.video(entry)
	case KindAudio:
		return t.audio(entry)
	case KindText:
		return t.text(entry)
	default:
		return nil
	}
}

// sampleEntry is the one that the samples use. Others that are never used, or that say the same, do no harm.
func (t *trak) sampleEntry() (*box, error) {
	stsd := &t.tables.stsd
	if len(stsd.body) < 8 {
		return nil, t.box.errorf("no whole stsd: %w", ErrCorrupt)
	}
	first, n := stsd.entryNumber(1)
	if n == 0 {
		return nil, stsd.errorf("no sample entry: %w", ErrCorrupt)
	}
	if n == 1 {
		return &first, nil
	}
	one, several, err := t.descriptions()
	if err != nil {
		return nil, err
	}
	used, _ := stsd.entryNumber(min(max(one, 1), n))
	if several {
		t.refuseSeveral(&first, n)
	}
	return &used, nil
}

// entryNumber is a sample entry of an stsd, counted from 1, and how many there are.
func (b *box) entryNumber(number int) (entry box, n int) {
	for e := range b.children(8) {
		if n++; n == number {
			entry = e
		}
	}
	return entry, n
}

// refuseSeveral refuses a track whose samples use several of n sample entries, unless all say the same.
func (t *trak) refuseSeveral(first *box, n int) {
	same := true
	for e := range t.tables.stsd.children(8) {
		if encrypted(e) {
			t.refuse("parts of it are encrypted (sample entry %q)", e.typ())
			return
		}
		same = same && e.name == first.name && bytes.Equal(e.body, first.body)
	}
	if !same {
		t.refuse("its samples have several descriptions (%d sample entries)", n)
	}
}

// descriptions tells which sample descriptions the chunks and the fragments use: one of them, and whether there are others.
func (t *trak) descriptions() (one int, several bool, err error) {
	use := func(id uint32) {
		if one == 0 {
			one = int(id)
		}
		several = several || int(id) != one
	}
	if stsc := &t.tables.stsc; stsc.found() {
		runs, n, failed := stsc.entries(4, 12)
		if failed != nil {
			return 0, false, failed
		}
		for i := range n {
			use(u32(runs[12*i+8:]))
		}
	}
	if t.fragments.n > 0 {
		use(t.fragments.description)
		several = several || t.fragments.several
	}
	return one, several, nil
}

// encrypted tells a sample entry of protected media (§8.12, and Apple's own).
func encrypted(entry box) bool {
	return slices.Contains([]string{"encv", "enca", "drms", "drmi", "drmt"}, entry.typ())
}

// bytes is the box as it stands, with a header of 8 bytes.
func (b *box) bytes() []byte {
	n := 8 + len(b.body)
	whole := binary.BigEndian.AppendUint32(make([]byte, 0, n), uint32(n)) //nolint:gosec // within a moov, whose size is limited
	return append(append(whole, b.typ()...), b.body...)
}

// external tells whether data reference number index, from 1, leads out of the file (§8.7.2). A reference that names no
// place can only mean this file, whatever its flag says.
func (t *trak) external(index int) bool {
	if len(t.dref.body) < 8 {
		return false
	}
	n := 0
	for b := range t.dref.children(8) {
		if n++; n == index {
			return len(b.body) >= 4 && b.body[3]&1 == 0 && len(bytes.Trim(b.body[4:], "\x00")) > 0
		}
	}
	return false
}
