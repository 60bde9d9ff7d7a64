package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

// problem is an RFC 9457 answer.
type problem struct {
	Type, Title, Detail string
	Status              int
	RequestID           string `json:"request_id"`
	Kind                string
	Retryable           bool
	RemoteID            string `json:"remote_id"`
	RemoteStatus        int    `json:"remote_status"`
	Fields              []string
	Errors              []struct{ Pointer, Code, Message string }
}

func (f *ferry) problem(status int, method, path string, body any, headers ...string) problem {
	f.t.Helper()
	a := f.must(status, method, path, body, headers...)
	if ct := a.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/problem+json") {
		f.t.Errorf("%s %s: content type %q", method, path, ct)
	}
	var p problem
	a.decode(f.t, &p)
	if p.Status != status || p.Type == "" || p.Title == "" || p.RequestID == "" {
		f.t.Errorf("%s %s: incomplete problem %s", method, path, a.Body)
	}
	return p
}

const seedBody = `{"first_name":"your_first_name","last_name":"your_last_name","email_addresses":[],"account":{},"name":"your_name","title":"your_title","phone_numbers":[],"custom_fields":"{\n  \"custom_field_name_1\": \"foo\",\n  \"custom_field_name_2\": \"bar\"\n}\n","addresses":[],"tags":[],"created_at":"your_created_at","owner":{},"remote_data":{}}`

func TestTheSeedPagesOwnBody(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	account := f.connect("hubspot", "seed")
	p := f.problem(http.StatusUnprocessableEntity, "POST", contacts(account), []byte(seedBody))
	if len(p.Errors) == 0 || p.Errors[0].Pointer != "/created_at" {
		t.Errorf("errors = %+v", p.Errors)
	}
	for _, e := range p.Errors {
		if strings.Contains(e.Message, "your_created_at") {
			t.Error("the value is echoed")
		}
	}
	// With a real date what stays is that HubSpot needs an e-mail address: an
	// empty list counts as absent.
	body := strings.Replace(seedBody, "your_created_at", "2026-11-24T10:00:00Z", 1)
	p = f.problem(http.StatusUnprocessableEntity, "POST", contacts(account), []byte(body))
	if len(p.Errors) != 1 || p.Errors[0].Pointer != "/email_addresses" || !strings.Contains(p.Errors[0].Message, "HubSpot") {
		t.Errorf("errors = %+v", p.Errors)
	}
}

func TestWaitingAnswers(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	f.startWorker()
	account := f.connect("hubspot", "waits")
	wait := []string{"Prefer", "wait=10"}

	created := f.must(http.StatusCreated, "POST", contacts(account), person("Wait"), wait...)
	var contact struct{ ID string }
	created.decode(t, &contact)
	if contact.ID == "" || created.Header.Get("Preference-Applied") != "wait=10" || created.Header.Get("Ferry-Job-Id") == "" {
		t.Errorf("created: %s, %v", created.Body, created.Header)
	}
	if a := f.must(http.StatusAccepted, "POST", contacts(account), person("NoWait")); a.Header.Get("Location") == "" {
		t.Error("202 without Location")
	}
	p := f.problem(http.StatusConflict, "POST", contacts(account), person("Wait"), wait...)
	if p.Kind != "duplicate" || p.RemoteID != contact.ID {
		t.Errorf("duplicate = %+v", p)
	}
	matched := f.must(http.StatusOK, "POST", contacts(account, "on_duplicate", "return_existing"), person("Wait"), wait...)
	if matched.decode(t, &contact); contact.ID != p.RemoteID {
		t.Errorf("matched %s", matched.Body)
	}
	update := person("Wait")
	update["title"] = "Countess"
	updated := f.must(http.StatusOK, "POST", contacts(account, "on_duplicate", "update"), update, wait...)
	if !bytes.Contains(updated.Body, []byte(`"Countess"`)) {
		t.Errorf("updated %s", updated.Body)
	}
	odd := person("Odd")
	odd["custom_fields"] = map[string]any{"no_such_property": "x"}
	p = f.problem(http.StatusUnprocessableEntity, "POST", contacts(account), odd, wait...)
	if p.Kind != "invalid" || len(p.Fields) != 1 || p.Fields[0] != "custom_fields/no_such_property" {
		t.Errorf("invalid = %+v", p)
	}
	for name, kind := range map[string]string{"expired": "unauthorized", "noscope": "forbidden"} {
		p := f.problem(http.StatusBadGateway, "POST", contacts(f.connect("hubspot", name)), person("X"+name), wait...)
		if p.Kind != kind {
			t.Errorf("%s: %+v", name, p)
		}
	}
	held := f.world.CRM("hubspot").Inject(kit.Fault{Match: kit.Match{Method: "POST"}, Do: kit.Hold, Times: 1})
	late := f.must(http.StatusAccepted, "POST", contacts(account), person("Late"), "Prefer", "wait=1")
	var j job
	if late.decode(t, &j); j.over() || late.Header.Get("Preference-Applied") != "wait=1" {
		t.Errorf("not done in time: %s", late.Body)
	}
	held.Release()
	if j := f.await(j.ID, time.Minute); j.Status != "succeeded" {
		t.Errorf("in the end: %+v", j)
	}
}

// TestALimitIsWaitedOut: a limited answer is the CRM's business and ours, not the caller's.
func TestALimitIsWaitedOut(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	f.startWorker()
	account := f.connect("hubspot", "limited")
	f.world.CRM("hubspot").Inject(kit.Fault{Match: kit.Match{Method: "POST"}, Do: kit.Status, Vendor: "limited", Times: 2})
	j := f.await(f.post(contacts(account), person("Limited")).ID, time.Minute)
	if j.Status != "succeeded" || len(j.Timeline) != 3 || j.Timeline[0].Result != "rate_limited" || j.Timeline[0].Then != "waiting" {
		t.Errorf("job = %+v", j)
	}
}

func TestOneKeyOneJob(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	f.startWorker()
	account := f.connect("salesforce", "keys") // which takes duplicates
	var mu sync.Mutex
	var wg sync.WaitGroup
	ids := map[string]int{}
	for range 20 {
		wg.Go(func() {
			a, err := f.call("POST", contacts(account), person("Key"), "Idempotency-Key", `"k-1"`)
			if err != nil || a.Status != http.StatusAccepted {
				t.Errorf("HTTP %d, %v: %s", a.Status, err, a.Body)
				return
			}
			var j job
			a.decode(t, &j)
			mu.Lock()
			ids[j.ID]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if len(ids) != 1 {
		t.Fatalf("jobs: %v", ids)
	}
	for id := range ids {
		f.await(id, time.Minute)
	}
	again := f.must(http.StatusAccepted, "POST", contacts(account), person("Key"), "Idempotency-Key", "k-1")
	if again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("replayed: %v", again.Header)
	}
	f.problem(http.StatusUnprocessableEntity, "POST", contacts(account), person("Other"), "Idempotency-Key", "k-1")
	if n := f.world.CRM("salesforce").Count("keys"); n != 1 {
		t.Errorf("the CRM holds %d contacts", n)
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	account := f.connect("hubspot", "bad")
	path := contacts(account)
	good, _ := json.Marshal(person("Good"))
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	for name, c := range map[string]struct {
		status  int
		method  string
		path    string
		body    any
		headers []string
		pointer string
	}{
		"no token":          {401, "POST", path, good, []string{"Authorization", ""}, ""},
		"wrong token":       {401, "POST", path, good, []string{"Authorization", "Bearer nonsense"}, ""},
		"unknown account":   {404, "POST", contacts("3f0c2a52-6d7e-4a3e-9d1b-0a4b6f1f2d3e"), good, nil, ""},
		"no account":        {422, "POST", "/unified/crm/contacts", good, nil, "query.integrated_account_id"},
		"not JSON":          {400, "POST", path, []byte(`{"first_name":`), nil, ""},
		"a list":            {400, "POST", path, []byte(`[]`), nil, ""},
		"empty":             {400, "POST", path, []byte(``), nil, ""},
		"invalid UTF-8":     {400, "POST", path, []byte("{\"first_name\":\"\xff\"}"), nil, ""},
		"duplicate keys":    {400, "POST", path, []byte(`{"first_name":"a","first_name":"b"}`), nil, "/first_name"},
		"deeply nested":     {400, "POST", path, []byte(`{"remote_data":` + deep + `}`), nil, ""},
		"wrong type":        {422, "POST", path, []byte(`{"first_name":["x"],"email_addresses":["a@example.com"]}`), nil, "/first_name"},
		"unknown field":     {422, "POST", path, []byte(`{"frist_name":"x","email_addresses":["a@example.com"]}`), nil, "/frist_name"},
		"too large":         {413, "POST", path, []byte(`{"first_name":"` + strings.Repeat("x", 300<<10) + `"}`), nil, ""},
		"wrong media type":  {415, "POST", path, good, []string{"Content-Type", "text/csv"}, ""},
		"bad on_duplicate":  {422, "POST", contacts(account, "on_duplicate", "explode"), good, nil, "query.on_duplicate"},
		"unknown route":     {404, "GET", "/nowhere", nil, nil, ""},
		"unknown job":       {404, "GET", "/jobs/job_0000000000000000000000000000", nil, nil, ""},
		"wrong method":      {405, "PUT", "/jobs", []byte(`{}`), nil, ""},
		"misspelt secret":   {422, "POST", "/integrated-accounts", []byte(`{"crm":"hubspot","auth":{"scheme":"access_token","acess_token":"super-secret-value"}}`), nil, "/auth/acess_token"},
		"missing secret":    {422, "POST", "/integrated-accounts", []byte(`{"crm":"hubspot","auth":{"scheme":"access_token"}}`), nil, "/auth/access_token"},
		"foreign host":      {422, "POST", "/integrated-accounts", []byte(`{"crm":"salesforce","auth":{"scheme":"oauth2","access_token":"super-secret-value"},"settings":{"instance_url":"https://evil.example"}}`), nil, "/settings/instance_url"},
		"bad key":           {400, "POST", path, good, []string{"Idempotency-Key", strings.Repeat("k", 300)}, ""},
		"unreadable expiry": {422, "POST", contacts(account, "expires_in", "soon"), good, nil, "query.expires_in"},
	} {
		t.Run(name, func(t *testing.T) {
			g := *f
			g.t = t
			p := g.problem(c.status, c.method, c.path, c.body, c.headers...)
			if c.pointer != "" && (len(p.Errors) == 0 || p.Errors[0].Pointer != c.pointer) {
				t.Errorf("errors = %+v, want %s", p.Errors, c.pointer)
			}
			if raw := fmt.Sprintf("%+v", p); strings.Contains(raw, "super-secret-value") {
				t.Error("the secret is in the answer")
			}
		})
	}
	if a := f.must(http.StatusMethodNotAllowed, "PUT", "/jobs", []byte(`{}`)); a.Header.Get("Allow") == "" {
		t.Error("405 without Allow")
	}
	if a := f.must(http.StatusUnauthorized, "GET", "/jobs", nil, "Authorization", ""); a.Header.Get("WWW-Authenticate") == "" {
		t.Error("401 without WWW-Authenticate")
	}
	var list struct{ Result []job }
	if f.must(http.StatusOK, "GET", "/jobs", nil).decode(t, &list); len(list.Result) != 0 {
		t.Errorf("%d jobs were stored", len(list.Result))
	}
	if strings.Contains(f.api.out.String(), "super-secret-value") {
		t.Error("the secret is in the log")
	}
}

func TestWarningsAndFormats(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	f.startWorker()
	account := f.connect("hubspot", "formats")
	body := person("Format")
	body["tags"], body["id"], body["phone_numbers"] = []string{"VIP"}, "mine", []string{"+44 20 7946 0001"}
	j := f.post(contacts(account)+"&no_such_option=1", body)
	done := f.await(j.ID, time.Minute)
	seen := map[string]bool{}
	for _, w := range done.Warnings {
		seen[w.Field] = true
	}
	if done.Status != "succeeded" || !seen["tags"] || !seen["id"] || !seen["query.no_such_option"] {
		t.Fatalf("%s with warnings %+v", done.Status, done.Warnings)
	}
	result := func(query string) map[string]any {
		var m map[string]any
		f.must(http.StatusOK, "GET", "/jobs/"+j.ID+"/result?"+query, nil).decode(t, &m)
		return m
	}
	unified := result("")
	remote, _ := unified["remote_data"].(map[string]any)
	if unified["first_name"] != "Ada" || remote["properties"] == nil {
		t.Errorf("unified = %v", unified)
	}
	if m := result("truto_ignore_remote_data=true&truto_exclude_fields[]=first_name"); m["remote_data"] != nil || m["first_name"] != nil || m["last_name"] == nil {
		t.Errorf("without = %v", m)
	}
	normalized := result("truto_response_format=normalized")
	if _, there := normalized["title"]; !there || normalized["title"] != nil || normalized["remote_data"] != nil {
		t.Errorf("normalized = %v", normalized)
	}
	if phones, _ := normalized["phone_numbers"].([]any); len(phones) != 1 || phones[0].(map[string]any)["number"] != "+442079460001" {
		t.Errorf("phones = %v", normalized["phone_numbers"])
	}
	for _, format := range []string{"raw", "stream"} {
		if m := result("truto_response_format=" + format); m["properties"] == nil || m["createdAt"] == nil {
			t.Errorf("%s = %v", format, m)
		}
	}
	etag := f.must(http.StatusOK, "GET", "/jobs/"+j.ID, nil).Header.Get("ETag")
	if a := f.must(http.StatusNotModified, "GET", "/jobs/"+j.ID, nil, "If-None-Match", etag); len(a.Body) != 0 || !strings.HasPrefix(etag, "W/") {
		t.Errorf("304 with %q, ETag %s", a.Body, etag)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	account := f.connect("hubspot", "cancel")
	j := f.post(contacts(account), person("Cancel")) // no worker yet
	var ended job
	if f.must(http.StatusOK, "POST", "/jobs/"+j.ID+"/cancel", nil).decode(t, &ended); ended.Status != "cancelled" {
		t.Errorf("cancelled: %+v", ended)
	}
	f.problem(http.StatusConflict, "POST", "/jobs/"+j.ID+"/cancel", nil)
	held := f.world.CRM("hubspot").Inject(kit.Fault{Match: kit.Match{Method: "POST"}, Do: kit.Hold, Times: 1})
	f.startWorker()
	out := f.post(contacts(account), person("CallIsOut"))
	if err := held.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	f.must(http.StatusAccepted, "POST", "/jobs/"+out.ID+"/cancel", nil)
	held.Release()
	if j := f.await(out.ID, time.Minute); j.Status != "succeeded" {
		t.Errorf("a call that was out ended %s", j.Status)
	}
	if n := f.world.CRM("hubspot").Count("cancel"); n != 1 {
		t.Errorf("the CRM holds %d contacts", n)
	}
}
