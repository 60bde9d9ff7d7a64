package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
)

// receiver takes webhooks, checks each signature with the official library, and
// can be restarted at its address.
type receiver struct {
	t       *testing.T
	addr    string
	server  *http.Server
	answer  func(nth int) int // the status of the call number nth
	secrets []string

	mu     sync.Mutex
	calls  int
	got    map[string]time.Time // webhook-id -> when it was first taken
	events map[string]string    // job or import -> type, of those taken
}

func newReceiver(t *testing.T, answer func(nth int) int) *receiver {
	r := &receiver{t: t, addr: "127.0.0.1:0", answer: answer, got: map[string]time.Time{}, events: map[string]string{}}
	r.start()
	t.Cleanup(r.stop)
	return r
}

func (r *receiver) start() {
	l, err := net.Listen("tcp", r.addr)
	if err != nil {
		r.t.Errorf("receiver: %v", err)
		return
	}
	r.addr = l.Addr().String()
	r.server = &http.Server{Handler: r}
	go func() { _ = r.server.Serve(l) }()
}

func (r *receiver) stop() { _ = r.server.Close() }

func (r *receiver) url() string { return "http://" + r.addr + "/hook" }

// trust makes a secret one with which a call may be signed.
func (r *receiver) trust(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = append(r.secrets, secret)
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	r.mu.Lock()
	r.calls++
	status := r.answer(r.calls)
	for _, secret := range r.secrets {
		v, err := standardwebhooks.NewWebhook(secret)
		if err == nil {
			err = v.Verify(body, req.Header)
		}
		if err != nil {
			r.t.Errorf("a call is not signed with a secret that the receiver knows: %v", err)
		}
	}
	if status < 300 {
		r.take(req.Header.Get("webhook-id"), body)
	}
	r.mu.Unlock()
	w.WriteHeader(status)
}

func (r *receiver) take(id string, body []byte) {
	var event struct {
		Type string
		Data struct {
			JobID    string `json:"job_id"`
			ImportID string `json:"import_id"`
		}
	}
	if err := json.Unmarshal(body, &event); err != nil || len(body) > 20_000 {
		r.t.Errorf("a body of %d bytes: %v", len(body), err)
	}
	if _, there := r.got[id]; !there {
		r.got[id] = time.Now()
	}
	r.events[event.Data.JobID+event.Data.ImportID] = event.Type
}

// has says which of the ids no event told of.
func (r *receiver) missing(ids []string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, id := range ids {
		if r.events[id] == "" {
			n++
		}
	}
	return n
}

func (r *receiver) event(id string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events[id]
}

type endpoint struct {
	ID, Secret      string
	Enabled         bool
	DisabledBecause string `json:"disabled_because"`
}

// hook has a receiver's URL told of events.
func (f *ferry) hook(r *receiver, more ...string) endpoint {
	f.Helper()
	var e endpoint
	f.Must(http.StatusCreated, "POST", "/webhook-endpoints", map[string]any{"url": r.url(), "events": more}).Decode(f, &e)
	r.trust(e.Secret)
	return e
}

func always(status int) func(int) int { return func(int) int { return status } }

// post sends n contacts and gives their jobs.
func (f *ferry) post(path string, n int, name string) []string {
	f.Helper()
	ids := make([]string, n)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < n; i += 8 {
				f.Eventually(time.Minute, "acceptance", func() bool {
					a, err := f.Call("POST", path, fleet.Person(fmt.Sprint(name, i)), "Idempotency-Key", fmt.Sprint(name, i))
					var j job
					if err != nil || a.Status != http.StatusAccepted {
						return false
					}
					a.Decode(f, &j)
					ids[i] = j.ID
					return true
				})
			}
		})
	}
	wg.Wait()
	return ids
}

// TestWebhooksArrive: every event arrives, although the receiver fails a third
// of the time and is restarted, and so are Redis and the worker.
func TestWebhooksArrive(t *testing.T) {
	t.Parallel()
	n := 400
	if *long {
		n = 5_000
	}
	f := &ferry{fleet.Launch(t, fleet.Options{
		Options: sandbox.Options{Unlimited: true},
		Env:     []string{"FERRY_WEBHOOK_SCHEDULE=" + strings.TrimSuffix(strings.Repeat("1s,", 20), ",")},
	})}
	w := f.StartWorker()
	r := newReceiver(t, func(nth int) int {
		if nth%3 == 0 {
			return http.StatusInternalServerError
		}
		return http.StatusNoContent
	})
	f.hook(r)
	account := f.Connect("hubspot", "hooked")
	ids := f.post(fleet.Contacts(account), n/2, "first")
	r.stop()
	w.Kill()
	w = f.StartWorker()
	ids = append(ids, f.post(fleet.Contacts(account), n/4, "second")...)
	r.start()
	if f.Redis != nil {
		f.Redis.Kill()
		if err := f.Redis.Restart(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	ids = append(ids, f.post(fleet.Contacts(account), n/4, "third")...)
	r.stop()
	w.Kill()
	r.start()
	f.StartWorker()
	f.Eventually(2*time.Minute, "every event", func() bool { return r.missing(ids) == 0 })
	if left := r.missing(ids); left > 0 {
		t.Errorf("%d of %d jobs were not told of", left, len(ids))
	}
	t.Logf("%d calls for %d events", r.calls, len(r.got))
}

// TestSlowReceiversHoldUpNobody: one that answers late and one that is dead do
// not slow a healthy one.
func TestSlowReceiversHoldUpNobody(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	over := make(chan struct{})
	slow := newReceiver(t, func(int) int { return 200 })
	slow.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select { // longer than any other needs
		case <-over:
		case <-r.Context().Done():
		case <-time.After(14 * time.Second):
		}
	})
	dead := newReceiver(t, always(200))
	dead.stop()
	good := newReceiver(t, always(200))
	for _, r := range []*receiver{slow, dead, good} {
		f.hook(r)
	}
	t.Cleanup(func() { close(over) })
	account := f.Connect("hubspot", "slow")
	var late []time.Duration
	for i := range 40 {
		j := f.Post(fleet.Contacts(account), fleet.Person(fmt.Sprint("Slow", i)))
		f.Eventually(20*time.Second, "the event", func() bool { return good.event(j.ID) != "" })
		var done struct {
			FinishedAt time.Time `json:"finished_at"`
		}
		f.Must(http.StatusOK, "GET", "/jobs/"+j.ID, nil).Decode(t, &done)
		good.mu.Lock()
		newest := time.Time{}
		for _, at := range good.got {
			if at.After(newest) {
				newest = at
			}
		}
		good.mu.Unlock()
		late = append(late, newest.Sub(done.FinishedAt))
	}
	slices.Sort(late)
	t.Logf("from the end to the arrival: median %v, p95 %v", late[len(late)/2], late[len(late)*95/100])
	// The target is 250 ms on an idle machine; this one runs other tests.
	if p95 := late[len(late)*95/100]; p95 > 3*time.Second {
		t.Errorf("p95 of %v", p95)
	}
}

// TestRotationBreaksNoReceiver: one that knows the old secret and one that knows
// the new one take every delivery.
func TestRotationBreaksNoReceiver(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	r := newReceiver(t, always(200))
	e := f.hook(r)
	account := f.Connect("hubspot", "rotated")
	ids := f.post(fleet.Contacts(account), 20, "before")
	f.Eventually(time.Minute, "the events before", func() bool { return r.missing(ids) == 0 })
	var rotated endpoint
	f.Must(http.StatusOK, "POST", "/webhook-endpoints/"+e.ID+"/rotate-secret", nil).Decode(t, &rotated)
	r.trust(rotated.Secret) // each call must verify with both now
	ids = f.post(fleet.Contacts(account), 20, "after")
	f.Eventually(time.Minute, "the events after", func() bool { return r.missing(ids) == 0 })
}

// TestCallbacksAndImports: a callback is told of its job or import alone, and an
// import sends one event, not one for each row.
func TestCallbacksAndImports(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	everything, callback := newReceiver(t, always(200)), newReceiver(t, always(200))
	f.hook(everything)
	var made struct{ Secret string }
	f.Must(http.StatusCreated, "POST", "/callback-secret", nil).Decode(t, &made)
	callback.trust(made.Secret)
	account := f.Connect("hubspot", "callback")
	quiet := f.Post(fleet.Contacts(account), fleet.Person("Quiet"))
	j := f.Post(fleet.Contacts(account, "callback_url", callback.url()), fleet.Person("Called"))
	i := f.Upload(account, people(50), "callback_url", callback.url())
	f.Eventually(time.Minute, "the callbacks", func() bool { return callback.missing([]string{j.ID, i.ID}) == 0 })
	f.Eventually(time.Minute, "the events", func() bool { return everything.missing([]string{quiet.ID, j.ID, i.ID}) == 0 })
	if got := everything.event(i.ID); got != "import.completed" || callback.event(j.ID) != "contact.created" {
		t.Errorf("%s, %s", got, callback.event(j.ID))
	}
	if len(callback.events) != 2 || len(everything.events) != 3 {
		t.Errorf("%v, %v", callback.events, everything.events)
	}
}

// TestAReceiverThatIsGone is switched off, and what failed can be sent again.
func TestAReceiverThatIsGone(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	gone := newReceiver(t, func(nth int) int {
		if nth == 1 {
			return http.StatusGone
		}
		return http.StatusOK
	})
	watching := newReceiver(t, always(200))
	begun := time.Now().Add(-time.Minute)
	e := f.hook(gone, "contact.created")
	f.hook(watching, "webhook_endpoint.disabled")
	j := f.Post(fleet.Contacts(f.Connect("hubspot", "gone")), fleet.Person("Gone"))
	show := func() (now endpoint) {
		f.Must(http.StatusOK, "GET", "/webhook-endpoints/"+e.ID, nil).Decode(t, &now)
		return now
	}
	f.Eventually(time.Minute, "the endpoint to be switched off", func() bool { return !show().Enabled })
	if because := show().DisabledBecause; because != "gone" {
		t.Errorf("disabled because %q", because)
	}
	f.Eventually(time.Minute, "the word of it", func() bool { return watching.event("") == "webhook_endpoint.disabled" })
	var list struct {
		Result []struct{ ID, Status, About string }
	}
	f.Must(http.StatusOK, "GET", "/webhook-deliveries?status=failed&webhook_endpoint_id="+e.ID, nil).Decode(t, &list)
	if len(list.Result) != 1 || list.Result[0].About != j.ID {
		t.Fatalf("%+v", list)
	}
	f.Must(http.StatusConflict, "POST", "/webhook-deliveries/"+list.Result[0].ID+"/redeliver", nil)
	f.Must(http.StatusOK, "PATCH", "/webhook-endpoints/"+e.ID, map[string]any{"enabled": true})
	f.Must(http.StatusAccepted, "POST", "/webhook-endpoints/"+e.ID+"/recover?since="+url.QueryEscape(begun.UTC().Format(time.RFC3339)), nil)
	f.Eventually(time.Minute, "the event", func() bool { return gone.event(j.ID) == "contact.created" })
	if _, same := gone.got[list.Result[0].ID]; !same || len(gone.got) != 1 {
		t.Errorf("another webhook-id: %v", gone.got)
	}
}
