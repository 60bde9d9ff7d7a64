package imports

import (
	"context"
	"time"

	"crmferry/internal/job"
)

// Starter makes the turns of an import that is to run.
type Starter struct {
	Store interface {
		Load(ctx context.Context, id string) (Import, error)
		// Spawned notes that the turns of a generation were made.
		Spawned(ctx context.Context, id string, generation int64) error
	}
	Jobs Jobs
	Line interface {
		// Budget names who shares the limits of an account, and sees to it that
		// they are known.
		Budget(ctx context.Context, tenant, account string) (string, error)
		Join(ctx context.Context, w job.Waiter) error
	}
	// TurnID is the id of a turn: the same whoever makes it.
	TurnID func(importID string, generation int64, number int) string
}

// An import has so many turns at most, and one for each so many rows.
const (
	turnsMost = 4
	turnRows  = 200
)

// turns is how many turns an import has.
func (i *Import) turns() int { return min(max((i.Rows+turnRows-1)/turnRows, 1), turnsMost) }

// Start makes the turns of an import's present generation. It may be called
// again: turns that are there are left as they are.
func (s *Starter) Start(ctx context.Context, id string) error {
	i, err := s.Store.Load(ctx, id)
	if err != nil {
		return err
	}
	if i.Status != Running && i.Status != Waiting {
		return nil
	}
	if i.Budget, err = s.Line.Budget(ctx, i.Tenant, i.AccountID); err != nil {
		return err
	}
	for n := range i.turns() {
		t := i.turn(n+1, s.TurnID(id, i.Generation, n+1))
		if _, err := s.Jobs.Adopt(ctx, t, i.input(Row{}), nil); err != nil {
			return err
		}
		// One that is not in line any more is passed over when its time comes.
		if err := s.Line.Join(ctx, t.Waiter()); err != nil {
			return err
		}
	}
	return s.Store.Spawned(ctx, id, i.Generation)
}

// turnLife is longer than any import stays open.
const turnLife = 365 * 24 * time.Hour

func (i *Import) turn(number int, id string) job.Job {
	return job.Job{
		Base: job.Base{
			ID: id, Tenant: i.Tenant, AccountID: i.AccountID, CRM: i.CRM, CreatedAt: i.CreatedAt, ExpiresAt: i.CreatedAt.Add(turnLife),
			Budget: i.Budget, Import: i.ID, Turn: number, Generation: i.Generation,
		},
		State:  job.State{WaitingFor: job.ForPace},
		Status: job.Waiting, Place: job.InLine, Epoch: 1,
	}
}
