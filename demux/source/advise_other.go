//go:build !linux

package source

import "os"

// willNeed is nothing where there is no posix_fadvise.
func willNeed(*os.File, int64, int64) {}
