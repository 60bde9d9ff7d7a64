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
	// ErrBack: whoever holds the contact for the Runner has taken it back; it has
	// to wait, and nothing of it was sent.
	ErrBack = errors.New("job: taken back")
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
	// It fails with ErrStale also for a job that ends unknown though there is
	// proof by now: it is to be taken up again.
	Finish(ctx context.Context, j Job, r *Result) error
	// Testify keeps what a worker knows of the create of its attempt after it
	// lost the job: the record that the CRM answered with, or, with nil, that
	// the create surely was not applied. Proof makes a job that ended unknown a
	// succeeded one; no other end changes.
	Testify(ctx context.Context, j Job, proof *Result) error
	// Owners tells which jobs hold which of the account's remote records.
	Owners(ctx context.Context, account string, remoteIDs []string) (map[string]string, error)
	// Drop forgets a held turn.
	Drop(ctx context.Context, j Job) error
	// Own claims a remote record for a job; false when another job has it.
	// Finish does so for the record of a job that created one.
	Own(ctx context.Context, account, remoteID, jobID string) (bool, error)
}

// Joint is a Records that can journal several jobs in one step.
type Joint interface {
	// SaveAll is Save for jobs that stay with the worker. Its errors are in the
	// order of the jobs.
	SaveAll(ctx context.Context, jobs []Job) []error
}

// Turns carry on imports.
type Turns interface {
	// Carry works for an import until its turn is over, or has to wait.
	Carry(ctx context.Context, c Claimed, stopping <-chan struct{}) (Rest, error)
}

// Rest is how a turn ends.
type Rest struct {
	// Over: there is nothing more for it to do. Else it goes on: InLine when its
	// account's pace has room, or At a time.
	Over       bool
	InLine     bool
	At         time.Time
	WaitingFor WaitingFor
}

// Claimed is a job in a worker's hands.
type Claimed struct {
	Job
	Input contact.Input
	// Kept is the result so far, nil when there is none.
	Kept *Result
	// Proof is the record that the CRM answered an earlier attempt with, nil for
	// none; Absent the last attempt whose create is known not to be applied.
	Proof  *contact.Contact
	Absent int64
	// Changed is when a replica last took the place of the store's master,
	// zero for never: writes of the moments before may be lost.
	Changed time.Time
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
