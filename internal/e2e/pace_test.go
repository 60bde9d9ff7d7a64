package e2e

import (
	"flag"
	"net/http"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

var paceLong = flag.Bool("pace.long", false, "run the long form of the pace's tests")

// limits is what the API tells of an account's pace.
type limits struct {
	Windows []struct {
		Requests, Used, Left int
	}
	Quotas []struct {
		Period         string
		Requests, Used int
		Left           *int
		ResetsAt       time.Time `json:"resets_at"`
	}
	Concurrency struct {
		InUse int `json:"in_use"`
	}
	Frozen *struct {
		Until  time.Time
		Reason string
	}
	Backlog struct {
		Waiting   int64
		PerSecond float64 `json:"jobs_per_second"`
		Estimated float64 `json:"estimated_wait_seconds"`
	}
	NextCallAt time.Time `json:"next_call_at"`
	Recovering bool
	Limited    int64 `json:"limited_answers"`
}

func (f *ferry) limits(account string) limits {
	f.Helper()
	var l limits
	f.Must(http.StatusOK, "GET", "/integrated-accounts/"+account+"/limits", nil).Decode(f, &l)
	return l
}

// window is a pace of n calls in any stretch of per, with so many at once.
func window(n int, per time.Duration, concurrency int) *fleet.Limits {
	return &fleet.Limits{Windows: []fleet.Window{{Requests: n, PerSeconds: per.Seconds()}}, Concurrency: concurrency}
}

// allows sets what an imitation really allows.
func (f *ferry) allows(crm, limit string, n int, per time.Duration) {
	f.Helper()
	if err := f.World.CRM(crm).SetLimits(kit.Override{Name: limit, Requests: n, Per: kit.Duration(per)}); err != nil {
		f.Fatal(err)
	}
}

// met waits until the imitation has met n calls of an account since it was
// connected.
func (f *ferry) met(crm, account string, n int, patience time.Duration) {
	f.Helper()
	f.Eventually(patience, "calls to "+crm, func() bool { return f.World.CRM(crm).Counts(account).Requests >= n })
}

// rateRun is a backlog that several workers carry as fast as a limit allows.
type rateRun struct {
	requests, concurrency, jobs, workers int
	per                                  time.Duration
}

// measure carries the backlog and gives the share of the allowed rate that was
// used while it lasted: the time that the calls would have taken had each begun
// as early as the window allows, by the time that they took. Contacts with a query
// of their own do not go together, so that each job is a call.
func (r rateRun) measure(t *testing.T) float64 {
	t.Helper()
	const crm = "hubspot"
	f := launch(t, sandbox.Options{})
	f.allows(crm, "ten_secondly", r.requests, r.per)
	account := f.ConnectAt(window(r.requests, r.per, r.concurrency), crm, "rate")
	before := len(f.World.CRM(crm).Requests("rate"))
	ids := f.burst(account, r.jobs, "remote_query[alone]", "1")
	if len(ids) != r.jobs {
		t.Fatalf("%d of %d were accepted", len(ids), r.jobs)
	}
	for range r.workers {
		f.StartWorker()
	}
	ideal := time.Duration((r.jobs-1)/r.requests) * r.per
	if states := f.allOver(ids, 3*ideal+30*time.Second); states["succeeded"] != r.jobs {
		t.Fatalf("states = %v", states)
	}
	calls := f.World.CRM(crm).Requests("rate")[before:]
	if n := f.World.CRM(crm).Counts("rate").Limited; n != 0 {
		t.Errorf("%d limited answers", n)
	}
	if len(calls) != r.jobs {
		t.Errorf("%d calls for %d jobs", len(calls), r.jobs)
	}
	took := calls[len(calls)-1].At.Sub(calls[0].At)
	used := ideal.Seconds() / took.Seconds()
	t.Logf("%d calls in %.2f s, %d per %v are allowed: %.1f %% of the rate used", len(calls), took.Seconds(), r.requests, r.per, 100*used)
	return used
}

// TestFourWorkersTogetherUseTheRateAndKeepIt: no limited answer ever, and nearly
// every call that is allowed is made. How nearly depends on how busy this
// machine is, so that the short form leaves it some air.
func TestFourWorkersTogetherUseTheRateAndKeepIt(t *testing.T) {
	t.Parallel()
	if used := (rateRun{requests: 20, per: 2 * time.Second, concurrency: 10, jobs: 81, workers: 4}).measure(t); used < 0.8 {
		t.Errorf("only %.1f %% of the rate used", 100*used)
	}
}

// TestTheRateAtLength runs with -pace.long alone.
func TestTheRateAtLength(t *testing.T) {
	if !*paceLong {
		t.Log("the long form runs with -pace.long")
		return
	}
	for _, jobs := range []int{500, 2000} {
		if used := (rateRun{requests: 100, per: 10 * time.Second, concurrency: 20, jobs: jobs, workers: 4}).measure(t); used < 0.95 {
			t.Errorf("only %.1f %% of the rate used", 100*used)
		}
	}
}
