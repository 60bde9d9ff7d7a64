package pace_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/connector"
	"crmferry/internal/pace"
)

// TestManyCallsThatFailTogetherAreOneOutage: those that were out when the CRM
// was given up do not make the pause longer.
func TestManyCallsThatFailTogetherAreOneOutage(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		p := pacer(t, client, nil)
		limits := windows(1000, time.Second)
		var out []connector.Permit
		for i := range 30 {
			out = append(out, insist(t, p, ask(limits, fmt.Sprint("job", i))))
		}
		for _, permit := range out {
			permit.Done(connector.Feedback{Verdict: connector.VerdictDown})
		}
		s, err := p.State(context.Background(), "a", "a", limits)
		if err != nil {
			t.Fatal(err)
		}
		if pause := s.FrozenUntil.Sub(s.Now); pause <= 0 || pause > time.Second || !s.Trial {
			t.Errorf("after one outage the account is left alone for %v (%+v)", pause, s)
		}
	})
}

// TestWhoWaitsIsToldWhatFor: a job in line waits for what the next call waits
// for, be that the window, a quota or the CRM's recovery.
func TestWhoWaitsIsToldWhatFor(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		for want, c := range map[string]struct {
			limits connector.Limits
			says   connector.Feedback
		}{
			"pace":        {windows(1, time.Hour), connector.Feedback{Verdict: connector.VerdictUp}},
			"quota":       {connector.Limits{Quotas: []connector.Quota{{Requests: 2, Period: connector.Month}}}, connector.Feedback{Verdict: connector.VerdictUp}},
			"vendor_down": {windows(100, time.Second), connector.Feedback{Verdict: connector.VerdictDown, Wait: time.Minute}},
		} {
			p := pacer(t, client, nil)
			a := ask(c.limits, "one")
			a.Budget = want
			insist(t, p, a).Done(c.says)
			m := pace.Member{Job: "two", Account: "a", Budget: want, Arrived: time.Now(), Priority: pace.Singles}
			if err := p.Join(context.Background(), m); err != nil {
				t.Fatal(err)
			}
			o, inLine, err := p.Outlook(context.Background(), m, nil, c.limits)
			if err != nil || !inLine || o.WaitingFor != want || time.Until(o.Begins) < 50*time.Second {
				t.Errorf("%s: %+v, %v, %v", want, o, inLine, err)
			}
		}
	})
}

// TestTheRateKnowsHowManyCallsAJobTakes: those that slept until their slot are
// jobs like those that went at once.
func TestTheRateKnowsHowManyCallsAJobTakes(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		const jobs, per = 5, 600 * time.Millisecond
		p := pacer(t, client, nil)
		limits := windows(1, per)
		for i := range jobs {
			job := fmt.Sprint("job", i)
			m := pace.Member{Job: job, Account: "a", Budget: "a", Arrived: time.Now(), Priority: pace.Singles}
			for e, err := p.Enter(context.Background(), m, limits); !e.Lane; e, err = p.Enter(context.Background(), m, limits) {
				if err != nil {
					t.Fatal(err)
				}
			}
			insist(t, p, ask(limits, job)).Done(connector.Feedback{Verdict: connector.VerdictUp, Took: time.Millisecond})
		}
		s, err := p.State(context.Background(), "a", "a", limits)
		if err != nil {
			t.Fatal(err)
		}
		if want := 1 / per.Seconds(); s.PerSecond < 0.8*want || s.PerSecond > 1.2*want {
			t.Errorf("%v jobs a second, %v are allowed", s.PerSecond, want)
		}
	})
}

// TestALongOutageIsNotWaitedOutForLong: however often the CRM was tried in vain,
// the next try is seconds away.
func TestALongOutageIsNotWaitedOutForLong(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		p := pacer(t, client, nil)
		limits, ctx := windows(1000, time.Second), context.Background()
		insist(t, p, ask(limits, "one")).Done(connector.Feedback{Verdict: connector.VerdictUp})
		if _, err := p.State(ctx, "a", "a", limits); err != nil { // once the call's end is known
			t.Fatal(err)
		}
		// As if it had been tried for a day.
		if err := client.HSet(ctx, "ferry:1:{pa}:state", "level", 1000, "trial", 1, "fails", 1000).Err(); err != nil {
			t.Fatal(err)
		}
		insist(t, p, ask(limits, "two")).Done(connector.Feedback{Verdict: connector.VerdictDown})
		s, err := p.State(ctx, "a", "a", limits)
		if err != nil {
			t.Fatal(err)
		}
		if pause := s.FrozenUntil.Sub(s.Now); pause < 5*time.Second || pause > 15*time.Second {
			t.Errorf("tried again in %v", pause)
		}
	})
}
