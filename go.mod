module unreel

go 1.26.0

require (
	github.com/Eyevinn/mp4ff v0.56.0
	github.com/cespare/xxhash/v2 v2.3.0
	golang.org/x/sys v0.48.0
)
