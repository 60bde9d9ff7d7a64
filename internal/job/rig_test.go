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
	rested func() // what happens while the job rests for the first time
}

func newRig(s *connector.Spec, change func(*rig)) *rig {
	start := time.Now().UTC()
	r := &rig{shelf: &shelf{now: start, owners: map[string]string{}}, crm: &crm{}}
	r.crm.clock = func() time.Time { return r.now }
	r.crm.cancel, r.crm.die, r.crm.overtake, r.crm.forget = r.cancel, r.takeOver, r.overtake, r.forget
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
	r.note()
	return r
}

// run drives the job to its end, as queue and reaper would.
func (r *rig) run(t *testing.T) job.Job {
	t.Helper()
	for range 60 {
		if err := r.attempt(); err != nil {
			t.Fatalf("Run: %v", err)
		}
		if r.rested != nil && r.j.Place != job.InQueue {
			r.rested()
			r.rested = nil
		}
		if r.j.Status.Terminal() {
			return r.j
		}
		if r.j.Place != job.InQueue { // it was taken from a dead worker
			r.wake()
		}
	}
	t.Fatalf("no end: %+v", r.j)
	return job.Job{}
}

// attempt is one task, by a worker that may die of it.
func (r *rig) attempt() (err error) {
	defer func() {
		if v := recover(); v != nil && v != (died{}) {
			panic(v)
		}
	}()
	return r.runner.Run(context.Background(), r.j.Ref())
}

// wake moves the clock to the job's time and puts it back into the queue.
func (r *rig) wake() {
	if r.j.NextAttemptAt.After(r.now) {
		r.now = r.j.NextAttemptAt
	}
	if r.j.Place == job.InLine {
		r.now = r.now.Add(30 * time.Second) // as long as the pace takes
	}
	r.requeue()
}

func (r *rig) requeue() {
	r.j.Epoch++
	r.j.Place = job.InQueue
	if r.j.Status != job.Verifying {
		r.j.Status = job.Queued
	}
	r.note()
}

// crash leaves the job as a worker leaves it that died while sending.
func (r *rig) crash(applied bool) {
	r.crm.moods = []string{"die"}
	if applied {
		r.crm.moods = []string{"write then die"}
	}
	_ = r.attempt()
}

// takeOver is what becomes of a job whose worker is silent for longer than its lease.
func (r *rig) takeOver() {
	r.now = r.now.Add(9 * time.Second)
	r.requeue()
}

// overtake has another worker carry the job to its end, while the first one has
// an answer that it does not know of yet.
func (r *rig) overtake() {
	r.takeOver()
	for range 60 {
		if err := r.attempt(); err != nil || r.j.Status.Terminal() {
			return
		}
		r.wake()
	}
}

// forget has a replica take the place of the store's master that knows the job
// as it was accepted.
func (r *rig) forget() {
	r.now = r.now.Add(time.Second)
	r.changed = r.now
	r.j = job.Job{Base: r.j.Base, Status: job.Queued, Place: job.InQueue, Epoch: 1}
	r.note()
}
