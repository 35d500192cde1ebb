// Package demux reads an MP4 file's structure once and keeps it as an Index: its tracks and their packed sample tables,
// without a byte of media. It follows ISO/IEC 14496-12 (boxes, movie fragments), 14496-14 and 14496-15 (AAC and AVC in
// MP4), 14496-3 (AudioSpecificConfig), RFC 6381 (codec strings), and Apple's QuickTime File Format where .mov files differ.
//
// Files are hostile: every count is checked before it allocates, every offset before it is read. Containers are walked
// and the big tables read here from their bytes; mp4ff decodes only small leaf boxes and sample entries, in one function
// that recovers. A bad file is a *FormatError that names box, byte and reason.
package demux
