package disk

// Observer hears what a Dir does. Its methods must be quick.
type Observer interface {
	// DiskRead counts a body that was asked for. err is why it was not there, where it should have been.
	DiskRead(hit bool, err error)
	// DiskWritten counts a body that was to be kept, and was where err is nil.
	DiskWritten(err error)
	// DiskSwept tells how many files a sweep left in the directory, and how many bytes they take.
	DiskSwept(files int, bytes int64)
}

// Silent is an Observer that nobody asks.
type Silent struct{}

// DiskRead does nothing.
func (Silent) DiskRead(bool, error) {}

// DiskWritten does nothing.
func (Silent) DiskWritten(error) {}

// DiskSwept does nothing.
func (Silent) DiskSwept(int, int64) {}
