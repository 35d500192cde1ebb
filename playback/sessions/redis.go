package sessions

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"unreel/playback"
)

// Redis keeps the sessions of all replicas. A session is a hash that expires; who watches what, in which state, are sorted
// sets by the time at which a session is over, so that counting costs O(log n) and no key is ever searched for. Times are
// Redis's own, so replicas' clocks don't matter. All keys are in one slot of a cluster.
type Redis struct {
	db         redis.UniversalClient
	save, list *redis.Script
}

var _ Store = (*Redis)(nil)

// NewRedis makes a store of a client, which stays its owner's to close. It connects when first used.
func NewRedis(db redis.UniversalClient) *Redis {
	return &Redis{db: db, save: redis.NewScript(clockScript + saveScript), list: redis.NewScript(clockScript + listScript)}
}

// keyPrefix is that of all keys; what is in braces chooses the slot.
const keyPrefix = "{unreel:sessions}:"

const clockScript = playback.RedisClock + `
local prefix = KEYS[1]
local function set(state, video) return prefix .. 'by:' .. state .. ':' .. video end
`

// KEYS: prefix. ARGV: id, TTL in ms, whether to create, then field and value pairs. It gives the session's fields, or
// nothing where there is none.
const saveScript = `
local id, ttl = ARGV[1], tonumber(ARGV[2])
local key = prefix .. 'id:' .. id
local old = redis.call('HMGET', key, 'video', 'state', 'expires')
local known = old[1] and tonumber(old[3]) > now
if not known and ARGV[3] ~= '1' then return {} end
if old[1] then
  redis.call('ZREM', set(old[2], old[1]), id)
  redis.call('ZREM', set(old[2], ''), id)
end
if not known then
  redis.call('DEL', key)
  redis.call('HSET', key, 'state', 'playing', 'position', '0', 'started', now)
end
redis.call('HSET', key, 'updated', now, 'expires', now + ttl, unpack(ARGV, 4))
local new = redis.call('HMGET', key, 'video', 'state')
if new[2] == 'ended' then
  redis.call('HSET', key, 'expires', now)
  local fields = redis.call('HGETALL', key)
  redis.call('DEL', key)
  return fields
end
redis.call('PEXPIRE', key, ttl)
for _, video in ipairs({new[1], ''}) do
  local name = set(new[2], video)
  redis.call('ZREMRANGEBYSCORE', name, '-inf', now)
  redis.call('ZADD', name, now + ttl, id)
  local left = redis.call('PTTL', name)
  if left < ttl then redis.call('PEXPIRE', name, ttl) end
end
return redis.call('HGETALL', key)
`

// KEYS: prefix. ARGV: film or "", most, states. It gives for each state a count and IDs.
const listScript = `
local answer = {}
for i = 3, #ARGV do
  local name = set(ARGV[i], ARGV[1])
  local from = '(' .. now
  answer[#answer + 1] = redis.call('ZCOUNT', name, from, '+inf')
  answer[#answer + 1] = redis.call('ZRANGEBYSCORE', name, from, '+inf', 'LIMIT', 0, ARGV[2])
end
return answer
`

// Save implements Store.
func (s *Redis) Save(ctx context.Context, u Update, ttl time.Duration) (Session, error) {
	create := "0"
	if u.Create {
		create = "1"
	}
	args := []any{u.ID, ttl.Milliseconds(), create}
	for _, field := range [...][2]string{
		{"video", u.VideoID}, {"user", u.UserID}, {"device", u.DeviceID}, {"rendition", u.Rendition}, {"state", string(u.State)},
	} {
		if field[1] != "" {
			args = append(args, field[0], field[1])
		}
	}
	if u.Position != nil {
		args = append(args, "position", strconv.FormatFloat(*u.Position, 'f', -1, 64))
	}
	flat, err := s.save.Run(ctx, s.db, []string{keyPrefix}, args...).StringSlice()
	if err != nil {
		return Session{}, playback.Unavailable(ctx, "write a session to Redis", err)
	}
	if len(flat) == 0 {
		return Session{}, fmt.Errorf("session %q: %w", u.ID, playback.ErrNotFound)
	}
	fields := map[string]string{}
	for i := 0; i+1 < len(flat); i += 2 {
		fields[flat[i]] = flat[i+1]
	}
	return sessionOf(u.ID, fields)
}

// errHash is a hash that we didn't write.
var errHash = errors.New("a session that can't be read")

func sessionOf(id string, fields map[string]string) (Session, error) {
	s := Session{
		ID: id, VideoID: fields["video"], UserID: fields["user"], DeviceID: fields["device"], Rendition: fields["rendition"],
		State: State(fields["state"]),
	}
	var errs [4]error
	s.Position, errs[0] = strconv.ParseFloat(fields["position"], 64)
	for i, at := range [...]struct {
		name string
		to   *time.Time
	}{{"started", &s.StartedAt}, {"updated", &s.UpdatedAt}, {"expires", &s.ExpiresAt}} {
		var ms float64 // Lua prints numbers beyond 10^14 with an exponent
		ms, errs[i+1] = strconv.ParseFloat(fields[at.name], 64)
		*at.to = time.UnixMilli(int64(ms)).UTC()
	}
	if err := errors.Join(errs[:]...); err != nil {
		return s, fmt.Errorf("session %q: %w: %w: %w", id, playback.ErrUnavailable, errHash, err)
	}
	return s, nil
}

// List implements Store.
func (s *Redis) List(ctx context.Context, videoID string, most int) (Listing, error) {
	args := []any{videoID, most}
	for _, state := range Active() {
		args = append(args, string(state))
	}
	answer, err := s.list.Run(ctx, s.db, []string{keyPrefix}, args...).Slice()
	if err != nil {
		return Listing{}, playback.Unavailable(ctx, "count sessions in Redis", err)
	}
	l := Listing{States: map[State]int{}}
	var ids []string
	for i, state := range Active() {
		if len(answer) < 2*i+2 {
			break
		}
		n, _ := answer[2*i].(int64)
		l.States[state] = int(n)
		l.Count += int(n)
		members, _ := answer[2*i+1].([]any)
		for _, member := range members {
			if id, ok := member.(string); ok && len(ids) < most {
				ids = append(ids, id)
			}
		}
	}
	l.Sessions, err = s.read(ctx, ids)
	return l, err
}

// read reads sessions in one round trip. Those that ended meanwhile are left out.
func (s *Redis) read(ctx context.Context, ids []string) ([]Session, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	hashes := make([]*redis.MapStringStringCmd, len(ids))
	_, err := s.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			hashes[i] = p.HGetAll(ctx, keyPrefix+"id:"+id)
		}
		return nil
	})
	if err != nil {
		return nil, playback.Unavailable(ctx, "read sessions from Redis", err)
	}
	var all []Session
	for i, hash := range hashes {
		if session, failed := sessionOf(ids[i], hash.Val()); failed == nil {
			all = append(all, session)
		}
	}
	return all, nil
}
