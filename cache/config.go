package cache

import (
	"errors"
	"fmt"
	"time"
)

// Config bounds a Cache and says what enters it.
type Config struct {
	MaxBytes     int64         // of all bodies with their overhead; 0 keeps nothing
	MaxItemBytes int64         // of one body: one giant must not flush everyone else; 0 means a quarter of MaxBytes
	AdmitFirst   bool          // the first request enters already: right behind a proxy that asks only once
	Window       time.Duration // how soon after the first request a second one lets its body enter
}

// DefaultConfig keeps 512 MiB of what is asked for twice within ten minutes.
func DefaultConfig() Config {
	return Config{MaxBytes: 512 << 20, Window: 10 * time.Minute}
}

// Validate names every mistake at once.
func (c Config) Validate() error {
	var errs []error
	if c.MaxBytes < 0 {
		errs = append(errs, fmt.Errorf("cache-size: %d is negative", c.MaxBytes))
	}
	if c.MaxItemBytes < 0 || c.MaxItemBytes > c.MaxBytes {
		errs = append(errs, fmt.Errorf("cache-item-size: %d is not between 0 and cache-size %d", c.MaxItemBytes, c.MaxBytes))
	}
	if !c.AdmitFirst && c.Window <= 0 {
		errs = append(errs, fmt.Errorf("cache-window: %v is not positive", c.Window))
	}
	return errors.Join(errs...)
}
