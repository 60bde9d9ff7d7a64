package e2e

import (
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
)

// TestACRMThatAllowsHalfIsNotRunInto: where the CRM's limit is half of what we
// take it for, its headers, or else its refusals, teach that within a handful of
// limited answers.
func TestACRMThatAllowsHalfIsNotRunInto(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		crm, limit string
		truly      int
		per        time.Duration
		jobs       int
	}{
		"the headers tell":         {"hubspot", "ten_secondly", 10, time.Second, 60},
		"only the refusals tell":   {"zendesk-sell", "second", 10, time.Second, 60},
		"its refusals tell a time": {"copper", "minute", 15, 3 * time.Second, 45},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.crm == "copper" && !*paceLong {
				t.Log("its wait of twenty seconds is waited for with -pace.long")
				return
			}
			f := launch(t, sandbox.Options{})
			f.allows(c.crm, c.limit, c.truly, c.per)
			account := f.ConnectAt(window(2*c.truly, c.per, 4), c.crm, "half")
			ids := f.burst(account, c.jobs)
			f.StartWorker()
			f.StartWorker()
			begun := time.Now()
			if states := f.allOver(ids, 90*time.Second); states["succeeded"] != c.jobs {
				t.Errorf("states = %v", states)
			}
			took, ideal := time.Since(begun), time.Duration((c.jobs-1)/c.truly)*c.per
			told := f.limits(account)
			n := f.World.CRM(c.crm).Counts("half").Limited
			t.Logf("%d jobs in %.1f s, %.1f s at best; %d limited answers; %d of %d are held to be allowed",
				c.jobs, took.Seconds(), ideal.Seconds(), n, told.Windows[0].Requests, 2*c.truly)
			if n >= 10 {
				t.Errorf("%d limited answers", n)
			}
			if told.Limited != int64(n) {
				t.Errorf("%d limited answers are told of, %d were given", told.Limited, n)
			}
			if n := f.World.CRM(c.crm).Count("half"); n != c.jobs {
				t.Errorf("the CRM holds %d contacts for %d jobs", n, c.jobs)
			}
		})
	}
}

// TestAFreezeIsToldOf: while a CRM has us wait, its account says until when, and
// so does a job that waits.
func TestAFreezeIsToldOf(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	account := f.ConnectAt(window(1000, time.Second, 1), "hubspot", "frozen")
	f.limitedOnce("hubspot", "frozen", "40")
	f.StartWorker()
	ids := f.burst(account, 10)
	f.Eventually(20*time.Second, "the freeze", func() bool { return f.limits(account).Frozen != nil })
	l := f.limits(account)
	if l.Frozen == nil || l.Frozen.Reason != "pace" || time.Until(l.Frozen.Until) < 20*time.Second || time.Until(l.Frozen.Until) > 41*time.Second {
		t.Fatalf("limits = %+v", l)
	}
	f.Eventually(20*time.Second, "all to be in line", func() bool { return f.limits(account).Backlog.Waiting == int64(len(ids)) })
	for _, id := range ids {
		f.Eventually(10*time.Second, "a job's word of the freeze", func() bool { // it may be as old as half a second
			j := f.job(id)
			off := j.NextAttemptAt.Sub(l.Frozen.Until)
			return j.WaitingFor == "pace" && off > -time.Second && off < 15*time.Second
		})
	}
	if n := f.World.CRM("hubspot").Counts("frozen").Requests; n > 2 {
		t.Errorf("%d calls", n)
	}
}

// TestAQuotaThatIsUsedUpIsToldOf: what the CRM allows a day is less than we
// knew; what waits for tomorrow says so.
func TestAQuotaThatIsUsedUpIsToldOf(t *testing.T) {
	t.Parallel()
	const allowed, reserved, jobs = 40, 2, 60
	f := launch(t, sandbox.Options{})
	f.allows("hubspot", "daily", allowed, 0)
	account := f.ConnectAt(window(1000, time.Second, 1), "hubspot", "quota")
	before := f.World.CRM("hubspot").Counts("quota").Requests
	f.StartWorker()
	ids := f.burst(account, jobs)
	f.Eventually(30*time.Second, "the quota's end", func() bool {
		l := f.limits(account)
		return f.World.CRM("hubspot").Count("quota") == allowed-reserved-before && l.Backlog.Waiting == int64(jobs+before-allowed+reserved)
	})
	l := f.limits(account)
	day := l.Quotas[0]
	if day.Requests != allowed || day.Left == nil || *day.Left != 0 || l.Limited != 0 || day.ResetsAt.Sub(l.NextCallAt).Abs() > time.Second {
		t.Errorf("limits = %+v", l)
	}
	waiting := 0
	for _, id := range ids {
		if f.job(id).Over() {
			continue
		}
		waiting++
		f.Eventually(10*time.Second, "a job's word of the quota", func() bool { // it may be as old as half a second
			j := f.job(id)
			return j.WaitingFor == "quota" && !j.NextAttemptAt.Before(day.ResetsAt.Add(-time.Second))
		})
	}
	if waiting != jobs+before-allowed+reserved {
		t.Errorf("%d wait", waiting)
	}
}

// toldJob is a job with what a caller is told of its wait.
type toldJob struct {
	fleet.Job
	WaitingFor        string    `json:"waiting_for"`
	EstimatedFinishAt time.Time `json:"estimated_finish_at"`
	NextAttemptAt     time.Time `json:"next_attempt_at"`
	FinishedAt        time.Time `json:"finished_at"`
}
