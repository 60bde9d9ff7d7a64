package imports

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/job"
)

// Turns carry imports on, one slice after the other. It is the job.Turns of a
// Runner.
type Turns struct {
	Book     Book
	Jobs     Jobs
	Accounts job.Accounts
	CRMs     job.Catalogue
	// Runner carries the rows; its Records are replaced.
	Runner *job.Runner
	// RowJobID is the id of the job that may carry on a row.
	RowJobID func(importID, row string) string
	// Over hears of each turn that is over: the import may be.
	Over func(ctx context.Context, importID string)
	// Refs knows rows of earlier imports; nil for none.
	Refs Refs

	blocks blocks
}

// Refs finds rows that an account was given before.
type Refs interface {
	// Earlier tells of each of the rows at those places whether one with its
	// client_ref came before it.
	Earlier(ctx context.Context, i Import, at []Place, rows []Row) ([]Prior, error)
}

const (
	// turnFor is how long a turn works before others may have its seat.
	turnFor = 10 * time.Second
	// sliceMost bounds the rows of a slice that goes row by row; sliceFor is how
	// long it takes at the pace of its account.
	sliceMost = 200
	sliceFor  = 2 * time.Second
)

// work is one turn in a worker's hands.
type work struct {
	*Turns
	turn     Turn
	claimed  job.Claimed
	clock    time.Time
	stopping <-chan struct{}
	imp      Import
	spec     *connector.Spec
	limits   connector.Limits
	accounts opened
}

func (w *work) now() time.Time { return w.claimed.Now.Add(time.Since(w.clock)) }

// Carry works for an import until its turn is over, or has to wait.
func (ts *Turns) Carry(ctx context.Context, c job.Claimed, stopping <-chan struct{}) (job.Rest, error) {
	w := &work{
		Turns: ts, claimed: c, clock: time.Now(), stopping: stopping,
		turn: Turn{Import: c.Import, Number: c.Turn, Generation: c.Generation, Attempt: c.Attempt},
	}
	rest, err := w.carry(ctx)
	if rest.Over && err == nil {
		ts.Over(ctx, c.Import)
	}
	if errors.Is(err, ErrStale) {
		err = job.ErrStale
	}
	return rest, err
}

func (w *work) carry(ctx context.Context) (rest job.Rest, err error) {
	over := job.Rest{Over: true}
	w.imp, err = w.Book.Load(ctx, w.turn.Import)
	if errors.Is(err, ErrNotFound) || err == nil && w.imp.Generation != w.turn.Generation {
		return over, nil
	}
	if err != nil {
		return rest, err
	}
	spec, ok := w.CRMs.Lookup(w.imp.CRM)
	if !ok {
		return rest, fmt.Errorf("imports: this release does not know the CRM %s", w.imp.CRM)
	}
	w.spec = spec
	w.accounts.open(ctx, w.Accounts, w.imp)
	w.limits = spec.Limits.With(w.accounts.account.Pace)
	w.imp.Budget = w.claimed.Budget
	return w.slices(ctx)
}

// slices takes one slice after the other.
func (w *work) slices(ctx context.Context) (job.Rest, error) {
	var done *Slice
	for {
		if w.isStopping() || time.Since(w.clock) > turnFor {
			return w.pause(), nil // its last slice is given back when it goes on
		}
		s, ok, err := w.Book.Take(ctx, w.turn, w.want(), done)
		if err != nil {
			return job.Rest{}, err
		}
		if !ok {
			return job.Rest{Over: true}, nil
		}
		left, rest, err := w.slice(ctx, s)
		if err != nil {
			return job.Rest{}, err
		}
		if rest != nil {
			return *rest, nil
		}
		if done = &s; left {
			done = nil // it is put down
		}
	}
}

// pause gives the seat to others for a moment.
func (w *work) pause() job.Rest {
	return job.Rest{InLine: !w.isStopping(), At: w.now(), WaitingFor: job.ForPace}
}

func (w *work) isStopping() bool {
	select {
	case <-w.stopping:
		return true
	default:
		return false
	}
}

// want is how many rows a slice may have: one batch, or what the account's pace
// allows in two seconds.
func (w *work) want() int {
	if w.batches() {
		return w.spec.Batch.Max
	}
	n := float64(sliceMost)
	for _, win := range w.limits.Windows {
		if win.For == "" && win.Per > 0 {
			n = min(n, float64(win.Requests)*sliceFor.Seconds()/win.Per.Seconds())
		}
	}
	return max(int(n), 1)
}

func (w *work) batches() bool { return w.spec.Batch != nil && w.spec.Batch.Max > 1 }

// hands is how many rows go side by side where each is a call: what lets the
// pace be used, and no more than that.
func (w *work) hands() int {
	n := min(rowsAtOnce, max(w.want()/2, 1))
	if c := w.limits.Concurrency; c > 0 {
		n = min(n, c)
	}
	return n
}

// rowsAtOnce bounds the calls of one turn at a time.
const rowsAtOnce = 16

// opened is the import's account, opened once for all rows of a turn.
type opened struct {
	account connector.Account
	err     error
}

func (o *opened) open(ctx context.Context, accounts job.Accounts, i Import) {
	o.account, o.err = accounts.Open(ctx, i.Tenant, i.AccountID)
}

// Open gives the account as it was when the turn began.
func (o *opened) Open(context.Context, string, string) (connector.Account, error) {
	return o.account, o.err
}
