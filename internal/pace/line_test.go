package pace_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/pace"
)

// arrivals collects who was admitted, in order.
type arrivals struct {
	mu   sync.Mutex
	jobs []string
}

func (a *arrivals) add(jobs []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.jobs = append(a.jobs, jobs...)
}

func (a *arrivals) list() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.jobs)
}

func member(account, job string, at int, priority pace.Priority) pace.Member {
	return pace.Member{Job: job, Account: account, Budget: "b", Arrived: time.UnixMilli(int64(1_700_000_000_000 + at)), Priority: priority}
}

// full uses up the budget b until it is freed.
func full(t *testing.T, p *pace.Pacer, limits connector.Limits) (free func()) {
	t.Helper()
	a := ask(limits, "holder")
	a.Budget = "b"
	permit := insist(t, p, a)
	return func() { permit.Done(connector.Feedback{Verdict: connector.VerdictUp}) }
}

func round(t *testing.T, p *pace.Pacer, until func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !until(); {
		if err := p.Round(context.Background()); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatal("waited in vain for the lines to move")
		}
	}
}

func TestALineMovesByPriorityThenArrivalAndAccountsTakeTurns(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, client redis.UniversalClient) {
		var came arrivals
		p := pacer(t, client, came.add)
		limits := connector.Limits{Concurrency: 1}
		free := full(t, p, limits)
		ctx := context.Background()
		lane, err := p.Enter(ctx, member("x", "lane", 0, pace.Singles), limits)
		if err != nil || !lane.Lane {
			t.Fatalf("the one ahead: %+v, %v", lane, err)
		}
		for i, m := range []pace.Member{
			member("x", "x-import", 1, pace.Imports), member("x", "x2", 5, pace.Singles), member("x", "x1", 4, pace.Singles),
			member("y", "y1", 9, pace.Singles), member("x", "x-begun", 8, pace.Begun),
		} {
			if e, err := p.Enter(ctx, m, limits); err != nil || e.Lane || e.Full {
				t.Fatalf("entry %d of a full budget: %+v, %v", i, e, err)
			}
			if err := p.Join(ctx, m); err != nil {
				t.Fatal(err)
			}
		}
		free()
		for n := 1; n <= 5; n++ { // one after the other takes its call
			round(t, p, func() bool { return len(came.list()) >= n })
			a := ask(limits, came.list()[n-1])
			a.Budget = "b"
			insist(t, p, a).Done(connector.Feedback{Verdict: connector.VerdictUp})
			if n == 1 {
				if err := p.Leave(ctx, member("x", "lane", 0, pace.Singles)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := strings.Join(came.list(), " "); got != "x-begun y1 x1 x2 x-import" {
			t.Errorf("admitted %s", got)
		}
	})
}

// TestTheLaneHoldsNoMoreThanCanBegin: of a thousand that wait only a few are on
// their way to workers.
func TestTheLaneHoldsNoMoreThanCanBegin(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		var came arrivals
		p := pacer(t, client, came.add)
		limits := windows(6, time.Minute)
		limits.Concurrency = 4
		lane := 0
		for i := range 200 {
			m := member("x", fmt.Sprint("job", i), i, pace.Singles)
			e, err := p.Enter(context.Background(), m, limits)
			if err != nil {
				t.Fatal(err)
			}
			if e.Lane {
				lane++
			} else if err := p.Join(context.Background(), m); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Round(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := lane + len(came.list()); n != 6 {
			t.Errorf("%d of 200 are on their way, 6 may begin", n)
		}
	})
}

// TestWhoIsSentBackIsNotAdmittedAgainAtOnce: what stopped a job stops the others,
// also where the general windows have room: a quota, an operation's own window.
func TestWhoIsSentBackIsNotAdmittedAgainAtOnce(t *testing.T) {
	t.Parallel()
	reserve := 0
	for name, limits := range map[string]connector.Limits{
		"a quota beside a window in grains": {
			Windows: []connector.Window{{Requests: 1_000_000, Per: time.Second}},
			Quotas:  []connector.Quota{{Requests: 1, Period: connector.Day}}, Reserve: &reserve,
		},
		"an operation's own window": {Windows: []connector.Window{
			{Requests: 1000, Per: time.Second}, {Requests: 1, Per: time.Hour, For: connector.OpFind},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var came arrivals
			p := pacer(t, redistest.Client(t), came.add)
			find := ask(limits, "first")
			find.Budget, find.Op = "b", connector.OpFind
			insist(t, p, find).Done(connector.Feedback{Verdict: connector.VerdictUp})
			find.Job = "second"
			if _, err := p.Take(t.Context(), find); !fault.From(err).Paced {
				t.Fatalf("the second call: %v", err)
			}
			for i := range 20 {
				if err := p.Join(t.Context(), member("x", fmt.Sprint("job", i), i, pace.Singles)); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.Round(t.Context()); err != nil {
				t.Fatal(err)
			}
			p.Close()
			if n := len(came.list()); n != 0 {
				t.Errorf("%d were admitted only to be sent back", n)
			}
		})
	}
}

func TestAnAccountsBacklogIsBounded(t *testing.T) {
	t.Parallel()
	client := redistest.Client(t)
	p := pace.New(client, pace.Options{CallTimeout: time.Second, Backlog: 3, Admitted: func(context.Context, []string, func(string)) {}, Failed: func(error) {}})
	defer p.Close()
	limits := connector.Limits{Concurrency: 1}
	defer full(t, p, limits)()
	var seen []string
	for i := range 6 {
		m := member("x", fmt.Sprint("job", i), i, pace.Singles)
		e, err := p.Enter(context.Background(), m, limits)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case e.Full:
			seen = append(seen, "full")
		case e.Lane:
			seen = append(seen, "lane")
		default:
			seen = append(seen, "line")
			if err := p.Join(context.Background(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := strings.Join(seen, " "); got != "lane line line line full full" {
		t.Errorf("six of one account: %s", got)
	}
}

// TestWhoLeavesIsNotAdmitted: a cancelled job leaves no place unused behind.
func TestWhoLeavesIsNotAdmitted(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		var came arrivals
		p := pacer(t, client, came.add)
		limits := connector.Limits{Concurrency: 1}
		free := full(t, p, limits)
		ctx := context.Background()
		ahead := member("x", "ahead", 0, pace.Singles)
		if e, err := p.Enter(ctx, ahead, limits); err != nil || !e.Lane {
			t.Fatalf("the one ahead: %+v, %v", e, err)
		}
		members := []pace.Member{member("x", "gone", 1, pace.Singles), member("y", "gone too", 2, pace.Singles), member("x", "stays", 3, pace.Singles)}
		for _, m := range members {
			if err := p.Join(ctx, m); err != nil {
				t.Fatal(err)
			}
		}
		for _, m := range members[:2] {
			if err := p.Leave(ctx, m); err != nil {
				t.Fatal(err)
			}
			if has, err := p.Has(ctx, m); has || err != nil {
				t.Errorf("Has(%s) = %v, %v", m.Job, has, err)
			}
		}
		if has, err := p.Has(ctx, members[2]); !has || err != nil {
			t.Errorf("Has(stays) = %v, %v", has, err)
		}
		free()
		if err := p.Leave(ctx, ahead); err != nil {
			t.Fatal(err)
		}
		round(t, p, func() bool { return len(came.list()) > 0 })
		if got := came.list(); len(got) != 1 || got[0] != "stays" {
			t.Errorf("admitted %v", got)
		}
	})
}

// TestTheStateOfABudget reads what was done to it.
func TestTheStateOfABudget(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		p := pacer(t, client, nil)
		limits := windows(10, time.Minute)
		limits.Concurrency, limits.Quotas = 2, []connector.Quota{{Requests: 100, Period: connector.Day}}
		_ = full(t, p, limits)
		m := member("x", "waits", 1, pace.Singles)
		if err := p.Join(context.Background(), m); err != nil {
			t.Fatal(err)
		}
		s, err := p.State(context.Background(), "b", "x", limits)
		if err != nil {
			t.Fatal(err)
		}
		w, q := s.Windows[0], s.Quotas[0]
		if w.Requests != 10 || w.Used != 1 || q.Used != 1 || q.Requests != 100 || q.Reserved != 5 || !q.ResetsAt.After(s.Now) ||
			s.Calls != 1 || s.Concurrency != 2 || !s.FrozenUntil.IsZero() {
			t.Errorf("state = %+v", s)
		}
	})
}

// TestAJobThatNoWorkerTookIsSentAgain: whoever was to bring it there may have
// died; and its place is the next one's when it turns out to be gone.
func TestAJobThatNoWorkerTookIsSentAgain(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		var came arrivals
		var forget atomic.Bool
		p := pace.New(client, pace.Options{
			CallTimeout: time.Second, Failed: func(err error) { t.Error(err) },
			Admitted: func(_ context.Context, jobs []string, gone func(string)) {
				came.add(jobs)
				for _, job := range jobs {
					if forget.Load() {
						gone(job)
					}
				}
			},
		})
		defer p.Close()
		limits, ctx := windows(1, time.Minute), context.Background()
		if _, err := p.State(ctx, "b", "x", limits); err != nil {
			t.Fatal(err)
		}
		for i, job := range []string{"lost", "next"} {
			if err := p.Join(ctx, member("x", job, i, pace.Singles)); err != nil {
				t.Fatal(err)
			}
		}
		const lane = "ferry:1:{pb}:lane"
		for n := 1; n <= 3; n++ { // as if its time on the way were over, twice
			round(t, p, func() bool { return len(came.list()) >= n })
			if n < 3 {
				forget.Store(n == 2)
				if err := client.ZAdd(ctx, lane, redis.Z{Score: 1, Member: "lost"}).Err(); err != nil {
					t.Fatal(err)
				}
			}
		}
		round(t, p, func() bool { return len(came.list()) >= 4 })
		if got := strings.Join(came.list()[:4], " "); got != "lost lost lost next" {
			t.Errorf("admitted %s", got)
		}
	})
}
