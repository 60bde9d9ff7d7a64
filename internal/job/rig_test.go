package job_test

import (
	"context"
	"testing"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/job"
)

type catalogue struct{ *connector.Spec }

func (c catalogue) Lookup(string) (*connector.Spec, bool) { return c.Spec, true }

type accounts struct{ err error }

func (a accounts) Open(context.Context, string, string) (connector.Account, error) {
	return connector.Account{ID: "acc", Credential: connector.Credential{
		Scheme: connector.AccessToken, Values: map[string]string{"access_token": "secret-token"},
	}}, a.err
}

type silent struct{}

func (silent) Attempted(job.Job, job.Attempt) {}
func (silent) Finished(job.Job)               {}

// rig is one job, one CRM and a Runner.
type rig struct {
	*shelf
	crm    *crm
	runner *job.Runner
}

func newRig(s *connector.Spec, change func(*rig)) *rig {
	start := time.Now().UTC()
	r := &rig{shelf: &shelf{now: start, owners: map[string]string{}}, crm: &crm{}}
	r.crm.clock = func() time.Time { return r.now }
	r.in = contact.Input{Contact: contact.Contact{FirstName: "Ada", EmailAddresses: []contact.Email{{Email: "ada@example.com"}}}}
	r.j = job.Job{
		Base:   job.Base{ID: "job_1", Tenant: "t", AccountID: "acc", CRM: "fake", Key: "key-1", CreatedAt: start, ExpiresAt: start.Add(time.Hour)},
		Status: job.Queued, Place: job.InQueue, Epoch: 1,
	}
	r.runner = &job.Runner{
		Records: r.shelf, Accounts: accounts{}, CRMs: catalogue{s},
		Client: connector.NewClient(r.crm, nil, r.crm.clock), Policy: job.DefaultPolicy(),
		Timing: job.DefaultTiming(20 * time.Second), Observer: silent{}, Line: r.shelf, Spread: func() float64 { return 0.5 }, Held: job.NewHeld(),
	}
	if change != nil {
		change(r)
	}
	return r
}

// run drives the job to its end, as queue and reaper would.
func (r *rig) run(t *testing.T) job.Job {
	t.Helper()
	for range 50 {
		if err := r.runner.Run(context.Background(), r.j.Ref()); err != nil {
			t.Fatalf("Run: %v", err)
		}
		if r.j.Status.Terminal() {
			return r.j
		}
		r.wake()
	}
	t.Fatalf("no end: %+v", r.j)
	return job.Job{}
}

// wake moves the clock to the job's time and puts it back into the queue.
func (r *rig) wake() {
	if r.j.NextAttemptAt.After(r.now) {
		r.now = r.j.NextAttemptAt
	}
	if r.j.Place == job.InLine {
		r.now = r.now.Add(30 * time.Second) // as long as the pace takes
	}
	r.j.Epoch++
	r.j.Place = job.InQueue
	if r.j.Status != job.Verifying {
		r.j.Status = job.Queued
	}
	r.note()
}

// crash leaves the job as a worker leaves it that died while sending.
func (r *rig) crash(applied bool) {
	r.j.Attempt, r.j.Place, r.j.Status = 1, job.InQueue, job.Queued
	r.j.Epoch++
	r.j.Journal = job.Journal{Phase: job.Sending, SentAt: r.now, SendBy: r.now.Add(5 * time.Second), Over: r.now.Add(27 * time.Second)}
	if applied {
		_, _ = r.crm.store("", "", "ada@example.com", "Ada")
	}
	r.now = r.now.Add(9 * time.Second)
}
