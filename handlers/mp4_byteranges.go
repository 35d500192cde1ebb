package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// byteRanges is a body of several parts of another one, each with a header of its own (RFC 9110 §14.6). Its length is known
// before any of it is read.
type byteRanges struct {
	whole    content
	parts    []span
	boundary string
	heads    []string // what stands before each part
	tail     string
}

func newByteRanges(contentType string, whole content, parts []span) *byteRanges {
	m := &byteRanges{whole: whole, parts: parts}
	// Of the entity and of what is asked, so that the same question has the same answer. What a part holds can't know it,
	// since it depends on the file's time; whoever could guess that one harms but himself.
	sum := sha256.Sum256(fmt.Append(nil, whole.tag, whole.size, parts))
	m.boundary = hex.EncodeToString(sum[:20])
	for _, part := range parts {
		m.heads = append(m.heads, "\r\n--"+m.boundary+"\r\nContent-Type: "+contentType+
			"\r\nContent-Range: "+contentRange(part, whole.size)+"\r\n\r\n")
	}
	m.tail = "\r\n--" + m.boundary + "--\r\n"
	return m
}

func (m *byteRanges) size() int64 {
	n := int64(len(m.tail))
	for i, part := range m.parts {
		n += int64(len(m.heads[i])) + part.n
	}
	return n
}

func (m *byteRanges) writeTo(w io.Writer) error {
	for i, part := range m.parts {
		if _, err := io.WriteString(w, m.heads[i]); err != nil {
			return err
		}
		if err := m.whole.write(part.off, part.n); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, m.tail)
	return err
}
