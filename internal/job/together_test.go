package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/job"
	"crmferry/internal/transport"
)

// herd keeps many jobs, each at its worker, and is their CRM: it takes single
// creates and batches, of which it refuses those as a whole that hold somebody
// called Bad.
type herd struct {
	mu     sync.Mutex
	jobs   map[string]job.Job
	calls  [][]string // who was in each call that made or refused records
	made   map[string]int
	lost   map[string]bool          // jobs that are another worker's by now
	gates  map[string]chan struct{} // a call with this one waits for it
	begun  chan string              // hears of each call, by its first contact
	answer func(names []string) error
	blows  bool
}

func newHerd() *herd {
	return &herd{
		jobs: map[string]job.Job{}, made: map[string]int{}, lost: map[string]bool{}, gates: map[string]chan struct{}{}, begun: make(chan string, 100),
	}
}

func (h *herd) Do(_ context.Context, r transport.Request) (*transport.Response, error) {
	if r.Method == "GET" { // nobody is there
		return answer(200, `[]`)
	}
	var one struct {
		First string
		List  []struct{ First string }
	}
	_ = json.Unmarshal(r.Body, &one)
	names := []string{one.First}
	u, _ := url.Parse(r.URL)
	batch := strings.HasSuffix(u.Path, "/batch")
	if batch {
		names = nil
		for _, m := range one.List {
			names = append(names, m.First)
		}
	}
	h.mu.Lock()
	h.calls = append(h.calls, names)
	gate, blows := h.gates[names[0]], h.blows && batch
	h.mu.Unlock()
	h.begun <- names[0]
	if gate != nil {
		<-gate
	}
	if blows {
		panic("the connector")
	}
	if slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "Bad") }) {
		return answer(400, `{"code":"bad","message":"no"}`)
	}
	if h.answer != nil {
		if err := h.answer(names); err != nil {
			return nil, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var made []record
	for _, n := range names {
		h.made[n]++
		made = append(made, record{ID: "r-" + n, First: n, At: time.Now()})
	}
	raw, _ := json.Marshal(made)
	if !batch {
		raw, _ = json.Marshal(made[0])
	}
	return answer(201, string(raw))
}

func (h *herd) Claim(_ context.Context, ref job.Ref, _ time.Duration) (job.Claimed, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.claimed(strings.TrimPrefix(ref.ID, "job_")), nil
}

func (h *herd) claimed(name string) job.Claimed {
	now := time.Now()
	j := job.Job{
		Base:   job.Base{ID: "job_" + name, Tenant: "t", AccountID: "acc", CRM: "fake", Key: name, CreatedAt: now, ExpiresAt: now.Add(time.Hour)},
		Status: job.Running, Place: job.AtWorker, Epoch: 1, Attempt: 1,
	}
	in := contact.Input{Contact: contact.Contact{FirstName: name, EmailAddresses: []contact.Email{{Email: name + "@example.com"}}}}
	return job.Claimed{Job: j, Input: in, Now: now}
}

func (h *herd) put(j job.Job) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lost[strings.TrimPrefix(j.ID, "job_")] {
		return job.ErrStale
	}
	h.jobs[strings.TrimPrefix(j.ID, "job_")] = clone(j)
	return nil
}

func (h *herd) Save(_ context.Context, j job.Job, _ *job.Result) error   { return h.put(j) }
func (h *herd) Finish(_ context.Context, j job.Job, _ *job.Result) error { return h.put(j) }
func (h *herd) SaveAll(_ context.Context, jobs []job.Job) []error {
	errs := make([]error, len(jobs))
	for i, j := range jobs {
		errs[i] = h.put(j)
	}
	return errs
}
func (h *herd) Testify(context.Context, job.Job, *job.Result) error { return nil }
func (h *herd) Drop(context.Context, job.Job) error                 { return nil }
func (h *herd) Own(context.Context, string, string, string) (bool, error) {
	return true, nil
}
func (h *herd) ClaimInLine(context.Context, string, time.Duration) (job.Claimed, error) {
	return job.Claimed{}, job.ErrStale
}
func (h *herd) Owners(context.Context, string, []string) (map[string]string, error) {
	return map[string]string{}, nil
}

func kindBatch(s *connector.Spec) {
	s.Batch = &connector.Batch{
		Max: 10, Coalesce: true,
		Request: func(_ []*connector.Call, bodies []map[string]any) (connector.Request, error) {
			return connector.Request{Method: "POST", Path: "/batch", Body: map[string]any{"list": bodies}}, nil
		},
		Decode: func(_ []*connector.Call, r connector.Reply) ([]connector.BatchResult, error) {
			list, err := connector.DecodeJSON[[]record](r)
			var out []connector.BatchResult
			for _, rec := range list {
				out = append(out, connector.BatchResult{Contact: rec.contact()})
			}
			return out, err
		},
	}
}

func (h *herd) runner() *job.Runner {
	return &job.Runner{
		Records: h, Accounts: accounts{}, CRMs: catalogue{spec(0, kindBatch)}, Client: connector.NewClient(h, nil, time.Now),
		Policy: job.DefaultPolicy(), Timing: job.DefaultTiming(20 * time.Second), Observer: silent{}, Line: &shelf{},
		Spread: func() float64 { return 0.5 }, Held: job.NewHeld(), Together: job.NewCoalescer(2),
	}
}

func (h *herd) status(name string) job.Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.jobs[name].Status
}

func names(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(prefix, i)
	}
	return list
}

// together carries contacts as the rows of a slice.
func (h *herd) together(who []string) []error {
	var cs []job.Claimed
	for _, n := range who {
		cs = append(cs, h.claimed(n))
	}
	return h.runner().CarryTogether(context.Background(), cs, "trn")
}

func TestContactsGoTogether(t *testing.T) {
	t.Parallel()
	h := newHerd()
	if err := errors.Join(h.together(names("Ada", 8))...); err != nil || len(h.calls) != 1 || len(h.made) != 8 || h.status("Ada7") != job.Succeeded {
		t.Errorf("%v, %v", err, h.calls)
	}
}

// TestARefusedBatchIsHalved, until the bad ones are known, but not for ever.
func TestARefusedBatchIsHalved(t *testing.T) {
	t.Parallel()
	h := newHerd()
	who := names("Ada", 10)
	who[3] = "Bad3"
	if err := errors.Join(h.together(who)...); err != nil || len(h.made) != 9 || h.status("Bad3") != job.Failed || len(h.calls) > 10 {
		t.Errorf("%v: %v in %v", err, h.made, h.calls)
	}
	h = newHerd() // all are bad: after a budget each goes by itself
	if err := errors.Join(h.together(names("Bad", 64))...); err != nil || h.status("Bad63") != job.Failed || len(h.calls) > 64+28 {
		t.Errorf("%v after %d calls", err, len(h.calls))
	}
	h = newHerd()
	h.answer = func([]string) error { return lost(true) }
	if err := errors.Join(h.together(names("Ada", 4))...); err != nil || len(h.calls) != 1 || h.status("Ada0") != job.Verifying {
		t.Errorf("a lost answer: %v, %v", err, h.calls)
	}
}

// TestNothingIsSentWithoutItsJournal, be it of one contact alone.
func TestNothingIsSentWithoutItsJournal(t *testing.T) {
	t.Parallel()
	h := newHerd()
	h.lost["Ada1"] = true
	if err := errors.Join(h.together(names("Ada", 3))...); err != nil || len(h.calls) != 0 {
		t.Errorf("%v, %v", err, h.calls)
	}
	h = newHerd()
	begun := h.claimed("Eve")
	begun.Journal = job.Journal{Phase: job.Sending, SentAt: time.Now(), SendBy: time.Now(), Over: time.Now().Add(time.Minute)}
	errs := h.runner().CarryTogether(context.Background(), []job.Claimed{begun, h.claimed("Ada"), h.claimed("Bob")}, "trn")
	if err := errors.Join(errs...); err != nil || h.made["Eve"] != 0 || len(h.made) != 2 {
		t.Errorf("one that was sent before goes apart: %v, %v", err, h.calls)
	}
}

// await polls until so many creates wait.
func (h *herd) await(t *testing.T, r *job.Runner, n int) {
	t.Helper()
	late := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for r.Together.Waiting() != n {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%d creates wait, not %d", r.Together.Waiting(), n)
		}
	}
}

// crowd has two creates out at a gate, and others of the account wait behind them.
func (h *herd) crowd(t *testing.T, ctx context.Context, r *job.Runner, waiting []string) (open func()) {
	t.Helper()
	var wg sync.WaitGroup
	run := func(ctx context.Context, name string) {
		wg.Go(func() {
			defer func() {
				if v := recover(); v != nil && !h.blows {
					t.Errorf("%s: %v", name, v)
				}
			}()
			if err := r.Run(ctx, job.Ref{ID: "job_" + name, Epoch: 1}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	gate := make(chan struct{})
	h.gates["First"], h.gates["Second"] = gate, gate
	for _, name := range []string{"First", "Second"} {
		run(context.Background(), name)
		<-h.begun
	}
	for i, name := range waiting {
		run(ctx, name)
		h.await(t, r, i+1) // they come one after the other
	}
	return func() { close(gate); wg.Wait() }
}

func TestWaitingCreatesGoTogether(t *testing.T) {
	t.Parallel()
	h := newHerd()
	who := names("Ada", 5)
	h.crowd(t, context.Background(), h.runner(), who)()
	if len(h.calls) != 3 || !slices.Equal(h.calls[2], who) {
		t.Errorf("%v", h.calls)
	}
	for _, n := range append(who, "First", "Second") {
		if h.made[n] != 1 || h.status(n) != job.Succeeded {
			t.Errorf("%s: made %d times, %s", n, h.made[n], h.status(n))
		}
	}
}

func TestOneOfThoseTogetherIsBadOrLost(t *testing.T) {
	t.Parallel()
	for what, prepare := range map[string]func(*herd){"Bad": func(*herd) {}, "Lost": func(h *herd) { h.lost["Lost"] = true }} {
		h := newHerd()
		prepare(h)
		h.crowd(t, context.Background(), h.runner(), []string{"Ada", what, "Bob"})()
		if h.made["Ada"] != 1 || h.made["Bob"] != 1 || h.made[what] != 0 || h.status("Ada") != job.Succeeded || h.status("Bob") != job.Succeeded {
			t.Errorf("%s: %v in %v", what, h.made, h.calls)
		}
	}
}

func TestACreateThatWaitsIsInterrupted(t *testing.T) {
	t.Parallel()
	h := newHerd()
	ctx, cancel := context.WithCancel(context.Background())
	r := h.runner()
	open := h.crowd(t, ctx, r, []string{"Ada", "Bob"})
	cancel()
	h.await(t, r, 0)
	open()
	if len(h.calls) != 2 || h.status("Ada") != job.Waiting || h.status("Bob") != job.Waiting {
		t.Errorf("%v: %s, %s", h.calls, h.status("Ada"), h.status("Bob"))
	}
}

// TestAnAnswerThatIsLostForAll leaves each in doubt, and nobody waiting.
func TestAnAnswerThatIsLostForAll(t *testing.T) {
	t.Parallel()
	h := newHerd()
	h.answer = func(who []string) error {
		if len(who) > 1 {
			return lost(true)
		}
		return nil
	}
	h.crowd(t, context.Background(), h.runner(), names("Ada", 3))()
	for _, n := range names("Ada", 3) {
		if h.status(n) != job.Verifying {
			t.Errorf("%s: %s", n, h.status(n))
		}
	}
	h = newHerd()
	h.blows = true
	h.crowd(t, context.Background(), h.runner(), names("Ada", 3))()
	if got := h.jobs["Ada2"]; got.Status != job.Verifying || fault.KindOf(got.Error) != fault.OutcomeUnknown {
		t.Errorf("after a panic: %s, %v", got.Status, got.Error)
	}
}
