// Package routing says from where the renditions of films are fetched: rules that look at what a rendition is, each with the
// base URL of those that it fits. It is pure text and comparison, and knows nothing of playlists.
//
//	height>=1080&codec=av1=https://uhd.cdn.example
//	kind=audio&language=de=/german
//
// The first rule that fits wins; what none fits stays where the playlist is.
package routing
