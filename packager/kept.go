package packager

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"unreel/demux"
	"unreel/packager/subtitles"
)

// IndexStore keeps what was read of files beyond the life of the process. It may lose what it was given at any time; what it
// gives back is what it was given. *disk.Dir is one. It is safe for concurrent use.
type IndexStore interface {
	// Get gives back what was put under a key. The body is the caller's.
	Get(key string) (body []byte, ok bool)
	// Put keeps what body appends, which it may call later and on another goroutine. It doesn't wait for the storage.
	Put(key string, body func(dst []byte) []byte)
}

// keptFormat names what appendKept writes around an index, and what is looked for in a file's first pictures: it goes up when
// either changes.
const keptFormat = 2

// keptKey describes a kept index completely, as far as a file's stamp does: the file, how it was read, and how it is written. So
// nothing that was kept is ever wrong, and replicas of two releases may share a store.
func (x *shelf) keptKey(path string, stamp demux.Stamp) string {
	return fmt.Sprintf("index %d.%d limits %d %d %d size %d time %d inode %d path %s", demux.IndexFormat, keptFormat,
		x.limits.MaxMoovBytes, x.limits.MaxSamples, x.limits.MaxCountBytes, stamp.Size, stamp.ModTime, stamp.Inode, path)
}

// restless is how long a file must have been left alone before its index is kept on disk: file systems tell times in steps of
// up to two seconds, and what is written within the step in which it was read has the same stamp.
const restless = 2 * time.Second

// remember keeps a film's index on disk.
func (x *shelf) remember(m *media) {
	if x.store == nil || m.index == nil || time.Since(time.Unix(0, m.stamp.ModTime)).Abs() < restless {
		return
	}
	x.store.Put(x.keptKey(m.path, m.stamp), func(dst []byte) []byte { return appendKept(dst, m.index, &m.captions) })
}

// recall finds a film's index on disk, which costs the film's storage nothing; nil where there is none.
func (x *shelf) recall(path string, stamp demux.Stamp) *media {
	if x.store == nil || isBeside(path) {
		return nil
	}
	kept, ok := x.store.Get(x.keptKey(path, stamp))
	if !ok {
		return nil
	}
	index, captions, err := readKept(kept)
	if err != nil || index.Stamp != stamp {
		x.log.Warn("a kept index can't be read; the file is read again", slog.String("file", path), slog.Any("err", err))
		return nil
	}
	m := newMedia(path, stamp, index, x.ts)
	m.captions = captions
	return m
}

// appendKept appends a file's index and what captions its first pictures carry.
func appendKept(dst []byte, index *demux.Index, captions *subtitles.Captions) []byte {
	var cc byte
	var services uint64
	if captions.Carried {
		cc = 1
	}
	for i, there := range captions.CC {
		if there {
			cc |= 2 << i
		}
	}
	for i, there := range captions.Services {
		if there {
			services |= 1 << i
		}
	}
	dst = binary.BigEndian.AppendUint64(append(dst, cc), services)
	return index.AppendTo(dst)
}

// keptHead is the length of what stands before the index, in bytes.
const keptHead = 9

// readKept is the inverse of appendKept.
func readKept(b []byte) (index *demux.Index, captions subtitles.Captions, err error) {
	if len(b) < keptHead {
		return nil, captions, errors.New("no kept index")
	}
	captions.Carried = b[0]&1 != 0
	for i := range captions.CC {
		captions.CC[i] = b[0]>>(i+1)&1 != 0
	}
	services := binary.BigEndian.Uint64(b[1:])
	for i := range captions.Services {
		captions.Services[i] = services>>i&1 != 0
	}
	index, err = demux.Decode(b[keptHead:])
	return index, captions, err
}
