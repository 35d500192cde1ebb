//go:build !unix

package source

import (
	"io/fs"

	"unreel/demux"
)

const nonBlocking = 0

// stamp is what stat says; there is no inode number here.
func stamp(info fs.FileInfo) demux.Stamp {
	return demux.Stamp{Size: info.Size(), ModTime: info.ModTime().UnixNano()}
}
