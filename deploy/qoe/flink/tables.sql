-- The tables of the job, for Flink 1.18 and later with its Kafka connector. What is in <> is to be filled in.
--
-- The topic is what unreel writes with --kafka: one JSON object a report, keyed by session_id (README, Viewers).

SET 'execution.runtime-mode' = 'batch';
SET 'table.local-time-zone' = 'UTC';

CREATE TABLE events (
  session_id        STRING,
  user_id           STRING,
  video_id          STRING,
  event             STRING,
  `timestamp`       BIGINT,  -- ms since 1970 by the client's clock, of which only differences count
  playback_position BIGINT,  -- ms of the film
  rendition         STRING,
  bandwidth         BIGINT,  -- bit/s
  network_type      STRING,
  region            STRING,
  device            STRING,
  player            STRING,
  error             STRING,
  start_delay       BIGINT,  -- ms
  received_at       BIGINT,  -- ms since 1970 by unreel's clock
  heard_from        STRING,  -- 'request' where it is what a request said beside itself, by unreel's clock
  -- Time goes by unreel's clock: a client that lives in 2099 would take the watermark with it. A session is waited for as long
  -- as METRICS.md says.
  received          AS TO_TIMESTAMP_LTZ(received_at, 3),
  WATERMARK FOR received AS received - INTERVAL '2' MINUTE
) WITH (
  'connector' = 'kafka',
  'topic' = 'unreel.events',
  'properties.bootstrap.servers' = '<host:9092>',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
);

-- One row a session, by the names of METRICS.md.
CREATE TABLE qoe_sessions (
  session_id     STRING,
  video_id       STRING,
  region         STRING,
  device         STRING,
  player         STRING,
  network        STRING,
  rendition      STRING,
  received_at    BIGINT,
  outcome        STRING,
  startup_ms     BIGINT,
  play_ms        BIGINT,
  stall_ms       BIGINT,
  stalls         BIGINT,
  rebuffer_ratio DOUBLE,
  switches       BIGINT,
  switches_up    BIGINT,
  switches_down  BIGINT,
  avg_bitrate    BIGINT,
  slow_start     INT,
  rebuffering    INT,
  unstable       INT
) WITH (
  'connector' = 'kafka',
  'topic' = 'unreel.qoe.sessions',
  'properties.bootstrap.servers' = '<host:9092>',
  'format' = 'json'
);

-- One row a title and hour, as GET /api/qoe?by=video&step=1h has it.
CREATE TABLE qoe_titles (
  video_id              STRING,
  hour_begins           BIGINT,  -- ms since 1970
  sessions              BIGINT,
  played                BIGINT,
  start_failures        BIGINT,
  exits_before_start    BIGINT,
  playback_failures     BIGINT,
  startup_ms_median     BIGINT,
  startup_ms_p95        BIGINT,
  rebuffer_ratio_median DOUBLE,
  rebuffer_ratio_p95    DOUBLE,
  avg_bitrate_median    BIGINT,
  avg_bitrate_p95       BIGINT,
  play_ms               BIGINT,
  stall_ms              BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = 'unreel.qoe.titles',
  'properties.bootstrap.servers' = '<host:9092>',
  'format' = 'json'
);
