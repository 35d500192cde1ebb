package demux

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"unsafe"
)

// filler sets every field, exported or not, to another value that is not zero.
type filler struct{ n int64 }

func (f *filler) fill(t *testing.T, v reflect.Value) {
	t.Helper()
	f.n++
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(f.n)
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(f.n%255 + 1))
	case reflect.String:
		v.SetString(fmt.Sprint("text ", f.n))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.each(t, v)
	case reflect.Array:
		f.each(t, v)
	case reflect.Pointer:
		if v.Type() == reflect.TypeFor[*Samples]() {
			return // a companion: of this very Index
		}
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(t, v.Elem())
	case reflect.Interface:
		v.Set(reflect.ValueOf(error(&keptError{fmt.Sprint("reason ", f.n), []error{ErrTooLarge, ErrUnsupported}})))
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Field(i)
			f.fill(t, reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem())
		}
	default:
		t.Fatalf("a field of %v: teach this test, and flat, about it", v.Type())
	}
}

func (f *filler) each(t *testing.T, v reflect.Value) {
	for i := range v.Len() {
		f.fill(t, v.Index(i))
	}
}

// TestEveryFieldIsKept fails when an Index gains a field that AppendTo forgets.
func TestEveryFieldIsKept(t *testing.T) {
	var x Index
	new(filler).fill(t, reflect.ValueOf(&x).Elem())
	x.Tracks[0].Samples.companion = &x.Tracks[1].Samples
	for _, track := range x.Tracks {
		for i := range track.Samples.blocks {
			track.Samples.blocks[i].data = 0 // found out when it is read
		}
	}
	out := flat{}
	out.index(&x)
	in := flat{reading: true, data: out.data, size: len(out.data)}
	var got Index
	if in.index(&got); in.err != nil || len(in.data) > 0 {
		t.Fatalf("%v, %d bytes are left", in.err, len(in.data))
	}
	if !reflect.DeepEqual(got, x) {
		t.Errorf("kept was\n%+v\n%+v\nand came back as\n%+v\n%+v", x, *x.Tracks[0], got, *got.Tracks[0])
	}
	if got.Tracks[0].Samples.companion != &got.Tracks[1].Samples {
		t.Error("the companion is none of its own tracks'")
	}
}

// FuzzColumnCheck: next agrees with unpackColumn on where a column ends, and bounds its values.
func FuzzColumnCheck(f *testing.F) {
	for _, values := range [][]int64{{0}, {5, 5, 5}, {-1, 0, 1}, {0, 512, 1024, 512}, {1, 2, 3, 1 << 40}, {100, 107, 93, 120000, 99, 101}} {
		f.Add(append(new(packer).column(nil, values), make([]byte, loadPad)...), byte(len(values)))
	}
	f.Fuzz(func(t *testing.T, data []byte, n byte) {
		if len(data) < loadPad || n == 0 || n > blockLen {
			return
		}
		c := columnCheck{left: data[:len(data)-loadPad]}
		column, least, most, err := c.next(int(n))
		if err != nil {
			if !errors.Is(err, errColumn) {
				t.Fatal(err)
			}
			return
		}
		values := make([]int64, n)
		if rest := unpackColumn(values, data); len(rest) != len(c.left)+loadPad || &column[0] != &data[0] {
			t.Fatalf("%d bytes are left, want %d", len(c.left)+loadPad, len(rest))
		}
		for _, v := range values {
			if v < least || v > most {
				t.Fatalf("%d is not from %d to %d", v, least, most)
			}
		}
	})
}
