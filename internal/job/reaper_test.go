package job_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/job"
	"crmferry/internal/job/jobtest"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/store"
)

// tasks is a queue in memory that can lose tasks.
type tasks struct {
	there map[job.Ref]bool
	fail  error
	log   []job.Ref
}

func (q *tasks) Enqueue(_ context.Context, ref job.Ref) error {
	if q.fail != nil {
		return q.fail
	}
	q.there[ref] = true
	q.log = append(q.log, ref)
	return nil
}

func (q *tasks) Has(_ context.Context, ref job.Ref) (bool, error) { return q.there[ref], nil }

type reaperRig struct {
	*job.Reaper
	store  *store.Store
	queue  *tasks
	healed []string
	lines  map[string]bool
}

func (r *reaperRig) Join(context.Context, job.Waiter) error { return nil }

func (r *reaperRig) Leave(context.Context, job.Waiter) error { return nil }

func (r *reaperRig) Has(_ context.Context, w job.Waiter) (bool, error) { return r.lines[w.ID], nil }

func newReaperRig(t *testing.T) *reaperRig {
	s := store.New(redistest.Client(t), store.Options{ResultTTL: time.Hour, ReceiptTTL: time.Hour})
	t.Cleanup(func() { _ = s.Close() })
	r := &reaperRig{store: s, queue: &tasks{there: map[job.Ref]bool{}}, lines: map[string]bool{}}
	r.Reaper = &job.Reaper{
		Open: s, Queue: r.queue, Line: r, Holder: "me", Every: time.Second,
		Healed: func(_ job.Ref, reason string) { r.healed = append(r.healed, reason) },
		Failed: func(err error) { t.Error(err) },
	}
	return r
}

func (r *reaperRig) accept(t *testing.T) job.Ref {
	t.Helper()
	ref, _, _, err := r.store.Accept(t.Context(), jobtest.Acceptance(r.store))
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// dueNow brings a job's time in the open set forward.
func (r *reaperRig) dueNow(t *testing.T, ref job.Ref, place job.Place) {
	t.Helper()
	if err := r.store.Postpone(t.Context(), job.Due{Ref: ref, Place: place}, 0); err != nil {
		t.Fatal(err)
	}
}

func (r *reaperRig) round(t *testing.T) {
	t.Helper()
	if err := r.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestReaperLooksAfterTheLines: what waits in line is left there, but for what
// got lost on its way and what has no time left.
func TestReaperLooksAfterTheLines(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		inLine bool
		life   time.Duration
		want   string
	}{
		"it waits":         {true, time.Hour, ""},
		"it is not there":  {false, time.Hour, job.HealedLine},
		"its time is over": {true, 0, job.TimerDue},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReaperRig(t)
			ref, _, _, err := r.store.Accept(t.Context(), jobtest.Acceptance(r.store, func(a *job.Acceptance) {
				a.Place, a.ExpiresAt = job.InLine, a.CreatedAt.Add(c.life)
			}))
			if err != nil {
				t.Fatal(err)
			}
			r.lines[ref.ID] = c.inLine
			r.dueNow(t, ref, job.InLine)
			r.round(t)
			if got := strings.Join(r.healed, ","); got != c.want {
				t.Errorf("healed %q, want %q", got, c.want)
			}
			ref.Epoch++
			if got := r.queue.there[ref]; got != (c.want != "") {
				t.Errorf("a task was made: %v", got)
			}
		})
	}
}

func TestReaperFindsARecordWithoutTask(t *testing.T) {
	t.Parallel()
	r := newReaperRig(t)
	ref := r.accept(t) // and the process died before it enqueued
	r.round(t)
	if len(r.queue.log) != 0 {
		t.Fatal("touched before its time")
	}
	r.dueNow(t, ref, job.InQueue)
	r.round(t)
	want := ref
	want.Epoch = 2
	if diff := cmp.Diff([]job.Ref{want}, r.queue.log); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{job.HealedTask}, r.healed); diff != "" {
		t.Error(diff)
	}
	if _, err := r.store.Claim(t.Context(), ref, time.Minute); !errors.Is(err, job.ErrStale) {
		t.Errorf("the old task still counts: %v", err)
	}
	if _, err := r.store.Claim(t.Context(), want, time.Minute); err != nil {
		t.Errorf("the new task does not: %v", err)
	}
}

func TestReaperLeavesAJobThatMerelyWaitsItsTurn(t *testing.T) {
	t.Parallel()
	r := newReaperRig(t)
	ref := r.accept(t)
	r.queue.there[ref] = true
	r.dueNow(t, ref, job.InQueue)
	r.round(t)
	if len(r.queue.log) != 0 || len(r.healed) != 0 {
		t.Errorf("requeued %v, healed %v", r.queue.log, r.healed)
	}
	if due, _ := r.store.Due(t.Context(), 1); len(due) != 0 {
		t.Error("it was not scored anew")
	}
}

func TestReaperTakesAJobFromALostWorker(t *testing.T) {
	t.Parallel()
	r := newReaperRig(t)
	ref := r.accept(t)
	if _, err := r.store.Claim(t.Context(), ref, time.Hour); err != nil {
		t.Fatal(err)
	}
	r.round(t)
	if len(r.healed) != 0 {
		t.Fatal("taken while its lease held")
	}
	r.dueNow(t, ref, job.AtWorker)
	r.round(t)
	if diff := cmp.Diff([]string{job.HealedLease}, r.healed); diff != "" {
		t.Error(diff)
	}
}

func TestReaperHealsItsOwnCrashBetweenRecordAndQueue(t *testing.T) {
	t.Parallel()
	r := newReaperRig(t)
	ref := r.accept(t)
	r.dueNow(t, ref, job.InQueue)
	r.queue.fail = errors.New("down")
	if err := r.Round(t.Context()); err == nil {
		t.Fatal("a failed enqueueing was passed over")
	}
	r.queue.fail = nil
	ref.Epoch = 2
	r.dueNow(t, ref, job.InQueue)
	r.round(t)
	if len(r.queue.log) != 1 || r.queue.log[0].Epoch != 3 {
		t.Errorf("enqueued %v", r.queue.log)
	}
}

func TestOneReaperLeads(t *testing.T) {
	t.Parallel()
	r := newReaperRig(t)
	if lead, err := r.store.Lead(t.Context(), "another", time.Hour); err != nil || !lead {
		t.Fatal(lead, err)
	}
	ref := r.accept(t)
	r.dueNow(t, ref, job.InQueue)
	r.round(t)
	if len(r.queue.log) != 0 {
		t.Error("two processes look after the open set at once")
	}
}

// failing is an open set whose store is away.
type failing struct {
	job.Open
	err error
}

func (f *failing) Lead(ctx context.Context, holder string, hold time.Duration) (bool, error) {
	if f.err != nil {
		return false, f.err
	}
	return f.Open.Lead(ctx, holder, hold)
}

func TestLeasesThatRanOutWhileTheStoreWasAwayCanBeRenewed(t *testing.T) {
	t.Parallel()
	r := newReaperRig(t)
	away := &failing{Open: r.store, err: errors.New("down")}
	r.Open = away
	ref := r.accept(t)
	if _, err := r.store.Claim(t.Context(), ref, time.Hour); err != nil {
		t.Fatal(err)
	}
	r.dueNow(t, ref, job.AtWorker)
	if err := r.Round(t.Context()); err == nil {
		t.Fatal("the failure was passed over")
	}
	away.err = nil
	r.round(t)
	if len(r.healed) != 0 {
		t.Error("the job was taken from its worker")
	}
	if due, err := r.store.Due(t.Context(), 1); err != nil || len(due) != 0 {
		t.Errorf("still due: %v, %v", due, err)
	}
}

func TestAFullQueueIsNoFaultOfTheReaper(t *testing.T) {
	t.Parallel()
	r := newReaperRig(t)
	r.dueNow(t, r.accept(t), job.InQueue)
	r.queue.fail = job.ErrFull
	r.Every = time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	refused := make(chan struct{})
	r.Healed = func(job.Ref, string) { close(refused) }
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	select {
	case <-refused:
	case <-time.After(10 * time.Second):
		t.Error("the due job was not looked at")
	}
	cancel()
	<-done // Failed would have failed the test
}
