// Package otlptest is a collector of traces for tests: it takes OTLP over HTTP, decodes it, and keeps the spans.
package otlptest

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Span is a span as it arrived.
type Span struct {
	Name              string
	Trace, ID, Parent string // hexadecimal; Parent is "" for none
	Kind              spans.Span_SpanKind
	Failed            bool
	Message           string         // of its status
	Attributes        map[string]any // string, int64, float64 or bool
	Resource          map[string]any
	Start, End        time.Time
}

// Server is a collector on a port of this machine.
type Server struct {
	URL string

	mu     sync.Mutex
	spans  []Span
	refuse int           // status that batches are answered with; 0 takes them
	hold   chan struct{} // batches wait until it is closed; nil for not
	more   chan struct{} // closed, and made anew, when spans arrive
}

// Start runs a collector until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{more: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(s.take))
	t.Cleanup(func() {
		s.Release()
		server.Close()
	})
	s.URL = server.URL
	return s
}

// Refuse answers batches with a status from now on; 0 takes them again.
func (s *Server) Refuse(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = status
}

// Hold lets batches wait for an answer from now on.
func (s *Server) Hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold = make(chan struct{})
}

// Release answers those that wait.
func (s *Server) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hold != nil {
		close(s.hold)
		s.hold = nil
	}
}

// Spans are those that have arrived.
func (s *Server) Spans() []Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Span(nil), s.spans...)
}

// Wait waits until what has arrived is enough, and gives it.
func (s *Server) Wait(t testing.TB, enough func([]Span) bool) []Span {
	t.Helper()
	patience, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		s.mu.Lock()
		more := s.more
		s.mu.Unlock()
		found := s.Spans()
		if enough(found) {
			return found
		}
		select {
		case <-more:
		case <-patience.Done():
			t.Fatalf("after a minute there are %d spans, and they are not enough: %+v", len(found), found)
		}
	}
}

func (s *Server) take(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	refuse, hold := s.refuse, s.hold
	s.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-r.Context().Done():
			return
		}
	}
	if refuse != 0 {
		w.WriteHeader(refuse)
		return
	}
	request, err := read(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, resource := range request.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				s.spans = append(s.spans, spanOf(span, resource.GetResource().GetAttributes()))
			}
		}
	}
	close(s.more)
	s.more = make(chan struct{})
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func read(r *http.Request) (*collector.ExportTraceServiceRequest, error) {
	if r.URL.Path != "/v1/traces" || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-protobuf" {
		return nil, fmt.Errorf("%s %s of %q", r.Method, r.URL.Path, r.Header.Get("Content-Type"))
	}
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		packed, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, err
		}
		body = packed
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	request := &collector.ExportTraceServiceRequest{}
	return request, proto.Unmarshal(text, request)
}

func spanOf(p *spans.Span, resource []*common.KeyValue) Span {
	return Span{
		Name: p.Name, Trace: hex.EncodeToString(p.TraceId), ID: hex.EncodeToString(p.SpanId), Parent: hex.EncodeToString(p.ParentSpanId),
		Kind: p.Kind, Failed: p.GetStatus().GetCode() == spans.Status_STATUS_CODE_ERROR, Message: p.GetStatus().GetMessage(),
		Attributes: valuesOf(p.Attributes), Resource: valuesOf(resource),
		Start: time.Unix(0, int64(p.StartTimeUnixNano)), End: time.Unix(0, int64(p.EndTimeUnixNano)),
	}
}

func valuesOf(list []*common.KeyValue) map[string]any {
	values := map[string]any{}
	for _, one := range list {
		switch v := one.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			values[one.Key] = v.StringValue
		case *common.AnyValue_IntValue:
			values[one.Key] = v.IntValue
		case *common.AnyValue_DoubleValue:
			values[one.Key] = v.DoubleValue
		case *common.AnyValue_BoolValue:
			values[one.Key] = v.BoolValue
		}
	}
	return values
}
