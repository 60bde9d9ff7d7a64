package jobtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"crmferry/internal/fault"
	"crmferry/internal/job"
)

// waitInLine puts a held job into its line and takes it on from there.
func waitInLine(t *testing.T, s Store) {
	ctx := context.Background()
	j := claim(t, s, accept(t, s), time.Minute)
	if _, err := s.Advance(ctx, j.ID); !errors.Is(err, job.ErrStale) {
		t.Errorf("Advance of a job at a worker = %v", err)
	}
	j.Status, j.WaitingFor, j.Place = job.Waiting, job.ForPace, job.InLine
	if err := s.Save(ctx, j, nil); err != nil {
		t.Fatal(err)
	}
	if got := get(t, s, j.ID); got.Status != job.Waiting || got.Place != job.InLine || got.WaitingFor != job.ForPace {
		t.Errorf("in line: %+v", got)
	}
	if due, err := s.Due(ctx, 10); err != nil || len(due) > 0 {
		t.Errorf("Due = %v, %v, although it has just come into the line", due, err)
	}
	ref, err := s.Advance(ctx, j.ID)
	if err != nil || ref.Epoch != j.Epoch+1 || ref.Account != j.AccountID || ref.CRM != j.CRM {
		t.Fatalf("Advance = %+v, %v", ref, err)
	}
	if _, err := s.Advance(ctx, j.ID); !errors.Is(err, job.ErrStale) {
		t.Errorf("Advance a second time = %v", err)
	}
	if got := claim(t, s, ref, time.Minute); got.Status != job.Running {
		t.Errorf("claimed after the line: %+v", got)
	}
}

func acceptedIntoLine(t *testing.T, s Store) {
	ref := accept(t, s, func(a *job.Acceptance) { a.Place = job.InLine })
	if got := get(t, s, ref.ID); got.Status != job.Waiting || got.Place != job.InLine || got.WaitingFor != job.ForPace {
		t.Errorf("accepted into the line: %+v", got)
	}
	if _, err := s.Claim(context.Background(), ref, time.Minute); !errors.Is(err, job.ErrStale) {
		t.Errorf("Claim of a job in line = %v", err)
	}
	if _, err := s.Advance(context.Background(), ref.ID); err != nil {
		t.Errorf("Advance = %v", err)
	}
}

// cancelInLine: one that merely waits ends at once; one that was asked to end
// while a worker had it does not wait any longer.
func cancelInLine(t *testing.T, s Store) {
	ctx := context.Background()
	cancelled := fault.New(fault.Cancelled, "cancelled", "x")
	waits := accept(t, s, func(a *job.Acceptance) { a.Place = job.InLine })
	if ended, err := s.Cancel(ctx, "t1", waits.ID, cancelled); !ended || err != nil {
		t.Errorf("Cancel in line = %v, %v", ended, err)
	}
	if _, err := s.Advance(ctx, waits.ID); !errors.Is(err, job.ErrStale) {
		t.Errorf("Advance of a cancelled job = %v", err)
	}
	j := claim(t, s, accept(t, s), time.Minute)
	if ended, err := s.Cancel(ctx, "t1", j.ID, cancelled); ended || err != nil {
		t.Errorf("Cancel at a worker = %v, %v", ended, err)
	}
	j.Status, j.Place = job.Waiting, job.InLine
	if err := s.Save(ctx, j, nil); err != nil {
		t.Fatal(err)
	}
	due, err := s.Due(ctx, 10)
	if err != nil || len(due) != 1 || due[0].ID != j.ID {
		t.Errorf("Due = %+v, %v", due, err)
	}
}
