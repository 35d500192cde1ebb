package progress

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Between the parts of a key: no identifier holds it.
const separator = "\x00"

var errRecord = errors.New("a record that can't be read")

// field is what tells a viewer's reports apart.
func (r Report) field() string { return r.VideoID + separator + r.DeviceID }

// field is what tells a viewer's deletions apart: of a film or, "", all; of a device, or all.
func (q Query) field() string { return q.VideoID + separator + q.DeviceID }

// graves are the fields of the deletions that a report may be of.
func (r Report) graves() [4]string {
	return [4]string{r.field(), r.VideoID + separator, separator + r.DeviceID, separator}
}

// buries tells whether a deletion at some time is one of a report that was made at another. Of the same moment, the report is
// taken to be later: then nothing of a viewer who starts again at once is lost.
func buries(deleted, made, now time.Time) bool {
	return made.Before(deleted) && now.Sub(deleted) < graveLife
}

// value is what a report says: "<updatedAt, ms since 1970> <position, s> <duration, s>". The Lua script of redis.go reads it.
func (r Report) value() string {
	b := strconv.AppendInt(nil, r.UpdatedAt.UnixMilli(), 10)
	b = strconv.AppendFloat(append(b, ' '), r.Position, 'f', -1, 64)
	return string(strconv.AppendFloat(append(b, ' '), r.Duration, 'f', -1, 64))
}

// decode is the inverse of field and value, for a viewer's report.
func decode(q Query, field, value string) (Report, error) {
	r := Report{UserID: q.UserID}
	var ok bool
	if r.VideoID, r.DeviceID, ok = strings.Cut(field, separator); !ok {
		return r, fmt.Errorf("key %q: %w", field, errRecord)
	}
	parts := strings.Fields(value)
	if len(parts) != 3 {
		return r, fmt.Errorf("value %q: %w", value, errRecord)
	}
	at, err := strconv.ParseInt(parts[0], 10, 64)
	r.UpdatedAt = time.UnixMilli(at).UTC()
	var bad [2]error
	r.Position, bad[0] = strconv.ParseFloat(parts[1], 64)
	r.Duration, bad[1] = strconv.ParseFloat(parts[2], 64)
	if err = errors.Join(err, bad[0], bad[1]); err != nil {
		return r, fmt.Errorf("value %q: %w: %w", value, errRecord, err)
	}
	return r, nil
}
