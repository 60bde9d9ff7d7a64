package webhook

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"crmferry/internal/contact"
	"crmferry/internal/job"
)

func TestNext(t *testing.T) {
	t.Parallel()
	p := Policy{Schedule: []time.Duration{5 * time.Second, 5 * time.Minute}, GiveUp: DefaultGiveUp}
	for name, c := range map[string]struct {
		tries int
		a     Answer
		want  Verdict
	}{
		"success":               {1, Answer{Status: 200}, Verdict{Status: Succeeded}},
		"no content":            {3, Answer{Status: 204}, Verdict{Status: Succeeded}},
		"gone":                  {1, Answer{Status: 410}, Verdict{Status: Failed, Gone: true}},
		"no answer":             {1, Answer{}, Verdict{Status: Pending, After: 5 * time.Second}},
		"redirect":              {1, Answer{Status: 302}, Verdict{Status: Pending, After: 5 * time.Second}},
		"refused":               {2, Answer{Status: 404}, Verdict{Status: Pending, After: 5 * time.Minute}},
		"the last try":          {3, Answer{Status: 500}, Verdict{Status: Failed}},
		"limited":               {2, Answer{Status: 429, RetryAfter: time.Minute}, Verdict{Status: Pending, After: 5 * time.Minute, Pause: time.Minute}},
		"limited for longer":    {1, Answer{Status: 429, RetryAfter: time.Minute}, Verdict{Status: Pending, After: time.Minute, Pause: time.Minute}},
		"limited, no word":      {1, Answer{Status: 429}, Verdict{Status: Pending, After: 5 * time.Second, Pause: 5 * time.Second}},
		"down until":            {1, Answer{Status: 503, RetryAfter: time.Minute}, Verdict{Status: Pending, After: time.Minute, Pause: time.Minute}},
		"down":                  {1, Answer{Status: 503}, Verdict{Status: Pending, After: 5 * time.Second}},
		"an absurd Retry-After": {1, Answer{Status: 429, RetryAfter: 1000 * time.Hour}, Verdict{Status: Pending, After: 24 * time.Hour, Pause: time.Hour}},
	} {
		if diff := cmp.Diff(c.want, p.Next(c.tries, c.a, 0.5)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if low, high := p.Next(1, Answer{}, 0).After, p.Next(1, Answer{}, 1).After; low != 4500*time.Millisecond || high != 5500*time.Millisecond {
		t.Errorf("jitter from %v to %v", low, high)
	}
	now := time.Now()
	if p.Exhausted(time.Time{}, now) || p.Exhausted(now.Add(-119*time.Hour), now) || !p.Exhausted(now.Add(-120*time.Hour), now) {
		t.Error("an endpoint is given up at the wrong time")
	}
}

func TestScheduleLasts75Hours(t *testing.T) {
	t.Parallel()
	var sum time.Duration
	for _, gap := range DefaultSchedule() {
		sum += gap
	}
	if sum.Round(time.Hour) != 76*time.Hour && sum.Truncate(time.Hour) != 75*time.Hour {
		t.Errorf("%v", sum)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "-7": 0, "soon": 0,
		"Mon, 04 May 2026 03:03:01 GMT": time.Minute, "Mon, 04 May 2026 03:01:01 GMT": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

func TestRotationSignsWithBoth(t *testing.T) {
	t.Parallel()
	now := time.Now()
	keys, first, err := Keyring(nil).rotate(open{}, "c", now, 0)
	if err != nil || !strings.HasPrefix(first, "whsec_") {
		t.Fatalf("%q, %v", first, err)
	}
	keys, second, err := keys.rotate(open{}, "c", now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"a":1}`)
	verify := func(secret string, h http.Header) error {
		w, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		return w.VerifyIgnoringTimestamp(body, h)
	}
	header, err := keys.sign(open{}, "c", "whd_1", body, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{first, second} {
		if err := verify(secret, header); err != nil {
			t.Errorf("during the overlap: %v", err)
		}
	}
	header, err = keys.sign(open{}, "c", "whd_1", body, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if verify(first, header) == nil || verify(second, header) != nil {
		t.Error("after the overlap the new secret alone must sign")
	}
	for range maxKeys {
		if keys, _, err = keys.rotate(open{}, "c", now, time.Hour); err != nil {
			break
		}
	}
	if err != errTooManyKeys {
		t.Errorf("many secrets: %v", err)
	}
	if keys, _, err = (Keyring{{Since: now}}).rotate(open{}, "c", now, 0); err != nil || len(keys) != 1 {
		t.Errorf("without overlap: %d keys, %v", len(keys), err)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	j := job.Job{
		Base:   job.Base{ID: "job_1", Tenant: "t", AccountID: "a", CRM: "hubspot", CallbackURL: "https://x.example"},
		State:  job.State{Outcome: job.Created, RemoteID: "7", FinishedAt: time.Now()},
		Status: job.Succeeded,
	}
	r := &job.Result{Contact: contact.Contact{ID: "7", FirstName: "Ada"}}
	ev, err := contactEvent(Entry{ID: "job_1", What: "succeeded"}, j, r)
	if err != nil {
		t.Fatal(err)
	}
	full, _ := ev.body(Full)
	thin, _ := ev.body(Thin)
	if ev.Type != ContactCreated || !strings.Contains(string(full), `"first_name":"Ada"`) || strings.Contains(string(thin), "Ada") {
		t.Errorf("%s\n%s\n%s", ev.Type, full, thin)
	}
	var shape map[string]json.RawMessage
	if err := json.Unmarshal(full, &shape); err != nil || len(shape) != 3 || shape["type"] == nil || shape["timestamp"] == nil || shape["data"] == nil {
		t.Errorf("%s, %v", full, err)
	}
	again, _ := contactEvent(Entry{ID: "job_1", What: "succeeded"}, j, r)
	if again.ID != ev.ID {
		t.Error("the same event has two ids")
	}
	r.Contact.Description = strings.Repeat("x", maxBody)
	if ev, err = contactEvent(Entry{ID: "job_1", What: "succeeded"}, j, r); err != nil {
		t.Fatal(err)
	}
	if large, _ := ev.body(Full); len(large) >= maxBody || !strings.Contains(string(large), `"link":"/jobs/job_1"`) || strings.Contains(string(large), "xxx") {
		t.Errorf("a large contact makes %d bytes", len(large))
	}
	if ev, _ = contactEvent(Entry{ID: "job_1", What: "unknown"}, j, r); ev.Type != ContactUnknown || strings.Contains(string(ev.Data), `"remote_id"`) {
		t.Errorf("the event before late proof: %s %s", ev.Type, ev.Data)
	}
}

func TestWhoGetsAnEvent(t *testing.T) {
	t.Parallel()
	endpoint := func(tenant string, enabled bool, events ...Type) Endpoint {
		return Endpoint{ID: NewEndpointID(), Tenant: tenant, Enabled: enabled, Events: events}
	}
	all, one := endpoint("t", true), endpoint("t", true, ContactFailed)
	others := []Endpoint{endpoint("t", false), endpoint("t", true, ContactCreated), endpoint("other", true)}
	list, err := parcelsOf(Event{ID: "evt_1", Type: ContactFailed, Tenant: "t", Data: []byte(`{}`), Callback: "https://x.example/a"}, append(others, all, one))
	if err != nil || len(list) != 3 || list[0].Endpoint != all.ID || list[1].Endpoint != one.ID || list[2].Callback == "" {
		t.Errorf("%+v, %v", list, err)
	}
	for _, p := range list {
		if q, ok := QueueOfDelivery(p.ID); !ok || q.Endpoint() != p.Endpoint {
			t.Errorf("%s waits in %s", p.ID, q)
		}
	}
	if list, _ := parcelsOf(Event{ID: "evt_2", Type: ImportProgress, Tenant: "t"}, []Endpoint{all, endpoint("t", true, ImportProgress)}); len(list) != 1 {
		t.Errorf("import.progress goes to %d", len(list))
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	secret := "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	w, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := w.Verify(body, r.Header); err != nil || r.Header.Get("webhook-id") != "whd_x" || r.UserAgent() != userAgent || r.Method != "POST" {
			t.Errorf("%v %v", err, r.Header)
		}
		rw.Header().Set("Retry-After", "9")
		rw.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(rw, strings.Repeat("secret ", maxResponse)) // more than is read
	}))
	defer receiver.Close()
	s := NewSender(open{}, func(s string) string { return strings.ReplaceAll(s, "secret", "*") }, true)
	a, answer := s.send(context.Background(), parcelTo(receiver.URL))
	if a.Status != 429 || answer.Status != 429 {
		t.Errorf("%+v %+v", a, answer)
	}
	small := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Retry-After", "9")
		rw.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(rw, "secret\x00 \xff"+strings.Repeat("y", 2*keptResponse))
	}))
	defer small.Close()
	a, answer = s.send(context.Background(), parcelTo(small.URL))
	if answer.RetryAfter != 9*time.Second || !strings.HasPrefix(a.Response, "* \uFFFD") || len(a.Response) > keptResponse+3 {
		t.Errorf("%+v %+v", a, answer)
	}
	small.Close()
	if a, answer = s.send(context.Background(), parcelTo(small.URL)); answer.Status != 0 || a.Error == "" {
		t.Errorf("nobody there: %+v", a)
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	q, ok := QueueOf(NewEndpointID())
	if !ok {
		t.Fatal("a new id is none")
	}
	id := deliveryID(q, "evt_1", "")
	if got, ok := QueueOfDelivery(id); !ok || got != q || id == deliveryID(q, "evt_2", "") {
		t.Errorf("%s: %s", id, got)
	}
	for _, bad := range []string{"", "whd_", "whe_", "whd_" + strings.Repeat("e", 53), strings.ToUpper(id), id + "0", "whe_" + strings.Repeat("u", 26)} {
		if _, ok := QueueOfDelivery(bad); ok && bad != "whd_"+strings.Repeat("e", 53) {
			t.Errorf("%q is a delivery", bad)
		}
		if _, ok := QueueOf(bad); ok {
			t.Errorf("%q is an endpoint", bad)
		}
	}
	if callbackQueueOf("a", "https://x.example/1") == callbackQueueOf("b", "https://x.example/1") || callbackQueueOf("a", "https://x.example/1") != callbackQueueOf("a", "https://X.example/2") {
		t.Error("callbacks share queues wrongly")
	}
}
