package progress

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"unreel/playback"
)

// Redis keeps reports in Redis, for any number of replicas. A viewer is a hash of reports, a sorted set of their times, and
// a hash of the times of deletions, in one slot of a cluster. It is kept until expiry after the last report.
type Redis struct {
	db redis.UniversalClient
	// put keeps a report unless what is kept supersedes it, as compare says, and trims the viewer. It runs as one step.
	put *redis.Script
	// remove deletes what a query names, and remembers that. It is one step too.
	remove *redis.Script
}

var _ Store = (*Redis)(nil)

// NewRedis makes a store of a client, which stays its owner's to close. It connects when first used.
func NewRedis(db redis.UniversalClient) *Redis {
	return &Redis{db: db, put: redis.NewScript(putScript), remove: redis.NewScript(removeScript)}
}

// KEYS: hash of values, sorted set of times, hash of deletions. ARGV: field, value, updatedAt in ms, position in s, TTL in ms,
// MaxRecords, now in ms, graveLife in ms, then the fields of the deletions that it may be of. It gives what is kept then, or
// nothing where that is deleted, or older than all that the viewer may have.
const putScript = `
for i = 9, #ARGV do
  local deleted = tonumber(redis.call('HGET', KEYS[3], ARGV[i]) or '')
  if deleted and deleted > tonumber(ARGV[3]) and ARGV[7] - deleted < tonumber(ARGV[8]) then return '' end
end
local old = redis.call('HGET', KEYS[1], ARGV[1])
if old then
  local at, position = string.match(old, '^(%d+) (%S+) ')
  at, position = tonumber(at), tonumber(position)
  if at and position and (at > tonumber(ARGV[3]) or at == tonumber(ARGV[3]) and position >= tonumber(ARGV[4])) then
    return old
  end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
local kept = ARGV[2]
local over = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[6])
if over > 0 then
  local popped = redis.call('ZPOPMIN', KEYS[2], over)
  for i = 1, #popped, 2 do
    redis.call('HDEL', KEYS[1], popped[i])
    if popped[i] == ARGV[1] then kept = '' end
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return kept
`

// KEYS: as above. ARGV: film and device, or "" for all; now in ms, graveLife in ms, maxGraves. It gives how many it deleted.
const removeScript = `
local n = 0
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  local cut = string.find(field, '\0', 1, true)
  local film, device = string.sub(field, 1, cut - 1), string.sub(field, cut + 1)
  if (ARGV[1] == '' or ARGV[1] == film) and (ARGV[2] == '' or ARGV[2] == device) then
    n = n + redis.call('HDEL', KEYS[1], field)
    redis.call('ZREM', KEYS[2], field)
  end
end
redis.call('HSET', KEYS[3], ARGV[1] .. '\0' .. ARGV[2], ARGV[3])
while redis.call('HLEN', KEYS[3]) > tonumber(ARGV[5]) do
  local all, oldest, when = redis.call('HGETALL', KEYS[3]), nil, nil
  for i = 1, #all, 2 do
    local deleted = tonumber(all[i + 1])
    if not when or deleted < when then oldest, when = all[i], deleted end
  end
  redis.call('HDEL', KEYS[3], oldest)
end
redis.call('PEXPIRE', KEYS[3], ARGV[4])
return n
`

// keys are the names of a viewer's hash, sorted set and deletions. What is in braces chooses the slot.
func (q Query) keys() []string {
	hash := "unreel:progress:{" + q.viewer() + "}"
	return []string{hash, hash + ":times", hash + ":deleted"}
}

// Put implements Store.
func (s *Redis) Put(ctx context.Context, r Report, now time.Time) (Report, error) {
	q := r.query()
	args := []any{
		r.field(), r.value(), r.UpdatedAt.UnixMilli(), strconv.FormatFloat(r.Position, 'f', -1, 64), expiry.Milliseconds(), MaxRecords,
		now.UnixMilli(), graveLife.Milliseconds(),
	}
	for _, grave := range r.graves() {
		args = append(args, grave)
	}
	value, err := s.put.Run(ctx, s.db, q.keys(), args...).Text()
	if err != nil {
		return Report{}, playback.Unavailable(ctx, "write progress to Redis", err)
	}
	if value == "" {
		return Report{}, nil
	}
	return decode(q, r.field(), value)
}

// Find implements Store.
func (s *Redis) Find(ctx context.Context, q Query) (found []Report, err error) {
	all, err := s.db.HGetAll(ctx, q.keys()[0]).Result()
	if err != nil {
		return nil, playback.Unavailable(ctx, "read progress from Redis", err)
	}
	for field, value := range all { // in no order
		if r, failed := decode(q, field, value); failed == nil && q.holds(r) {
			found = append(found, r)
		}
	}
	return found, nil
}

// Delete implements Store.
func (s *Redis) Delete(ctx context.Context, q Query, now time.Time) (int, error) {
	n, err := s.remove.Run(ctx, s.db, q.keys(), q.VideoID, q.DeviceID, now.UnixMilli(), graveLife.Milliseconds(), maxGraves).Int()
	return n, playback.Unavailable(ctx, "delete progress from Redis", err)
}

// Close leaves the client open.
func (s *Redis) Close() error { return nil }
