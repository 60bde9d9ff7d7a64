package job

import (
	"context"
	"errors"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// Errors of a Service.
var (
	// ErrKeyReused: the idempotency key came with another payload before.
	ErrKeyReused = errors.New("job: idempotency key used with another payload")
	// ErrTerminal: the job is over.
	ErrTerminal = errors.New("job: already over")
	// ErrNotTerminal: the job is not over yet.
	ErrNotTerminal = errors.New("job: not over yet")
	// ErrCursor: the cursor is none that List gave.
	ErrCursor = errors.New("job: not a cursor of this list")
	// ErrBacklog: the account has as many jobs waiting as it may.
	ErrBacklog = errors.New("job: too many jobs of the account are waiting")
	// ErrFull: there is no room for more jobs at present. It may come as a Full.
	ErrFull = errors.New("job: no room for more jobs")
	// ErrGone: the job is known, its body is past retention.
	ErrGone = errors.New("job: result past retention")
)

// Refusal is an error that passes: the same request may be accepted later.
type Refusal struct {
	Reason error // ErrBacklog or ErrFull
	// RetryAfter is when there may be room, by the real rate.
	RetryAfter time.Duration
}

func (r *Refusal) Error() string { return r.Reason.Error() }
func (r *Refusal) Unwrap() error { return r.Reason }

// Acceptance is a job to be accepted.
type Acceptance struct {
	Base
	Input contact.Input
	// IdempotencyKey is the caller's, "" for none; Fingerprint is a digest of
	// what came with it.
	IdempotencyKey string
	Fingerprint    string
	// Place is where the job goes: InQueue, or InLine to wait for the pace.
	Place Place
}

// Filter selects jobs of one tenant.
type Filter struct {
	AccountID     string
	Status        Status
	CreatedBy     string
	ClientRef     string
	ImportID      string // the import of whose rows they are
	CreatedAfter  time.Time
	CreatedBefore time.Time
	// FinishedAfter lists finished jobs by their end, oldest first.
	FinishedAfter time.Time
	Limit         int
	Cursor        string
}

// Page is one page of a list.
type Page struct {
	Jobs []Job
	// Next is the cursor of the next page, "" at the end.
	Next string
}

// Store is what a Service needs of the place where jobs are kept.
type Store interface {
	// NewID makes an id; jobs with the same key land in the same place.
	NewID(a Acceptance) string
	// Accept stores the job; with an idempotency key that is taken it gives
	// the earlier job's id and fingerprint instead, and stored is false.
	Accept(ctx context.Context, a Acceptance) (ref Ref, fingerprint string, stored bool, err error)
	// Replay gives the job that an idempotency key belongs to already.
	Replay(ctx context.Context, a Acceptance) (ref Ref, fingerprint string, found bool, err error)
	// Get gives a tenant's job; ErrNotFound also for other tenants'.
	Get(ctx context.Context, tenant, id string) (Job, error)
	// Result gives the contact that a succeeded job wrote.
	Result(ctx context.Context, tenant, id string) (Result, error)
	// Input gives what the job was asked to write.
	Input(ctx context.Context, tenant, id string) (contact.Input, error)
	List(ctx context.Context, tenant string, f Filter) (Page, error)
	// Cancel ends a job that no worker holds (ended true), or asks the worker to.
	Cancel(ctx context.Context, tenant, id string, f *fault.Error) (ended bool, err error)
	// Link notes on a terminal job that it was retried as another.
	Link(ctx context.Context, tenant, id, retriedAs string) error
	Delete(ctx context.Context, tenant, id string) error
	// Watch gives a channel that hears of the end of a job, and a function to
	// stop watching.
	Watch(id string) (ended <-chan struct{}, stop func())
}

// Service accepts jobs and tells what became of them.
type Service struct {
	Store Store
	Queue Queue
	Gate  Gate
	// Accepted hears of each new job.
	Accepted func(crm string)
	// Room is asked before each job; nil: there always is some.
	Room Room
}

// Accept stores a job and hands it to the workers. When it returns, the job
// survives the death of this process. replayed: an earlier request with the
// same key and payload made it.
func (s *Service) Accept(ctx context.Context, a Acceptance) (j Job, replayed bool, err error) {
	a.ID, a.Place = s.Store.NewID(a), InLine
	entry, err := s.enter(ctx, a.Base)
	if err != nil {
		return s.refused(ctx, a, err)
	}
	if a.Budget = entry.Budget; entry.Lane {
		a.Place = InQueue
	}
	ref, fingerprint, stored, err := s.Store.Accept(ctx, a)
	if errors.Is(err, ErrFull) && s.Room != nil {
		err = &Full{RetryAfter: s.Room.RetryAfter()}
	}
	if err != nil {
		return s.refused(ctx, a, err)
	}
	if !stored {
		s.leave(ctx, Job{Base: a.Base})
		return s.replay(ctx, a, ref, fingerprint)
	}
	s.Accepted(a.CRM)
	j = a.Job()
	j.Epoch = ref.Epoch
	// The record is safe: should what follows fail, the reaper does it.
	if entry.Lane {
		_ = s.Queue.Enqueue(context.WithoutCancel(ctx), ref)
	} else {
		j.Ahead = &entry.Ahead
		// The caller need not wait for it.
		ctx := context.WithoutCancel(ctx)
		go func() { _ = s.Gate.Join(ctx, j.Waiter()) }()
	}
	return j, false, nil
}

// enter asks whether there is room, and where the job goes.
func (s *Service) enter(ctx context.Context, b Base) (Entry, error) {
	if s.Room != nil {
		if err := s.Room.Admit(OneContact); err != nil {
			return Entry{}, err
		}
	}
	return s.Gate.Enter(ctx, b)
}

// refused ends in err, unless an earlier request with the same key was accepted:
// what is accepted can be asked for at any time.
func (s *Service) refused(ctx context.Context, a Acceptance, err error) (Job, bool, error) {
	ref, fingerprint, found, lost := s.Store.Replay(ctx, a)
	if lost != nil || !found {
		return Job{}, false, err
	}
	return s.replay(ctx, a, ref, fingerprint)
}

// replay gives the job of an earlier request with the same key.
func (s *Service) replay(ctx context.Context, a Acceptance, ref Ref, fingerprint string) (Job, bool, error) {
	if fingerprint != a.Fingerprint {
		return Job{}, false, ErrKeyReused
	}
	j, err := s.Store.Get(ctx, a.Tenant, ref.ID)
	return j, true, err
}

// Job is the job as it begins.
func (a Acceptance) Job() Job {
	j := Job{Base: a.Base, Status: Queued, Place: a.Place}
	if a.Place == InLine {
		j.Status, j.WaitingFor = Waiting, ForPace
	}
	return j
}

// leave gives up a job's place in line. Should that fail, it is passed over
// when its turn comes.
func (s *Service) leave(ctx context.Context, j Job) {
	_ = s.Gate.Leave(context.WithoutCancel(ctx), j.Waiter())
}

// pollEvery is how often a waiting caller's job is read, in case the word of
// its end got lost.
const pollEvery = time.Second

// Wait gives the job as soon as it is over, or as it stands when ctx ends.
func (s *Service) Wait(ctx context.Context, tenant, id string) (Job, error) {
	ended, stop := s.Store.Watch(id)
	defer stop()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		j, err := s.Store.Get(context.WithoutCancel(ctx), tenant, id)
		if err != nil || j.Status.Terminal() || ctx.Err() != nil {
			return j, err
		}
		select {
		case <-ended:
		case <-poll.C:
		case <-ctx.Done():
		}
	}
}

// Cancel withdraws a job. ended is false where a call may be out: the job ends
// when that is known.
func (s *Service) Cancel(ctx context.Context, tenant, id string) (j Job, ended bool, err error) {
	f := fault.New(fault.Cancelled, "cancelled", "the job was cancelled")
	ended, err = s.Store.Cancel(ctx, tenant, id, f)
	if err != nil {
		return Job{}, false, err
	}
	j, err = s.Store.Get(ctx, tenant, id)
	if err == nil && ended {
		s.leave(ctx, j)
	}
	return j, ended, err
}

// ErrRisk: the job ended unknown, and retrying it may write the contact twice.
var ErrRisk = errors.New("job: a retry may write the contact twice")

// Retry makes a new job of a terminal one. next carries what is new about it:
// id, times and the caller; the rest is the old job's.
func (s *Service) Retry(ctx context.Context, tenant, id string, acceptRisk bool, next Base) (Job, error) {
	old, err := s.Store.Get(ctx, tenant, id)
	if err != nil {
		return Job{}, err
	}
	if !old.Status.Terminal() {
		return Job{}, ErrNotTerminal
	}
	if old.Status == Unknown && !acceptRisk {
		return Job{}, ErrRisk
	}
	in, err := s.Store.Input(ctx, tenant, id)
	if err != nil {
		return Job{}, err
	}
	b := old.Base
	b.CreatedAt, b.ExpiresAt, b.CreatedBy, b.Key, b.RetryOf = next.CreatedAt, next.ExpiresAt, next.CreatedBy, next.Key, id
	b.Import, b.Row = "", "" // the row has its end
	j, _, err := s.Accept(ctx, Acceptance{Base: b, Input: in})
	if err != nil {
		return Job{}, err
	}
	// The new job is on its way; that the old one names it is a convenience.
	_ = s.Store.Link(context.WithoutCancel(ctx), tenant, id, j.ID)
	return j, nil
}
