package telemetry

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOpsHandler(t *testing.T) {
	t.Parallel()
	ok := func(context.Context) error { return nil }
	down := func(context.Context) error { return errors.New("redis://:" + secret + "@host is down") }
	tests := map[string]struct {
		metrics *Metrics
		ready   func(context.Context) error
		path    string
		code    int
		holds   string
	}{
		"metrics":           {NewMetrics(), ok, "/metrics", 200, "ferry_queue_archived 0"},
		"metrics of nil":    {nil, ok, "/metrics", 404, ""},
		"health":            {nil, ok, "/healthz", 200, "ok"},
		"health while down": {nil, down, "/healthz", 200, "ok"},
		"ready":             {nil, ok, "/readyz", 200, "ready"},
		"ready without ask": {nil, nil, "/readyz", 200, "ready"},
		"not ready":         {nil, down, "/readyz", 503, "not ready"},
		"pprof":             {nil, ok, "/debug/pprof/", 200, "goroutine"},
		"one profile":       {nil, ok, "/debug/pprof/goroutine?debug=1", 200, "goroutine profile"},
		"command line":      {nil, ok, "/debug/pprof/cmdline", 200, ""},
		"symbol":            {nil, ok, "/debug/pprof/symbol", 200, "num_symbols"},
		"elsewhere":         {nil, ok, "/", 404, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, body := get(t, OpsHandler(tt.metrics, tt.ready), tt.path)
			if code != tt.code || !strings.Contains(body, tt.holds) {
				t.Errorf("%s answers %d %q, want %d with %q", tt.path, code, body, tt.code, tt.holds)
			}
			if strings.Contains(body, secret) {
				t.Errorf("%s shows what ready said", tt.path)
			}
		})
	}
}

func TestOpsHandlerRefusesOtherMethods(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	OpsHandler(nil, nil).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/readyz", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST answers %d", w.Code)
	}
}

func TestReadinessIsAskedWithADeadline(t *testing.T) {
	t.Parallel()
	asked := false
	get(t, OpsHandler(nil, func(ctx context.Context) error {
		_, asked = ctx.Deadline()
		return nil
	}), "/readyz")
	if !asked {
		t.Error("ready was called without a deadline")
	}
}
