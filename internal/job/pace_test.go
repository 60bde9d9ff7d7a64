package job_test

import (
	"context"
	"testing"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/job"
)

// stingy is a pacer that holds back the calls whose numbers it is given.
type stingy struct {
	held  map[int]*fault.Error
	calls int
}

func (s *stingy) Take(_ context.Context, a connector.Ask) (connector.Permit, error) {
	s.calls++
	if f := s.held[s.calls]; f != nil {
		return nil, f
	}
	return free{}, nil
}

type free struct{}

func (free) Expired() bool           { return false }
func (free) Cancel()                 {}
func (free) Done(connector.Feedback) {}
func (free) Limited(time.Duration)   {}

func heldFor(why string, wait time.Duration) *fault.Error {
	f := fault.New(fault.RateLimited, why, "x")
	f.Paced, f.RetryAfter = true, wait
	return f
}

// TestAHeldCallCostsNothing: the job waits in line, keeps what it has, counts
// no failure, and goes on where it stopped.
func TestAHeldCallCostsNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		held  int // the call that is held back
		why   job.WaitingFor
		begun bool
		moods []string
		then  job.Status
	}{
		"the create":            {1, job.ForPace, false, nil, job.Waiting},
		"the create, for a day": {1, job.ForQuota, false, nil, job.Waiting},
		"the CRM is down":       {1, job.ForVendor, false, nil, job.Waiting},
		"the look-up, in doubt": {2, job.ForPace, true, []string{"reset"}, job.Verifying},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(spec(0, nil), func(r *rig) { r.crm.moods = c.moods })
			r.runner.Client.Paced(&stingy{held: map[int]*fault.Error{c.held: heldFor(string(c.why), time.Minute)}})
			for range 5 {
				if err := r.runner.Run(t.Context(), r.j.Ref()); err != nil {
					t.Fatal(err)
				}
				if r.j.Place == job.InLine {
					break
				}
				r.wake()
			}
			if r.j.Place != job.InLine || r.j.Status != c.then || r.j.WaitingFor != c.why || r.j.Failures != 0 || !r.j.NextAttemptAt.IsZero() {
				t.Fatalf("held back: %+v", r.j)
			}
			if len(r.joined) != 1 || r.joined[0].Begun != c.begun || r.joined[0].ID != r.j.ID {
				t.Errorf("in line: %+v", r.joined)
			}
			r.wake()
			if j := r.run(t); j.Status != job.Succeeded || len(r.crm.records) != 1 {
				t.Errorf("the end: %+v, %d records", j, len(r.crm.records))
			}
		})
	}
}

// TestAWaitPastTheLastMomentExpires: nobody waits for what cannot come in time.
func TestAWaitPastTheLastMomentExpires(t *testing.T) {
	t.Parallel()
	r := newRig(spec(0, nil), nil)
	r.runner.Client.Paced(&stingy{held: map[int]*fault.Error{1: heldFor("quota", 2*time.Hour)}})
	if j := r.run(t); j.Status != job.Failed || j.Error.Kind != fault.Expired || r.crm.creates != 0 {
		t.Errorf("job = %+v", j)
	}
}

// TestATurnThatIsNotUsedIsGivenBack: a job that ends before it asks for a call
// leaves its place on the way to a worker to the next.
func TestATurnThatIsNotUsedIsGivenBack(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*rig){
		"expired":   func(r *rig) { r.j.ExpiresAt = r.now },
		"cancelled": func(r *rig) { r.j.CancelRequested = true },
		"disabled":  func(r *rig) { r.runner.Accounts = accounts{fault.New(fault.Forbidden, "account_disabled", "x")} },
		"stopping": func(r *rig) {
			stop := make(chan struct{})
			close(stop)
			r.runner.Stopping = stop
		},
		"used": func(*rig) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(spec(0, nil), change)
			if err := r.runner.Run(t.Context(), r.j.Ref()); err != nil {
				t.Fatal(err)
			}
			if given := len(r.left) == 1 && r.left[0] == r.j.ID; given == (name == "used") {
				t.Errorf("left the way to a worker: %v; job %+v", r.left, r.j)
			}
		})
	}
}
