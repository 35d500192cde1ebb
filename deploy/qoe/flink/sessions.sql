-- What METRICS.md defines, from the table events. Each view is one step of its first page, in that order.
--
-- It is plain SQL with window functions, in no more of the language than Flink and SQLite have in common: the tests run it on
-- the shared examples and on made-up sessions, in SQLite, and hold it against what unreel itself measures.

-- Reports, with their place among those of one moment, and how long (ms) nothing may be heard of a session after each.
CREATE TEMPORARY VIEW qoe_report AS
SELECT session_id, video_id, event, `timestamp` AS at_ms, received_at, COALESCE(playback_position, -1) AS place_ms,
  COALESCE(bandwidth, 0) AS bandwidth, COALESCE(rendition, '') AS rendition, start_delay, COALESCE(region, '') AS region,
  COALESCE(device, '') AS device, COALESCE(player, '') AS player, COALESCE(network_type, '') AS network,
  COALESCE(heard_from, '') AS heard_from,
  CASE event
    WHEN 'play_intent' THEN 0 WHEN 'first_frame' THEN 1 WHEN 'buffer_end' THEN 2 WHEN 'resume' THEN 3 WHEN 'bitrate_switch' THEN 4
    WHEN 'heartbeat' THEN 5 WHEN 'seek' THEN 6 WHEN 'buffer_start' THEN 7 WHEN 'pause' THEN 8 WHEN 'error' THEN 9 ELSE 10
  END AS moment,
  CASE event WHEN 'ended' THEN 10000 ELSE 120000 END AS patience
FROM events;

-- A session is over when nothing was heard of it for that long.
CREATE TEMPORARY VIEW qoe_heard AS
SELECT r.*,
  CASE WHEN received_at - LAG(received_at) OVER (PARTITION BY session_id ORDER BY received_at, at_ms, moment)
    >= LAG(patience) OVER (PARTITION BY session_id ORDER BY received_at, at_ms, moment) THEN 1 ELSE 0 END AS breaks,
  ROW_NUMBER() OVER (PARTITION BY session_id, at_ms, event, place_ms, bandwidth, rendition, heard_from ORDER BY received_at) AS copy,
  MAX(received_at) OVER () AS now_ms
FROM qoe_report r;

CREATE TEMPORARY VIEW qoe_timely AS
SELECT h.*,
  SUM(breaks) OVER (PARTITION BY session_id ORDER BY received_at, at_ms, moment ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS late,
  MAX(received_at + patience) OVER (PARTITION BY session_id) AS due_ms
FROM qoe_heard h;

-- What a session's requests say keeps it alive, and is measured only where its player says nothing itself.
CREATE TEMPORARY VIEW qoe_told AS
SELECT t.*, MAX(CASE WHEN late = 0 AND heard_from <> 'request' THEN 1 ELSE 0 END) OVER (PARTITION BY session_id) AS tells
FROM qoe_timely t;

-- What comes later is dropped, a report that comes twice counts once, and they are taken in the order of the client's clock.
-- A session that may go on is left to the next run.
CREATE TEMPORARY VIEW qoe_ordered AS
SELECT t.*,
  ROW_NUMBER() OVER (PARTITION BY session_id ORDER BY at_ms, moment, place_ms, bandwidth, rendition) AS n,
  MAX(CASE WHEN event IN ('play_intent', 'first_frame', 'error') THEN 1 ELSE 0 END) OVER (PARTITION BY session_id) AS announced
FROM qoe_told t
WHERE late = 0 AND copy = 1 AND due_ms <= now_ms AND (tells = 0 OR heard_from <> 'request');

-- Whether it has started, by each report; how long it is until the next, ten minutes at most.
CREATE TEMPORARY VIEW qoe_started AS
SELECT o.*,
  CASE WHEN announced = 0 THEN 1 ELSE MAX(CASE WHEN event = 'first_frame' THEN 1 ELSE 0 END)
    OVER (PARTITION BY session_id ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) END AS started,
  CASE WHEN LEAD(at_ms) OVER (PARTITION BY session_id ORDER BY n) - at_ms > 600000 THEN 600000
    ELSE COALESCE(LEAD(at_ms) OVER (PARTITION BY session_id ORDER BY n) - at_ms, 0) END AS lasts,
  COUNT(NULLIF(bandwidth, 0)) OVER (PARTITION BY session_id ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS rates,
  COUNT(NULLIF(rendition, '')) OVER (PARTITION BY session_id ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS names
FROM qoe_ordered o;

-- What each report makes of it whatever it was before; pause is the next step's, since one that is over isn't paused. Whether
-- it is paused beneath whatever it does: 1, 0, or as before.
CREATE TEMPORARY VIEW qoe_moved AS
SELECT s.*,
  CASE WHEN event = 'first_frame' THEN 'playing'
    WHEN started = 1 AND event IN ('resume', 'buffer_end') THEN 'going on'
    WHEN started = 1 AND event = 'seek' THEN 'seeking'
    WHEN started = 1 AND event IN ('error', 'ended') THEN 'over' END AS moved,
  CASE WHEN event = 'pause' THEN 1 WHEN event = 'first_frame' OR started = 1 AND event = 'resume' THEN 0 END AS holds,
  MAX(bandwidth) OVER (PARTITION BY session_id, rates) AS rate,
  MAX(rendition) OVER (PARTITION BY session_id, names) AS seen
FROM qoe_started s;

CREATE TEMPORARY VIEW qoe_counted AS
SELECT m.*,
  COUNT(moved) OVER (PARTITION BY session_id ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS moves,
  COUNT(holds) OVER (PARTITION BY session_id ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS held_since,
  LAG(rate, 1, 0) OVER (PARTITION BY session_id ORDER BY n) AS rate_before
FROM qoe_moved m;

CREATE TEMPORARY VIEW qoe_held AS
SELECT c.*,
  COALESCE(MAX(holds) OVER (PARTITION BY session_id, held_since), 0) AS held,
  COALESCE(MAX(moved) OVER (PARTITION BY session_id, moves), '') AS was
FROM qoe_counted c;

CREATE TEMPORARY VIEW qoe_turned AS
SELECT h.*,
  CASE WHEN moved = 'going on' AND held = 1 THEN 'paused' WHEN moved = 'going on' THEN 'playing' WHEN moved IS NOT NULL THEN moved
    WHEN event = 'pause' AND started = 1 AND was <> 'over' THEN 'paused' END AS turn
FROM qoe_held h;

CREATE TEMPORARY VIEW qoe_turns AS
SELECT t.*, COUNT(turn) OVER (PARTITION BY session_id ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS turns
FROM qoe_turned t;

CREATE TEMPORARY VIEW qoe_based AS
SELECT t.*,
  COALESCE(MAX(turn) OVER (PARTITION BY session_id, turns), CASE WHEN announced = 0 THEN 'playing' ELSE 'starting' END) AS base,
  SUM(CASE WHEN event = 'heartbeat' THEN 1 ELSE 0 END)
    OVER (PARTITION BY session_id, turns ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS beats
FROM qoe_turns t;

-- A heartbeat ends a seek; buffer_start is a stall only where it plays.
CREATE TEMPORARY VIEW qoe_going AS
SELECT b.*, CASE WHEN base = 'playing' OR base = 'seeking' AND beats > 0 AND held = 0 THEN 1 ELSE 0 END AS goes
FROM qoe_based b;

CREATE TEMPORARY VIEW qoe_starved AS
SELECT g.*,
  SUM(CASE WHEN event = 'buffer_start' AND goes = 1 THEN 1 ELSE 0 END)
    OVER (PARTITION BY session_id, turns ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS starved
FROM qoe_going g;

-- The state that each report leaves it in.
CREATE TEMPORARY VIEW qoe_state AS
SELECT s.*,
  CASE WHEN goes = 1 AND starved > 0 THEN 'stalled' WHEN goes = 1 THEN 'playing' ELSE base END AS state,
  CASE WHEN event = 'buffer_start' AND goes = 1 AND starved = 1 THEN 1 ELSE 0 END AS stall,
  CASE WHEN event = 'bitrate_switch' AND started = 1 AND bandwidth > 0 AND rate_before > 0 AND bandwidth <> rate_before THEN 1 ELSE 0 END AS switch,
  CASE WHEN event = 'first_frame' OR held = 0 AND (moved = 'going on' OR event = 'heartbeat' AND base = 'seeking' AND beats = 1) THEN n ELSE 0 END AS lives_on,
  MIN(CASE WHEN region <> '' THEN n END) OVER (PARTITION BY session_id) AS region_at,
  MIN(CASE WHEN device <> '' THEN n END) OVER (PARTITION BY session_id) AS device_at,
  MIN(CASE WHEN player <> '' THEN n END) OVER (PARTITION BY session_id) AS player_at,
  MIN(CASE WHEN network <> '' THEN n END) OVER (PARTITION BY session_id) AS network_at,
  MIN(CASE WHEN start_delay <= 600000 THEN n END) OVER (PARTITION BY session_id) AS delay_at,
  MIN(CASE WHEN event = 'first_frame' THEN n END) OVER (PARTITION BY session_id) AS frame_at,
  MAX(n) OVER (PARTITION BY session_id) AS last_at
FROM qoe_starved s;

-- The rendition that was seen for the longest time; of equals, the first.
CREATE TEMPORARY VIEW qoe_seen AS
SELECT session_id, seen, ROW_NUMBER() OVER (PARTITION BY session_id ORDER BY ms DESC, since) AS place
FROM (
  SELECT session_id, seen, SUM(lasts) AS ms, MIN(n) AS since FROM qoe_state
  WHERE state = 'playing' AND seen <> '' AND n < last_at GROUP BY session_id, seen
) AS renditions;

CREATE TEMPORARY VIEW qoe_sum AS
SELECT session_id,
  MAX(CASE WHEN n = 1 THEN video_id END) AS video_id,
  COALESCE(MAX(CASE WHEN n = region_at THEN region END), '') AS region,
  COALESCE(MAX(CASE WHEN n = device_at THEN device END), '') AS device,
  COALESCE(MAX(CASE WHEN n = player_at THEN player END), '') AS player,
  COALESCE(MAX(CASE WHEN n = network_at THEN network END), '') AS network,
  MAX(CASE WHEN n = last_at THEN seen END) AS last_seen,
  MIN(received_at) AS received_at,
  MAX(started) AS started,
  MAX(CASE WHEN event = 'error' THEN n ELSE 0 END) AS failed_at,
  MAX(lives_on) AS lives_on,
  MAX(delay_at) AS delay_at,
  MAX(frame_at) AS frame_at,
  MAX(CASE WHEN n = delay_at THEN start_delay END) AS delay_ms,
  MAX(CASE WHEN n = frame_at THEN at_ms END) - MIN(CASE WHEN event = 'play_intent' AND started = 0 THEN at_ms END) AS waited_ms,
  SUM(CASE WHEN state = 'playing' THEN lasts ELSE 0 END) AS play_ms,
  SUM(CASE WHEN state = 'stalled' THEN lasts ELSE 0 END) AS stall_ms,
  SUM(stall) AS stalls,
  SUM(switch) AS switches,
  SUM(CASE WHEN switch = 1 AND bandwidth > rate_before THEN 1 ELSE 0 END) AS switches_up,
  SUM(CASE WHEN switch = 1 AND bandwidth < rate_before THEN 1 ELSE 0 END) AS switches_down,
  SUM(CASE WHEN state = 'playing' AND rate > 0 THEN lasts ELSE 0 END) AS known_ms,
  SUM(CASE WHEN state = 'playing' THEN CAST(rate AS DOUBLE) * lasts ELSE 0 END) AS weighted
FROM qoe_state
GROUP BY session_id;

CREATE TEMPORARY VIEW qoe_measured AS
SELECT m.session_id, video_id, region, device, player, network, COALESCE(seen, last_seen) AS rendition, received_at,
  CASE WHEN started = 0 AND failed_at > 0 THEN 'start_failure' WHEN started = 0 THEN 'exit_before_start'
    WHEN failed_at > lives_on THEN 'playback_failure' ELSE 'played' END AS outcome,
  CASE WHEN delay_at <= frame_at THEN delay_ms WHEN waited_ms <= 600000 THEN waited_ms ELSE delay_ms END AS startup_ms,
  play_ms, stall_ms, stalls,
  CASE WHEN started = 1 AND play_ms + stall_ms > 0 THEN CAST(stall_ms AS DOUBLE) / (play_ms + stall_ms) END AS rebuffer_ratio,
  switches, switches_up, switches_down,
  CASE WHEN known_ms > 0 THEN CAST(weighted / known_ms + 0.5 AS BIGINT) END AS avg_bitrate
FROM qoe_sum m LEFT JOIN qoe_seen s ON s.session_id = m.session_id AND s.place = 1;

-- One row a session, with its flags.
CREATE TEMPORARY VIEW qoe_session AS
SELECT m.*,
  CASE WHEN startup_ms > 2000 THEN 1 ELSE 0 END AS slow_start,
  CASE WHEN rebuffer_ratio > 0.05 THEN 1 ELSE 0 END AS rebuffering,
  CASE WHEN switches >= 3 THEN 1 ELSE 0 END AS unstable
FROM qoe_measured m;

-- Medians and 95th percentiles, by rank: the least value that so many per cent are not above.
CREATE TEMPORARY VIEW qoe_ranked AS
SELECT s.*, received_at - received_at % 3600000 AS hour_begins,
  ROW_NUMBER() OVER (PARTITION BY video_id, received_at - received_at % 3600000 ORDER BY CASE WHEN startup_ms IS NULL THEN 1 ELSE 0 END, startup_ms) AS startup_rank,
  COUNT(startup_ms) OVER (PARTITION BY video_id, received_at - received_at % 3600000) AS startup_count,
  ROW_NUMBER() OVER (PARTITION BY video_id, received_at - received_at % 3600000 ORDER BY CASE WHEN rebuffer_ratio IS NULL THEN 1 ELSE 0 END, rebuffer_ratio) AS ratio_rank,
  COUNT(rebuffer_ratio) OVER (PARTITION BY video_id, received_at - received_at % 3600000) AS ratio_count,
  ROW_NUMBER() OVER (PARTITION BY video_id, received_at - received_at % 3600000 ORDER BY CASE WHEN avg_bitrate IS NULL THEN 1 ELSE 0 END, avg_bitrate) AS bitrate_rank,
  COUNT(avg_bitrate) OVER (PARTITION BY video_id, received_at - received_at % 3600000) AS bitrate_count
FROM qoe_session s;

CREATE TEMPORARY VIEW qoe_title AS
SELECT video_id, hour_begins, COUNT(*) AS sessions,
  SUM(CASE WHEN outcome = 'played' THEN 1 ELSE 0 END) AS played,
  SUM(CASE WHEN outcome = 'start_failure' THEN 1 ELSE 0 END) AS start_failures,
  SUM(CASE WHEN outcome = 'exit_before_start' THEN 1 ELSE 0 END) AS exits_before_start,
  SUM(CASE WHEN outcome = 'playback_failure' THEN 1 ELSE 0 END) AS playback_failures,
  MIN(CASE WHEN startup_rank * 100 >= startup_count * 50 THEN startup_ms END) AS startup_ms_median,
  MIN(CASE WHEN startup_rank * 100 >= startup_count * 95 THEN startup_ms END) AS startup_ms_p95,
  MIN(CASE WHEN ratio_rank * 100 >= ratio_count * 50 THEN rebuffer_ratio END) AS rebuffer_ratio_median,
  MIN(CASE WHEN ratio_rank * 100 >= ratio_count * 95 THEN rebuffer_ratio END) AS rebuffer_ratio_p95,
  MIN(CASE WHEN bitrate_rank * 100 >= bitrate_count * 50 THEN avg_bitrate END) AS avg_bitrate_median,
  MIN(CASE WHEN bitrate_rank * 100 >= bitrate_count * 95 THEN avg_bitrate END) AS avg_bitrate_p95,
  SUM(play_ms) AS play_ms, SUM(stall_ms) AS stall_ms
FROM qoe_ranked
GROUP BY video_id, hour_begins;
