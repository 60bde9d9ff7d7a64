package job_test

import (
	"context"
	"fmt"
	"testing"

	"crmferry/internal/job"
)

// unread are records that this release cannot claim, in line or not.
type unread struct {
	advanced []string
	stale    bool
}

func (u *unread) Advance(_ context.Context, id string) (job.Ref, error) {
	if u.stale {
		return job.Ref{}, job.ErrStale
	}
	u.advanced = append(u.advanced, id)
	return job.Ref{ID: id, Epoch: 2}, nil
}

// hand takes every job and cannot claim it, for the reason it holds.
type hand struct{ err error }

func (h hand) Offer(_ string, back func(context.Context, error) error) bool {
	return back(context.Background(), h.err) == nil
}

// TestAJobThatCannotBeClaimedIsNotForgotten: one of a newer release goes to the
// queue, where a newer worker finds it; the turn of one that is gone is given
// to the next.
func TestAJobThatCannotBeClaimedIsNotForgotten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hands          job.Hands
		stale          bool
		enqueued, gone int
	}{
		"newer":                  {hand{fmt.Errorf("claim: %w", job.ErrNewer)}, false, 1, 0},
		"newer, and gone since":  {hand{job.ErrNewer}, true, 0, 1},
		"gone":                   {hand{job.ErrStale}, false, 0, 1},
		"past retention":         {hand{job.ErrNotFound}, false, 0, 1},
		"no hands":               {nil, false, 1, 0},
		"no hands, and gone now": {nil, true, 0, 1},
	} {
		records, queue, gone := &unread{stale: c.stale}, &tasks{there: map[job.Ref]bool{}}, 0
		m := job.Mover{Records: records, Queue: queue, Failed: func(err error) { t.Error(err) }}
		if c.hands != nil {
			m.Lend(c.hands)
		}
		m.Move(t.Context(), []string{"a"}, func(string) { gone++ })
		if len(queue.log) != c.enqueued || gone != c.gone {
			t.Errorf("%s: %d enqueued, %d gone", name, len(queue.log), gone)
		}
	}
}
