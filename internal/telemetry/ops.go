package telemetry

import (
	"context"
	"io"
	"net/http"
	"net/http/pprof"
	"time"
)

const readyTimeout = 2 * time.Second

// OpsHandler is the operator's surface of a process: /metrics, /healthz (200
// while the process serves), /readyz (503 while ready returns an error) and
// /debug/pprof/. A nil ready is always ready. What ready says is not shown: it
// may hold addresses and credentials.
func OpsHandler(m *Metrics, ready func(context.Context) error) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusOK, "ok\n")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if isReady(r.Context(), ready) {
			respond(w, http.StatusOK, "ready\n")
		} else {
			respond(w, http.StatusServiceUnavailable, "not ready\n")
		}
	})
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

func isReady(ctx context.Context, ready func(context.Context) error) bool {
	if ready == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return ready(ctx) == nil
}

func respond(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
