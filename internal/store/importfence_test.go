package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"crmferry/internal/imports"
	"crmferry/internal/job"
	"crmferry/internal/localredis/redistest"
)

func succeeded(indexes ...int) imports.Writing {
	var w imports.Writing
	for _, i := range indexes {
		w.Results = append(w.Results, imports.Result{Index: i, Line: 1, Status: imports.RowSucceeded, Outcome: job.Created})
	}
	return w
}

// TestAnOvertakenHold: a worker that was silent for too long neither writes nor
// takes, whatever the one after it has done by then.
func TestAnOvertakenHold(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) {
		s, ctx := open(t, db).Imports(), context.Background()
		i := sealed(t, s, time.Now().UTC(), oneLine(6))
		stalled, next := imports.Turn{Import: i.ID, Number: 1, Generation: 1, Attempt: 9}, imports.Turn{Import: i.ID, Number: 1, Generation: 1, Attempt: 10}
		var sl imports.Slice
		refused := func() (bool, error) {
			_, werr := s.Write(ctx, stalled, sl, succeeded(0))
			_, _, terr := s.Take(ctx, stalled, 3, &sl)
			return errors.Is(werr, imports.ErrStale) && errors.Is(terr, imports.ErrStale), nil
		}
		steps(t,
			func() (ok bool, err error) { sl, ok, err = s.Take(ctx, stalled, 3, nil); return ok, err },
			func() (bool, error) { got, ok, err := s.Take(ctx, next, 3, nil); return ok && got.Resumed, err },
			refused,
			func() (bool, error) { return s.Write(ctx, next, sl, succeeded(0, 1, 2)) },
			func() (bool, error) { got, ok, err := s.Take(ctx, next, 3, &sl); return ok && got.From == 3, err },
			refused,
			func() (bool, error) { n, err := s.Load(ctx, i.ID); return n.Counts.Succeeded == 3, err },
		)
	})
}

// TestTurnsOfTwoStarts have the same numbers, and write apart.
func TestTurnsOfTwoStarts(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) {
		s, ctx := open(t, db).Imports(), context.Background()
		i := sealed(t, s, time.Now().UTC(), oneLine(6))
		before, after := imports.Turn{Import: i.ID, Number: 1, Generation: 1, Attempt: 1}, imports.Turn{Import: i.ID, Number: 1, Generation: 2, Attempt: 1}
		mark := imports.Writing{Marks: map[int]job.Job{1: {Status: job.Running}}}
		var sl imports.Slice
		steps(t,
			func() (ok bool, err error) { sl, ok, err = s.Take(ctx, before, 3, nil); return ok, err },
			done(func() error { return s.Pause(ctx, i.ID) }),
			done(func() error { return s.Resume(ctx, i.ID) }),
			func() (bool, error) { return s.Write(ctx, before, sl, mark) }, // nobody else has it yet
			func() (bool, error) {
				got, ok, err := s.Take(ctx, after, 3, nil)
				return ok && len(got.Marked) == 1, err
			},
			func() (bool, error) {
				_, err := s.Write(ctx, before, sl, mark)
				return errors.Is(err, imports.ErrStale), nil
			},
			func() (bool, error) { _, ok, err := s.Take(ctx, before, 3, nil); return !ok, err },
			func() (bool, error) { return s.Write(ctx, after, sl, succeeded(0)) },
		)
	})
}

// TestScriptsThatRunTwice: after a lost answer the same is asked for again.
func TestScriptsThatRunTwice(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) {
		s, ctx := open(t, db).Imports(), context.Background()
		i := sealed(t, s, time.Now().UTC(), oneLine(6))
		turn, other := imports.Turn{Import: i.ID, Number: 1, Generation: 1, Attempt: 1}, imports.Turn{Import: i.ID, Number: 2, Generation: 1, Attempt: 1}
		var first, second, others imports.Slice
		steps(t,
			func() (ok bool, err error) { first, ok, err = s.Take(ctx, turn, 1, nil); return ok, err },
			func() (ok bool, err error) {
				second, ok, err = s.Take(ctx, turn, 1, &first)
				return ok && second.From == 1, err
			},
			func() (bool, error) { got, ok, err := s.Take(ctx, turn, 1, &first); return ok && got.From == 1, err },
			func() (ok bool, err error) {
				others, ok, err = s.Take(ctx, other, 2, nil)
				return ok && others.From == 2, err
			},
			func() (bool, error) { return s.Write(ctx, turn, second, succeeded(0, 1)) },
			func() (bool, error) { return s.Write(ctx, other, others, succeeded(2, 3)) }, // and the block is packed
			func() (bool, error) { return s.Write(ctx, turn, second, succeeded(0, 1)) },
			func() (bool, error) {
				n, err := s.Load(ctx, i.ID)
				return n.Counts == imports.Counts{Total: 6, Pending: 2, Succeeded: 4, Created: 4}, err
			},
		)
	})
}

// TestLateWordOfARow: a row's end is told twice, and its metadata may look like
// anything; proof counts once, for an unknown row alone.
func TestLateWordOfARow(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) {
		s, ctx := open(t, db).Imports(), context.Background()
		i := sealed(t, s, time.Now().UTC(), oneLine(4))
		turn := imports.Turn{Import: i.ID, Number: 1, Generation: 1, Attempt: 1}
		var sl imports.Slice
		settle := func(index int, status imports.RowStatus, outcome job.Outcome) func() (bool, error) {
			return done(func() error {
				return s.Settle(ctx, i.ID, imports.Place{Index: index}, imports.Result{
					Line: 1, Status: status, Outcome: outcome, Metadata: []byte(`{"status":"unknown"}`),
				})
			})
		}
		counts := func(want imports.Counts) func() (bool, error) {
			return func() (bool, error) { n, err := s.Load(ctx, i.ID); return n.Counts == want, err }
		}
		handed := job.Job{Status: job.Verifying}
		steps(t,
			func() (ok bool, err error) { sl, ok, err = s.Take(ctx, turn, 4, nil); return ok, err },
			func() (bool, error) {
				return s.Write(ctx, turn, sl, imports.Writing{Jobs: map[int]job.Job{0: handed, 1: handed, 2: handed}})
			},
			settle(0, imports.RowSucceeded, job.Created), settle(0, imports.RowSucceeded, job.Created),
			settle(1, imports.RowUnknown, ""),
			counts(imports.Counts{Total: 4, Pending: 2, Succeeded: 1, Unknown: 1, Created: 1}),
			settle(1, imports.RowSucceeded, job.Created), settle(1, imports.RowSucceeded, job.Created),
			settle(2, imports.RowCancelled, ""), // somebody withdrew the row's own job
			counts(imports.Counts{Total: 4, Pending: 1, Succeeded: 2, Cancelled: 1, Created: 2}),
			func() (bool, error) { return s.Write(ctx, turn, sl, succeeded(3)) },
			func() (bool, error) { _, ok, err := s.Take(ctx, turn, 4, &sl); return !ok, err },
			func() (bool, error) { status, err := s.End(ctx, i); return status == imports.Completed, err },
			counts(imports.Counts{Total: 4, Succeeded: 3, Cancelled: 1, Created: 3}),
		)
	})
}
