package job_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/job"
)

// outage is a place for jobs that is away for some writes.
type outage struct {
	*shelf
	saves, ends int  // writes to lose, of the outcome
	after       bool // lose the answer alone
}

var errAway = errors.New("connection refused")

func (o *outage) lose(left *int, write func() error) error {
	if *left == 0 {
		return write()
	}
	*left--
	if o.after {
		_ = write()
	}
	return errAway
}

func (o *outage) Save(ctx context.Context, j job.Job, r *job.Result) error {
	if j.Journal.Phase == job.Sending && j.Place == job.AtWorker { // before the call
		return o.shelf.Save(ctx, j, r)
	}
	return o.lose(&o.saves, func() error { return o.shelf.Save(ctx, j, r) })
}

func (o *outage) Finish(ctx context.Context, j job.Job, r *job.Result) error {
	return o.lose(&o.ends, func() error { return o.shelf.Finish(ctx, j, r) })
}

func TestAnOutcomeOutlastsAnOutageOfTheStore(t *testing.T) {
	t.Parallel()
	withSteps := func(s *connector.Spec) { s.ReadBack = true } // the record is journaled before it is read back
	for name, c := range map[string]struct {
		lost  outage
		spec  func(*connector.Spec)
		moods []string
		tries int64
	}{
		"the end":                {lost: outage{ends: 3}, tries: 1},
		"the answer to the end":  {lost: outage{ends: 1, after: true}, tries: 1},
		"a rest":                 {lost: outage{saves: 2}, moods: []string{"429"}, tries: 2},
		"the record of a create": {lost: outage{saves: 2}, spec: withSteps, tries: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lost outage
			r := newRig(spec(0, c.spec), func(r *rig) {
				r.crm.moods = c.moods
				lost = c.lost
				lost.shelf = r.shelf
				r.runner.Records = &lost
			})
			j := r.run(t)
			if j.Status != job.Succeeded || j.Attempt != c.tries || r.crm.creates != int(c.tries) {
				t.Errorf("%s after %d attempts and %d creates", j.Status, j.Attempt, r.crm.creates)
			}
			if lost.saves+lost.ends != 0 {
				t.Errorf("the outage did not happen: %+v", lost)
			}
		})
	}
}

// TestTheAttemptsEndDoesNotEndItsOutcome: a time-out of the attempt leaves time
// to write down what came of it.
func TestTheAttemptsEndDoesNotEndItsOutcome(t *testing.T) {
	t.Parallel()
	r := newRig(spec(0, nil), nil)
	lost := &outage{shelf: r.shelf, ends: 1}
	r.runner.Records = lost
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	r.runner.Observer = cancelling{silent{}, cancel}
	if err := r.runner.Run(ctx, r.j.Ref()); err != nil || r.j.Status != job.Succeeded {
		t.Errorf("%s, %v", r.j.Status, err)
	}
}

// cancelling ends the attempt's context as soon as it knows its outcome.
type cancelling struct {
	silent
	cancel context.CancelFunc
}

func (c cancelling) Attempted(job.Job, job.Attempt) { c.cancel() }
