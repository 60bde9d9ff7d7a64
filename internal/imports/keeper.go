package imports

import (
	"context"
	"errors"
	"time"

	"crmferry/internal/fault"
	"crmferry/internal/job"
)

// Shelf is what a Keeper needs of the place where imports are kept.
type Shelf interface {
	Load(ctx context.Context, id string) (Import, error)
	Block(ctx context.Context, id string, block int) ([]Row, error)
	// Due lists imports that somebody has to look at; each is not listed again
	// before rest is over.
	Due(ctx context.Context, limit int, rest time.Duration) ([]string, error)
	// Forget takes an import that has no record off that list.
	Forget(ctx context.Context, id string) error
	// Unspawned says whether the turns of the present generation may be missing.
	Unspawned(ctx context.Context, i Import) (bool, error)
	// Handed lists rows that go on as jobs, with how each began.
	Handed(ctx context.Context, id string, limit int) (map[Place]job.Job, error)
	// Settle writes the result of such a row; late proof replaces an unknown one.
	Settle(ctx context.Context, id string, at Place, r Result) error
	// End ends an import of which nothing is under way any more.
	End(ctx context.Context, i Import) (Status, error)
	// Expire withdraws an import whose time is up before it ran.
	Expire(ctx context.Context, i Import) error
	// Abandon ends an upload that nobody goes on with.
	Abandon(ctx context.Context, i Import) error
}

// KeptJobs are the jobs of rows.
type KeptJobs interface {
	Jobs
	Get(ctx context.Context, tenant, id string) (job.Job, error)
	Cancel(ctx context.Context, tenant, id string, f *fault.Error) (bool, error)
}

// Keeper looks after imports: it hears of the ends of rows that went on as jobs,
// ends imports, and heals what a crash left behind.
type Keeper struct {
	Shelf    Shelf
	Jobs     KeptJobs
	Starter  *Starter
	RowJobID func(importID, row string) string
	// Ended hears of each import that is over.
	Ended func(ctx context.Context, i Import)
	// Seen hears of each import that is looked at; nil for nobody.
	Seen   func(ctx context.Context, i Import)
	Failed func(error)

	blocks blocks
}

const (
	keepEvery = time.Second
	// keepRest is how long an import is left alone after a look.
	keepRest  = 5 * time.Second
	keepBatch = 100
	keepRows  = 500
)

// Run looks after imports until ctx ends; every worker does so, and each import
// is seen by one of them at a time.
func (k *Keeper) Run(ctx context.Context) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := k.Round(ctx); err != nil && ctx.Err() == nil {
				k.Failed(err)
			}
		}
	}
}

// Round looks at all imports whose time has come.
func (k *Keeper) Round(ctx context.Context) error {
	due, err := k.Shelf.Due(ctx, keepBatch, keepRest)
	for _, id := range due {
		err = errors.Join(err, k.look(ctx, id))
	}
	return err
}

func (k *Keeper) look(ctx context.Context, id string) error {
	i, err := k.Shelf.Load(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return k.Shelf.Forget(ctx, id)
	case errors.Is(err, job.ErrNewer): // another worker can read it
		return nil
	case err != nil:
		return err
	case i.Status == Receiving:
		return k.Shelf.Abandon(ctx, i)
	}
	if k.Seen != nil {
		k.Seen(ctx, i)
	}
	switch {
	case i.Status == Ready || i.Status == Paused:
		if err := k.Shelf.Expire(ctx, i); err != nil {
			return err
		}
	case i.Status == Running || i.Status == Waiting:
		missing, err := k.Shelf.Unspawned(ctx, i)
		if err == nil && missing {
			err = k.Starter.Start(ctx, id)
		}
		if err != nil {
			return err
		}
	}
	if err := k.reconcile(ctx, i); err != nil {
		return err
	}
	return k.End(ctx, i)
}

// reconcile compares the rows that went on as jobs with those jobs.
func (k *Keeper) reconcile(ctx context.Context, i Import) error {
	handed, err := k.Shelf.Handed(ctx, i.ID, keepRows)
	for at, began := range handed {
		err = errors.Join(err, k.compare(ctx, i, at, began))
	}
	return err
}

func (k *Keeper) compare(ctx context.Context, i Import, at Place, began job.Job) error {
	id := k.RowJobID(i.ID, at.String())
	j, err := k.Jobs.Get(ctx, i.Tenant, id)
	switch {
	case errors.Is(err, job.ErrNotFound): // its holder died before it made the job
		return k.adopt(ctx, i, at, began, id)
	case err != nil:
		return err
	case j.Status.Terminal():
		return k.settle(ctx, i, at, j)
	case i.CancelRequested && !j.CancelRequested:
		_, err := k.Jobs.Cancel(ctx, i.Tenant, id, fault.New(fault.Cancelled, "cancelled", "the import was cancelled"))
		if errors.Is(err, job.ErrTerminal) {
			err = nil
		}
		return err
	default:
		return nil
	}
}

func (k *Keeper) adopt(ctx context.Context, i Import, at Place, began job.Job, id string) error {
	rows, err := k.blocks.get(ctx, k.Shelf, i.ID, at.Block)
	if err != nil {
		return err
	}
	j := i.job(rows[at.Index], at, id)
	j.State, j.Status, j.Place, j.Attempt = began.State, began.Status, began.Place, began.Attempt
	_, err = k.Jobs.Adopt(ctx, j, i.input(rows[at.Index]), nil)
	return err
}

func (k *Keeper) settle(ctx context.Context, i Import, at Place, j job.Job) error {
	rows, err := k.blocks.get(ctx, k.Shelf, i.ID, at.Block)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	row := Row{ClientRef: j.ClientRef, Metadata: j.Metadata}
	if at.Index < len(rows) {
		row = rows[at.Index]
	}
	r := ResultOf(row, at.Index, j)
	r.JobID = j.ID
	return k.Shelf.Settle(ctx, i.ID, at, r)
}

// Report hears of the end of a job; those that are no rows are passed over.
// Should it fail, the next look makes good for it.
func (k *Keeper) Report(ctx context.Context, j job.Job) {
	if j.Import == "" || j.Row == "" {
		return
	}
	i, err := k.Shelf.Load(ctx, j.Import)
	if err == nil {
		err = k.settle(ctx, i, placeOfRow(j.Row), j)
	}
	if err == nil {
		err = k.End(ctx, i)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		k.Failed(err)
	}
}

// Over hears of a turn that is over.
func (k *Keeper) Over(ctx context.Context, id string) {
	i, err := k.Shelf.Load(ctx, id)
	if err == nil {
		err = k.End(ctx, i)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		k.Failed(err)
	}
}

// End ends an import of which nothing is under way any more.
func (k *Keeper) End(ctx context.Context, i Import) error {
	was := i.Status.Terminal()
	status, err := k.Shelf.End(ctx, i)
	if err != nil || was || !status.Terminal() || k.Ended == nil {
		return err
	}
	k.Ended(ctx, i)
	return nil
}
