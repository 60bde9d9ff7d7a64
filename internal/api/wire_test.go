package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"crmferry/internal/job"
)

// fetch sends a request over a connection.
func fetch(t *testing.T, server *httptest.Server, method, path string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
	check(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := server.Client().Do(r)
	check(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	check(t, err)
	return response, string(body)
}

func TestOnTheWire(t *testing.T) {
	t.Parallel()
	h := working(t, func(h *harness, id string) { h.succeed(id, job.Created) })
	server := httptest.NewServer(h.handler)
	defer server.Close()
	h.create(t, "", ada).wantStatus(t, 202)

	raw, body := fetch(t, server, "GET", "/jobs/job_0001/result?truto_response_format=raw")
	if body != rawAda || raw.ContentLength != int64(len(rawAda)) {
		t.Errorf("raw: %d bytes announced, %q", raw.ContentLength, body)
	}
	stream, body := fetch(t, server, "GET", "/jobs/job_0001/result?truto_response_format=stream")
	if body != rawAda || stream.ContentLength != -1 {
		t.Errorf("stream: %d bytes announced, %q", stream.ContentLength, body)
	}
	head, body := fetch(t, server, "HEAD", "/jobs/job_0001")
	if head.StatusCode != 200 || body != "" || head.Header.Get("ETag") == "" {
		t.Errorf("HEAD: %d %q %v", head.StatusCode, body, head.Header)
	}
	deleted, body := fetch(t, server, "DELETE", "/jobs/job_0001")
	if deleted.StatusCode != 204 || body != "" {
		t.Errorf("DELETE: %d %q", deleted.StatusCode, body)
	}
}

// FuzzCreate: no request is a fault of ours, and every refusal is a problem.
func FuzzCreate(f *testing.F) {
	f.Add(ada, "workspace[id]=1&remote_query[a][b]=c&expires_in=72h", `"k"`, "wait=0")
	f.Add(seedBody, "remote_query[=&truto_exclude_fields[x=1&truto_exclude_fields]=", `"\`, "wait")
	f.Add(`{"first_name":`, "%zz;&&==&callback_url=://", `"\"`, ",;=")
	f.Add("", "integrated_account_id=x&limit=%00", "", "")
	closed := make(chan struct{})
	close(closed)
	h := newHarness(f, func(d *Deps) { d.Closing = closed }) // so that nothing waits
	f.Fuzz(func(t *testing.T, body, query, key, prefer string) {
		before := h.jobs.stored()
		r := httptest.NewRequestWithContext(t.Context(), "POST", contactsPath, strings.NewReader(body))
		r.URL = &url.URL{Path: contactsPath, RawQuery: "integrated_account_id=" + fullAccount + "&" + query}
		r.Header = http.Header{
			"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"},
			"Idempotency-Key": {key}, "Prefer": {prefer},
		}
		a := h.send(r)
		switch {
		case a.Code >= 500:
			t.Fatalf("%d: %s", a.Code, a.Body)
		case a.Code >= 400:
			a.wantProblem(t, a.Code)
		}
		fresh := a.Code == 202 && a.Header().Get("Idempotency-Replayed") == ""
		if stored := h.jobs.stored() - before; stored > 1 || fresh != (stored == 1) {
			t.Fatalf("%d, and %d jobs more", a.Code, stored)
		}
	})
}
