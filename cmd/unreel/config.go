package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"unreel/cache"
	"unreel/demux"
	"unreel/handlers"
	"unreel/packager"
)

// Config is what the flags say.
type Config struct {
	Listen       string // host:port
	WriteTimeout time.Duration
	DrainDelay   time.Duration
	DrainTimeout time.Duration
	CORSOrigins  []string

	SegmentDuration    time.Duration
	MaxSegmentDuration time.Duration
	HEVCInTS           bool
	Thumbnails         bool
	MaxMoovSize        size
	MaxSamples         int
	MaxSegmentBytes    size

	RescanInterval time.Duration
	CacheSize      size // auto, or bytes
	CacheAdmit     string
	Prefetch       bool
	IndexCacheSize size
	IndexDir       string // "" for none
	IndexDirSize   size

	StateDir   string // auto, a path, or "" for none
	Redis      string // URL, or "" for none
	SessionTTL time.Duration
	EventsRate int      // a second
	Kafka      []string // host:port; none for files
	KafkaTopic string

	LogFormat   string
	LogLevel    string
	AccessLog   bool
	PprofListen string

	OTLPEndpoint string  // URL, or "" for none
	TraceSample  float64 // 0 to 1

	Access  accessConfig
	Routing routingConfig
	Sign    signConfig // of unreel sign

	JSON bool // inspect's answer for a machine
}

// Choices of --cache-admit and --log-format.
const (
	admitSecond = "second"
	admitFirst  = "first"
	logText     = "text"
	logJSON     = "json"
)

func defaultConfig() Config {
	limits, server, http := demux.DefaultLimits(), handlers.DefaultServerConfig(), handlers.DefaultConfig()
	return Config{
		Listen:             ":8080",
		WriteTimeout:       server.WriteTimeout,
		DrainDelay:         server.DrainDelay,
		DrainTimeout:       server.DrainTimeout,
		CORSOrigins:        http.CORSOrigins,
		SegmentDuration:    6 * time.Second,
		MaxSegmentDuration: time.Minute,
		MaxMoovSize:        size(limits.MaxMoovBytes),
		MaxSamples:         limits.MaxSamples,
		MaxSegmentBytes:    1 << 30,
		RescanInterval:     30 * time.Second,
		CacheSize:          auto,
		CacheAdmit:         admitSecond,
		IndexCacheSize:     auto,
		IndexDirSize:       10 << 30,
		StateDir:           autoState,
		SessionTTL:         time.Minute,
		EventsRate:         5000,
		KafkaTopic:         "unreel.events",
		LogFormat:          logText,
		LogLevel:           "info",
		AccessLog:          http.AccessLog,
		TraceSample:        0.1,
		Access:             accessConfig{SignSkew: 30 * time.Second},
		Sign:               defaultSign(),
	}
}

// Validate reports all mistakes at once, by the flags' names.
func (c *Config) Validate() error {
	var errs []error
	check := func(flag string, ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(flag+": "+format, args...))
		}
	}
	check("listen", isAddress(c.Listen), "%q is no address: write host:port or :port", c.Listen)
	check("pprof-listen", c.PprofListen == "" || isAddress(c.PprofListen), "%q is no address: write host:port or :port", c.PprofListen)
	check("max-moov-size", c.MaxMoovSize > 0, "%v is not above zero", c.MaxMoovSize)
	check("max-segment-bytes", c.MaxSegmentBytes != auto, "auto is no size here: write one, such as 1GiB")
	check("max-samples", c.MaxSamples > 0, "%d is not above zero", c.MaxSamples)
	check("rescan-interval", c.RescanInterval >= time.Second, "%v is shorter than 1s", c.RescanInterval)
	check("index-dir-size", c.IndexDirSize != auto, "auto is no size here: write one, such as 10GiB")
	check("cache-admit", slices.Contains([]string{admitFirst, admitSecond}, c.CacheAdmit), "%q is neither second nor first", c.CacheAdmit)
	check("events-rate", c.EventsRate >= 500, "%d is less than one request may hold, 500", c.EventsRate)
	check("kafka-topic", c.KafkaTopic != "", "is empty")
	for _, broker := range c.Kafka {
		check("kafka", isAddress(broker), "%q is no address: write host:port", broker)
	}
	check("session-ttl", c.SessionTTL >= time.Second && c.SessionTTL <= 24*time.Hour, "%v is not from 1s to 24h", c.SessionTTL)
	if c.Redis != "" {
		_, err := redisOptions(c.Redis)
		check("redis", err == nil, "%q is no URL like redis://host:6379/0", c.Redis)
	}
	check("log-format", slices.Contains([]string{logText, logJSON}, c.LogFormat), "%q is neither text nor json", c.LogFormat)
	_, err := c.level()
	check("log-level", err == nil, "%q is none of debug, info, warn, error", c.LogLevel)
	if c.IndexDirSize != auto {
		errs = append(errs, c.indexDir().Validate())
	}
	return errors.Join(append(errs, c.Access.validate(), c.Routing.validate(), c.tracing().Validate(), c.http().Validate(), c.server().Validate(), c.packager(0).Validate())...)
}

// http is handlers' part of it.
func (c *Config) http() handlers.Config {
	http := handlers.DefaultConfig()
	http.CORSOrigins, http.AccessLog, http.Version = c.CORSOrigins, c.AccessLog, version()
	return http
}

// server is the listener's part of it.
func (c *Config) server() handlers.ServerConfig {
	return handlers.ServerConfig{WriteTimeout: c.WriteTimeout, DrainDelay: c.DrainDelay, DrainTimeout: c.DrainTimeout}
}

// packager is the packager's part of it; limit is the memory that we may use, 0 where unknown.
func (c *Config) packager(limit int64) packager.Config {
	limits := demux.DefaultLimits()
	limits.MaxMoovBytes, limits.MaxSamples = int64(c.MaxMoovSize), c.MaxSamples
	cached := cache.DefaultConfig()
	cached.MaxBytes, cached.AdmitFirst = int64(c.CacheSize), c.CacheAdmit == admitFirst
	if c.CacheSize == auto {
		cached.MaxBytes = defaultCacheSize(limit)
	}
	return packager.Config{
		SegmentDuration: c.SegmentDuration, MaxSegmentDuration: c.MaxSegmentDuration, MaxSegmentBytes: int64(max(c.MaxSegmentBytes, 0)),
		HEVCInTS: c.HEVCInTS, Limits: limits, IndexCacheBytes: c.indexCacheSize(limit), Cache: cached,
	}
}

// indexCacheSize is what the flag says, or min(256 MiB, 15 % of limit); limit 0 is unknown.
func (c *Config) indexCacheSize(limit int64) int64 {
	const most, percent = 256 << 20, 15
	switch {
	case c.IndexCacheSize != auto:
		return int64(c.IndexCacheSize)
	case limit <= 0:
		return most
	default:
		return max(1<<20, min(most, limit/100*percent))
	}
}

func (c *Config) level() (level slog.Level, err error) {
	if strings.ContainsAny(c.LogLevel, "+-") {
		return 0, errors.New("slog's offsets are no names of levels")
	}
	err = level.UnmarshalText([]byte(c.LogLevel))
	return level, err
}

func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n <= 65535
}
