package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// Timing bounds what a worker may do with a job.
type Timing struct {
	// Lease is how long a job stays with a silent worker; Renew must be
	// called well within it.
	Lease time.Duration
	// SendWindow is how long after the journal entry a call may still be sent.
	SendWindow time.Duration
	// CallTimeout is the transport's time-out of one call.
	CallTimeout time.Duration
	// Margin is added before a call is held to be over.
	Margin time.Duration
	// LagScale stretches (or, in tests, shortens) the CRMs' index lags.
	LagScale float64
}

// DefaultTiming is what a fleet runs with, given the time-out of one call.
func DefaultTiming(callTimeout time.Duration) Timing {
	return Timing{
		Lease: 8 * time.Second, SendWindow: 5 * time.Second, CallTimeout: callTimeout,
		Margin: 2 * time.Second, LagScale: 1,
	}
}

// Runner carries jobs across. Retries live here alone.
type Runner struct {
	Records  Records
	Accounts Accounts
	CRMs     Catalogue
	Client   *connector.Client
	Line     Line
	Policy   Policy
	Timing   Timing
	Observer Observer
	// Spread gives the jitter, in [0,1).
	Spread func() float64
	// Stopping, once closed, lets jobs go between two calls; nil for never.
	Stopping <-chan struct{}
	// Held is told of each job while a worker holds it, for the renewal of leases.
	Held *Held
	// Turns carry on imports; nil where there are none.
	Turns Turns
	// Together brings creates that wait into one call; nil: each goes by itself.
	Together *Coalescer
}

// task is one attempt at one job.
type task struct {
	*Runner
	j     *Job
	in    contact.Input
	spec  *connector.Spec
	s     *connector.Session
	began time.Time     // by the store's clock
	clock time.Time     // by ours, at the same moment
	kept  *Result       // what is known of the record so far
	prior Journal       // the journal as the attempt found it
	step  string        // where the attempt is, for the timeline
	how   Outcome       // what the job did
	last  answer        // to the last create that the attempt sent
	wait  time.Duration // until the next look, where the CRM's lag decides it
	turn  string        // the turn that works on it; "" for a job that came by itself
}

// now is the store's time, told by our monotonic clock since the claim.
func (t *task) now() time.Time { return t.began.Add(time.Since(t.clock)) }

// Run takes the job that ref names and carries it as far as it goes. A nil
// error means that the task is done with; the record says what came of the job.
func (r *Runner) Run(ctx context.Context, ref Ref) error {
	err := r.carry(ctx, ref.ID, nil, func() (Claimed, error) { return r.Records.Claim(ctx, ref, r.Timing.Lease) })
	if unclaimed(err) {
		return nil
	}
	return err
}

// unclaimed: there is nothing for this worker to do.
func unclaimed(err error) bool { return errors.Is(err, ErrStale) || errors.Is(err, ErrNotFound) }

// RunInLine is Run for a job that is in line and whose turn has come; ErrStale
// or ErrNotFound when it is not. It holds the job at once, so that a crash
// leaves no doubt about it, and waits for seat before it works on it.
func (r *Runner) RunInLine(ctx context.Context, id string, seat func(context.Context) error) error {
	return r.carry(ctx, id, seat, func() (Claimed, error) { return r.Records.ClaimInLine(ctx, id, r.Timing.Lease) })
}

func (r *Runner) carry(ctx context.Context, id string, seat func(context.Context) error, claim func() (Claimed, error)) error {
	claimed, err := claim()
	if err != nil {
		return fmt.Errorf("claim %s: %w", id, err)
	}
	defer r.Held.hold(claimed.Ref())()
	j := claimed.Job
	t := r.task(claimed, &j)
	if seat != nil {
		if err := seat(ctx); err != nil {
			return t.release(ctx)
		}
	}
	j.taken(t.now())
	if j.Turn != 0 {
		return t.takeTurn(ctx, claimed)
	}
	return t.conclude(ctx, t.carry(ctx))
}

// task begins an attempt.
func (r *Runner) task(c Claimed, j *Job) *task {
	t := &task{Runner: r, j: j, in: c.Input, kept: c.Kept, began: c.Now, clock: time.Now(), how: Created}
	t.hear(c)
	t.suspect(c)
	t.prior = j.Journal
	return t
}

// errStopped: the process is about to end; the job goes on elsewhere.
var errStopped = errors.New("job: the worker is stopping")

// stopping is asked between two calls.
func (t *task) stopping() error {
	select {
	case <-t.Stopping:
		return errStopped
	default:
		return nil
	}
}

// conclude writes down what came of an attempt that ended with err.
func (t *task) conclude(ctx context.Context, err error) error {
	t.yield(ctx)
	if !errors.Is(err, ErrStale) {
		err = t.ended(ctx, err)
	}
	if errors.Is(err, ErrStale) {
		return t.testify(ctx)
	}
	return err
}

func (t *task) ended(ctx context.Context, err error) error {
	if errors.Is(err, errStopped) {
		return t.release(ctx)
	}
	var lost *storeError
	if errors.As(err, &lost) {
		return err // the record stands as it was; the reaper takes over
	}
	return t.settle(ctx, fault.From(err))
}

// yield gives the job's turn to the next in line where it was not used: the
// job expired, its account cannot be opened, or it cannot be sent at all.
func (t *task) yield(ctx context.Context) {
	if t.turn == "" && (t.s == nil || !t.s.Asked()) {
		// Should that fail, the turn ends by itself.
		_ = t.Line.Leave(context.WithoutCancel(ctx), t.j.Waiter())
	}
}

// carry moves the contact on from wherever the journal says it is.
func (t *task) carry(ctx context.Context) error {
	if err := t.ready(ctx); err != nil {
		return err
	}
	switch t.j.Journal.Phase {
	case Sending:
		if err := t.resolve(ctx); err != nil {
			return err
		}
	case Fresh:
		if err := t.begin(ctx); err != nil {
			return err
		}
	}
	return t.onward(ctx)
}

// onward goes on with a contact of which a record is known.
func (t *task) onward(ctx context.Context) error {
	if t.j.Journal.Phase == Matching {
		return t.match(ctx)
	}
	return t.complete(ctx)
}

// ready sees to it that the contact may still be worked on, and opens the
// conversation.
func (t *task) ready(ctx context.Context) error {
	if err := t.stopping(); err != nil {
		return err
	}
	if t.j.Journal.Phase == Fresh {
		if t.j.CancelRequested {
			return fault.New(fault.Cancelled, "cancelled", "the job was cancelled")
		}
		if !t.now().Before(t.j.ExpiresAt) {
			return expired(t.j.Error)
		}
	}
	return t.open(ctx)
}

// open starts the conversation with the CRM.
func (t *task) open(ctx context.Context) error {
	t.step = "open"
	spec, ok := t.CRMs.Lookup(t.j.CRM)
	if !ok {
		return fault.New(fault.Internal, "unknown_crm", "this release does not know the CRM")
	}
	acc, err := t.Accounts.Open(ctx, t.j.Tenant, t.j.AccountID)
	if err != nil {
		return err
	}
	t.spec = spec
	t.s, err = t.Client.Session(spec, acc, connector.Job{
		Input: t.in, Key: t.j.Key, At: t.j.CreatedAt, ID: cmp.Or(t.turn, t.j.ID), Yields: t.turn != "", Brief: !t.shown(),
		Holder: fmt.Sprintf("%s.%d.%d", t.j.ID, t.j.Epoch, t.j.Attempt),
	})
	return err
}

// storeError is a failure to write the journal: nothing may be sent after it.
type storeError struct{ err error }

func (e *storeError) Error() string { return "journal: " + e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

// save journals the job; r is what is known of the record, nil for unchanged.
func (t *task) save(ctx context.Context, r *Result) error {
	t.j.spend(t.now())
	return journaled(t.Records.Save(ctx, *t.j, r))
}

// keep is save for what a call has already done and must not be lost.
func (t *task) keep(ctx context.Context, r *Result) error {
	t.j.spend(t.now())
	return journaled(t.insist(ctx, func(ctx context.Context) error { return t.Records.Save(ctx, *t.j, r) }))
}

// journaled marks a failure to write the journal as one.
func journaled(err error) error {
	if err == nil || errors.Is(err, ErrStale) {
		return err
	}
	return &storeError{err}
}
