// Command unreel serves a directory of MP4 renditions as adaptive HLS, and explains the files to a person.
//
//	unreel [flags] DIR             serve every film in DIR
//	unreel inspect [flags] PATH    explain a file or a directory
//	unreel sign [flags] TITLE      print a signed path to a title
//	unreel healthcheck [flags]     ask the server on this machine whether it lives
//
// It holds what belongs to no other package: flags and environment, the wiring of the packages, signals, exit codes.
package main
