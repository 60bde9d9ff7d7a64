package imports

import (
	"slices"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/fingerprint"
	"crmferry/internal/job"
)

// Sought is a person who is looked for.
type Sought struct {
	Kind fingerprint.Kind
	// Value is in its normal form.
	Value string
	// AccountID is the account to look at, "" for all.
	AccountID string
	Limit     int
	Cursor    string
}

// Sighting is a job, or the row of an import, in which somebody was found.
type Sighting struct {
	// JobID is also that of a row that goes on as a job.
	JobID string
	// ImportID and Line name a row; "" and 0 for a job of its own.
	ImportID   string
	Line       int
	AccountID  string
	CRM        string
	Status     string
	Outcome    job.Outcome
	RemoteID   string
	ClientRef  string
	CreatedAt  time.Time
	FinishedAt time.Time // of a row: of its import
	Error      *fault.Error
}

// Sightings is one page of them, the newest first.
type Sightings struct {
	List []Sighting
	Next string
}

// Has says whether a contact has the value. One whose payload is not kept any
// more, nil, is taken at its fingerprint's word.
func (s Sought) Has(c *contact.Contact) bool {
	switch {
	case c == nil:
		return true
	case s.Kind == fingerprint.Email:
		return slices.Contains(fingerprint.EmailsOf(c), s.Value)
	default:
		return slices.Contains(fingerprint.PhonesOf(c), s.Value)
	}
}

// Confirms says whether a job is one of those that are sought; in is what it was
// to write, nil where that is not kept any more.
func (s Sought) Confirms(j job.Job, in *contact.Contact) bool {
	if s.AccountID != "" && s.AccountID != j.AccountID {
		return false
	}
	switch s.Kind {
	case fingerprint.ClientRef:
		return j.ClientRef == s.Value
	case fingerprint.RemoteID:
		return j.RemoteID == s.Value
	default:
		return s.Has(in)
	}
}

// ConfirmsRow says whether a row is one of those that are sought.
func (s Sought) ConfirmsRow(o Outcome) bool {
	switch s.Kind {
	case fingerprint.ClientRef:
		return o.ClientRef == s.Value
	case fingerprint.RemoteID:
		return o.RemoteID == s.Value
	}
	if o.Row == nil {
		return true
	}
	return s.Has(&o.Row.Input.Contact)
}

// SightingOf shows a job.
func SightingOf(j job.Job) Sighting {
	return Sighting{
		JobID: j.ID, AccountID: j.AccountID, CRM: j.CRM, Status: string(j.Status), Outcome: j.Outcome, RemoteID: j.RemoteID,
		ClientRef: j.ClientRef, CreatedAt: j.CreatedAt, FinishedAt: j.FinishedAt, Error: j.Error,
	}
}

// SightingOfRow shows a row of an import; jobID is that of the job as which it
// goes on, "" for none.
func SightingOfRow(i Import, o Outcome, jobID string) Sighting {
	if jobID == "" {
		jobID = o.JobID
	}
	return Sighting{
		JobID: jobID, ImportID: i.ID, Line: o.Line, AccountID: i.AccountID, CRM: i.CRM, Status: string(o.Status), Outcome: o.Outcome,
		RemoteID: o.RemoteID, ClientRef: o.ClientRef, CreatedAt: i.CreatedAt, FinishedAt: i.FinishedAt, Error: o.Error,
	}
}
