package job

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Backlog is the open set as somebody sees it who goes past the queue.
type Backlog interface {
	// Take raises the epoch of up to limit jobs, so that their tasks are void,
	// and gives them to the caller: those in the queue's place, save what was
	// put there a moment ago, and those whose time has come. Place is the one
	// before.
	Take(ctx context.Context, limit int) ([]Due, error)
}

// Direct carries jobs past the queue: those whose turn in line has come while
// this process has a hand free, and all of them while the queue cannot hand
// any out because the store is full.
type Direct struct {
	Backlog Backlog
	// Full says whether the queue refuses work at present for want of room.
	Full func(context.Context) (bool, error)
	// Carry does the work of one job: Runner.Run.
	Carry func(context.Context, Ref) error
	// CarryInLine does the work of one job that is in line: Runner.RunInLine.
	CarryInLine func(ctx context.Context, id string, seat func(context.Context) error) error
	// Limit is how many jobs this process carries at once, through Run and past
	// the queue together.
	Limit int
	Every time.Duration
	// Calm is for how long there must be room before the queue is trusted again.
	Calm time.Duration
	// Timeout bounds the work on one job, Patience all that is left at the end.
	Timeout, Patience time.Duration
	// Changed hears of the beginning and the end of the work past the queue.
	Changed func(on bool)
	// Healed hears of each job that a lost worker had.
	Healed func(ref Ref, reason string)
	Failed func(error)

	once    sync.Once
	slots   chan struct{}
	ctx     context.Context // of all work that is begun here
	cancel  context.CancelFunc
	offered atomic.Int64 // jobs that wait for a seat
	mu      sync.Mutex   // guards closed, and what begins against it
	closed  bool
	running sync.WaitGroup
	on      bool
	full    time.Time // when the store was last seen full
	away    absence
}

func (d *Direct) seats() chan struct{} {
	d.once.Do(func() {
		d.slots = make(chan struct{}, d.Limit)
		d.ctx, d.cancel = context.WithCancel(context.Background())
	})
	return d.slots
}

// Run is the handler for the queue: it carries a job within the same limit.
func (d *Direct) Run(ctx context.Context, ref Ref) error {
	select {
	case d.seats() <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.slots }()
	return d.Carry(ctx, ref)
}

// Loop watches the store until stop is closed, and then waits for the jobs
// that it began.
func (d *Direct) Loop(stop <-chan struct{}) {
	d.seats()
	defer d.cancel()
	tick := time.NewTicker(d.Every)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			d.wait()
			return
		case <-tick.C:
			if err := d.round(d.ctx, stop); err != nil {
				d.Failed(err)
			}
		}
	}
}

// Offer takes a job that is in line, unless more than half as many as there are
// seats wait for one already: a call that ends brings the next job a moment
// before its own job is settled.
func (d *Direct) Offer(id string, back func(context.Context, error) error) bool {
	d.seats()
	if d.offered.Add(1) > int64(d.Limit+1)/2 {
		d.offered.Add(-1)
		return false
	}
	taken := d.start(func() error { return d.offer(id, back) })
	if !taken {
		d.offered.Add(-1)
	}
	return taken
}

func (d *Direct) offer(id string, back func(context.Context, error) error) error {
	ctx, cancel := context.WithTimeout(d.ctx, d.Timeout)
	defer cancel()
	seated := false
	err := d.CarryInLine(ctx, id, func(ctx context.Context) error {
		select {
		case d.slots <- struct{}{}:
			seated = true
			d.offered.Add(-1)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if seated {
		<-d.slots
	} else {
		d.offered.Add(-1)
	}
	if unclaimed(err) || errors.Is(err, ErrNewer) {
		return back(ctx, err)
	}
	return err
}

// start begins work that the end waits for, unless it is time to stop.
func (d *Direct) start(work func() error) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.running.Go(func() {
		if err := work(); err != nil {
			d.Failed(err)
		}
	})
	return true
}

// seated does the work of a seat that is held, and gives the seat back.
func (d *Direct) seated(carry func(context.Context) error) error {
	defer func() { <-d.slots }()
	ctx, cancel := context.WithTimeout(d.ctx, d.Timeout)
	defer cancel()
	return carry(ctx)
}

// wait lets the jobs under way end, as long as there is patience.
func (d *Direct) wait() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		d.running.Wait()
		close(ended)
	}()
	patience := time.NewTimer(d.Patience)
	defer patience.Stop()
	select {
	case <-ended:
	case <-patience.C:
	}
}

// round takes jobs for as long as a tick lasts, where the store is full.
func (d *Direct) round(ctx context.Context, stop <-chan struct{}) error {
	begun := time.Now()
	full, err := d.Full(ctx)
	d.away.note(begun, err)
	if err != nil {
		return nil // the reaper, who asks as often, tells of a store that is away
	}
	if d.note(full); !d.on || d.away.recent() {
		return nil
	}
	for end := time.Now().Add(d.Every); time.Now().Before(end); {
		more, err := d.take(ctx, stop)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// note begins at the first refusal and ends when there has been room for a
// while: a store at its very edge must not make us change our mind all the time.
func (d *Direct) note(full bool) {
	if full {
		d.full = time.Now()
	}
	on := full || d.on && time.Since(d.full) < d.Calm
	if on != d.on {
		d.on = on
		d.Changed(on)
	}
}

// take begins as many jobs as there are free seats; false when there are no
// more jobs, or it is time to stop.
func (d *Direct) take(ctx context.Context, stop <-chan struct{}) (more bool, err error) {
	select {
	case <-stop:
		return false, nil
	case d.seats() <- struct{}{}:
	}
	n := 1
	for free := true; free && n < d.Limit; {
		select {
		case d.slots <- struct{}{}:
			n++
		default:
			free = false
		}
	}
	taken, err := d.Backlog.Take(ctx, n)
	for range n - len(taken) {
		<-d.slots
	}
	for _, due := range taken {
		d.begin(due)
	}
	return len(taken) == n, err
}

func (d *Direct) begin(due Due) {
	if due.Place == AtWorker {
		d.Healed(due.Ref, HealedLease)
	}
	carry := func(ctx context.Context) error { return d.Carry(ctx, due.Ref) }
	if !d.start(func() error { return d.seated(carry) }) {
		<-d.slots
	}
}
