package imports

import (
	"context"
	"errors"
	"iter"
	"sort"

	"crmferry/internal/contact"
)

// Steered is what a Service needs to show and steer imports.
type Steered interface {
	// Get gives a tenant's import; ErrNotFound also for other tenants'.
	Get(ctx context.Context, tenant, id string) (Import, error)
	List(ctx context.Context, tenant string, f Filter) (Page, error)
	// Results gives what became of the rows of a block, in the order of the file.
	Results(ctx context.Context, i Import, block int) ([]Outcome, error)
	// Begins, Pause, Resume and Withdraw fail with ErrState when the import's
	// state does not allow it.
	Begins(ctx context.Context, id string) error
	Pause(ctx context.Context, id string) error
	Resume(ctx context.Context, id string) error
	Withdraw(ctx context.Context, id string) error
	// End ends an import of which nothing is under way any more.
	End(ctx context.Context, i Import) (Status, error)
	Delete(ctx context.Context, i Import) error
}

// Get gives a tenant's import.
func (s *Service) Get(ctx context.Context, tenant, id string) (Import, error) {
	return s.Store.Get(ctx, tenant, id)
}

// List lists a tenant's imports, the newest first.
func (s *Service) List(ctx context.Context, tenant string, f Filter) (Page, error) {
	return s.Store.List(ctx, tenant, f)
}

// Start has an import run that is ready.
func (s *Service) Start(ctx context.Context, tenant, id string) (Import, error) {
	return s.steer(ctx, tenant, id, s.Store.Begins)
}

// Pause keeps an import from beginning more rows; those under way end.
func (s *Service) Pause(ctx context.Context, tenant, id string) (Import, error) {
	return s.steer(ctx, tenant, id, s.Store.Pause)
}

// Resume lets a paused import go on. The rule that paused it does not hold it up
// again.
func (s *Service) Resume(ctx context.Context, tenant, id string) (Import, error) {
	return s.steer(ctx, tenant, id, s.Store.Resume)
}

// Cancel ends an import; rows that are under way end first.
func (s *Service) Cancel(ctx context.Context, tenant, id string) (Import, error) {
	return s.steer(ctx, tenant, id, s.Store.Withdraw)
}

func (s *Service) steer(ctx context.Context, tenant, id string, change func(context.Context, string) error) (Import, error) {
	if _, err := s.Store.Get(ctx, tenant, id); err != nil {
		return Import{}, err
	}
	if err := change(ctx, id); err != nil {
		return Import{}, err
	}
	i, err := s.Store.Get(ctx, tenant, id)
	if err != nil {
		return i, err
	}
	if i.Status == Running && !i.CancelRequested {
		s.start(ctx, id)
	}
	if i.CancelRequested {
		if _, err := s.Store.End(ctx, i); err != nil {
			return i, err
		}
		return s.Store.Get(ctx, tenant, id)
	}
	return i, nil
}

// Delete removes an import that is over.
func (s *Service) Delete(ctx context.Context, tenant, id string) error {
	i, err := s.Store.Get(ctx, tenant, id)
	if err != nil {
		return err
	}
	return s.Store.Delete(ctx, i)
}

// Outcomes yields what became of the rows, in the order of the file; with a
// line, of those that begin there. It holds one block at a time.
func (s *Service) Outcomes(ctx context.Context, i Import, line int) iter.Seq2[Outcome, error] {
	return func(yield func(Outcome, error) bool) {
		first, err := s.blockOf(ctx, i, line)
		if err != nil {
			yield(Outcome{}, err)
			return
		}
		for block := first; block < i.Blocks; block++ {
			list, err := s.Store.Results(ctx, i, block)
			if err != nil {
				yield(Outcome{}, err)
				return
			}
			for _, o := range list {
				if line > 0 && o.Line > line {
					return
				}
				if (line == 0 || o.Line == line) && !yield(o, nil) {
					return
				}
			}
		}
	}
}

// blockOf gives the first block that may hold a line: lines only grow.
func (s *Service) blockOf(ctx context.Context, i Import, line int) (block int, err error) {
	if line == 0 {
		return 0, nil
	}
	block = sort.Search(i.Blocks, func(n int) bool {
		list, failed := s.Store.Results(ctx, i, n)
		err = errors.Join(err, failed)
		return err != nil || len(list) > 0 && list[len(list)-1].Line >= line
	})
	return block, err
}

// Retry says which rows of an import another try is made at.
type Retry struct {
	// Unknown: also those that may have been written.
	Unknown bool
	// Cancelled: also those that were never begun.
	Cancelled bool
}

func (r Retry) wants(s RowStatus) bool {
	return s == RowFailed || s == RowUnknown && r.Unknown || s == RowCancelled && r.Cancelled
}

// ErrNotOver: the import is not over yet.
var ErrNotOver = errors.New("imports: not over yet")

// Retry makes a new import of rows of one that is over. next carries what is new
// about it: times and the caller; the rest is the old one's.
func (s *Service) Retry(ctx context.Context, tenant, id string, what Retry, next Base, check func(contact.Input) Verdict) (Import, error) {
	old, err := s.Store.Get(ctx, tenant, id)
	if err != nil {
		return Import{}, err
	}
	if !old.Status.Terminal() {
		return Import{}, ErrNotOver
	}
	b := old.Base
	b.CreatedAt, b.ExpiresAt, b.CreatedBy, b.RetryOf, b.Manual, b.Idem = next.CreatedAt, next.ExpiresAt, next.CreatedBy, id, false, ""
	b.OnInvalid, b.StopAfter = SkipInvalid, 0
	src := Resubmitted{Of: old, List: s.again(ctx, old, what)}
	i, _, err := s.Receive(ctx, Upload{Base: b, Source: src, Check: check, End: func() (string, error) { return "", nil }})
	return i, err
}

// again yields the rows of an import at which another try is made.
func (s *Service) again(ctx context.Context, old Import, what Retry) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for o, err := range s.Outcomes(ctx, old, 0) {
			if err != nil {
				yield(Row{}, err)
				return
			}
			if o.Row != nil && what.wants(o.Status) && !yield(*o.Row, nil) {
				return
			}
		}
	}
}
