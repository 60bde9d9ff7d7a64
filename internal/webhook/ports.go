package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"crmferry/internal/imports"
	"crmferry/internal/job"
)

// Errors of the places where all this is kept.
var (
	// ErrNotFound: no such endpoint or delivery, or it is another tenant's.
	ErrNotFound = errors.New("webhook: not found")
	// ErrChanged: it changed since it was read.
	ErrChanged = errors.New("webhook: changed meanwhile")
	// ErrExists: there is one already.
	ErrExists = errors.New("webhook: there is one already")
	// ErrTooMany: the tenant has as many endpoints as it may.
	ErrTooMany = errors.New("webhook: too many endpoints")
	// ErrUnderWay: the delivery is being tried anyway.
	ErrUnderWay = errors.New("webhook: the delivery is not over yet")
	// ErrDisabled: the endpoint is switched off.
	ErrDisabled = errors.New("webhook: the endpoint is disabled")
	// ErrCursor: the cursor was made for another list.
	ErrCursor = errors.New("webhook: the cursor belongs to another list")
)

// Callbacks are the secrets with which a tenant's callbacks are signed.
type Callbacks struct {
	Keys    Keyring `json:"keys"`
	Version int64   `json:"-"`
}

// Endpoints keeps endpoints and secrets.
type Endpoints interface {
	// Create stores a new endpoint; from then on the tenant's events are kept.
	Create(ctx context.Context, e Endpoint) error
	Endpoint(ctx context.Context, tenant, id string) (Endpoint, error)
	// Endpoints lists all of a tenant's, the oldest first.
	Endpoints(ctx context.Context, tenant string) ([]Endpoint, error)
	// Put replaces an endpoint that is still at its version; fresh forgets its
	// failures.
	Put(ctx context.Context, e Endpoint, fresh bool) error
	Delete(ctx context.Context, tenant, id string) error
	Callbacks(ctx context.Context, tenant string) (Callbacks, error)
	// PutCallbacks replaces secrets that are still at their version.
	PutCallbacks(ctx context.Context, tenant string, c Callbacks) error
}

// Filter chooses deliveries.
type Filter struct {
	Endpoint string
	Status   Status
	Type     Type
	About    string
	Since    time.Time
	Limit    int
	Cursor   string
}

// Deliveries keeps deliveries.
type Deliveries interface {
	// Add stores new deliveries, due at once; those that are there already are
	// left as they are.
	Add(ctx context.Context, list []Parcel) error
	Delivery(ctx context.Context, tenant, id string) (Delivery, error)
	// List gives a page of a tenant's, the newest first.
	List(ctx context.Context, tenant string, f Filter) (list []Delivery, next string, err error)
	// Again makes one that is over due at once.
	Again(ctx context.Context, id string) error
}

// Parcel is a new delivery.
type Parcel struct {
	Bill
	Body json.RawMessage
}

// Visit is what a worker finds in a queue.
type Visit struct {
	Taken []Taken
	// Endpoint is whose queue it is; nil for callbacks.
	Endpoint *Endpoint
	// Next is when there may be more to do, zero for never.
	Next time.Time
}

// Taken is a delivery in a worker's hands.
type Taken struct {
	Parcel
	Attempts []Attempt
	// Tries counts those since it was due first, or last sent again.
	Tries int
	Token string
}

// Claim is a queue that a worker is to visit.
type Claim struct {
	Queue Queue
	// Mark tells whether another has touched the queue since.
	Mark string
}

// Limits bound a visit.
type Limits struct {
	Concurrency int           // deliveries of one queue at the same time
	Lease       time.Duration // of one that is taken
	// Broken is after how many failures in a row a queue is tried with one
	// delivery at a time, and Pause how long it rests at first.
	Broken int
	Pause  time.Duration
	// MaxPause bounds the rest, which doubles.
	MaxPause time.Duration
}

// Settlement is what became of a try.
type Settlement struct {
	Taken
	Verdict
}

// Standing is how a queue does after a try.
type Standing struct {
	// Held: the worker still had the delivery.
	Held         bool
	FailingSince time.Time // zero: it does not
	Now          time.Time
}

// Queues are where deliveries wait.
type Queues interface {
	// Due claims queues of which something may be due.
	Due(ctx context.Context, limit int) ([]Claim, error)
	// Take takes deliveries out of a queue that are due.
	Take(ctx context.Context, q Queue, l Limits) (Visit, error)
	// Rest sets when a claimed queue is to be visited next.
	Rest(ctx context.Context, c Claim, next time.Time) error
	// Settle writes what became of a try. The first success after failures makes
	// all that waits in the queue due.
	Settle(ctx context.Context, s Settlement, l Limits) (Standing, error)
}

// Entry is one line of the outbox: something that happened.
type Entry struct {
	ID   string // of the job or import
	What string // its status, or what else is to be told
	// Mark names the entry for Done.
	Mark string
}

// Outbox holds what happened and was not told yet.
type Outbox interface {
	// Next takes entries, and keeps them from others for a while.
	Next(ctx context.Context, limit int) ([]Entry, error)
	// Done forgets entries.
	Done(ctx context.Context, entries []Entry) error
}

// Jobs reads jobs whoever they belong to.
type Jobs interface {
	Told(ctx context.Context, id string) (job.Job, *job.Result, error)
}

// Imports reads imports whoever they belong to.
type Imports interface {
	Load(ctx context.Context, id string) (imports.Import, error)
}
