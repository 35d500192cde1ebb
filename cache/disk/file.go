package disk

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
)

// A file is
//
//	magic | uvarint length of key | key | body | CRC-32C of all that, 4 bytes
//
// Its format is in the magic: another one is another file.
const (
	magic    = "unreel kept 1\n"
	sumBytes = 4
)

// Modes, before the umask: replicas that share a directory may be different users.
const (
	dirMode  = 0o755
	fileMode = 0o644
)

// How files are called: two digits that are a directory, the rest of the hash, and the extension. One that is not finished
// has another.
const (
	nameBytes = 16
	ext       = ".kept"
	tempExt   = ".tmp"
)

// path is where a key's body lies.
func (d *Dir) path(key string) string {
	sum := sha256.Sum256([]byte(key))
	return d.pathOf(sum[:nameBytes])
}

func (d *Dir) pathOf(name []byte) string {
	digits := hex.EncodeToString(name)
	return filepath.Join(d.cfg.Path, digits[:2], digits[2:]+ext)
}

// nameOf is the inverse of pathOf for what stands in a directory; ok is false for what is none of ours.
func nameOf(folder, file string) (name [nameBytes]byte, ok bool) {
	digits := folder + file[:max(len(file)-len(ext), 0)]
	if len(digits) != 2*nameBytes || filepath.Ext(file) != ext {
		return name, false
	}
	_, err := hex.Decode(name[:], []byte(digits))
	return name, err == nil && hex.EncodeToString(name[:]) == digits
}

// seal appends a file's bytes to dst.
func seal(dst []byte, key string, body func(dst []byte) []byte) []byte {
	begin := len(dst)
	dst = append(dst, magic...)
	dst = append(binary.AppendUvarint(dst, uint64(len(key))), key...)
	dst = body(dst)
	return binary.BigEndian.AppendUint32(dst, checksum(dst[begin:]))
}

// open is the inverse of seal.
func open(whole []byte, key string) (body []byte, err error) {
	end := len(whole) - sumBytes
	if end < len(magic) || string(whole[:len(magic)]) != magic {
		return nil, fmt.Errorf("%d bytes of something else: %w", len(whole), ErrBroken)
	}
	if checksum(whole[:end]) != binary.BigEndian.Uint32(whole[end:]) {
		return nil, fmt.Errorf("its checksum is another: %w", ErrBroken)
	}
	body = whole[len(magic):end:end]
	n, size := binary.Uvarint(body)
	if size <= 0 || n > uint64(len(body)-size) {
		return nil, fmt.Errorf("it has no key: %w", ErrBroken)
	}
	body, ok := bytes.CutPrefix(body[size:], []byte(key))
	if !ok || n != uint64(len(key)) {
		return nil, fmt.Errorf("it is another key's: %w", ErrBroken)
	}
	return body, nil
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// write writes what is queued.
func (d *Dir) write() {
	var scratch []byte
	for t := range d.queue {
		scratch = seal(scratch[:0], t.key, t.body)
		err := d.store(d.path(t.key), scratch)
		if err != nil {
			d.tell("", "they can't be written", err)
		}
		d.observer.DiskWritten(err)
		d.wrote(int64(len(scratch)))
		if cap(scratch) > maxScratch {
			scratch = nil
		}
	}
}

// maxScratch is how much room for writing stays from one body to the next.
const maxScratch = 8 << 20

// store puts a file in its place, whole or not at all.
func (d *Dir) store(path string, whole []byte) error {
	if int64(len(whole)) > d.cfg.MaxBytes {
		return fmt.Errorf("%d bytes, more than the directory may have", len(whole))
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, dirMode); err != nil {
		return err
	}
	temp := filepath.Join(folder, rand.Text()+tempExt)
	err := writeSynced(temp, whole)
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(os.Remove(temp)))
	}
	syncFolder(folder)
	return nil
}

func writeSynced(path string, whole []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(whole)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolder makes a name last through a power cut. Where a folder can't be synced, what was lost is made again.
func syncFolder(path string) {
	if f, err := os.Open(path); err == nil {
		_ = f.Sync()
		f.Close()
	}
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
