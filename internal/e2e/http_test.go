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

	"crmferry/internal/fleet"
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
	f.Helper()
	a := f.Must(status, method, path, body, headers...)
	if ct := a.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/problem+json") {
		f.Errorf("%s %s: content type %q", method, path, ct)
	}
	var p problem
	a.Decode(f, &p)
	if p.Status != status || p.Type == "" || p.Title == "" || p.RequestID == "" {
		f.Errorf("%s %s: incomplete problem %s", method, path, a.Body)
	}
	return p
}

const seedBody = `{"first_name":"your_first_name","last_name":"your_last_name","email_addresses":[],"account":{},"name":"your_name","title":"your_title","phone_numbers":[],"custom_fields":"{\n  \"custom_field_name_1\": \"foo\",\n  \"custom_field_name_2\": \"bar\"\n}\n","addresses":[],"tags":[],"created_at":"your_created_at","owner":{},"remote_data":{}}`

func TestTheSeedPagesOwnBody(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	account := f.Connect("hubspot", "seed")
	p := f.problem(http.StatusUnprocessableEntity, "POST", fleet.Contacts(account), []byte(seedBody))
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
	p = f.problem(http.StatusUnprocessableEntity, "POST", fleet.Contacts(account), []byte(body))
	if len(p.Errors) != 1 || p.Errors[0].Pointer != "/email_addresses" || !strings.Contains(p.Errors[0].Message, "HubSpot") {
		t.Errorf("errors = %+v", p.Errors)
	}
}

func TestWaitingAnswers(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	f.StartWorker()
	account := f.Connect("hubspot", "waits")
	wait := []string{"Prefer", "wait=10"}

	created := f.Must(http.StatusCreated, "POST", fleet.Contacts(account), fleet.Person("Wait"), wait...)
	var contact struct{ ID string }
	created.Decode(t, &contact)
	if contact.ID == "" || created.Header.Get("Preference-Applied") != "wait=10" || created.Header.Get("Ferry-Job-Id") == "" {
		t.Errorf("created: %s, %v", created.Body, created.Header)
	}
	if a := f.Must(http.StatusAccepted, "POST", fleet.Contacts(account), fleet.Person("NoWait")); a.Header.Get("Location") == "" {
		t.Error("202 without Location")
	}
	p := f.problem(http.StatusConflict, "POST", fleet.Contacts(account), fleet.Person("Wait"), wait...)
	if p.Kind != "duplicate" || p.RemoteID != contact.ID {
		t.Errorf("duplicate = %+v", p)
	}
	matched := f.Must(http.StatusOK, "POST", fleet.Contacts(account, "on_duplicate", "return_existing"), fleet.Person("Wait"), wait...)
	if matched.Decode(t, &contact); contact.ID != p.RemoteID {
		t.Errorf("matched %s", matched.Body)
	}
	update := fleet.Person("Wait")
	update["title"] = "Countess"
	updated := f.Must(http.StatusOK, "POST", fleet.Contacts(account, "on_duplicate", "update"), update, wait...)
	if !bytes.Contains(updated.Body, []byte(`"Countess"`)) {
		t.Errorf("updated %s", updated.Body)
	}
	odd := fleet.Person("Odd")
	odd["custom_fields"] = map[string]any{"no_such_property": "x"}
	p = f.problem(http.StatusUnprocessableEntity, "POST", fleet.Contacts(account), odd, wait...)
	if p.Kind != "invalid" || len(p.Fields) != 1 || p.Fields[0] != "custom_fields/no_such_property" {
		t.Errorf("invalid = %+v", p)
	}
	for name, kind := range map[string]string{"expired": "unauthorized", "noscope": "forbidden"} {
		p := f.problem(http.StatusBadGateway, "POST", fleet.Contacts(f.Connect("hubspot", name)), fleet.Person("X"+name), wait...)
		if p.Kind != kind {
			t.Errorf("%s: %+v", name, p)
		}
	}
	held := f.World.CRM("hubspot").Inject(kit.Fault{Match: kit.Match{Method: "POST"}, Do: kit.Hold, Times: 1})
	late := f.Must(http.StatusAccepted, "POST", fleet.Contacts(account), fleet.Person("Late"), "Prefer", "wait=1")
	var j job
	if late.Decode(t, &j); j.Over() || late.Header.Get("Preference-Applied") != "wait=1" {
		t.Errorf("not done in time: %s", late.Body)
	}
	held.Release()
	if j := f.Await(j.ID, time.Minute); j.Status != "succeeded" {
		t.Errorf("in the end: %+v", j)
	}
}

// TestALimitIsWaitedOut: a limited answer is the CRM's business and ours, not the caller's.
func TestALimitIsWaitedOut(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	f.StartWorker()
	account := f.Connect("hubspot", "limited")
	f.World.CRM("hubspot").Inject(kit.Fault{Match: kit.Match{Method: "POST"}, Do: kit.Status, Vendor: "limited", Times: 2})
	j := f.Await(f.Post(fleet.Contacts(account), fleet.Person("Limited")).ID, time.Minute)
	if j.Status != "succeeded" || len(j.Timeline) != 3 || j.Timeline[0].Result != "rate_limited" || j.Timeline[0].Then != "waiting" {
		t.Errorf("job = %+v", j)
	}
}

func TestOneKeyOneJob(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	f.StartWorker()
	account := f.Connect("salesforce", "keys") // which takes duplicates
	var mu sync.Mutex
	var wg sync.WaitGroup
	ids := map[string]int{}
	for range 20 {
		wg.Go(func() {
			a, err := f.Call("POST", fleet.Contacts(account), fleet.Person("Key"), "Idempotency-Key", `"k-1"`)
			if err != nil || a.Status != http.StatusAccepted {
				t.Errorf("HTTP %d, %v: %s", a.Status, err, a.Body)
				return
			}
			var j job
			a.Decode(t, &j)
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
		f.Await(id, time.Minute)
	}
	again := f.Must(http.StatusAccepted, "POST", fleet.Contacts(account), fleet.Person("Key"), "Idempotency-Key", "k-1")
	if again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("replayed: %v", again.Header)
	}
	f.problem(http.StatusUnprocessableEntity, "POST", fleet.Contacts(account), fleet.Person("Other"), "Idempotency-Key", "k-1")
	if n := f.World.CRM("salesforce").Count("keys"); n != 1 {
		t.Errorf("the CRM holds %d contacts", n)
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	account := f.Connect("hubspot", "bad")
	path := fleet.Contacts(account)
	good, _ := json.Marshal(fleet.Person("Good"))
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
		"unknown account":   {404, "POST", fleet.Contacts("3f0c2a52-6d7e-4a3e-9d1b-0a4b6f1f2d3e"), good, nil, ""},
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
		"bad on_duplicate":  {422, "POST", fleet.Contacts(account, "on_duplicate", "explode"), good, nil, "query.on_duplicate"},
		"unknown route":     {404, "GET", "/nowhere", nil, nil, ""},
		"unknown job":       {404, "GET", "/jobs/job_0000000000000000000000000000", nil, nil, ""},
		"wrong method":      {405, "PUT", "/jobs", []byte(`{}`), nil, ""},
		"misspelt secret":   {422, "POST", "/integrated-accounts", []byte(`{"crm":"hubspot","auth":{"scheme":"access_token","acess_token":"super-secret-value"}}`), nil, "/auth/acess_token"},
		"missing secret":    {422, "POST", "/integrated-accounts", []byte(`{"crm":"hubspot","auth":{"scheme":"access_token"}}`), nil, "/auth/access_token"},
		"foreign host":      {422, "POST", "/integrated-accounts", []byte(`{"crm":"salesforce","auth":{"scheme":"oauth2","access_token":"super-secret-value"},"settings":{"instance_url":"https://evil.example"}}`), nil, "/settings/instance_url"},
		"bad key":           {400, "POST", path, good, []string{"Idempotency-Key", strings.Repeat("k", 300)}, ""},
		"unreadable expiry": {422, "POST", fleet.Contacts(account, "expires_in", "soon"), good, nil, "query.expires_in"},
	} {
		t.Run(name, func(t *testing.T) {
			p := f.with(t).problem(c.status, c.method, c.path, c.body, c.headers...)
			if c.pointer != "" && (len(p.Errors) == 0 || p.Errors[0].Pointer != c.pointer) {
				t.Errorf("errors = %+v, want %s", p.Errors, c.pointer)
			}
			if raw := fmt.Sprintf("%+v", p); strings.Contains(raw, "super-secret-value") {
				t.Error("the secret is in the answer")
			}
		})
	}
	if a := f.Must(http.StatusMethodNotAllowed, "PUT", "/jobs", []byte(`{}`)); a.Header.Get("Allow") == "" {
		t.Error("405 without Allow")
	}
	if a := f.Must(http.StatusUnauthorized, "GET", "/jobs", nil, "Authorization", ""); a.Header.Get("WWW-Authenticate") == "" {
		t.Error("401 without WWW-Authenticate")
	}
	var list struct{ Result []job }
	if f.Must(http.StatusOK, "GET", "/jobs", nil).Decode(t, &list); len(list.Result) != 0 {
		t.Errorf("%d jobs were stored", len(list.Result))
	}
	if strings.Contains(f.API.Output(), "super-secret-value") {
		t.Error("the secret is in the log")
	}
}

func TestWarningsAndFormats(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	f.StartWorker()
	account := f.Connect("hubspot", "formats")
	body := fleet.Person("Format")
	body["tags"], body["id"], body["phone_numbers"] = []string{"VIP"}, "mine", []string{"+44 20 7946 0001"}
	j := f.Post(fleet.Contacts(account)+"&no_such_option=1", body)
	done := f.Await(j.ID, time.Minute)
	seen := map[string]bool{}
	for _, w := range done.Warnings {
		seen[w.Field] = true
	}
	if done.Status != "succeeded" || !seen["tags"] || !seen["id"] || !seen["query.no_such_option"] {
		t.Fatalf("%s with warnings %+v", done.Status, done.Warnings)
	}
	result := func(query string) map[string]any {
		var m map[string]any
		f.Must(http.StatusOK, "GET", "/jobs/"+j.ID+"/result?"+query, nil).Decode(t, &m)
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
	etag := f.Must(http.StatusOK, "GET", "/jobs/"+j.ID, nil).Header.Get("ETag")
	if a := f.Must(http.StatusNotModified, "GET", "/jobs/"+j.ID, nil, "If-None-Match", etag); len(a.Body) != 0 || !strings.HasPrefix(etag, "W/") {
		t.Errorf("304 with %q, ETag %s", a.Body, etag)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	account := f.Connect("hubspot", "cancel")
	j := f.Post(fleet.Contacts(account), fleet.Person("Cancel")) // no worker yet
	var ended job
	if f.Must(http.StatusOK, "POST", "/jobs/"+j.ID+"/cancel", nil).Decode(t, &ended); ended.Status != "cancelled" {
		t.Errorf("cancelled: %+v", ended)
	}
	f.problem(http.StatusConflict, "POST", "/jobs/"+j.ID+"/cancel", nil)
	held := f.World.CRM("hubspot").Inject(kit.Fault{Match: kit.Match{Method: "POST"}, Do: kit.Hold, Times: 1})
	f.StartWorker()
	out := f.Post(fleet.Contacts(account), fleet.Person("CallIsOut"))
	if err := held.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	f.Must(http.StatusAccepted, "POST", "/jobs/"+out.ID+"/cancel", nil)
	held.Release()
	if j := f.Await(out.ID, time.Minute); j.Status != "succeeded" {
		t.Errorf("a call that was out ended %s", j.Status)
	}
	if n := f.World.CRM("hubspot").Count("cancel"); n != 1 {
		t.Errorf("the CRM holds %d contacts", n)
	}
}
