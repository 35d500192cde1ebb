// Package cache keeps the bodies that are asked for again and again, bounded in bytes.
//
// A first request passes by without entering, so that one scan of a library can't flush what people watch. A second one
// within a window starts a fill that no request owns: it runs at the speed of the source, and all who ask from then on
// read from it as it grows, each at a pace of its own. However many ask, a body is made twice at most: once for the first
// request, once for the fill.
//
// What leaves is chosen by 2Q rather than by the time of last use alone: with requests as viewers make them, it finds as much
// as TinyLFU, where a plain LRU of the same size finds a fifth less.
//
// Keys describe bodies completely, so nothing is ever invalidated. The bound holds at every moment: it counts fills from
// their first byte, what the allocator rounds up to, and the bookkeeping. A body that someone is reading isn't evicted.
package cache
