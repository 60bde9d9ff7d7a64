package job

import (
	"context"
	"errors"
	"slices"

	"crmferry/internal/connector"
)

// answer is what a worker knows of the last create that it sent.
type answer struct {
	proof  *Result // the CRM's own word that it was applied
	absent bool    // it surely was not, nor was any before it
}

// testify hands on what a worker knows that lost its job to another, because
// it was silent for longer than its lease.
func (t *task) testify(ctx context.Context) error {
	if t.last.proof == nil && !t.last.absent {
		return nil
	}
	t.j.FinishedAt = t.now()
	return t.insist(ctx, func(ctx context.Context) error {
		err := t.Records.Testify(ctx, *t.j, t.last.proof)
		if errors.Is(err, ErrStale) || errors.Is(err, ErrNotFound) {
			return nil // nobody waits for it any more
		}
		return err
	})
}

// Proven is a job that ended unknown as it ends by the CRM's own word, of which
// the worker of an earlier attempt tells.
func (j Job) Proven(told Job, proof Result) Job {
	j.Status, j.Outcome, j.RemoteID, j.Error = Succeeded, Created, proof.Contact.ID, nil
	j.FinishedAt, j.Warnings = told.FinishedAt, told.Warnings
	j.Timeline = slices.Clone(j.Timeline)
	j.record(Attempt{
		Number: told.Attempt, StartedAt: told.StartedAt, EndedAt: told.FinishedAt,
		Step: connector.OpCreate, Result: string(Created), Then: Succeeded,
	})
	return j
}

// hear takes what workers knew that had the job before into its journal. Proof
// counts whatever was thought since; that a create was not applied counts while
// no other was sent.
func (t *task) hear(c Claimed) {
	j := &t.j.Journal
	switch {
	case c.Proof != nil && (j.Phase == Fresh || j.Phase == Sending):
		*j = Journal{Phase: Completed, Found: c.Proof}
		t.kept = nil
	case c.Absent != 0 && j.Phase == Sending && j.By == c.Absent:
		*j = Journal{}
	}
}
