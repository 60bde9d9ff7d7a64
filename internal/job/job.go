// Package job is the life of one contact create: its states, its attempts, the
// pure decision what comes next, and the Runner that carries it across. It
// declares the small interfaces that it needs.
package job

import (
	"encoding/json"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// Version is the record version that this release writes; it reads this one
// and the one before.
const Version = 1

// Status is where a job stands.
type Status string

// The states. The last four are terminal and never change, but that late proof
// makes Unknown Succeeded.
const (
	Queued    Status = "queued"
	Running   Status = "running"
	Waiting   Status = "waiting"
	Verifying Status = "verifying"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Unknown   Status = "unknown"
	Cancelled Status = "cancelled"
)

// Terminal says whether the job is over.
func (s Status) Terminal() bool {
	switch s {
	case Succeeded, Failed, Unknown, Cancelled:
		return true
	default:
		return false
	}
}

// Outcome is what a succeeded job did.
type Outcome string

// The outcomes.
const (
	Created Outcome = "created"
	Matched Outcome = "matched"
	Updated Outcome = "updated"
)

// WaitingFor is what a waiting job waits for.
type WaitingFor string

// What a job can wait for.
const (
	ForPace            WaitingFor = "pace"
	ForQuota           WaitingFor = "quota"
	ForRetry           WaitingFor = "retry"
	ForVendor          WaitingFor = "vendor_down"
	ForReauthorization WaitingFor = "reauthorization"
	ForResume          WaitingFor = "paused"
	ForAccount         WaitingFor = "account_disabled"
)

// OnDuplicate is what to do when the CRM holds the person already.
type OnDuplicate string

// The choices.
const (
	DuplicateFails  OnDuplicate = "fail"
	ReturnExisting  OnDuplicate = "return_existing"
	UpdateDuplicate OnDuplicate = "update"
)

// Place is where a non-terminal job is, which decides what it means when its
// time in the open set is up.
type Place string

// The places.
const (
	InQueue  Place = "queue"  // a task for the current epoch was or is being enqueued
	AtWorker Place = "worker" // a worker holds it under a lease
	OnTimer  Place = "timer"  // it waits for a time; no task exists
	InLine   Place = "line"   // it waits in its account's line for the pace; no task exists
)

// Job is one contact create. Base never changes after acceptance; State is
// what the life of the job changes.
type Job struct {
	Base
	State
	// Epoch counts the tasks that were made for the job; a task of an older
	// epoch is void.
	Epoch int64
	// Attempt counts the times that a worker took the job.
	Attempt int64
	Status  Status
	Place   Place
	// Ahead is how many of its account wait before it, where that was just
	// learnt; it is not stored.
	Ahead *int64
	// CancelRequested is set by the caller while a worker holds the job.
	CancelRequested bool
}

// Base is what is known of a job at its acceptance.
type Base struct {
	ID          string            `json:"id"`
	Tenant      string            `json:"tenant"`
	AccountID   string            `json:"account"`
	CRM         string            `json:"crm"`
	CreatedAt   time.Time         `json:"created_at"`
	ExpiresAt   time.Time         `json:"expires_at"`
	OnDuplicate OnDuplicate       `json:"on_duplicate,omitempty"`
	ClientRef   string            `json:"client_ref,omitempty"`
	Metadata    json.RawMessage   `json:"metadata,omitempty"`
	CreatedBy   string            `json:"created_by,omitempty"`
	RetryOf     string            `json:"retry_of,omitempty"`
	CallbackURL string            `json:"callback_url,omitempty"`
	Show        Show              `json:"show,omitzero"`
	Accepted    []contact.Warning `json:"accepted_with,omitempty"`
	// Idem is a digest that names the caller's idempotency key, "" without one.
	Idem string `json:"idem,omitempty"`
	// Prints are the fingerprints by which the job is found again.
	Prints []byte `json:"prints,omitempty"`
	// Budget names who shares the limits that the job's calls draw on.
	Budget string `json:"budget,omitempty"`
	// Key is a UUID made for the job: what the CRM sees as idempotency key.
	Key string `json:"key"`
	// Import is the import that the job works for, "" for a single contact; Row
	// is then the place of its row, or Turn, from 1, its number among those that
	// take up rows since the import's start number Generation.
	Import     string `json:"import,omitempty"`
	Row        string `json:"row,omitempty"`
	Turn       int    `json:"turn,omitempty"`
	Generation int64  `json:"generation,omitempty"`
}

// Show is how the caller wants the result to look, unless asked otherwise later.
type Show struct {
	Format           contact.Format `json:"format,omitempty"`
	IgnoreRemoteData bool           `json:"ignore_remote_data,omitempty"`
	ExcludeFields    []string       `json:"exclude_fields,omitempty"`
}

// State is what changes during the life of a job.
type State struct {
	StartedAt     time.Time         `json:"started_at,omitzero"`
	FinishedAt    time.Time         `json:"finished_at,omitzero"`
	NextAttemptAt time.Time         `json:"next_attempt_at,omitzero"`
	WaitingFor    WaitingFor        `json:"waiting_for,omitempty"`
	Outcome       Outcome           `json:"outcome,omitempty"`
	RemoteID      string            `json:"remote_id,omitempty"`
	Error         *fault.Error      `json:"error,omitempty"`
	Warnings      []contact.Warning `json:"warnings,omitempty"`
	Timeline      []Attempt         `json:"timeline,omitempty"`
	Durations     Durations         `json:"durations,omitzero"`
	// Since is when the job came to where it is; Durations are added up from it.
	Since     time.Time `json:"since,omitzero"`
	RetriedAs string    `json:"retried_as,omitempty"`
	// Failures counts the attempts that failed through the request's own fault.
	Failures int `json:"failures,omitempty"`
	// Setbacks counts passing faults in a row, for the back-off.
	Setbacks int     `json:"setbacks,omitempty"`
	Journal  Journal `json:"journal,omitzero"`
}

// Attempt is one try at the job, as the caller sees it.
type Attempt struct {
	Number    int64      `json:"number"`
	StartedAt time.Time  `json:"started_at"`
	EndedAt   time.Time  `json:"ended_at"`
	Step      string     `json:"step,omitempty"`
	Result    string     `json:"result"` // created, matched, updated, or the error's kind
	Code      string     `json:"code,omitempty"`
	Remote    int        `json:"remote_status,omitempty"`
	Then      Status     `json:"then"`
	Waiting   WaitingFor `json:"waiting_for,omitempty"`
}

// maxTimeline bounds the attempts that are kept; the oldest go first.
const maxTimeline = 30

// Durations say where the time went, in milliseconds.
type Durations struct {
	Queue  int64 `json:"queue"`
	Pace   int64 `json:"pace"`
	Quota  int64 `json:"quota"`
	Retry  int64 `json:"retry"`
	CRM    int64 `json:"crm"`
	Verify int64 `json:"verify"`
}

// Phase is how far the contact got.
type Phase string

// The phases.
const (
	Fresh     Phase = ""          // nothing that writes was sent
	Sending   Phase = "sending"   // a create was or is being sent
	Matching  Phase = "matching"  // an existing record was found
	Completed Phase = "completed" // the record exists; what follows may be missing
)

// Journal is what is known of the calls that were made for the job. It is
// written before a call that may change the CRM, and after it.
type Journal struct {
	Phase Phase `json:"phase,omitempty"`
	// SentAt is when the first create was about to be sent, SendBy the time
	// past which the last one was not sent any more, Over the time past which
	// that call has ended in any case.
	SentAt time.Time `json:"sent_at,omitzero"`
	SendBy time.Time `json:"send_by,omitzero"`
	Over   time.Time `json:"over,omitzero"`
	// Suspect: no create is known, but the store may have lost the word of one.
	Suspect bool `json:"suspect,omitempty"`
	// By is the attempt that sent the last create.
	By int64 `json:"by,omitempty"`
	// Draft is the very request, kept where a repeat needs identical bytes.
	Draft json.RawMessage `json:"draft,omitempty"`
	// Fault is the refusal or loss that put the outcome in doubt.
	Fault *fault.Error `json:"fault,omitempty"`
	// UnknownAt is when the outcome became unknown; Looks counts the
	// look-ups and repeats since.
	UnknownAt time.Time `json:"unknown_at,omitzero"`
	Looks     int       `json:"looks,omitempty"`
	// Found is the record, as Create's answer or a look-up gave it.
	Found *contact.Contact `json:"found,omitempty"`
	// Steps tells how far each follow-up call got: sending, done, refused, unknown.
	Steps map[string]string `json:"steps,omitempty"`
}

// Result is what the CRM gave: kept apart, because it may be large.
type Result struct {
	Contact     contact.Contact `json:"contact"`
	Raw         []byte          `json:"-"` // the CRM's very words
	ContentType string          `json:"content_type,omitempty"`
}

// Ref names one task for one job.
type Ref struct {
	ID      string
	Epoch   int64
	Account string
	CRM     string
}

// Ref is the task of the job's current epoch.
func (j Job) Ref() Ref { return Ref{ID: j.ID, Epoch: j.Epoch, Account: j.AccountID, CRM: j.CRM} }

// AllWarnings are those of the acceptance and those of the work.
func (j Job) AllWarnings() []contact.Warning {
	return append(append([]contact.Warning{}, j.Accepted...), j.Warnings...)
}

// taken accounts for the time since the job was last moved, when a worker
// takes it.
func (j *Job) taken(now time.Time) {
	if j.Since.IsZero() {
		j.Since = j.CreatedAt
	}
	if j.StartedAt.IsZero() {
		j.StartedAt = now
	}
	rest := max(now.Sub(j.Since), 0)
	if j.NextAttemptAt.IsZero() && j.WaitingFor != "" { // it was in line
		*j.waitBucket() += rest.Milliseconds()
		rest = 0
	}
	if !j.NextAttemptAt.IsZero() {
		waited := min(rest, max(j.NextAttemptAt.Sub(j.Since), 0))
		*j.waitBucket() += waited.Milliseconds()
		rest -= waited
	}
	j.Durations.Queue += rest.Milliseconds()
	j.Since, j.NextAttemptAt, j.WaitingFor = now, time.Time{}, ""
}

func (j *Job) waitBucket() *int64 {
	switch {
	case j.Status == Verifying:
		return &j.Durations.Verify
	case j.WaitingFor == ForPace:
		return &j.Durations.Pace
	case j.WaitingFor == ForQuota:
		return &j.Durations.Quota
	default:
		return &j.Durations.Retry
	}
}

// spend accounts for the time that a worker has had the job.
func (j *Job) spend(now time.Time) {
	ms := max(now.Sub(j.Since).Milliseconds(), 0)
	j.Since = now
	if j.Status == Verifying {
		j.Durations.Verify += ms
	} else {
		j.Durations.CRM += ms
	}
}

func (j *Job) record(a Attempt) {
	j.Timeline = append(j.Timeline, a)
	if over := len(j.Timeline) - maxTimeline; over > 0 {
		j.Timeline = j.Timeline[over:]
	}
}
