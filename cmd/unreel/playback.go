package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"

	"unreel/handlers"
	"unreel/playback/events"
	"unreel/playback/progress"
	"unreel/playback/sessions"
)

// autoState is a --state-dir that we choose, and may do without.
const autoState = "auto"

// viewers is what is kept of viewers, and what that is kept in.
type viewers struct {
	handlers.Playback
	closers []func() error // in the order of opening
}

// Close closes the stores.
func (v *viewers) Close() error {
	var errs []error
	for i := len(v.closers) - 1; i >= 0; i-- {
		errs = append(errs, v.closers[i]())
	}
	return errors.Join(errs...)
}

// openViewers opens the stores that the flags name. library is the directory that is served.
func openViewers(cfg *Config, library string, observer events.Observer, log *slog.Logger) (v *viewers, err error) {
	v = &viewers{}
	defer func() {
		if err != nil {
			err = errors.Join(err, v.Close())
		}
	}()
	dir := ""
	var reports events.Store
	if cfg.Redis != "" {
		options, failed := redisOptions(cfg.Redis)
		if failed != nil {
			return v, fmt.Errorf("redis: %w", failed)
		}
		client := redis.NewClient(options)
		v.closers = append(v.closers, client.Close)
		v.Progress = progress.NewKeeper(progress.NewRedis(client), time.Now)
		v.Sessions = sessions.NewRegister(sessions.NewRedis(client), cfg.SessionTTL)
		reports = events.NewRedis(client)
		if cfg.StateDir != autoState {
			dir = cfg.StateDir
		}
	} else {
		var store progress.Store
		if store, dir, err = openProgress(cfg.StateDir, library, log); err != nil {
			return v, err
		}
		v.closers = append(v.closers, store.Close)
		v.Progress = progress.NewKeeper(store, time.Now)
		v.Sessions = sessions.NewRegister(sessions.NewMemory(time.Now), cfg.SessionTTL)
		reports = events.NewMemory(time.Now)
	}
	sinks, err := openSinks(cfg, dir, log)
	if err != nil {
		return v, err
	}
	collector := events.NewCollector(reports, cfg.EventsRate, sinks, observer, log)
	v.closers = append(v.closers, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), lastReports)
		defer cancel()
		if lost := collector.Close(ctx); lost != nil { // no failure of ours: films were served
			log.Warn("the last reports of players are lost", slog.Any("err", lost))
		}
		return nil
	})
	v.Events = collector
	return v, nil
}

// lastReports is how long the end waits for reports to reach the disk or Kafka.
const lastReports = 5 * time.Second

// eventsFileBytes is the size of one file of reports.
const eventsFileBytes = 64 << 20

// openSinks opens what reports are passed on to: files below the state directory, if there is one, or Kafka.
func openSinks(cfg *Config, dir string, log *slog.Logger) ([]events.Sink, error) {
	if len(cfg.Kafka) > 0 {
		k, err := events.NewKafka(cfg.Kafka, cfg.KafkaTopic)
		if err != nil {
			return nil, err
		}
		return []events.Sink{k}, nil
	}
	if dir == "" {
		return nil, nil
	}
	f, err := events.OpenFile(filepath.Join(dir, "events"), eventsFileBytes, log)
	if err != nil {
		return nil, fmt.Errorf("state-dir: %w", err)
	}
	return []events.Sink{f}, nil
}

// redisOptions reads redis://user:password@host:port/db. Nobody waits long for a Redis that is gone.
func redisOptions(url string) (*redis.Options, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, err
	}
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = time.Second, 2*time.Second, 2*time.Second
	options.PoolTimeout = 2 * time.Second
	options.MaxRetries, options.DialerRetries = 1, 1
	options.ContextTimeoutEnabled = true
	return options, nil
}

// openProgress opens the file of a state directory, and gives the directory too; "" where there is none. One that we chose
// ourselves is no reason not to serve.
func openProgress(dir, library string, log *slog.Logger) (store progress.Store, opened string, err error) {
	if dir == "" {
		return progress.NewMemory(), "", nil
	}
	asked := dir != autoState
	if !asked {
		dir = defaultStateDir(library)
	}
	if dir == "" {
		log.Info("no state directory: where viewers stopped is kept in memory only; --state-dir names one")
		return progress.NewMemory(), "", nil
	}
	store, err = openProgressIn(dir)
	if err == nil {
		return store, dir, nil
	}
	if asked {
		return nil, "", fmt.Errorf("state-dir: %w", err)
	}
	log.Warn("where viewers stopped is kept in memory only; --state-dir names a directory to keep it in", slog.Any("err", err))
	return progress.NewMemory(), "", nil
}

func openProgressIn(dir string) (progress.Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return progress.OpenBolt(filepath.Join(dir, "progress.db"))
}

// defaultStateDir is a library's own directory where such things lie: what systemd gives, or else as the XDG Base Directory
// Specification has it. "" where the machine has neither.
func defaultStateDir(library string) string {
	base := os.Getenv("STATE_DIRECTORY") // systemd.exec(5)
	if base == "" {
		if base = os.Getenv("XDG_STATE_HOME"); base == "" {
			home, err := os.UserHomeDir()
			if err != nil || home == "" {
				return ""
			}
			base = filepath.Join(home, ".local", "state")
		}
		base = filepath.Join(base, "unreel")
	}
	path, err := filepath.Abs(library)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(base, filepath.Base(path)+"-"+hex.EncodeToString(sum[:4]))
}
