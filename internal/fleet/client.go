package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Answer is what the API said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Decode reads a JSON answer.
func (a Answer) Decode(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		t.Errorf("HTTP %d, not JSON: %v\n%s", a.Status, err, a.Body)
	}
}

// Call sends a request; headers come in pairs.
func (f *Fleet) Call(method, path string, body any, headers ...string) (Answer, error) {
	var reader io.Reader
	if body != nil {
		raw, ok := body.([]byte)
		if !ok {
			var err error
			if raw, err = json.Marshal(body); err != nil {
				return Answer{}, err
			}
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, f.base+path, reader)
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := f.http.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	return Answer{resp.StatusCode, resp.Header, raw}, err
}

// Addr is where the API listens, for requests that Call cannot make.
func (f *Fleet) Addr() string { return strings.TrimPrefix(f.base, "http://") }

// Token is what such a request carries.
func (f *Fleet) Token() string { return token }

// Must is Call, where the API has to answer with status.
func (f *Fleet) Must(status int, method, path string, body any, headers ...string) Answer {
	f.Helper()
	a, err := f.Call(method, path, body, headers...)
	if err != nil {
		f.Fatal(err)
	}
	if a.Status != status {
		f.Fatalf("%s %s: HTTP %d, want %d\n%s", method, path, a.Status, status, a.Body)
	}
	return a
}

// Limits are an account's own pace.
type Limits struct {
	Windows     []Window `json:"windows"`
	Quotas      []Quota  `json:"quotas,omitempty"`
	Concurrency int      `json:"concurrency,omitempty"`
}

// Window allows Requests calls in any stretch of PerSeconds.
type Window struct {
	Requests   int     `json:"requests"`
	PerSeconds float64 `json:"per_seconds"`
}

// Quota allows Requests calls per Period.
type Quota struct {
	Requests int    `json:"requests"`
	Period   string `json:"period"`
}

// Unhindered is a pace that holds nobody up.
func Unhindered() *Limits {
	return &Limits{
		Windows: []Window{{Requests: 1_000_000, PerSeconds: 1}}, Concurrency: 128,
		Quotas: []Quota{{Requests: 1_000_000, Period: "day"}},
	}
}

// Connect makes an integrated account at an imitation that goes unhindered;
// more settings come in pairs.
func (f *Fleet) Connect(crm, account string, more ...string) string {
	f.Helper()
	return f.ConnectAt(Unhindered(), crm, account, more...)
}

// ConnectAt is Connect with a pace; nil is the CRM's own.
func (f *Fleet) ConnectAt(pace *Limits, crm, account string, more ...string) string {
	f.Helper()
	auth, settings := f.World.Connect(crm, account, "")
	for i := 0; i+1 < len(more); i += 2 {
		settings[more[i]] = more[i+1]
	}
	var made struct{ ID string }
	f.Must(http.StatusCreated, "POST", "/integrated-accounts",
		map[string]any{"crm": crm, "name": account, "auth": auth, "settings": settings, "limits": pace}).Decode(f, &made)
	return made.ID
}

// Contacts is the path to which an account's contacts are posted; more of the
// query comes in pairs.
func Contacts(account string, more ...string) string {
	q := url.Values{"integrated_account_id": {account}}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return "/unified/crm/contacts?" + q.Encode()
}

// Email is the address of the person of that name.
func Email(name string) string { return "ada." + strings.ToLower(name) + "@example.com" }

// Person is a contact that most CRMs take as it is.
func Person(name string) map[string]any {
	return map[string]any{
		"first_name": "Ada", "last_name": name, "name": "Ada " + name,
		"email_addresses": []any{map[string]any{"email": Email(name)}},
	}
}

// Job is a job as the API shows it.
type Job struct {
	ID        string
	Status    string
	Attempts  int64
	Outcome   string
	ClientRef string `json:"client_ref"`
	Result    struct{ ID string }
	Error     struct {
		Kind, Code, Message string
		Fields              []string
		Candidates          []string
		RemoteID            string `json:"remote_id"`
		RemoteStatus        int    `json:"remote_status"`
	}
	Warnings      []struct{ Field, Code, Message string }
	CreatedAt     time.Time `json:"created_at"`
	NextAttemptAt time.Time `json:"next_attempt_at"`
	Timeline      []struct {
		Result string
		Then   string
	}
}

// Over says whether the job has come to its end.
func (j Job) Over() bool {
	return j.Status == "succeeded" || j.Status == "failed" || j.Status == "unknown" || j.Status == "cancelled"
}

// Post sends a contact and gives its job.
func (f *Fleet) Post(path string, contact map[string]any, headers ...string) Job {
	f.Helper()
	var j Job
	f.Must(http.StatusAccepted, "POST", path, contact, headers...).Decode(f, &j)
	return j
}

// Await waits until a job is over.
func (f *Fleet) Await(id string, patience time.Duration) Job {
	f.Helper()
	var j Job
	f.Eventually(patience, "the end of "+id, func() bool {
		a, err := f.Call("GET", "/jobs/"+id+"?wait=5", nil)
		if err != nil || a.Status != http.StatusOK {
			return false
		}
		j = Job{} // members that do not apply any more are left out
		a.Decode(f, &j)
		return j.Over()
	})
	return j
}
