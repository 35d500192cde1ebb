package thumbnails

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrDecode is pictures that ffmpeg can't decode, or not all of them, or not in time.
var ErrDecode = errors.New("ffmpeg can't decode it")

const (
	program = "ffmpeg"
	timeout = 30 * time.Second
	// maxPixels bounds the pictures that ffmpeg decodes: 8192 by 8192.
	maxPixels = 1 << 26
	// maxComplaint bounds how much of what ffmpeg says is passed on, in bytes.
	maxComplaint = 300
)

// Maker runs ffmpeg. It is safe for concurrent use, though each call takes a core: its caller bounds how many there are.
type Maker struct{ path string }

// Find looks for ffmpeg on the PATH. The error says that it is missing.
func Find() (*Maker, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("find ffmpeg: %w", err)
	}
	return &Maker{path: path}, nil
}

// Tile decodes the pictures of the MP4 that write writes, and arranges them as JPEG of at most Sheet.MaxBytes. cells has, for
// each cell in reading order, which picture of the MP4 it shows, from 0; a cell beyond it is left black. The error wraps
// ErrDecode, what write returned, or the context's.
func (m *Maker) Tile(ctx context.Context, sheet Sheet, cells []int, write func(context.Context, io.Writer) error) ([]byte, error) {
	pictures := 0
	for _, c := range cells {
		pictures = max(pictures, c+1)
	}
	raw, err := m.decode(ctx, sheet, pictures, write)
	if err != nil {
		return nil, err
	}
	return sheet.encode(raw, cells)
}

// decode gives the pictures as planes of YCbCr 4:2:0, one after the other.
func (m *Maker) decode(ctx context.Context, sheet Sheet, pictures int, write func(context.Context, io.Writer) error) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	size := strconv.Itoa(sheet.Width) + ":" + strconv.Itoa(sheet.Height)
	cmd := exec.CommandContext(limited, m.path, "-nostdin", "-v", "error", "-threads", "1", "-protocol_whitelist", "pipe",
		"-max_pixels", strconv.Itoa(maxPixels), "-f", "mov", "-i", "pipe:0", "-map", "0:v:0", "-vf", "scale="+size+",setsar=1",
		"-fps_mode", "passthrough", "-frames:v", strconv.Itoa(pictures), "-threads", "1", "-f", "rawvideo", "-pix_fmt", "yuvj420p", "pipe:1")
	var out, complaints bytes.Buffer
	out.Grow(pictures * sheet.pictureBytes())
	cmd.Stdout, cmd.Stderr = &out, &complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start ffmpeg: %w", err)
	}
	if err = cmd.Start(); err != nil {
		return nil, fmt.Errorf("start ffmpeg: %w", err)
	}
	written := write(limited, in)
	in.Close()
	ended := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case written != nil && !errors.Is(written, syscall.EPIPE): // else ffmpeg has left, and says why, or has all it needs
		return nil, written
	case limited.Err() != nil:
		return nil, fmt.Errorf("%w within %v", ErrDecode, timeout)
	case ended != nil || out.Len() != pictures*sheet.pictureBytes():
		return nil, fmt.Errorf("%w: %d of %d pictures, %s", ErrDecode, out.Len()/sheet.pictureBytes(), pictures, complaint(complaints.String(), ended))
	}
	return out.Bytes(), nil
}

// complaint is what ffmpeg said first.
func complaint(said string, ended error) string {
	line, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	if line == "" && ended != nil {
		line = ended.Error()
	}
	return line[:min(len(line), maxComplaint)]
}
