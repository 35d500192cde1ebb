package events

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"unreel/playback"
)

// Redis is the store of any number of replicas. A session's reports are a list, its end a place in a sorted set, and
// summaries are a sorted set by when the session began. All keys are in one slot of a cluster; times are Redis's own.
type Redis struct {
	db           redis.UniversalClient
	append, take *redis.Script
}

var _ Store = (*Redis)(nil)

// NewRedis makes a store of a client, which stays its owner's to close. It connects when first used.
func NewRedis(db redis.UniversalClient) *Redis {
	return &Redis{db: db, append: redis.NewScript(playback.RedisClock + appendScript), take: redis.NewScript(playback.RedisClock + takeScript)}
}

const (
	keyPrefix    = "{unreel:events}:"
	dueKey       = keyPrefix + "due"
	logPrefix    = keyPrefix + "log:"
	summariesKey = keyPrefix + "summaries"
	// summariesTTL is how long Redis keeps summaries after the last.
	summariesTTL = 7 * 24 * time.Hour
	// lease is how long a replica has to keep what it took, or others take it: more than a sweep takes, with all its waiting.
	lease = 10 * storePatient
)

// KEYS: prefix. ARGV: most, then session, wait in ms and report, of each. It gives how many were late, and too many.
const appendScript = `
local late, full = 0, 0
for i = 2, #ARGV, 3 do
  local id = ARGV[i]
  if redis.call('EXISTS', KEYS[1] .. 'closed:' .. id) == 1 then
    late = late + 1
  else
    local log = KEYS[1] .. 'log:' .. id
    if redis.call('LLEN', log) >= tonumber(ARGV[1]) then
      full = full + 1
    else
      redis.call('RPUSH', log, ARGV[i + 2])
    end
    redis.call('PEXPIRE', log, 86400000)
    redis.call('ZADD', KEYS[1] .. 'due', now + ARGV[i + 1], id)
  end
end
return {late, full}
`

// KEYS: prefix. ARGV: most, how long what was taken is remembered in ms, and how long it is waited for. It gives each session's
// name and reports, which stay until Keep, since neither the answer nor its reader may get that far.
const takeScript = `
local answer = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1] .. 'due', '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local one = redis.call('LRANGE', KEYS[1] .. 'log:' .. id, 0, -1)
  table.insert(one, 1, id)
  answer[#answer + 1] = one
  redis.call('ZADD', KEYS[1] .. 'due', now + ARGV[3], id)
  redis.call('SET', KEYS[1] .. 'closed:' .. id, '1', 'PX', ARGV[2])
end
return answer
`

// Append implements Store.
func (s *Redis) Append(ctx context.Context, reports []Event) (late, full int, err error) {
	args := []any{MaxReports}
	for _, e := range reports {
		text, failed := json.Marshal(e)
		if failed != nil {
			return 0, 0, failed
		}
		args = append(args, e.SessionID, wait(e.Kind).Milliseconds(), text)
	}
	counts, err := s.append.Run(ctx, s.db, []string{keyPrefix}, args...).Int64Slice()
	if err != nil || len(counts) != 2 {
		return 0, 0, playback.Unavailable(ctx, "write events to Redis", err)
	}
	return int(counts[0]), int(counts[1]), nil
}

// Take implements Store.
func (s *Redis) Take(ctx context.Context, most int) (sessions [][]Event, err error) {
	answer, err := s.take.Run(ctx, s.db, []string{keyPrefix}, most, remembered.Milliseconds(), lease.Milliseconds()).Slice()
	if err != nil {
		return nil, playback.Unavailable(ctx, "take sessions from Redis", err)
	}
	var nothing []string // sessions whose reports are too old to be there, or aren't ours
	for _, one := range answer {
		lines, _ := one.([]any)
		if len(lines) == 0 {
			continue
		}
		id, _ := lines[0].(string)
		if reports := decode(id, lines[1:]); len(reports) > 0 {
			sessions = append(sessions, reports)
		} else {
			nothing = append(nothing, id)
		}
	}
	if len(nothing) > 0 {
		_, err = s.db.TxPipelined(ctx, func(p redis.Pipeliner) error {
			forget(ctx, p, nothing)
			return nil
		})
		if err != nil {
			return nil, playback.Unavailable(ctx, "forget sessions in Redis", err)
		}
	}
	return sessions, nil
}

// decode reads the reports of a session, as far as they can be.
func decode(id string, lines []any) (reports []Event) {
	for _, line := range lines {
		var e Event
		if text, ok := line.(string); ok && json.Unmarshal([]byte(text), &e) == nil {
			e.SessionID = id // by which it is forgotten
			reports = append(reports, e)
		}
	}
	return reports
}

// forget removes the reports of sessions that need no more work. That they are closed stays.
func forget(ctx context.Context, p redis.Pipeliner, ids []string) {
	for _, id := range ids {
		p.Del(ctx, logPrefix+id)
		p.ZRem(ctx, dueKey, id)
	}
}

// Keep implements Store. Summaries come as their sessions go, or neither does. What two replicas measure of a session, where one
// took longer than its lease, is one summary, since it is the same.
func (s *Redis) Keep(ctx context.Context, summaries []Summary) error {
	_, err := s.db.TxPipelined(ctx, func(p redis.Pipeliner) error {
		ids := make([]string, len(summaries))
		for i := range summaries {
			text, failed := json.Marshal(summaries[i])
			if failed != nil {
				return failed
			}
			p.ZAdd(ctx, summariesKey, redis.Z{Score: float64(summaries[i].ReceivedAt), Member: text})
			ids[i] = summaries[i].SessionID
		}
		p.ZRemRangeByRank(ctx, summariesKey, 0, -MaxSummaries-1)
		p.PExpire(ctx, summariesKey, summariesTTL)
		forget(ctx, p, ids)
		return nil
	})
	return playback.Unavailable(ctx, "write summaries to Redis", err)
}

// Summaries implements Store.
func (s *Redis) Summaries(ctx context.Context, since time.Time) ([]Summary, error) {
	lines, err := s.db.ZRangeByScore(ctx, summariesKey, &redis.ZRangeBy{Min: strconv.FormatInt(since.UnixMilli(), 10), Max: "+inf"}).Result()
	if err != nil {
		return nil, playback.Unavailable(ctx, "read summaries from Redis", err)
	}
	all := make([]Summary, 0, len(lines))
	for _, line := range lines {
		var one Summary
		if json.Unmarshal([]byte(line), &one) == nil {
			all = append(all, one)
		}
	}
	return all, nil
}
