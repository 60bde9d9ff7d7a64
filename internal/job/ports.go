package job

import (
	"context"
	"errors"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

// Errors of a Store.
var (
	// ErrStale: the task or the writer is not current any more.
	ErrStale = errors.New("job: superseded")
	// ErrNotFound: no such job, or it is another tenant's, or past retention.
	ErrNotFound = errors.New("job: not found")
	// ErrNewer: the record was written by a newer release.
	ErrNewer = errors.New("job: written by a newer release")
)

// Records is what the Runner needs of the place where jobs are kept. Every
// write names the epoch and attempt that the writer holds and fails with
// ErrStale when they are not current.
type Records interface {
	// Claim takes the job for a worker until the lease is over: status
	// running (or verifying, if it was), one attempt more.
	Claim(ctx context.Context, ref Ref, lease time.Duration) (Claimed, error)
	// ClaimInLine is Claim for a job that is in line: it raises its epoch.
	ClaimInLine(ctx context.Context, id string, lease time.Duration) (Claimed, error)
	// Save journals a held job, and the record that was found for it (nil:
	// unchanged). The job stays with the worker under its lease, unless its
	// Place is OnTimer: then it rests until NextAttemptAt; or InLine: then it
	// rests until it is advanced.
	Save(ctx context.Context, j Job, r *Result) error
	// Finish writes the terminal state, the result (nil: none) and their expiry.
	Finish(ctx context.Context, j Job, r *Result) error
	// Owners tells which jobs hold which of the account's remote records.
	Owners(ctx context.Context, account string, remoteIDs []string) (map[string]string, error)
	// Own claims a remote record for a job; false when another job has it.
	// Finish does so for the record of a job that created one.
	Own(ctx context.Context, account, remoteID, jobID string) (bool, error)
}

// Claimed is a job in a worker's hands.
type Claimed struct {
	Job
	Input contact.Input
	// Kept is the result so far, nil when there is none.
	Kept *Result
	// Now is the store's time, by which all times of a job are told.
	Now time.Time
}

// Accounts opens integrated accounts.
type Accounts interface {
	// Open gives the account with its credentials. Its errors are *fault.Error.
	Open(ctx context.Context, tenant, id string) (connector.Account, error)
}

// Catalogue knows the CRMs.
type Catalogue interface {
	Lookup(crm string) (*connector.Spec, bool)
}

// Observer hears of what the Runner does; for metrics and logs.
type Observer interface {
	Attempted(j Job, a Attempt)
	Finished(j Job)
}
