package imports

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/job"
)

// Jobs is where rows go that cannot be settled at once.
type Jobs interface {
	// Adopt stores a job that is under way; one that is there is left as it is.
	Adopt(ctx context.Context, j job.Job, in contact.Input, r *job.Result) (bool, error)
	Testify(ctx context.Context, j job.Job, proof *job.Result) error
	Owners(ctx context.Context, account string, remoteIDs []string) (map[string]string, error)
	Own(ctx context.Context, account, remoteID, jobID string) (bool, error)
}

// errAlien: rows are neither claimed nor dropped.
var errAlien = errors.New("imports: not possible with a row")

// desk keeps the rows of one slice while a turn works on them: it is their
// job.Records. Writes that come while one is under way go together in the next.
type desk struct {
	book  Book
	jobs  Jobs
	imp   *Import
	turn  Turn
	slice Slice
	rows  []Row // of the block

	mu      sync.Mutex
	queue   []*entry
	flying  bool
	stopped bool // no more rows may be begun
	marked  map[int]bool
	back    map[int]job.Job // rows that have to wait
	later   map[int]job.Job // rows that wait for others, and keep nobody from going on
}

// entry is one write that waits for its turn.
type entry struct {
	w    Writing
	done chan error
}

func newDesk(w *work, s Slice, rows []Row) *desk {
	return &desk{book: w.Book, jobs: w.Jobs, imp: &w.imp, turn: w.turn, slice: s, rows: rows, marked: map[int]bool{}, back: map[int]job.Job{}, later: map[int]job.Job{}}
}

// write brings w to the book, together with what others bring.
func (d *desk) write(ctx context.Context, w Writing) error {
	e := &entry{w: w, done: make(chan error, 1)}
	d.mu.Lock()
	d.queue = append(d.queue, e)
	first := !d.flying
	d.flying = true
	d.mu.Unlock()
	if first {
		go d.fly(context.WithoutCancel(ctx))
	}
	return <-e.done
}

// writeTimeout bounds one write.
const writeTimeout = 5 * time.Second

func (d *desk) fly(ctx context.Context) {
	for {
		d.mu.Lock()
		batch := d.queue
		d.queue = nil
		if d.flying = len(batch) > 0; !d.flying {
			d.mu.Unlock()
			return
		}
		d.mu.Unlock()
		err := d.send(ctx, batch)
		for _, e := range batch {
			e.done <- err
		}
	}
}

func (d *desk) send(ctx context.Context, batch []*entry) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	live, err := d.book.Write(ctx, d.turn, d.slice, together(batch))
	if err == nil && !live {
		d.mu.Lock()
		d.stopped = true
		d.mu.Unlock()
	}
	if errors.Is(err, ErrStale) {
		return job.ErrStale
	}
	return err
}

// together is several writings as one. One row is never in two of them: it
// waits for the one before the next.
func together(batch []*entry) Writing {
	w := Writing{Marks: map[int]job.Job{}, Jobs: map[int]job.Job{}}
	for _, e := range batch {
		maps.Copy(w.Marks, e.w.Marks)
		maps.Copy(w.Jobs, e.w.Jobs)
		w.Cleared = append(w.Cleared, e.w.Cleared...)
		w.Results = append(w.Results, e.w.Results...)
	}
	return w
}

// live says whether more rows may be begun.
func (d *desk) live() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.stopped && len(d.back) == 0
}

// index is where a job's row stands in the block.
func index(j job.Job) int { return placeOfRow(j.Row).Index }

// Save journals a row, hands it on as a job of its own, or takes it back.
func (d *desk) Save(ctx context.Context, j job.Job, r *job.Result) error {
	switch i := index(j); {
	case j.Place == job.AtWorker:
		d.note(i)
		return d.write(ctx, Writing{Marks: map[int]job.Job{i: j}})
	case waits(j):
		return d.takeBack(ctx, i, j)
	default:
		return d.handOn(ctx, j, r)
	}
}

func (d *desk) note(i int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.marked[i] = true
}

// SaveAll journals rows that go out in one call.
func (d *desk) SaveAll(ctx context.Context, jobs []job.Job) []error {
	w := Writing{Marks: map[int]job.Job{}}
	for _, j := range jobs {
		d.note(index(j))
		w.Marks[index(j)] = j
	}
	errs := make([]error, len(jobs))
	if err := d.write(ctx, w); err != nil {
		for i := range errs {
			errs[i] = err
		}
	}
	return errs
}

// waits says whether a row has to wait for something that all rows of the import
// wait for, with nothing sent.
func waits(j job.Job) bool {
	if j.Journal.Phase != job.Fresh || j.Failures > 0 {
		return false
	}
	return j.Status == job.Waiting
}

// takeBack leaves a row as untouched.
func (d *desk) takeBack(ctx context.Context, i int, j job.Job) error {
	d.mu.Lock()
	was := d.marked[i]
	d.back[i] = j
	d.mu.Unlock()
	if was {
		if err := d.write(ctx, Writing{Cleared: []int{i}}); err != nil {
			return err
		}
	}
	return job.ErrBack
}

// handOn makes a row a job of its own. The book knows of it first, so that a
// crash before the job is there leaves it to be made.
func (d *desk) handOn(ctx context.Context, j job.Job, r *job.Result) error {
	i := index(j)
	if j.Place == job.InLine { // no time is set for it
		j.NextAttemptAt = time.Time{}
	}
	if err := d.write(ctx, Writing{Jobs: map[int]job.Job{i: j}}); err != nil {
		return err
	}
	_, err := d.jobs.Adopt(ctx, j, d.imp.input(d.rows[i]), r)
	return err
}

// Finish writes the result of a row, unless its end is one that all rows of the
// import would meet.
func (d *desk) Finish(ctx context.Context, j job.Job, r *job.Result) error {
	i := index(j)
	if j.Status == job.Failed && j.Error.Kind == fault.Unauthorized && j.Journal.Phase == job.Fresh {
		j.Status, j.WaitingFor, j.NextAttemptAt = job.Waiting, job.ForReauthorization, j.FinishedAt.Add(parkedFor)
		return d.takeBack(ctx, i, j)
	}
	return d.write(ctx, Writing{Results: []Result{ResultOf(d.rows[i], i, j)}})
}

// parkedFor is how often it is seen whether an account can be used again.
const parkedFor = 10 * time.Second

// testifyFor bounds the wait for the job of a row that another worker has taken
// over by now.
const (
	testifyFor   = 15 * time.Second
	testifyEvery = 500 * time.Millisecond
)

// Testify tells the job that carries on the row by now.
func (d *desk) Testify(ctx context.Context, j job.Job, proof *job.Result) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), testifyFor)
	defer cancel()
	for {
		err := d.jobs.Testify(ctx, j, proof)
		if !errors.Is(err, job.ErrNotFound) {
			return err
		}
		again := time.NewTimer(testifyEvery)
		select {
		case <-ctx.Done():
			again.Stop()
			return job.ErrNotFound
		case <-again.C:
		}
	}
}

// Owners tells which jobs hold which of the account's remote records.
func (d *desk) Owners(ctx context.Context, account string, ids []string) (map[string]string, error) {
	return d.jobs.Owners(ctx, account, ids)
}

// Own claims a remote record for a row.
func (d *desk) Own(ctx context.Context, account, remoteID, jobID string) (bool, error) {
	return d.jobs.Own(ctx, account, remoteID, jobID)
}

// Claim is not for rows.
func (d *desk) Claim(context.Context, job.Ref, time.Duration) (job.Claimed, error) {
	return job.Claimed{}, errAlien
}

// ClaimInLine is not for rows.
func (d *desk) ClaimInLine(context.Context, string, time.Duration) (job.Claimed, error) {
	return job.Claimed{}, errAlien
}

// Drop is not for rows.
func (d *desk) Drop(context.Context, job.Job) error { return errAlien }
