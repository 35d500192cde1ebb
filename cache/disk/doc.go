// Package disk keeps bytes by key in a directory, so that what was made once outlives the process. The directory may be
// shared by processes and by machines, and may be deleted, whole or in part, at any time: what is missing, torn or of another
// format is not there, and is written again by whoever makes it again.
//
// A body has a file of its own, named by its key's hash, which is written beside its place, synced and then renamed into it: a
// reader finds all of it or nothing. The file says its key, and ends with a checksum. Files of other names are left alone.
package disk
