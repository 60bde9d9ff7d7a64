package imports

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"crmferry/internal/fault"
	"crmferry/internal/job"
)

// slice carries the rows of a slice. left: not all of them, and with a rest they
// have to wait.
func (w *work) slice(ctx context.Context, s Slice) (left bool, rest *job.Rest, err error) {
	rows, err := w.blocks.get(ctx, w.Book, w.imp.ID, s.Block)
	if errors.Is(err, ErrNotFound) && s.Resumed && len(s.Settled) == s.To-s.From {
		return false, nil, nil // it was done before its holder was lost
	}
	if err != nil {
		return false, nil, err
	}
	d := newDesk(w, s, rows)
	if err := w.takeOver(ctx, d); err != nil {
		return false, nil, err
	}
	todo, err := w.begin(ctx, d)
	if err == nil && len(todo) == 0 && s.Resumed {
		err = d.write(ctx, Writing{}) // the block may be done, and not packed yet
	}
	if left = len(todo)+len(d.later) > 0; err != nil || !left || !d.live() {
		return left, nil, err
	}
	if rest := w.parked(); rest != nil {
		return true, rest, w.Book.Rest(ctx, w.turn, rest.WaitingFor, rest.At)
	}
	for _, err := range w.run(ctx, d, todo) {
		if err != nil && !errors.Is(err, job.ErrBack) {
			return false, nil, err
		}
	}
	return w.rest(ctx, d)
}

// parked is how long rows wait that cannot be sent because of their account: it
// may be enabled, authorized or connected again. Those whose time is up end.
func (w *work) parked() *job.Rest {
	now := w.now()
	if w.accounts.err == nil || !now.Before(w.imp.ExpiresAt) {
		return nil
	}
	rest := job.Rest{At: now.Add(parkedFor), WaitingFor: job.ForReauthorization}
	switch fault.From(w.accounts.err).Code {
	case "account_disabled":
		rest.WaitingFor = job.ForAccount
	case "account_gone", "reauthorization_required":
	default: // it could not be read
		rest.At, rest.WaitingFor = now.Add(sliceFor), job.ForRetry
	}
	return &rest
}

// run carries rows in one call, or each in its own.
func (w *work) run(ctx context.Context, d *desk, todo []job.Claimed) []error {
	runner := *w.Runner
	runner.Records, runner.Accounts, runner.Stopping = d, &w.accounts, w.stopping
	if w.batches() {
		return runner.CarryTogether(ctx, todo, w.claimed.ID)
	}
	return w.oneByOne(ctx, d, &runner, todo)
}

// takeOver hands rows on of which a lost worker may have sent something: what
// became of them is found out apart from the others.
func (w *work) takeOver(ctx context.Context, d *desk) error {
	for i, j := range d.slice.Marked {
		lost := w.job(d.rows, Place{d.slice.Block, i})
		lost.State, lost.Attempt = j.State, j.Attempt
		lost.Status, lost.Place, lost.NextAttemptAt = job.Verifying, job.OnTimer, w.now()
		if err := d.handOn(ctx, lost, nil); err != nil {
			return err
		}
	}
	return nil
}

// begin sorts the rows of a slice: those that are settled without a call get
// their results at once, the others are given back.
func (w *work) begin(ctx context.Context, d *desk) ([]job.Claimed, error) {
	var todo []job.Claimed
	var known []Result
	for i := d.slice.From; i < d.slice.To; i++ {
		if d.slice.Settled[i] || d.slice.Marked[i].Status != "" {
			continue
		}
		row := d.rows[i]
		if len(row.Problems) > 0 {
			known = append(known, invalidRow(row, i))
			continue
		}
		j := w.job(d.rows, Place{d.slice.Block, i})
		todo = append(todo, job.Claimed{Job: j, Input: w.imp.input(row), Changed: w.claimed.Changed, Now: w.now()})
	}
	todo, more, err := w.settleEarlier(ctx, d, todo)
	if err != nil {
		return nil, err
	}
	if known = append(known, more...); len(known) > 0 {
		if err := d.write(ctx, Writing{Results: known}); err != nil {
			return nil, err
		}
	}
	return todo, nil
}

// invalidRow is the result of a row that was refused before anything was sent.
func invalidRow(r Row, i int) Result {
	f := fault.New(fault.Invalid, r.Problems[0].Code, "the row is invalid")
	for _, p := range r.Problems {
		f.Fields = append(f.Fields, p.Pointer)
	}
	f.Message = r.Problems[0].Pointer + " " + r.Problems[0].Message
	return Result{
		Index: i, Line: r.Line, ClientRef: r.ClientRef, Status: RowFailed, Error: f, Warnings: r.Warnings, Metadata: r.Metadata,
		Digest: r.digest(),
	}
}

// job is a row as a job in this worker's hands.
func (w *work) job(rows []Row, at Place) job.Job {
	j := w.imp.job(rows[at.Index], at, w.RowJobID(w.imp.ID, at.String()))
	j.StartedAt, j.Since = w.now(), w.now()
	return j
}

// oneByOne carries rows each with calls of its own, a few at a time, as long as
// the import goes on and the pace has room.
func (w *work) oneByOne(ctx context.Context, d *desk, r *job.Runner, todo []job.Claimed) []error {
	errs := make([]error, len(todo))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(w.hands(), len(todo)) {
		wg.Go(func() {
			for i := range next {
				todo[i].Now = w.now()
				errs[i] = r.CarryHeld(ctx, todo[i], w.claimed.ID)
			}
		})
	}
	for i := range todo {
		if !d.live() || w.isStopping() {
			d.leave(todo[i:])
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	return errs
}

// leave notes that rows of the slice are left.
func (d *desk) leave(rest []job.Claimed) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range rest {
		if _, ok := d.back[index(c.Job)]; !ok {
			d.back[index(c.Job)] = job.Job{}
		}
	}
}

// rest says whether rows are left, and for how long they have to wait.
func (w *work) rest(ctx context.Context, d *desk) (left bool, rest *job.Rest, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.Copy(d.back, d.later)
	if d.stopped || len(d.back) == 0 {
		return len(d.back) > 0, nil, nil
	}
	var r job.Rest
	for _, j := range d.back {
		if j.NextAttemptAt.After(r.At) {
			r.At = j.NextAttemptAt
		}
		if j.WaitingFor != "" && (r.WaitingFor == "" || j.WaitingFor != job.ForPace) {
			r.WaitingFor = j.WaitingFor
		}
	}
	// A turn whose time comes soon is brought by its account's line.
	r.InLine = (r.WaitingFor == job.ForPace || r.WaitingFor == "") && r.At.Before(w.now().Add(sliceFor)) && !w.isStopping()
	if most := w.now().Add(restMost); r.At.After(most) {
		r.At = most
	}
	if r.At.IsZero() {
		r.At = w.now()
	}
	return true, &r, w.Book.Rest(ctx, w.turn, r.WaitingFor, r.At)
}

// restMost is for how long a turn is left alone: what it waits for may end
// sooner than was told.
const restMost = time.Minute
