package pace_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/pace"
)

// yielding is the call of an import's turn.
func yielding(l connector.Limits, account, holder string) connector.Ask {
	a := ask(l, holder)
	a.Budget, a.Account, a.Yields = "b", account, true
	return a
}

// denied gives what a call has to wait for, "" for nothing.
func denied(t *testing.T, p *pace.Pacer, a connector.Ask) string {
	t.Helper()
	permit, err := p.Take(context.Background(), a)
	var f *fault.Error
	switch {
	case err == nil:
		permit.Done(connector.Feedback{Verdict: connector.VerdictUp})
		return ""
	case errors.As(err, &f) && f.Paced:
		return f.Code
	default:
		t.Fatal(err)
		return ""
	}
}

// TestATurnGoesOnlyWhileNobodyElseWaits: singles of its account, and whatever
// waits of others that share its limits; not other turns of its account.
func TestATurnGoesOnlyWhileNobodyElseWaits(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, client redis.UniversalClient) {
		ctx, limits := context.Background(), connector.Limits{Concurrency: 1}
		p := pacer(t, client, nil)
		defer full(t, p, limits)() // so that the lines stand still
		take := func() string {
			a := yielding(limits, "x", "turn")
			ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			_, err := p.Take(ctx, a)
			if f := fault.From(err); f.Paced {
				return f.Code
			}
			return "" // it waited for the call that is out
		}
		joined := func(m pace.Member) pace.Member {
			if err := p.Join(ctx, m); err != nil {
				t.Fatal(err)
			}
			return m
		}
		left := func(m pace.Member) {
			if err := p.Leave(ctx, m); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			what string
			m    pace.Member
			want string
		}{
			{"another turn of the account", member("x", "x-turn", 1, pace.Imports), ""},
			{"a single of the account", member("x", "x-single", 2, pace.Singles), "pace"},
			{"a job of the account that was begun", member("x", "x-begun", 2, pace.Begun), "pace"},
			{"another account", member("y", "y-turn", 3, pace.Imports), "pace"},
		} {
			fillLane(t, p, limits)
			joined(c.m)
			if got := take(); got != c.want {
				t.Errorf("%s waits: %q, want %q", c.what, got, c.want)
			}
			left(c.m)
		}
		if got := take(); got != "" {
			t.Errorf("nobody waits: %q", got)
		}
	})
}

// fillLane brings as many to the lane as have room there.
func fillLane(t *testing.T, p *pace.Pacer, limits connector.Limits) {
	t.Helper()
	for i := 0; ; i++ {
		e, err := p.Enter(context.Background(), member("z", "lane"+string(rune('a'+i)), 0, pace.Singles), limits)
		if err != nil {
			t.Fatal(err)
		}
		if !e.Lane {
			return
		}
	}
}

// TestImportsLeaveMoreOfAQuota than singles do, whatever its period.
func TestImportsLeaveMoreOfAQuota(t *testing.T) {
	t.Parallel()
	for _, period := range []connector.Period{connector.Day, connector.Month, connector.Rolling24} {
		onEach(t, func(t *testing.T, client redis.UniversalClient) {
			p := pacer(t, client, nil)
			limits := connector.Limits{Quotas: []connector.Quota{{Period: period, Requests: 20}}}
			for i := range 16 {
				if why := denied(t, p, yielding(limits, "x", "turn")); why != "" {
					t.Fatalf("%s: call %d of an import waits for %s", period, i, why)
				}
			}
			if why := denied(t, p, yielding(limits, "x", "turn")); why != "quota" {
				t.Errorf("%s: the import's share is used up: %q", period, why)
			}
			single := yielding(limits, "x", "single")
			single.Yields = false
			for i := range 3 {
				if why := denied(t, p, single); why != "" {
					t.Fatalf("%s: single %d waits for %s", period, i, why)
				}
			}
			if why := denied(t, p, single); why != "quota" {
				t.Errorf("%s: the rest is not ours: %q", period, why)
			}
		})
	}
}
