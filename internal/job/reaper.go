package job

import (
	"context"
	"errors"
	"time"
)

// Due is a job whose time in the open set is up.
type Due struct {
	Ref
	Status Status
	Place  Place
	// Age is how long ago the job was accepted, Left how long it may still take.
	Age, Left time.Duration
	// Waiter is the job as the lines know it.
	Waiter Waiter
}

// Open is the set of all jobs that are not over, by the time at which somebody
// must look at them.
type Open interface {
	// Due lists up to limit jobs whose time has come, over all shards.
	Due(ctx context.Context, limit int) ([]Due, error)
	// Requeue raises the epoch of a job that is still as d says and puts it in
	// the queue's place; ErrStale when it is not.
	Requeue(ctx context.Context, d Due) (Ref, error)
	// Postpone moves the time of a job that is still as d says.
	Postpone(ctx context.Context, d Due, by time.Duration) error
	// Lead says whether this process is the one to look after the open set now.
	Lead(ctx context.Context, holder string, hold time.Duration) (bool, error)
}

// Queue hands jobs to workers.
type Queue interface {
	// Enqueue says ErrFull where there is no room for a task.
	Enqueue(ctx context.Context, ref Ref) error
	// Has says whether a task for ref waits to be taken.
	Has(ctx context.Context, ref Ref) (bool, error)
}

// Reasons for which the reaper puts a job back into the queue.
const (
	HealedLease = "lease_lost" // a worker died or stalled with it
	HealedTask  = "task_lost"  // the record had no task
	HealedLine  = "line_lost"  // it was to wait in line and is not there
	TimerDue    = "timer_due"  // no fault: its waiting time is over
)

// Reaper makes 202 a promise: whatever a crash leaves behind is found by its
// time in the open set and put back to work. It also wakes waiting jobs.
type Reaper struct {
	Open  Open
	Queue Queue
	Line  Line
	// Healed hears of each job that was put back, with the reason.
	Healed func(ref Ref, reason string)
	// Failed hears of errors; the next round tries again.
	Failed func(err error)
	Holder string
	Every  time.Duration

	away absence
}

const (
	reapBatch = 500
	// How long a job that merely waits is left alone: the longer it has waited,
	// the less often we ask, within bounds, as it may have moved meanwhile.
	queueLook, queueLookMost = 10 * time.Second, 30 * time.Second
	lineLook, lineLookMost   = 30 * time.Second, 10 * time.Minute
)

// Run looks after the open set until ctx ends. One process of a fleet does so
// at a time.
func (r *Reaper) Run(ctx context.Context) {
	tick := time.NewTicker(r.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			// A full queue is Direct's business: it takes what is due as well.
			if err := r.Round(ctx); err != nil && !errors.Is(err, ErrFull) && ctx.Err() == nil {
				r.Failed(err)
			}
		}
	}
}

// Round handles all jobs that are due now.
func (r *Reaper) Round(ctx context.Context) error {
	begun := time.Now()
	lead, err := r.Open.Lead(ctx, r.Holder, 10*r.Every)
	r.away.note(begun, err)
	if err != nil || !lead {
		return err
	}
	for {
		due, err := r.Open.Due(ctx, reapBatch)
		if err != nil {
			return err
		}
		for _, d := range due {
			if err := r.handle(ctx, d); err != nil {
				return err
			}
		}
		if len(due) < reapBatch {
			return nil
		}
	}
}

func (r *Reaper) handle(ctx context.Context, d Due) error {
	reason := TimerDue
	switch d.Place {
	case InQueue:
		has, err := r.Queue.Has(ctx, d.Ref)
		if err != nil {
			return err
		}
		if has { // it merely waits its turn
			return ignoreStale(r.Open.Postpone(ctx, d, min(max(queueLook, d.Age), queueLookMost)))
		}
		reason = HealedTask
	case InLine:
		has, err := r.Line.Has(ctx, d.Waiter)
		if err != nil {
			return err
		}
		if has && d.Left > 0 {
			return ignoreStale(r.Open.Postpone(ctx, d, min(max(lineLook, d.Age), lineLookMost, d.Left)))
		}
		if !has {
			reason = HealedLine
		}
	case AtWorker:
		if r.away.recent() {
			return ignoreStale(r.Open.Postpone(ctx, d, renewTime))
		}
		reason = HealedLease
	}
	ref, err := r.Open.Requeue(ctx, d)
	if err != nil {
		return ignoreStale(err)
	}
	r.Healed(ref, reason)
	return r.Queue.Enqueue(ctx, ref)
}

func ignoreStale(err error) error {
	if err == ErrStale {
		return nil
	}
	return err
}
