//go:build unix

package source

import (
	"io/fs"
	"syscall"

	"unreel/demux"
)

// nonBlocking keeps the open of a pipe from waiting for a writer.
const nonBlocking = syscall.O_NONBLOCK

// stamp is what stat says.
func stamp(info fs.FileInfo) demux.Stamp {
	s := demux.Stamp{Size: info.Size(), ModTime: info.ModTime().UnixNano()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		s.Inode = uint64(stat.Ino)
	}
	return s
}
