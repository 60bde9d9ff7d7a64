package telemetry

import (
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// samples are the lines of ferry's own metrics, without buckets and sums.
func samples(t *testing.T, m *Metrics) []string {
	t.Helper()
	var lines []string
	_, body := get(t, m.Handler(), "/metrics")
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "ferry_") && !strings.Contains(line, "_bucket") && !strings.Contains(line, "_sum") {
			lines = append(lines, line)
		}
	}
	sort.Strings(lines)
	return lines
}

func use(t *testing.T, m *Metrics) {
	t.Helper()
	m.JobAccepted("hubspot")
	m.JobAccepted("hubspot")
	m.JobFinished("hubspot", "succeeded", "")
	m.JobFinished("wix", "failed", "invalid")
	m.Attempt("wix", "invalid")
	m.CRMRequest("wix", "create", 422, "", time.Second)
	m.CRMRequest("wix", "create", 0, "timeout", time.Second)
	m.CRMRequest("wix", "find", 7777, "", time.Second)
	m.ReaperHealed("lease")
	m.HTTPRequest("/jobs/:id", http.MethodGet, 200, time.Millisecond)
	m.HTTPRequest("", "BREW", 404, time.Millisecond)
	m.QueueArchived(3)
	m.QueueBypassed(true)
	if err := m.WatchJobsOpen(func() float64 { return 12 }); err != nil {
		t.Errorf("WatchJobsOpen: %v", err)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	m := NewMetrics()
	use(t, m)
	want := []string{
		`ferry_attempts_total{crm="wix",kind="invalid"} 1`,
		`ferry_crm_request_seconds_count{crm="wix",op="create"} 2`,
		`ferry_crm_request_seconds_count{crm="wix",op="find"} 1`,
		`ferry_crm_requests_total{code="422",crm="wix",op="create"} 1`,
		`ferry_crm_requests_total{code="other",crm="wix",op="find"} 1`,
		`ferry_crm_requests_total{code="timeout",crm="wix",op="create"} 1`,
		`ferry_http_request_seconds_count{route="/jobs/:id"} 1`,
		`ferry_http_request_seconds_count{route="unmatched"} 1`,
		`ferry_http_requests_total{code="200",method="GET",route="/jobs/:id"} 1`,
		`ferry_http_requests_total{code="404",method="other",route="unmatched"} 1`,
		`ferry_jobs_accepted_total{crm="hubspot"} 2`,
		`ferry_jobs_finished_total{crm="hubspot",kind="",status="succeeded"} 1`,
		`ferry_jobs_finished_total{crm="wix",kind="invalid",status="failed"} 1`,
		`ferry_jobs_open 12`,
		`ferry_queue_archived 3`,
		`ferry_queue_bypassed 1`,
		`ferry_reaper_healed_total{reason="lease"} 1`,
	}
	if diff := cmp.Diff(want, samples(t, m)); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	if err := m.WatchJobsOpen(func() float64 { return 0 }); err == nil {
		t.Error("a second WatchJobsOpen was taken")
	}
}

func TestMetricsHaveRegistriesOfTheirOwn(t *testing.T) {
	t.Parallel()
	a, b := NewMetrics(), NewMetrics()
	a.JobAccepted("wix")
	if diff := cmp.Diff([]string{"ferry_queue_archived 0", "ferry_queue_bypassed 0"}, samples(t, b)); diff != "" {
		t.Errorf("samples of the other (-want +got):\n%s", diff)
	}
	_, body := get(t, b.Handler(), "/metrics")
	for _, name := range []string{"go_goroutines", "process_start_time_seconds"} {
		if !strings.Contains(body, name) {
			t.Errorf("no %s", name)
		}
	}
}

func TestNilMetricsDoNothing(t *testing.T) {
	t.Parallel()
	var m *Metrics
	use(t, m)
	if code, _ := get(t, m.Handler(), "/metrics"); code != http.StatusNotFound {
		t.Errorf("/metrics of nil answers %d", code)
	}
}

func TestMetricsConcurrently(t *testing.T) {
	t.Parallel()
	m := NewMetrics()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				m.JobAccepted("wix")
				m.CRMRequest("wix", "create", 200, "", time.Millisecond)
			}
			samples(t, m)
		})
	}
	wg.Wait()
	if got := strings.Join(samples(t, m), "\n"); !strings.Contains(got, `ferry_jobs_accepted_total{crm="wix"} 800`) {
		t.Errorf("samples:\n%s", got)
	}
}
