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

// Film writes an MP4 of pictures [from, to) of those that a sheet shows.
type Film func(ctx context.Context, w io.Writer, from, to int) error

// Tile decodes a film's pictures, and arranges them as JPEG of at most Sheet.MaxBytes. cells has, for each cell in reading
// order, which picture it shows, from 0; a cell beyond it is left black. The error wraps ErrDecode, what film returned, or the
// context's.
func (m *Maker) Tile(ctx context.Context, sheet Sheet, cells []int, film Film) ([]byte, error) {
	pictures := 0
	for _, c := range cells {
		pictures = max(pictures, c+1)
	}
	limited, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("%w within %v", ErrDecode, timeout))
	defer cancel()
	raw, err := m.decode(limited, sheet, pictures, film)
	if err != nil {
		return nil, err
	}
	return sheet.encode(raw, cells)
}

// decode gives the pictures as planes of YCbCr 4:2:0, one after the other. They share a decoder, as long as nothing is wrong:
// H.264 counts and orders pictures by numbers that only an IDR picture begins anew (frame_num, pic_order_cnt_lsb; §7.4.3), so
// that other key frames, without what was between them, are complained of, and come out in another order or not at all.
func (m *Maker) decode(ctx context.Context, sheet Sheet, pictures int, film Film) ([]byte, error) {
	together, complaint, err := m.run(ctx, sheet, film, 0, pictures)
	if err == nil && complaint == "" || err != nil && !errors.Is(err, ErrDecode) || pictures == 1 || ctx.Err() != nil {
		return together, err
	}
	singly := make([]byte, 0, pictures*sheet.pictureBytes())
	for i := range pictures {
		one, _, failed := m.run(ctx, sheet, film, i, i+1)
		if failed != nil && err == nil {
			return together, nil // all are there: what was complained of is the film itself
		}
		if failed != nil {
			return nil, failed
		}
		singly = append(singly, one...)
	}
	return singly, nil
}

// run has one ffmpeg decode pictures [from, to). It gives what that complains of, too.
func (m *Maker) run(ctx context.Context, sheet Sheet, film Film, from, to int) (raw []byte, complaint string, err error) {
	size := strconv.Itoa(sheet.Width) + ":" + strconv.Itoa(sheet.Height)
	cmd := exec.CommandContext(ctx, m.path, "-nostdin", "-v", "error", "-threads", "1", "-protocol_whitelist", "pipe",
		"-max_pixels", strconv.Itoa(maxPixels), "-f", "mov", "-i", "pipe:0", "-map", "0:v:0", "-vf", "scale="+size+",setsar=1",
		"-fps_mode", "passthrough", "-frames:v", strconv.Itoa(to-from), "-threads", "1", "-f", "rawvideo", "-pix_fmt", "yuvj420p", "pipe:1")
	var out, complaints bytes.Buffer
	out.Grow((to - from) * sheet.pictureBytes())
	cmd.Stdout, cmd.Stderr = &out, &complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, "", fmt.Errorf("start ffmpeg: %w", err)
	}
	if err = cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("start ffmpeg: %w", err)
	}
	written := film(ctx, in, from, to)
	in.Close()
	ended := cmd.Wait()
	complaint = firstOf(complaints.String(), ended)
	switch {
	case ctx.Err() != nil:
		return nil, "", context.Cause(ctx)
	case written != nil && !errors.Is(written, syscall.EPIPE): // else ffmpeg has left, and says why, or has all it needs
		return nil, "", written
	case ended != nil || out.Len() != (to-from)*sheet.pictureBytes():
		return nil, "", fmt.Errorf("%w: %d of %d pictures, %s", ErrDecode, out.Len()/sheet.pictureBytes(), to-from, complaint)
	}
	return out.Bytes(), complaint, nil
}

// firstOf is what ffmpeg said first.
func firstOf(said string, ended error) string {
	line, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	if line == "" && ended != nil {
		line = ended.Error()
	}
	return line[:min(len(line), maxComplaint)]
}
