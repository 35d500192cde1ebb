// Command bench measures unreel, and what else serves segments, as their users meet them.
//
//	go run ./bench load URL    plays from an origin as many players do, and tells how quick it was
//	go run ./bench figures     takes the figures of README.md beside stock Nginx, and writes them to results
//
// A load knows no more of an origin than its URLs: any server of HLS can be measured, and be compared with another.
package main
