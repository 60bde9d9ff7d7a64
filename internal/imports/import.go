package imports

import (
	"time"

	"crmferry/internal/fault"
	"crmferry/internal/imports/parse"
	"crmferry/internal/job"
)

// Version is the record version that this release writes; it reads this one
// and the one before.
const Version = 1

// Status is where an import stands.
type Status string

// The states. The last three are terminal and never change.
const (
	Receiving Status = "receiving" // the upload is under way
	Ready     Status = "ready"     // complete, and waiting for its start
	Running   Status = "running"
	Waiting   Status = "waiting" // running, but all of it waits for something
	Paused    Status = "paused"
	Completed Status = "completed"
	Cancelled Status = "cancelled"
	Failed    Status = "failed" // the upload broke off, or nothing could be read
)

// Terminal says whether the import is over.
func (s Status) Terminal() bool { return s == Completed || s == Cancelled || s == Failed }

// Import is one upload of many contacts. Base never changes after the upload's
// beginning, Content after its end.
type Import struct {
	Base
	Content
	Progress
	Status Status
	// CancelRequested: rows are still under way; what is left will not be begun.
	CancelRequested bool
	Counts          Counts
}

// Base is what is known of an import when its upload begins.
type Base struct {
	ID          string          `json:"id"`
	Tenant      string          `json:"tenant"`
	AccountID   string          `json:"account"`
	CRM         string          `json:"crm"`
	CreatedAt   time.Time       `json:"created_at"`
	ExpiresAt   time.Time       `json:"expires_at"`
	Workspace   string          `json:"workspace,omitempty"`
	OnDuplicate job.OnDuplicate `json:"on_duplicate,omitempty"`
	OnInvalid   OnInvalid       `json:"on_invalid,omitempty"`
	OnChanged   OnChanged       `json:"on_changed,omitempty"`
	// MaxFailed pauses the import when so many rows failed; nil: when nearly all
	// of the first ones failed alike; 0: never.
	MaxFailed *int `json:"max_failed,omitempty"`
	// StopAfter pauses it once so many rows were taken up; 0: never.
	StopAfter int `json:"stop_after,omitempty"`
	// Manual: it waits, ready, for its start.
	Manual    bool   `json:"manual,omitempty"`
	CreatedBy string `json:"created_by,omitempty"`
	RetryOf   string `json:"retry_of,omitempty"`
	// Budget names who shares the limits that its calls draw on.
	Budget string `json:"budget,omitempty"`
	// Idem is a digest that names the caller's idempotency key, "" without one.
	Idem string `json:"idem,omitempty"`
	// CallbackURL is told how the import ends, "" for nobody.
	CallbackURL string `json:"callback_url,omitempty"`
	// Postback are the options by which a file of its rows is to be read again.
	FileOptions map[string]string `json:"file_options,omitempty"`
}

// OnInvalid says what becomes of a file with invalid rows.
type OnInvalid string

// The choices.
const (
	SkipInvalid   OnInvalid = "skip" // the default: those rows fail, the others go
	RejectInvalid OnInvalid = "reject"
)

// OnChanged says what becomes of a row whose client_ref came before with other
// content.
type OnChanged string

// The choices.
const (
	ChangedFails  OnChanged = "fail" // the default
	ChangedUpdate OnChanged = "update"
)

// Content is what is known of an import when its upload is complete.
type Content struct {
	// Blocks is how many there are, Rows how many rows they hold, Refs how many
	// of those have a client_ref.
	Blocks int `json:"blocks"`
	Rows   int `json:"rows"`
	Refs   int `json:"refs,omitempty"`
	// Fingerprint is a digest of the file and its options.
	Fingerprint string        `json:"fingerprint,omitempty"`
	Preamble    string        `json:"preamble,omitempty"` // of a file of its rows
	Mapping     parse.Mapping `json:"mapping"`
	// Report is what a check of the file says.
	Report *Report `json:"report,omitempty"`
	// Warnings are those of the request.
	Warnings []WarningCount `json:"warnings,omitempty"`
	// LookUps is how many rows the CRM is asked about before they are written.
	LookUps  int       `json:"look_ups,omitempty"`
	SealedAt time.Time `json:"sealed_at,omitzero"`
}

// Progress is what changes while an import runs.
type Progress struct {
	StartedAt  time.Time
	FinishedAt time.Time
	// Reason says why it is paused, or why it failed.
	Reason PauseReason
	Error  *fault.Error
	// WaitingFor and WaitingUntil tell of its last turn that had to wait; ""
	// once another goes on.
	WaitingFor   job.WaitingFor
	WaitingUntil time.Time
	// Taken is how many rows were taken up.
	Taken int
	// Generation counts its starts; turns of an earlier one are void.
	Generation int64
}

// PauseReason says why an import is paused.
type PauseReason string

// The reasons.
const (
	PauseRequested PauseReason = "requested"
	PauseMaxFailed PauseReason = "max_failed"
	PauseStopAfter PauseReason = "stop_after"
)

// Counts tell what became of the rows. Pending, Succeeded, Failed, Unknown,
// Cancelled and Skipped sum up to Total; Created, Matched and Updated to
// Succeeded.
type Counts struct {
	Total     int `json:"total"`
	Pending   int `json:"pending"`
	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`
	Unknown   int `json:"unknown"`
	Cancelled int `json:"cancelled"`
	Skipped   int `json:"skipped"`
	Created   int `json:"created"`
	Matched   int `json:"matched"`
	Updated   int `json:"updated"`
}
