package api

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/job"
)

const (
	unifiedAda = `{"id":"512","first_name":"Ada","email_addresses":[{"email":"Ada@Example.com"}],` +
		`"phone_numbers":[{"number":"+44 20 7946 0018"}],"addresses":[{"country":"United Kingdom"}],"created_at":"2026-03-04T05:06:08Z"`
	remoteAda     = `,"remote_data":{"vid":512,"props":{"x":1}}}`
	normalizedAda = `{"id":"512","first_name":"Ada","last_name":null,"name":null,"title":null,"description":null,` +
		`"email_addresses":[{"email":"ada@example.com"}],"phone_numbers":[{"number":"+442079460018"}],"addresses":[{"country":"GB"}],` +
		`"urls":null,"account":null,"owner":null,"tags":null,"custom_fields":null,"created_at":"2026-03-04T05:06:08Z","updated_at":null,` +
		`"last_activity_at":null,"etag":null}`
	rawAda = `{"vid": 512,  "props": {"x":1}}`
)

func TestFormats(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ query, want, media string }{
		"default":            {"", unifiedAda + remoteAda, "application/json"},
		"unified":            {"truto_response_format=unified", unifiedAda + remoteAda, "application/json"},
		"without remote":     {"truto_ignore_remote_data=true", unifiedAda + "}", "application/json"},
		"with remote":        {"truto_ignore_remote_data=false", unifiedAda + remoteAda, "application/json"},
		"normalized":         {"truto_response_format=normalized", normalizedAda, "application/json"},
		"raw":                {"truto_response_format=raw", rawAda, "application/vnd.full+json"},
		"stream":             {"truto_response_format=stream", rawAda, "application/vnd.full+json"},
		"raw, excluding":     {"truto_response_format=raw&truto_exclude_fields[]=id", rawAda, "application/vnd.full+json"},
		"excluding":          {"truto_exclude_fields[]=remote_data&truto_exclude_fields[]=id", strings.Replace(unifiedAda, `"id":"512",`, "", 1) + "}", "application/json"},
		"excluding by list":  {"truto_exclude_fields=remote_data,id", strings.Replace(unifiedAda, `"id":"512",`, "", 1) + "}", "application/json"},
		"excluding by index": {"truto_exclude_fields[0]=remote_data&truto_exclude_fields[1]=id", strings.Replace(unifiedAda, `"id":"512",`, "", 1) + "}", "application/json"},
		"normalized, excluding": {"truto_response_format=normalized&truto_exclude_fields[]=etag",
			strings.Replace(normalizedAda, `,"etag":null`, "", 1), "application/json"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := working(t, func(h *harness, id string) { h.succeed(id, job.Created) })
			at := func(a answered, status int) {
				t.Helper()
				a.wantStatus(t, status)
				if diff := cmp.Diff(test.want, a.Body.String()); diff != "" {
					t.Error(diff)
				}
				if media := a.Header().Get("Content-Type"); media != test.media {
					t.Errorf("Content-Type %q, want %q", media, test.media)
				}
			}
			at(h.create(t, "&"+test.query, ada, "Prefer", "wait=5"), 201)
			// Later: as the create asked, and a job that asked for something else.
			at(h.ask(t, "GET", "/jobs/job_0001/result", ""), 200)
			h.create(t, "&truto_response_format=unified", ada).wantStatus(t, 202)
			at(h.ask(t, "GET", "/jobs/job_0002/result?"+test.query, ""), 200)
		})
	}
}

func TestResultInAnotherFormatThanAskedFirst(t *testing.T) {
	t.Parallel()
	h := working(t, func(h *harness, id string) { h.succeed(id, job.Created) })
	h.create(t, "&truto_response_format=raw&truto_ignore_remote_data=true&truto_exclude_fields[]=id", ada).wantStatus(t, 202)
	tests := map[string]string{
		"":                                 rawAda,
		"truto_response_format=unified":    strings.Replace(unifiedAda, `"id":"512",`, "", 1) + "}",
		"truto_response_format=normalized": strings.Replace(normalizedAda, `"id":"512",`, "", 1),
		"truto_response_format=unified&truto_ignore_remote_data=false&truto_exclude_fields[]=": unifiedAda + remoteAda,
	}
	for query, want := range tests {
		a := h.ask(t, "GET", "/jobs/job_0001/result?"+query, "").wantStatus(t, 200)
		if diff := cmp.Diff(want, a.Body.String()); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
}

func TestStreamIsSentInPieces(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("0123456789", 20_000)
	h := working(t, func(h *harness, id string) {
		h.succeed(id, job.Created)
		h.jobs.change(id, func(*job.Job) {}, &job.Result{Raw: []byte(big), ContentType: "text/html"})
	})
	h.create(t, "", ada).wantStatus(t, 202)
	for format, flushed := range map[string]bool{"raw": false, "stream": true} {
		a := h.ask(t, "GET", "/jobs/job_0001/result?truto_response_format="+format, "").wantStatus(t, 200)
		if a.Body.String() != big || a.Header().Get("Content-Type") != "text/html" {
			t.Errorf("%s: %d bytes of %s", format, a.Body.Len(), a.Header().Get("Content-Type"))
		}
		if !strings.Contains(a.Header().Get("Content-Security-Policy"), "sandbox") || a.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: a browser may take it for a page of ours: %v", format, a.Header())
		}
		if a.Flushed != flushed {
			t.Errorf("%s: flushed %v", format, a.Flushed)
		}
	}
}

func TestVendorBodyThatIsNoJSON(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ raw, media, unified, wantMedia string }{
		"xml":                {`<contact id="512"/>`, "application/xml", `{"remote_data":"<contact id=\"512\"/>"}`, "application/xml"},
		"none":               {"", "", `{}`, "application/octet-stream"},
		"JSON without media": {`{"a":1}`, "", `{"remote_data":{"a":1}}`, "application/json"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := working(t, func(h *harness, id string) {
				h.succeed(id, job.Created)
				h.jobs.change(id, func(*job.Job) {}, &job.Result{Raw: []byte(test.raw), ContentType: test.media})
			})
			h.create(t, "", ada).wantStatus(t, 202)
			raw := h.ask(t, "GET", "/jobs/job_0001/result?truto_response_format=raw", "").wantStatus(t, 200)
			if raw.Body.String() != test.raw || raw.Header().Get("Content-Type") != test.wantMedia {
				t.Errorf("%q of %q", raw.Body, raw.Header().Get("Content-Type"))
			}
			unified := h.ask(t, "GET", "/jobs/job_0001/result", "").wantStatus(t, 200)
			if diff := cmp.Diff(test.unified, unified.Body.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
