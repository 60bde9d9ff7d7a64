package job

import (
	"context"
	"errors"
)

// takeTurn works for an import. What it came to lies with the import; the turn
// itself is forgotten when it is over.
func (t *task) takeTurn(ctx context.Context, c Claimed) error {
	rest, err := t.Turns.Carry(ctx, c, t.Stopping)
	if errors.Is(err, ErrStale) {
		return nil // another worker has it, and its place in line
	}
	if !rest.InLine {
		// It may not have come to a call. Should this fail, its place on the way
		// to a worker is given away after a while.
		_ = t.Line.Leave(context.WithoutCancel(ctx), t.j.Waiter())
	}
	if err != nil {
		return err // the import stands as it was; the reaper brings the turn back
	}
	if rest.Over {
		return ignoreStale(t.insist(ctx, func(ctx context.Context) error { return t.Records.Drop(ctx, *t.j) }))
	}
	t.j.spend(t.now())
	t.j.Status, t.j.WaitingFor = Waiting, rest.WaitingFor
	if t.j.Place, t.j.NextAttemptAt = OnTimer, rest.At; rest.InLine {
		t.j.Place = InLine
	}
	err = t.insist(ctx, func(ctx context.Context) error { return t.Records.Save(ctx, *t.j, nil) })
	if err != nil || !rest.InLine {
		return ignoreStale(err)
	}
	return t.Line.Join(ctx, t.j.Waiter())
}
