package job

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Waiter is a job as the waiting lines know it.
type Waiter struct {
	ID      string
	Account string
	Budget  string
	Arrived time.Time
	// Begun: calls were made for it already; it goes before those that are new.
	Begun bool
	// Import: it works for an import, and goes after single contacts.
	Import bool
}

// Line is where jobs wait until their CRM's pace has room for them.
type Line interface {
	// Join puts a job into its account's line.
	Join(ctx context.Context, w Waiter) error
	// Leave takes a job out of its line, and off the way from there to a worker.
	Leave(ctx context.Context, w Waiter) error
	// Has says whether it is there, or was just sent on to the workers.
	Has(ctx context.Context, w Waiter) (bool, error)
}

// Gate is where a new job comes to its account's line.
type Gate interface {
	Line
	// Enter says where a new job goes. It fails with ErrBacklog.
	Enter(ctx context.Context, b Base) (Entry, error)
}

// Entry is what a new job meets.
type Entry struct {
	// Budget names who shares the limits that its calls draw on.
	Budget string
	// Lane: it may go to a worker at once; else it has to Join the line, where
	// Ahead of its account wait already.
	Lane  bool
	Ahead int64
}

// Waiter is the job as it waits in line.
func (j Job) Waiter() Waiter {
	return Waiter{
		ID: j.ID, Account: j.AccountID, Budget: j.Budget, Arrived: j.CreatedAt,
		Begun: j.Journal.Phase != Fresh, Import: j.Import != "",
	}
}

// Hands carry jobs in this process.
type Hands interface {
	// Offer begins a job that is in line, unless all hands are full. back hears
	// of one that could not be claimed, with the reason.
	Offer(id string, back func(context.Context, error) error) bool
}

// Mover sends jobs whose turn has come from the lines to work: to this
// process's own hands where one is free, else to the queue.
type Mover struct {
	// Advance raises the epoch of a job that is in line and puts it in the
	// queue's place; ErrStale when it is not in line.
	Records interface {
		Advance(ctx context.Context, id string) (Ref, error)
	}
	Queue Queue
	// Failed hears of errors; the reaper finds the jobs.
	Failed func(error)

	hands atomic.Pointer[Hands]
}

// Lend gives the process's own hands; nil takes them back.
func (m *Mover) Lend(h Hands) {
	if h == nil {
		m.hands.Store(nil)
		return
	}
	m.hands.Store(&h)
}

// moveAtOnce is how many jobs are on the move side by side.
const moveAtOnce = 16

// Move sends jobs on. One that is not in line any more is passed over; gone
// hears of it, so that its turn is not kept.
func (m *Mover) Move(ctx context.Context, ids []string, gone func(id string)) {
	var wg sync.WaitGroup
	work := make(chan string)
	for range min(moveAtOnce, len(ids)) {
		wg.Go(func() {
			for id := range work {
				if err := m.move(ctx, id, gone); err != nil {
					m.Failed(err)
				}
			}
		})
	}
	for _, id := range ids {
		work <- id
	}
	close(work)
	wg.Wait()
}

func (m *Mover) move(ctx context.Context, id string, gone func(id string)) error {
	back := func(ctx context.Context, err error) error {
		if errors.Is(err, ErrNewer) { // another worker of the fleet can read it
			return m.enqueue(ctx, id, gone)
		}
		gone(id)
		return nil
	}
	if h := m.hands.Load(); h != nil && (*h).Offer(id, back) {
		return nil
	}
	return m.enqueue(ctx, id, gone)
}

func (m *Mover) enqueue(ctx context.Context, id string, gone func(id string)) error {
	ref, err := m.Records.Advance(ctx, id)
	if errors.Is(err, ErrStale) {
		gone(id)
		return nil
	}
	if err != nil {
		return err
	}
	return m.Queue.Enqueue(ctx, ref)
}
