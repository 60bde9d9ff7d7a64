package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the process's Prometheus metrics, in a registry of their own.
// Every method of a nil *Metrics does nothing. Callers pass labels from closed
// sets only: a CRM's slug, an error kind, a route's template; never an id.
type Metrics struct {
	registry      *prometheus.Registry
	jobsAccepted  *prometheus.CounterVec
	jobsFinished  *prometheus.CounterVec
	attempts      *prometheus.CounterVec
	crmRequests   *prometheus.CounterVec
	crmSeconds    *prometheus.HistogramVec
	reaperHealed  *prometheus.CounterVec
	httpRequests  *prometheus.CounterVec
	httpSeconds   *prometheus.HistogramVec
	webhooks      *prometheus.CounterVec
	queueArchived prometheus.Gauge
	queueBypassed prometheus.Gauge
}

// NewMetrics returns Metrics with the Go and process collectors registered.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry:      prometheus.NewRegistry(),
		jobsAccepted:  counter("jobs_accepted_total", "Jobs accepted.", "crm"),
		jobsFinished:  counter("jobs_finished_total", "Jobs that reached a terminal status; kind is the error's, empty on success.", "crm", "status", "kind"),
		attempts:      counter("attempts_total", "Attempts by how they ended; kind is the error's, empty on success.", "crm", "kind"),
		crmRequests:   counter("crm_requests_total", "Requests to CRMs; code is the HTTP status, or why there is none.", "crm", "op", "code"),
		crmSeconds:    histogram("crm_request_seconds", "Duration of requests to CRMs.", []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 40}, "crm", "op"),
		reaperHealed:  counter("reaper_healed_total", "Jobs that the reaper put back to work.", "reason"),
		httpRequests:  counter("http_requests_total", "Requests served.", "route", "method", "code"),
		httpSeconds:   histogram("http_request_seconds", "Duration of requests served; a long poll takes up to a minute.", []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 15, 60}, "route"),
		webhooks:      counter("webhook_attempts_total", "Attempts at webhook deliveries, by what became of the delivery.", "status"),
		queueArchived: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "queue_archived", Help: "Tasks in the archive of the queue; must stay 0."}),
		queueBypassed: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "queue_bypassed", Help: "1 while this process takes accepted jobs past the queue, because Redis is full."}),
	}
	m.registry.MustRegister(
		m.jobsAccepted, m.jobsFinished, m.attempts, m.crmRequests, m.crmSeconds,
		m.reaperHealed, m.httpRequests, m.httpSeconds, m.webhooks, m.queueArchived, m.queueBypassed,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

const namespace = "ferry"

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help, Buckets: buckets,
	}, labels)
}

// Handler serves the metrics in the Prometheus text format; 404 on nil.
func (m *Metrics) Handler() http.Handler {
	if m == nil {
		return http.NotFoundHandler()
	}
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// JobAccepted counts one job.
func (m *Metrics) JobAccepted(crm string) {
	if m != nil {
		m.jobsAccepted.WithLabelValues(crm).Inc()
	}
}

// Webhook counts one attempt at a delivery.
func (m *Metrics) Webhook(status string) {
	if m != nil {
		m.webhooks.WithLabelValues(status).Inc()
	}
}

// JobFinished counts one job that became terminal; kind is empty on success.
func (m *Metrics) JobFinished(crm, status, kind string) {
	if m != nil {
		m.jobsFinished.WithLabelValues(crm, status, kind).Inc()
	}
}

// Attempt counts one attempt that ended; kind is empty on success.
func (m *Metrics) Attempt(crm, kind string) {
	if m != nil {
		m.attempts.WithLabelValues(crm, kind).Inc()
	}
}

// CRMRequest counts one exchange with a CRM: op is what the call was for,
// status the HTTP status, reason why the exchange failed (empty if it did not).
func (m *Metrics) CRMRequest(crm, op string, status int, reason string, d time.Duration) {
	if m == nil {
		return
	}
	if reason == "" {
		reason = statusLabel(status)
	}
	m.crmRequests.WithLabelValues(crm, op, reason).Inc()
	m.crmSeconds.WithLabelValues(crm, op).Observe(d.Seconds())
}

// ReaperHealed counts one job that the reaper put back to work.
func (m *Metrics) ReaperHealed(reason string) {
	if m != nil {
		m.reaperHealed.WithLabelValues(reason).Inc()
	}
}

// HTTPRequest counts one request served; route is the route's template, empty
// where none matched.
func (m *Metrics) HTTPRequest(route, method string, status int, d time.Duration) {
	if m == nil {
		return
	}
	if route == "" {
		route = "unmatched"
	}
	m.httpRequests.WithLabelValues(route, methodLabel(method), statusLabel(status)).Inc()
	m.httpSeconds.WithLabelValues(route).Observe(d.Seconds())
}

// QueueArchived sets how many tasks the queue's archive holds.
func (m *Metrics) QueueArchived(n int) {
	if m != nil {
		m.queueArchived.Set(float64(n))
	}
}

// QueueBypassed sets whether this process takes jobs past the queue.
func (m *Metrics) QueueBypassed(on bool) {
	if m == nil {
		return
	}
	m.queueBypassed.Set(0)
	if on {
		m.queueBypassed.Set(1)
	}
}

// WatchJobsOpen has read called at every scrape for the number of jobs that are
// not terminal; NaN means unknown. Only the first call of a process succeeds.
func (m *Metrics) WatchJobsOpen(read func() float64) error {
	if m == nil {
		return nil
	}
	return m.registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "jobs_open", Help: "Jobs that are not terminal.",
	}, read))
}

// methodLabel keeps a caller from filling the registry with invented methods.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

func statusLabel(status int) string {
	if status < 100 || status > 599 {
		return "other"
	}
	return strconv.Itoa(status)
}
