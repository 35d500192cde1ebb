// Package tracing follows requests through their stages with OpenTelemetry, and sends the spans to a collector by OTLP over
// HTTP. It is the only one that knows OpenTelemetry. Nothing of it is the process's: a Tracer is passed to who is traced.
//
// A collector that is slow or gone costs no request anything: spans wait in a bounded queue, and what finds no room is
// counted and dropped.
package tracing

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Config is where traces go, and of how many requests.
type Config struct {
	Endpoint string  // URL of a collector; its path is /v1/traces where it has none
	Sample   float64 // share of requests that are traced, of those whose caller didn't decide; 0 to 1
	Version  string  // of the program
}

const (
	queueSpans     = 2048 // that wait; one is some 2 KB
	batchSpans     = 512
	batchInterval  = 2 * time.Second  // after which what waits is sent
	exportTimeout  = 10 * time.Second // of a batch, with all its tries
	firstRetry     = 500 * time.Millisecond
	longestRetry   = 3 * time.Second
	mostAttributes = 32
	mostText       = 256 // bytes of one attribute
)

// Validate names every mistake at once, by the flag's name.
func (c Config) Validate() error {
	var errs []error
	if _, err := c.url(); err != nil && c.Endpoint != "" {
		errs = append(errs, err)
	}
	if !(c.Sample >= 0 && c.Sample <= 1) { // NaN is neither
		errs = append(errs, fmt.Errorf("trace-sample: %v is not from 0 to 1", c.Sample))
	}
	return errors.Join(errs...)
}

// url is the endpoint with its path: the collector's default is that of the OTLP specification ("OTLP/HTTP Request").
func (c Config) url() (*url.URL, error) {
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("otlp-endpoint: %q is no URL like http://host:4318", c.Endpoint)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	return u, nil
}
