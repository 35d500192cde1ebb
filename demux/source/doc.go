// Package source holds the places that media is read from: a directory of files, and for tests a wrapper that injects
// faults. All of them meet the interfaces of package demux.
package source
