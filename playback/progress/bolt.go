package progress

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"unreel/playback"
)

// ErrLocked is a file that another process has open.
var ErrLocked = errors.New("another process uses it")

// lockTimeout is how long we wait for a process that is ending.
const lockTimeout = 2 * time.Second

// Bolt keeps reports in a file of this machine. A report that was acknowledged is on the disk. Each write looks at a few
// records beside its own, in turn, and forgets those that are too old, so that no more than a part of the file is ever waste.
type Bolt struct {
	db   *bbolt.DB
	most int64             // bytes of the file that may be in use
	at   map[string][]byte // by bucket, the record that is looked at next; writes come one at a time
}

var _ Store = (*Bolt)(nil)

// bucketName holds all reports, by viewer, film and device; gravesName when such were deleted, in ms since 1970, by viewer, film
// or "", device or "". The numbers are those of the layout.
const (
	bucketName = "progress-1"
	gravesName = "deleted-1"
)

const (
	// maxBytes bounds the file: some 10 million reports. Beyond it those that are kept are still brought up to date.
	maxBytes = 1 << 30
	// sweptAtOnce is how many records a write looks at.
	sweptAtOnce = 8
)

// OpenBolt opens or makes the file at path. Only one process may have it open.
func OpenBolt(path string) (*Bolt, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("open %s: %w", path, ErrLocked)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, one := tx.CreateBucketIfNotExists([]byte(bucketName))
		_, two := tx.CreateBucketIfNotExists([]byte(gravesName))
		return errors.Join(one, two)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return &Bolt{db: db, most: maxBytes, at: map[string][]byte{}}, nil
}

// Put implements Store. Reports that come at once share a write to the disk.
func (b *Bolt) Put(ctx context.Context, r Report, now time.Time) (kept Report, err error) {
	if err = context.Cause(ctx); err != nil {
		return Report{}, err
	}
	full := false // refuses the report, and must not undo what the sweep makes room by
	err = b.db.Batch(func(tx *bbolt.Tx) (failed error) {
		kept, failed = b.put(tx, r, now)
		if full = errors.Is(failed, errFull); full {
			failed = nil
		}
		return errors.Join(failed, b.sweep(tx, now))
	})
	if full && err == nil {
		err = errFull
	}
	return kept, playback.Unavailable(ctx, "write progress", err)
}

func (b *Bolt) put(tx *bbolt.Tx, r Report, now time.Time) (kept Report, err error) {
	q := r.query()
	for _, grave := range r.graves() {
		if deleted := tx.Bucket([]byte(gravesName)).Get(append(q.prefix(), grave...)); deleted != nil && buries(momentOf(deleted), r.UpdatedAt, now) {
			return Report{}, nil
		}
	}
	bucket := tx.Bucket([]byte(bucketName))
	key := append(q.prefix(), r.field()...)
	old := bucket.Get(key)
	if old != nil {
		before, failed := decode(q, r.field(), string(old))
		if failed == nil && !r.supersedes(before) {
			return before, nil
		}
	} else if b.full(tx) {
		return Report{}, errFull
	}
	if err = bucket.Put(key, []byte(r.value())); err != nil || old != nil {
		return r, err
	}
	oldest, err := trim(bucket, q)
	if oldest.field() == r.field() {
		return Report{}, err
	}
	return r, err
}

// errFull is a file that is as large as it may become.
var errFull = errors.New("the file of progress is full")

// full tells whether as much of the file is in use as may be.
func (b *Bolt) full(tx *bbolt.Tx) bool {
	return tx.Size()-int64(b.db.Stats().FreePageN)*int64(b.db.Info().PageSize) > b.most
}

// momentOf reads when something was made or deleted: its value begins with that, in ms since 1970.
func momentOf(value []byte) time.Time {
	digits, _, _ := bytes.Cut(value, []byte(" "))
	ms, _ := strconv.ParseInt(string(digits), 10, 64) // what can't be read is of 1970, and forgotten
	return time.UnixMilli(ms)
}

// sweep looks at the next few records, and deletes those that are too old.
func (b *Bolt) sweep(tx *bbolt.Tx, now time.Time) error {
	var errs []error
	for name, life := range map[string]time.Duration{bucketName: expiry, gravesName: graveLife} {
		bucket := tx.Bucket([]byte(name))
		c := bucket.Cursor()
		key, value := c.Seek(b.at[name])
		var old [][]byte
		for range sweptAtOnce {
			if key == nil {
				break
			}
			if now.Sub(momentOf(value)) > life {
				old = append(old, bytes.Clone(key))
			}
			key, value = c.Next()
		}
		b.at[name] = bytes.Clone(key) // nil at the end: from the start again
		for _, key := range old {
			errs = append(errs, bucket.Delete(key))
		}
	}
	return errors.Join(errs...)
}

// trim deletes a viewer's oldest report where there are more than MaxRecords, and gives it; else it gives the zero Report.
func trim(bucket *bbolt.Bucket, q Query) (deleted Report, err error) {
	q.VideoID, q.DeviceID = "", q.onlyDevice()
	n, oldest := 0, Report{}
	err = each(bucket, q, func(_ []byte, r Report) error {
		if n++; n == 1 || compare(r, oldest) < 0 {
			oldest = r
		}
		return nil
	})
	if err != nil || n <= MaxRecords {
		return Report{}, err
	}
	return oldest, bucket.Delete(append(q.prefix(), oldest.field()...))
}

// onlyDevice is the device where that is the viewer.
func (q Query) onlyDevice() string {
	if q.UserID == "" {
		return q.DeviceID
	}
	return ""
}

// prefix is that of all of a viewer's keys.
func (q Query) prefix() []byte { return []byte(q.viewer() + separator) }

// each calls do with the reports that q names. What can't be read is passed over: it would be in the way for ever.
func each(bucket *bbolt.Bucket, q Query, do func(key []byte, r Report) error) error {
	prefix := q.prefix()
	from := bytes.Clone(prefix)
	if q.VideoID != "" {
		from = append(from, q.VideoID+separator...)
	}
	c := bucket.Cursor()
	for key, value := c.Seek(from); key != nil && bytes.HasPrefix(key, from); key, value = c.Next() {
		r, err := decode(q, string(key[len(prefix):]), string(value))
		if err != nil || !q.holds(r) {
			continue
		}
		if err = do(key, r); err != nil {
			return err
		}
	}
	return nil
}

// Find implements Store.
func (b *Bolt) Find(ctx context.Context, q Query) (found []Report, err error) {
	if err = context.Cause(ctx); err != nil {
		return nil, err
	}
	err = b.db.View(func(tx *bbolt.Tx) error {
		return each(tx.Bucket([]byte(bucketName)), q, func(_ []byte, r Report) error {
			found = append(found, r)
			return nil
		})
	})
	return found, playback.Unavailable(ctx, "read progress", err)
}

// Delete implements Store.
func (b *Bolt) Delete(ctx context.Context, q Query, now time.Time) (n int, err error) {
	if err = context.Cause(ctx); err != nil {
		return 0, err
	}
	err = b.db.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte(bucketName))
		var keys [][]byte // a cursor doesn't like deletions beneath it
		failed := each(bucket, q, func(key []byte, _ Report) error {
			keys = append(keys, bytes.Clone(key))
			return nil
		})
		for _, key := range keys {
			failed = errors.Join(failed, bucket.Delete(key))
		}
		n = len(keys)
		if n > 0 || !b.full(tx) { // deletions of what isn't there could fill the disk
			failed = errors.Join(failed, bury(tx.Bucket([]byte(gravesName)), q, now))
		}
		return errors.Join(failed, b.sweep(tx, now))
	})
	return n, playback.Unavailable(ctx, "delete progress", err)
}

// bury remembers a deletion, and forgets the viewer's oldest beyond maxGraves.
func bury(graves *bbolt.Bucket, q Query, now time.Time) error {
	prefix := q.prefix()
	if err := graves.Put(append(bytes.Clone(prefix), q.field()...), strconv.AppendInt(nil, now.UnixMilli(), 10)); err != nil {
		return err
	}
	n, oldest, since := 0, []byte(nil), now
	c := graves.Cursor()
	for key, value := c.Seek(prefix); key != nil && bytes.HasPrefix(key, prefix); key, value = c.Next() {
		if deleted := momentOf(value); n == 0 || deleted.Before(since) {
			oldest, since = bytes.Clone(key), deleted
		}
		n++
	}
	if n <= maxGraves {
		return nil
	}
	return graves.Delete(oldest)
}

// Close closes the file, once what is under way has ended.
func (b *Bolt) Close() error { return b.db.Close() }
