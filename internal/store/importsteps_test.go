package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"crmferry/internal/fault"
	"crmferry/internal/imports"
	"crmferry/internal/job"
	"crmferry/internal/localredis/redistest"
)

// steps fails the test at the first step that does not go as it should.
func steps(t *testing.T, list ...func() (bool, error)) {
	t.Helper()
	for k, step := range list {
		if ok, err := step(); !ok || err != nil {
			t.Fatalf("step %d: %v %v", k, ok, err)
		}
	}
}

func done(step func() error) func() (bool, error) {
	return func() (bool, error) { return true, step() }
}

// TestTheLifeOfAnImport goes through every script, on every kind of Redis.
func TestTheLifeOfAnImport(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) {
		s, ctx := open(t, db).Imports(), context.Background()
		i := sealed(t, s, time.Now().UTC(), oneLine(6))
		first, second := imports.Turn{Import: i.ID, Number: 1, Generation: 1, Attempt: 1}, imports.Turn{Import: i.ID, Number: 1, Generation: 2, Attempt: 1}
		var sl imports.Slice
		steps(t,
			func() (bool, error) { missing, err := s.Unspawned(ctx, i); return missing, err },
			func() (bool, error) { return true, s.Spawned(ctx, i.ID, 1) },
			func() (bool, error) { missing, err := s.Unspawned(ctx, i); return !missing, err },
			func() (ok bool, err error) { sl, ok, err = s.Take(ctx, first, 3, nil); return ok && sl.To == 3, err },
			func() (bool, error) {
				return s.Write(ctx, first, sl, imports.Writing{
					Marks: map[int]job.Job{0: {Status: job.Running}}, Jobs: map[int]job.Job{1: {Status: job.Verifying}},
				})
			},
			func() (bool, error) { return true, s.Rest(ctx, first, job.ForPace, time.Now().Add(time.Minute)) },
			func() (bool, error) { n, err := s.Load(ctx, i.ID); return n.Status == imports.Waiting, err },
			func() (bool, error) { return true, s.Pause(ctx, i.ID) },
			func() (bool, error) { return errors.Is(s.Pause(ctx, i.ID), imports.ErrState), nil },
			func() (bool, error) {
				live, err := s.Write(ctx, first, sl, imports.Writing{Cleared: []int{0}})
				return !live, err
			},
			func() (bool, error) { _, ok, err := s.Take(ctx, first, 3, nil); return !ok, err }, // it puts its slice down
			func() (bool, error) { return true, s.Resume(ctx, i.ID) },
			func() (bool, error) {
				_, ok, err := s.Take(ctx, first, 3, nil)
				return !ok, err
			},
			func() (ok bool, err error) {
				sl, ok, err = s.Take(ctx, second, 3, nil)
				return ok && sl.Resumed && sl.Settled[1] && len(sl.Marked) == 0, err
			},
			func() (bool, error) { h, err := s.Handed(ctx, i.ID, 10); return len(h) == 1, err },
			func() (bool, error) {
				return true, s.Settle(ctx, i.ID, imports.Place{Index: 1}, imports.Result{Line: 1, Status: imports.RowSucceeded, Outcome: job.Created})
			},
			func() (bool, error) {
				return s.Write(ctx, second, sl, imports.Writing{Results: []imports.Result{
					{Index: 0, Line: 1, Status: imports.RowFailed, Error: fault.New(fault.Invalid, "bad", "")}, {Index: 2, Line: 1, Status: imports.RowSkipped},
				}})
			},
			func() (bool, error) { _, ok, err := s.Take(ctx, second, 3, &sl); return ok, err }, // rows that are under way
			func() (bool, error) { return true, s.Withdraw(ctx, i.ID) },
			func() (bool, error) { status, err := s.End(ctx, i); return status == imports.Running, err },
			func() (bool, error) { _, ok, err := s.Take(ctx, second, 3, nil); return !ok, err },
			func() (bool, error) { status, err := s.End(ctx, i); return status == imports.Cancelled, err },
			func() (bool, error) {
				n, err := s.Load(ctx, i.ID)
				return n.Counts == imports.Counts{Total: 6, Succeeded: 1, Failed: 1, Skipped: 1, Cancelled: 3, Created: 1}, err
			},
			func() (bool, error) { return errors.Is(s.Withdraw(ctx, i.ID), imports.ErrState), nil },
		)
	})
}

// TestCancelAfterAKill: rows that a lost worker may have sent are settled before
// the import ends, and then it does.
func TestCancelAfterAKill(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) {
		s, ctx := open(t, db).Imports(), context.Background()
		i := sealed(t, s, time.Now().UTC(), oneLine(4))
		lost, next := imports.Turn{Import: i.ID, Number: 1, Generation: 1, Attempt: 1}, imports.Turn{Import: i.ID, Number: 1, Generation: 1, Attempt: 2}
		var sl imports.Slice
		steps(t,
			func() (ok bool, err error) { sl, ok, err = s.Take(ctx, lost, 3, nil); return ok, err },
			func() (bool, error) {
				return s.Write(ctx, lost, sl, imports.Writing{Marks: map[int]job.Job{1: {Status: job.Running}}})
			},
			done(func() error { return s.Pause(ctx, i.ID) }),
			done(func() error { return s.Withdraw(ctx, i.ID) }),
			func() (ok bool, err error) {
				sl, ok, err = s.Take(ctx, next, 3, nil)
				return ok && sl.Resumed && len(sl.Marked) == 1, err
			},
			func() (bool, error) {
				live, err := s.Write(ctx, next, sl, imports.Writing{Jobs: map[int]job.Job{1: {Status: job.Verifying}}})
				return !live, err
			},
			func() (bool, error) { _, ok, err := s.Take(ctx, next, 3, nil); return !ok, err },
			func() (bool, error) { status, err := s.End(ctx, i); return status == imports.Paused, err },
			done(func() error {
				return s.Settle(ctx, i.ID, imports.Place{Index: 1}, imports.Result{Line: 1, Status: imports.RowSucceeded, Outcome: job.Created})
			}),
			func() (bool, error) { status, err := s.End(ctx, i); return status == imports.Cancelled, err },
		)
	})
}

// TestTheLifeOfAnUpload that is given up, on every kind of Redis.
func TestTheLifeOfAnUpload(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) {
		s, ctx := open(t, db).Imports(), context.Background()
		i := sealed(t, s, time.Now().UTC(), oneLine(1))
		steps(t,
			func() (bool, error) { has, err := s.TakeKey(ctx, "k", i.ID, ""); return has == i.ID, err },
			func() (bool, error) { has, err := s.TakeKey(ctx, "k", "imp_other", ""); return has == i.ID, err },
			func() (bool, error) { has, err := s.KeyOf(ctx, "k"); return has == i.ID, err },
			done(func() error { return s.Expire(ctx, i) }),
			func() (bool, error) { _, err := s.Due(ctx, 10, time.Minute); return true, err },
			func() (bool, error) { return errors.Is(s.Hold(ctx, i.ID), imports.ErrStale), nil },
			func() (bool, error) { held, err := s.Held(ctx, i.ID); return !held, err },
		)
		up := i.Base
		up.ID = i.ID[:len(i.ID)-2] + "00"
		steps(t,
			done(func() error { return s.Begin(ctx, up) }), done(func() error { return s.Hold(ctx, up.ID) }),
			func() (bool, error) { held, err := s.Held(ctx, up.ID); return held, err },
			done(func() error { return s.Abandon(ctx, imports.Import{Base: up}) }), // somebody is about to complete it
			func() (bool, error) { n, err := s.Load(ctx, up.ID); return n.Status == imports.Receiving, err },
			done(func() error { return s.Withdraw(ctx, up.ID) }),
			func() (bool, error) {
				return errors.Is(s.PutBlock(ctx, up.ID, 0, 1, []byte("x"), nil), imports.ErrStale), nil
			},
			done(func() error { return s.Fail(ctx, imports.Import{Base: up}, imports.FaultOf(imports.ErrStale)) }),
			func() (bool, error) {
				n, err := s.Load(ctx, up.ID)
				return n.Status == imports.Failed && n.Error.Kind == fault.Cancelled && !n.FinishedAt.IsZero(), err
			},
		)
	})
}
