package pace_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// on runs the test on the Redis of this machine; onEach on every kind, where
// keys, slots and scripts may be treated otherwise.
func on(t *testing.T, run func(t *testing.T, client redis.UniversalClient)) {
	t.Helper()
	run(t, redistest.Client(t))
}

func onEach(t *testing.T, run func(t *testing.T, client redis.UniversalClient)) {
	t.Helper()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) { run(t, db) })
}

// crm counts calls as a CRM does, by a sliding window, and knows the most that
// were out at once.
type crm struct {
	mu       sync.Mutex
	calls    []time.Time
	out, top int
}

func (c *crm) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, time.Now())
	c.out++
	c.top = max(c.top, c.out)
}

func (c *crm) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out--
}

// most is the largest number of calls in any stretch of per.
func (c *crm) most(per time.Duration) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.SortFunc(c.calls, time.Time.Compare)
	most, from := 0, 0
	for i, at := range c.calls {
		for at.Sub(c.calls[from]) >= per {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

func pacer(t testing.TB, client redis.UniversalClient, admitted func([]string)) *pace.Pacer {
	p := pace.New(client, pace.Options{
		CallTimeout: time.Second, Backlog: 1000, Failed: func(err error) { t.Error(err) },
		Admitted: func(_ context.Context, jobs []string, _ func(string)) {
			if admitted != nil {
				admitted(jobs)
			}
		},
	})
	t.Cleanup(p.Close)
	return p
}

func ask(l connector.Limits, holder string) connector.Ask {
	return connector.Ask{CRM: "x", Account: "a", Budget: "a", Op: connector.OpCreate, Host: "h", Holder: holder, Job: holder, Limits: l}
}

func windows(n int, per time.Duration) connector.Limits {
	return connector.Limits{Windows: []connector.Window{{Requests: n, Per: per}}}
}

// insist takes until it gets a permit.
func insist(t testing.TB, p *pace.Pacer, a connector.Ask) connector.Permit {
	for {
		permit, err := p.Take(context.Background(), a)
		if err == nil {
			return permit
		}
		if f := fault.From(err); !f.Paced {
			t.Error(err)
			return nil
		}
	}
}

// TestSeveralProcessesKeepOneWindow: whatever four of them do, no stretch holds
// more calls than the window, and nearly all that are allowed are made.
func TestSeveralProcessesKeepOneWindow(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, client redis.UniversalClient) {
		const n, per, total = 20, time.Second, 70
		limits := windows(n, per)
		limits.Concurrency = 4
		var c crm
		var wg sync.WaitGroup
		var next atomic.Int64
		for range 4 {
			p := pacer(t, client, nil)
			for range 3 {
				wg.Go(func() {
					for i := next.Add(1); i <= total; i = next.Add(1) {
						permit := insist(t, p, ask(limits, fmt.Sprint("job", i)))
						c.begin()
						permit.Done(connector.Feedback{Verdict: connector.VerdictUp, Begun: time.Microsecond, Took: time.Millisecond})
						c.end()
					}
				})
			}
		}
		wg.Wait()
		// This machine may be slow to go from a permit to its call: that is not the
		// pacer's time.
		if got := c.most(per - 200*time.Millisecond); got > n {
			t.Errorf("%d calls in %v, %d are allowed", got, per, n)
		}
		if c.top > limits.Concurrency {
			t.Errorf("%d calls at once, %d are allowed", c.top, limits.Concurrency)
		}
	})
}

func TestConcurrencyIsSharedAndALostCallEnds(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		const lease = 1500 * time.Millisecond
		one := func() *pace.Pacer {
			p := pace.New(client, pace.Options{
				CallTimeout: lease / 3, CallMargin: 2 * lease / 3, Admitted: func(context.Context, []string, func(string)) {}, Failed: func(err error) { t.Error(err) },
			})
			t.Cleanup(p.Close)
			return p
		}
		limits := connector.Limits{Concurrency: 1}
		p, other := one(), one()
		first := insist(t, p, ask(limits, "one"))
		soon, cancel := context.WithTimeout(t.Context(), lease/5)
		defer cancel()
		if _, err := other.Take(soon, ask(limits, "two")); err == nil {
			t.Fatal("a second call at once")
		}
		first.Done(connector.Feedback{Verdict: connector.VerdictUp})
		begun := time.Now()
		insist(t, other, ask(limits, "two")) // and is lost: nobody tells its end
		given := time.Now()
		insist(t, p, ask(limits, "three"))
		if waited := time.Since(begun); waited < lease-50*time.Millisecond {
			t.Errorf("a call that may be out still held its place for %v only", waited)
		}
		if waited := time.Since(given); waited > lease+5*time.Second {
			t.Errorf("a lost call held its place for %v", waited)
		}
	})
}

func paced(err error, why string) bool {
	f := fault.From(err)
	return f != nil && f.Paced && f.Code == why
}

func TestAFrozenBudgetAndItsReason(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		limits := windows(100, time.Second)
		for why, f := range map[string]connector.Feedback{
			"pace":        {Verdict: connector.VerdictLimited, Wait: 20 * time.Second},
			"quota":       {Verdict: connector.VerdictLimited, Wait: time.Hour},
			"vendor_down": {Verdict: connector.VerdictDown, Wait: 20 * time.Second},
		} {
			a := ask(limits, "one")
			a.Budget = why
			p := pacer(t, client, nil)
			insist(t, p, a).Done(f)
			_, err := p.Take(context.Background(), a)
			if !paced(err, why) || fault.From(err).RetryAfter < f.Wait/2 {
				t.Errorf("%s: %v, to be tried in %v", why, err, fault.From(err).RetryAfter)
			}
		}
	})
}

// TestACRMThatIsDownCostsFewCalls: after some failures in a row it is left
// alone, then tried by one call at a time, and the first success opens it.
func TestACRMThatIsDownCostsFewCalls(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		p := pacer(t, client, nil)
		limits := windows(1000, time.Second)
		calls := 0
		for begun := time.Now(); time.Since(begun) < 1500*time.Millisecond; {
			permit, err := p.Take(context.Background(), ask(limits, "one"))
			if err != nil {
				continue
			}
			calls++
			permit.Done(connector.Feedback{Verdict: connector.VerdictDown})
		}
		if calls < 5 || calls > 8 {
			t.Errorf("%d calls to a CRM that is down", calls)
		}
		for range 3 { // it is back
			insist(t, p, ask(limits, "one")).Done(connector.Feedback{Verdict: connector.VerdictUp})
		}
		begun := time.Now()
		for range 20 {
			insist(t, p, ask(limits, "one")).Done(connector.Feedback{Verdict: connector.VerdictUp})
		}
		if waited := time.Since(begun); waited > time.Second {
			t.Errorf("twenty calls took %v after the CRM was back", waited)
		}
	})
}

// TestTheCRMsOwnWordSlows: a CRM that tells of a lower limit, or that others
// have used up what is left, is believed.
func TestTheCRMsOwnWordSlows(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		for name, u := range map[string]connector.Usage{
			"a lower limit":      {Limit: 5, Left: 4},
			"others use it, too": {Limit: 100, Left: 4},
			"all is used up":     {Limit: 100, Left: 0, Reset: 30 * time.Second},
		} {
			p := pacer(t, client, nil)
			a := ask(windows(100, 30*time.Second), "one")
			a.Budget = name
			insist(t, p, a).Done(connector.Feedback{Verdict: connector.VerdictUp, Usage: []connector.Usage{u}})
			went := 1
			for ; went < 20; went++ {
				permit, err := p.Take(context.Background(), a)
				if err != nil {
					break
				}
				permit.Done(connector.Feedback{Verdict: connector.VerdictUp})
			}
			if want := 1 + u.Left; went != want {
				t.Errorf("%s: %d calls went, want %d", name, went, want)
			}
		}
	})
}

func TestAQuotaKeepsItsReserve(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		reserve := 20
		for _, period := range []connector.Period{connector.Day, connector.Month, connector.Rolling24} {
			limits := connector.Limits{Quotas: []connector.Quota{{Requests: 10, Period: period}}, Reserve: &reserve}
			p := pacer(t, client, nil)
			a := ask(limits, "one")
			a.Budget = string(period)
			for i := range 8 {
				permit, err := p.Take(context.Background(), a)
				if err != nil {
					t.Fatalf("%s: call %d: %v", period, i, err)
				}
				permit.Done(connector.Feedback{Verdict: connector.VerdictUp})
			}
			if _, err := p.Take(context.Background(), a); !paced(err, "quota") {
				t.Errorf("%s: the ninth of ten, a fifth reserved: %v", period, err)
			}
		}
	})
}

// TestTheCRMCountsTheQuota: what it tells wins over our own count, either way.
func TestTheCRMCountsTheQuota(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		reserve := 0
		limits := connector.Limits{
			Quotas: []connector.Quota{{Requests: 2, Period: connector.Day}}, Reserve: &reserve,
			Usage: []connector.UsageHeader{{Remaining: "x", Period: connector.Month}},
		}
		p := pacer(t, client, nil)
		a := ask(limits, "one")
		tell := func(period connector.Period, limit, left int) error {
			permit, err := p.Take(context.Background(), a)
			if err == nil {
				permit.Done(connector.Feedback{Verdict: connector.VerdictUp, Usage: []connector.Usage{{Period: period, Limit: limit, Left: left}}})
			}
			return err
		}
		for i := range 5 { // a plan larger than ours
			if err := tell(connector.Day, 1000, 900); err != nil {
				t.Fatalf("call %d: %v", i, err)
			}
		}
		if err := tell(connector.Month, 500, 0); err != nil { // a quota of which we knew nothing
			t.Fatal(err)
		}
		if err := tell("", 0, 0); !paced(err, "quota") {
			t.Errorf("after the month's last call: %v", err)
		}
	})
}

func TestLargeWindowsAreCountedInGrains(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		p := pacer(t, client, nil)
		a := ask(windows(2500, time.Hour), "one")
		for i := range 2500 {
			permit, err := p.Take(context.Background(), a)
			if err != nil {
				t.Fatalf("call %d of 2500: %v", i, err)
			}
			permit.Done(connector.Feedback{Verdict: connector.VerdictUp})
		}
		if _, err := p.Take(context.Background(), a); !paced(err, "pace") {
			t.Errorf("call 2501: %v", err)
		}
	})
}

func TestAnOperationsOwnWindow(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		limits := windows(1, time.Minute)
		limits.Windows = append(limits.Windows, connector.Window{Requests: 2, Per: time.Minute, For: connector.OpFind})
		p := pacer(t, client, nil)
		for op, n := range map[string]int{connector.OpCreate: 1, connector.OpFind: 2} {
			a := ask(limits, "one")
			a.Op = op
			for range n {
				insist(t, p, a).Done(connector.Feedback{})
			}
			if _, err := p.Take(context.Background(), a); !paced(err, "pace") {
				t.Errorf("%s: one call more than %d: %v", op, n, err)
			}
		}
	})
}

func TestTakeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	p := pacer(t, redistest.Client(t), nil)
	limits := connector.Limits{Concurrency: 1}
	insist(t, p, ask(limits, "one"))
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := p.Take(ctx, ask(limits, "two")); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Take = %v", err)
	}
	if _, err := p.Take(ctx, ask(limits, "two")); err == nil || errors.Is(err, redis.Nil) {
		t.Errorf("Take with an ended context = %v", err)
	}
}
