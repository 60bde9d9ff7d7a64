package webhook

import (
	"encoding/json"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/imports"
	"crmferry/internal/job"
)

// contactData is what an event tells of a job.
type contactData struct {
	JobID      string          `json:"job_id"`
	AccountID  string          `json:"integrated_account_id"`
	CRM        string          `json:"crm"`
	Status     job.Status      `json:"status"`
	Outcome    job.Outcome     `json:"outcome,omitempty"`
	RemoteID   string          `json:"remote_id,omitempty"`
	ClientRef  string          `json:"client_ref,omitempty"`
	Metadata   json.RawMessage `json:"metadata,omitempty"`
	Attempts   int64           `json:"attempts"`
	CreatedAt  time.Time       `json:"created_at"`
	FinishedAt time.Time       `json:"finished_at"`
	RetryOf    string          `json:"retry_of,omitempty"`
	Error      *errorData      `json:"error,omitempty"`
	// Contact is the unified contact; Link is where it is when it is left out.
	Contact json.RawMessage `json:"contact,omitempty"`
	Link    string          `json:"link"`
}

type errorData struct {
	Kind         fault.Kind `json:"kind"`
	Code         string     `json:"code,omitempty"`
	Message      string     `json:"message,omitempty"`
	Fields       []string   `json:"fields,omitempty"`
	RemoteStatus int        `json:"remote_status,omitempty"`
	RemoteID     string     `json:"remote_id,omitempty"`
	Candidates   []string   `json:"candidates,omitempty"`
	Retryable    bool       `json:"retryable"`
}

func errorOf(f *fault.Error) *errorData {
	if f == nil {
		return nil
	}
	return &errorData{
		Kind: f.Kind, Code: f.Code, Message: f.Message, Fields: f.Fields, RemoteStatus: f.Status, RemoteID: f.RemoteID,
		Candidates: f.Candidates, Retryable: f.Kind.Retryable(),
	}
}

// contactEvent makes the event of a job's end with the status that the entry
// names. The job may have moved on by late proof: that has an event of its own.
func contactEvent(e Entry, j job.Job, r *job.Result) (Event, error) {
	status := job.Status(e.What)
	d := contactData{
		JobID: j.ID, AccountID: j.AccountID, CRM: j.CRM, Status: status, ClientRef: j.ClientRef, Metadata: j.Metadata,
		Attempts: j.Attempt, CreatedAt: j.CreatedAt.UTC(), FinishedAt: j.FinishedAt.UTC(), RetryOf: j.RetryOf, Link: "/jobs/" + j.ID,
	}
	if status == j.Status {
		d.Outcome, d.RemoteID, d.Error = j.Outcome, j.RemoteID, errorOf(j.Error)
	}
	ev := Event{
		ID: eventID(j.Tenant, e.ID+":"+e.What), Type: contactType(status, j.Outcome), Tenant: j.Tenant, Timestamp: j.FinishedAt,
		About: j.ID, Callback: j.CallbackURL,
	}
	var err error
	if ev.Thin, err = json.Marshal(d); err != nil {
		return ev, err
	}
	if r != nil && status == job.Succeeded {
		if d.Contact, err = contact.Render(r.Contact, contact.Unified, nil, j.Show.ExcludeFields); err != nil {
			return ev, err
		}
	}
	ev.Data, err = json.Marshal(d)
	return ev, err
}

func contactType(s job.Status, o job.Outcome) Type {
	switch {
	case s == job.Succeeded && o == job.Matched:
		return ContactMatched
	case s == job.Succeeded && o == job.Updated:
		return ContactUpdated
	case s == job.Succeeded:
		return ContactCreated
	case s == job.Unknown:
		return ContactUnknown
	case s == job.Cancelled:
		return ContactCancelled
	default:
		return ContactFailed
	}
}

// importData is what an event tells of an import.
type importData struct {
	ImportID     string              `json:"import_id"`
	AccountID    string              `json:"integrated_account_id"`
	CRM          string              `json:"crm"`
	Status       imports.Status      `json:"status"`
	Counts       imports.Counts      `json:"counts"`
	CreatedAt    time.Time           `json:"created_at"`
	FinishedAt   time.Time           `json:"finished_at,omitzero"`
	Paused       imports.PauseReason `json:"paused_because,omitempty"`
	Error        *errorData          `json:"error,omitempty"`
	RetryOf      string              `json:"retry_of,omitempty"`
	Link         string              `json:"link"`
	LinkOfFailed string              `json:"failed_rows,omitempty"`
}

// importEvent makes the event of an import. now is its time where the import
// does not say.
func importEvent(e Entry, i imports.Import, t Type, now time.Time) (Event, error) {
	d := importData{
		ImportID: i.ID, AccountID: i.AccountID, CRM: i.CRM, Status: i.Status, Counts: i.Counts, CreatedAt: i.CreatedAt.UTC(),
		Error: errorOf(i.Error), RetryOf: i.RetryOf, Link: "/imports/" + i.ID,
	}
	if i.Status == imports.Paused {
		d.Paused = i.Reason
	}
	if i.Counts.Failed > 0 {
		d.LinkOfFailed = "/imports/" + i.ID + "/results?status=failed"
	}
	at := now
	if !i.FinishedAt.IsZero() {
		d.FinishedAt, at = i.FinishedAt.UTC(), i.FinishedAt
	}
	raw, err := json.Marshal(d)
	return Event{
		ID: eventID(i.Tenant, e.ID+":"+e.What), Type: t, Tenant: i.Tenant, Timestamp: at, Data: raw, Thin: raw, About: i.ID,
		Callback: i.CallbackURL,
	}, err
}

// endpointData is what an event tells of an endpoint.
type endpointData struct {
	EndpointID   string    `json:"webhook_endpoint_id"`
	Description  string    `json:"description,omitempty"`
	Because      Because   `json:"disabled_because,omitempty"`
	FailingSince time.Time `json:"failing_since,omitzero"`
	Link         string    `json:"link"`
}

// endpointEvent makes an event about an endpoint; name tells it from others.
func endpointEvent(e Endpoint, t Type, name string, now time.Time) (Event, error) {
	raw, err := json.Marshal(endpointData{e.ID, e.Description, e.Disabled, e.FailingSince, "/webhook-endpoints/" + e.ID})
	return Event{
		ID: eventID(e.Tenant, e.ID+":"+string(t)+":"+name), Type: t, Tenant: e.Tenant, Timestamp: now, Data: raw, Thin: raw, About: e.ID,
	}, err
}
