-- Runs what sessions.sql defines, on the tables of tables.sql:
--
--	cat tables.sql sessions.sql job.sql > all.sql && sql-client.sh -f all.sql

EXECUTE STATEMENT SET BEGIN

INSERT INTO qoe_sessions
SELECT session_id, video_id, region, device, player, network, rendition, received_at, outcome, startup_ms, play_ms, stall_ms,
  stalls, rebuffer_ratio, switches, switches_up, switches_down, avg_bitrate, slow_start, rebuffering, unstable
FROM qoe_session;

INSERT INTO qoe_titles
SELECT video_id, hour_begins, sessions, played, start_failures, exits_before_start, playback_failures, startup_ms_median,
  startup_ms_p95, rebuffer_ratio_median, rebuffer_ratio_p95, avg_bitrate_median, avg_bitrate_p95, play_ms, stall_ms
FROM qoe_title;

END;
