package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// flagGroup is some flags under one heading of --help.
type flagGroup struct {
	heading string
	flags   *pflag.FlagSet
}

// serveFlags binds what `unreel DIR` heeds.
func serveFlags(c *Config) []flagGroup {
	return []flagGroup{listenFlags(c), accessFlags(c), routingFlags(c), segmentFlags(c), limitFlags(c), libraryFlags(c), viewerFlags(c), logFlags(c)}
}

// inspectFlags binds what `unreel inspect PATH` heeds.
func inspectFlags(c *Config) []flagGroup {
	return []flagGroup{group("Output", func(f *pflag.FlagSet) {
		f.BoolVar(&c.JSON, "json", c.JSON, "print what /info/ answers, as JSON")
	}), segmentFlags(c), limitFlags(c)}
}

// healthFlags binds what `unreel healthcheck` heeds.
func healthFlags(c *Config) []flagGroup {
	return []flagGroup{group("Server", func(f *pflag.FlagSet) {
		f.StringVar(&c.Listen, "listen", c.Listen, "`address` that the server listens on")
	})}
}

func group(heading string, bind func(*pflag.FlagSet)) flagGroup {
	flags := newFlagSet()
	bind(flags)
	return flagGroup{heading: heading, flags: flags}
}

func listenFlags(c *Config) flagGroup {
	return group("HTTP", func(f *pflag.FlagSet) {
		f.StringVar(&c.Listen, "listen", c.Listen, "`address` to serve on; port 0 takes a free one")
		f.StringSliceVar(&c.CORSOrigins, "cors-origin", c.CORSOrigins, "`origins` whose pages may play from here: * is all, empty none but our own")
		f.DurationVar(&c.WriteTimeout, "write-timeout", c.WriteTimeout, "cut a client that takes no byte for so long; a slow one may take for ever")
		f.DurationVar(&c.DrainDelay, "drain-delay", c.DrainDelay, "at SIGTERM, serve on for so long while /readyz already says 503")
		f.DurationVar(&c.DrainTimeout, "drain-timeout", c.DrainTimeout, "at SIGTERM, cut what has not ended by then")
	})
}

func segmentFlags(c *Config) flagGroup {
	return group("Segments", func(f *pflag.FlagSet) {
		f.DurationVar(&c.SegmentDuration, "segment-duration", c.SegmentDuration, "length to aim at; real ones follow the key frames")
		f.DurationVar(&c.MaxSegmentDuration, "max-segment-duration", c.MaxSegmentDuration, "refuse a film whose key frames are further apart")
		f.BoolVar(&c.Thumbnails, "thumbnails", c.Thumbnails, "have ffmpeg make thumbnails of key frames for the scrubbing bar, when they are asked for")
		f.BoolVar(&c.HEVCInTS, "hevc-in-ts", c.HEVCInTS, "offer HEVC below /hls/ in transport streams too, which Apple's players refuse")
	})
}

func limitFlags(c *Config) flagGroup {
	return group("Limits on one file", func(f *pflag.FlagSet) {
		f.Var(&c.MaxMoovSize, "max-moov-size", "refuse a file whose moov box, which is read whole, is larger")
		f.Var(&c.MaxSegmentBytes, "max-segment-bytes", "refuse a film with a larger segment; 0 is no limit")
		f.IntVar(&c.MaxSamples, "max-samples", c.MaxSamples, "refuse a file with more frames of picture and sound")
	})
}

func libraryFlags(c *Config) flagGroup {
	return group("Library and memory", func(f *pflag.FlagSet) {
		f.DurationVar(&c.RescanInterval, "rescan-interval", c.RescanInterval, "look for new and deleted files so often")
		f.Var(&c.CacheSize, "cache-size", "memory for segments; auto is 512MiB, or 40 % of the memory limit where that is less; 0 is none")
		f.StringVar(&c.CacheAdmit, "cache-admit", c.CacheAdmit, "`when` a segment is kept: second request, or first, for an origin behind a proxy that asks only once")
		f.BoolVar(&c.Prefetch, "prefetch", c.Prefetch, "make the segment after one that is watched before it is asked for, where nothing else wants the time; needs a --cache-size")
		f.Var(&c.IndexCacheSize, "index-cache-size", "memory for the indexes of files and for playlists; auto is 256MiB, or 15 % of the memory limit where that is less. A film of 2 h takes about 2MiB a rendition")
		f.StringVar(&c.IndexDir, "index-dir", c.IndexDir, "`directory` that keeps indexes on disk, so that a restart reads no moov twice; several replicas may share it, and it may be deleted at any time; empty is none")
		f.Var(&c.IndexDirSize, "index-dir-size", "size of that directory; what was used longest ago leaves")
	})
}

func viewerFlags(c *Config) flagGroup {
	return group("Viewers", func(f *pflag.FlagSet) {
		f.StringVar(&c.StateDir, "state-dir", c.StateDir, "`directory` of the file that keeps where viewers stopped; auto is one of the user's, empty is memory alone")
		f.StringVar(&c.Redis, "redis", c.Redis, "`URL` of a Redis that keeps what is known of viewers for all replicas, redis://host:6379/0; empty is none")
		f.DurationVar(&c.SessionTTL, "session-ttl", c.SessionTTL, "a player that says nothing for so long watches no more")
		f.IntVar(&c.EventsRate, "events-rate", c.EventsRate, "refuse more reports of players a second")
		f.StringSliceVar(&c.Kafka, "kafka", c.Kafka, "`brokers` of a Kafka that gets what players report, host:9092; empty is files in the state directory")
		f.StringVar(&c.KafkaTopic, "kafka-topic", c.KafkaTopic, "`topic` of what players report")
	})
}

func logFlags(c *Config) flagGroup {
	return group("Logs and diagnosis", func(f *pflag.FlagSet) {
		f.StringVar(&c.LogFormat, "log-format", c.LogFormat, "`format` of logs, on standard error: text or json")
		f.StringVar(&c.LogLevel, "log-level", c.LogLevel, "least `level` to log: debug, info, warn or error")
		f.BoolVar(&c.AccessLog, "access-log", c.AccessLog, "log a line for each request")
		f.StringVar(&c.OTLPEndpoint, "otlp-endpoint", c.OTLPEndpoint, "`URL` of an OpenTelemetry collector that gets traces, by OTLP over HTTP: http://host:4318; empty is none")
		f.Float64Var(&c.TraceSample, "trace-sample", c.TraceSample, "`share` of requests to trace, 0 to 1; one with a traceparent is traced if that says so")
		f.StringVar(&c.PprofListen, "pprof-listen", c.PprofListen, "`address` to serve Go's profiles on, e.g. localhost:6060; empty is none")
	})
}

// newFlagSet is one that tells its mistakes to us alone. Flags keep the order in which they are bound.
func newFlagSet() *pflag.FlagSet {
	flags := pflag.NewFlagSet("unreel", pflag.ContinueOnError)
	flags.SortFlags = false
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	return flags
}

// parsed is what a command line holds beside flags of our own.
type parsed struct {
	rest          []string // arguments that are no flags
	help, version bool
}

// parse reads args, then for each flag that they don't give its environment variable, into what the groups are bound to.
func parse(groups []flagGroup, args []string, env lookupEnv) (parsed, error) {
	var found parsed
	all := newFlagSet()
	for _, g := range groups {
		all.AddFlagSet(g.flags)
	}
	fromEnv := envFlags(all, env)
	all.BoolVarP(&found.help, "help", "h", false, "") // not from the environment: images set UNREEL_VERSION to something else
	all.BoolVar(&found.version, "version", false, "")
	if err := all.Parse(args); err != nil {
		return found, err
	}
	found.rest = all.Args()
	if found.help || found.version {
		return found, nil
	}
	return found, fromEnv()
}

// envFlags notes the flags that there are now, to be set from the environment later.
func envFlags(flags *pflag.FlagSet, env lookupEnv) func() error {
	var all []*pflag.Flag
	flags.VisitAll(func(f *pflag.Flag) { all = append(all, f) })
	return func() error {
		var errs []error
		for _, f := range all {
			key := envName(f.Name)
			if value, ok := env(key); ok && !f.Changed {
				if err := flags.Set(f.Name, value); err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", key, cause(err)))
				}
			}
		}
		return errors.Join(errs...)
	}
}

// cause takes off pflag's own words, which name the flag: who set a variable looks for that.
func cause(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// envName is the environment's name for a flag.
func envName(flag string) string {
	return "UNREEL_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

const usageHead = `unreel serves a directory of MP4 renditions as adaptive HLS, and explains the files.

Usage:
  unreel [flags] DIR            serve every film in DIR
  unreel inspect [flags] PATH   explain a file or a directory (inspect --help)
  unreel sign [flags] TITLE     print a signed path to a title (sign --help)
  unreel routes [flags] DIR     tell where films come from (routes --help)
  unreel healthcheck [flags]    exit 0 if the server on this machine lives
  unreel --help | --version
`

const usageFoot = `
Each flag is read from the environment too: --cache-size from UNREEL_CACHE_SIZE. A flag that is given wins.
`

const inspectHead = `unreel inspect explains a file or a directory: tracks, codecs, key frames, edit lists, how the renditions align,
and all that is odd.

Usage:
  unreel inspect [flags] PATH
`

const healthHead = `unreel healthcheck asks the server on this machine whether it lives, and exits 0 if so, 1 if not.

Usage:
  unreel healthcheck [flags]
`

// usage is the text of --help, in lines of at most columns.
func usage(head string, groups []flagGroup, columns int) string {
	var text strings.Builder
	text.WriteString(head)
	for _, g := range groups {
		text.WriteString("\n" + g.heading + ":\n" + g.flags.FlagUsagesWrapped(columns))
	}
	text.WriteString(usageFoot)
	return text.String()
}

// columns is how wide a text for people may be. Shells keep COLUMNS; few export it.
func columns(env lookupEnv) int {
	const usual, least = 100, 40
	text, _ := env("COLUMNS")
	n, err := strconv.Atoi(text)
	if err != nil {
		return usual
	}
	return max(n, least)
}
