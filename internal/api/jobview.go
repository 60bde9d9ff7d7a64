package api

import (
	"encoding/json"
	"slices"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/job"
)

// jobView is a job as callers see it. Members that do not apply are left out.
type jobView struct {
	ID                string            `json:"id" example:"job_0197f7a2"`
	Status            job.Status        `json:"status" enum:"queued,running,waiting,verifying,succeeded,failed,unknown,cancelled" doc:"The last four are final; unknown alone can still become succeeded, by late proof"`
	AccountID         string            `json:"integrated_account_id"`
	CRM               string            `json:"crm"`
	Attempts          int64             `json:"attempts" doc:"How often a worker took the job"`
	CreatedAt         time.Time         `json:"created_at"`
	ExpiresAt         time.Time         `json:"expires_at,omitzero" doc:"When the job is given up at the latest"`
	StartedAt         time.Time         `json:"started_at,omitzero"`
	FinishedAt        time.Time         `json:"finished_at,omitzero"`
	NextAttemptAt     time.Time         `json:"next_attempt_at,omitzero"`
	WaitingFor        job.WaitingFor    `json:"waiting_for,omitempty" enum:"pace,quota,retry,vendor_down,reauthorization,paused,account_disabled"`
	WaitingUntil      time.Time         `json:"waiting_until,omitzero"`
	CancelRequested   bool              `json:"cancel_requested,omitempty" doc:"A cancel was asked for while a call was out"`
	EstimatedFinishAt time.Time         `json:"estimated_finish_at,omitzero" doc:"An estimate: the jobs ahead, divided by the pace"`
	Outcome           job.Outcome       `json:"outcome,omitempty" enum:"created,matched,updated"`
	RemoteID          string            `json:"remote_id,omitempty" doc:"The contact's id in the CRM"`
	Result            json.RawMessage   `json:"result,omitempty" doc:"The unified contact, once the job succeeded; not in lists"`
	Error             *jobError         `json:"error,omitempty" doc:"Why the job failed, or what it last ran into"`
	Warnings          []contact.Warning `json:"warnings" doc:"What of the request was not honoured, and why"`
	Timeline          []jobAttempt      `json:"timeline" doc:"The attempts, oldest first"`
	Durations         job.Durations     `json:"durations_ms" doc:"Where the time went, in milliseconds"`
	ClientRef         string            `json:"client_ref,omitempty"`
	Metadata          json.RawMessage   `json:"metadata,omitempty" doc:"Yours, as you sent it"`
	CreatedBy         string            `json:"created_by,omitempty" doc:"The token that made the job"`
	ImportID          string            `json:"import_id,omitempty" doc:"The import of which the job carries on a row"`
	RetryOf           string            `json:"retry_of,omitempty"`
	RetriedAs         string            `json:"retried_as,omitempty"`
}

// jobError says why a job failed.
type jobError struct {
	Kind         fault.Kind `json:"kind" enum:"invalid,duplicate,unauthorized,forbidden,not_found,rate_limited,unavailable,outcome_unknown,bad_response,cancelled,expired,internal"`
	Code         string     `json:"code,omitempty" doc:"The CRM's own code, verbatim"`
	Message      string     `json:"message,omitempty"`
	Fields       []string   `json:"fields,omitempty" doc:"Unified fields that the CRM blamed"`
	RemoteStatus int        `json:"remote_status,omitempty" doc:"The HTTP status that the CRM answered"`
	RemoteID     string     `json:"remote_id,omitempty" doc:"The existing record that a duplicate clashes with"`
	Candidates   []string   `json:"candidates,omitempty" doc:"Records that may be this contact, where the outcome is unknown"`
	Retryable    bool       `json:"retryable" doc:"Whether the same contact may be sent again later without the risk of writing it twice"`
}

// jobAttempt is one try at a job.
type jobAttempt struct {
	Number       int64          `json:"number"`
	StartedAt    time.Time      `json:"started_at"`
	EndedAt      time.Time      `json:"ended_at"`
	Step         string         `json:"step,omitempty" doc:"The call that decided: prepare, create, update, follow, check, read, find"`
	Result       string         `json:"result" doc:"created, matched or updated, or the kind of the failure"`
	Code         string         `json:"code,omitempty"`
	RemoteStatus int            `json:"remote_status,omitempty"`
	Then         job.Status     `json:"then" doc:"The status that the job went to"`
	WaitingFor   job.WaitingFor `json:"waiting_for,omitempty"`
}

// viewOf shows a job without its result.
func viewOf(j job.Job) jobView {
	v := jobView{
		ID: j.ID, Status: j.Status, AccountID: j.AccountID, CRM: j.CRM, Attempts: j.Attempt,
		CreatedAt: j.CreatedAt.UTC(), ExpiresAt: utc(j.ExpiresAt), StartedAt: utc(j.StartedAt),
		FinishedAt: utc(j.FinishedAt), NextAttemptAt: utc(j.NextAttemptAt),
		CancelRequested: j.CancelRequested && !j.Status.Terminal(),
		Outcome:         j.Outcome, RemoteID: j.RemoteID, Error: errorOf(j.Error),
		Warnings: warningsOf(j), Timeline: attemptsOf(j.Timeline), Durations: j.Durations,
		ClientRef: j.ClientRef, Metadata: j.Metadata, CreatedBy: j.CreatedBy, ImportID: j.Import, RetryOf: j.RetryOf, RetriedAs: j.RetriedAs,
	}
	if j.Status == job.Waiting {
		v.WaitingFor, v.WaitingUntil = j.WaitingFor, v.NextAttemptAt
	}
	return v
}

// utc keeps the zero time a zero time.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

func errorOf(f *fault.Error) *jobError {
	if f == nil {
		return nil
	}
	return &jobError{
		Kind: f.Kind, Code: f.Code, Message: f.Message, Fields: f.Fields, RemoteStatus: f.Status,
		RemoteID: f.RemoteID, Candidates: f.Candidates, Retryable: f.Kind.Retryable(),
	}
}

// warningsOf lists those of the acceptance and those of the work, each once.
func warningsOf(j job.Job) []contact.Warning {
	out := []contact.Warning{}
	for _, w := range j.AllWarnings() {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

func attemptsOf(timeline []job.Attempt) []jobAttempt {
	out := make([]jobAttempt, len(timeline))
	for i, a := range timeline {
		out[i] = jobAttempt{
			Number: a.Number, StartedAt: a.StartedAt.UTC(), EndedAt: a.EndedAt.UTC(), Step: a.Step, Result: a.Result,
			Code: a.Code, RemoteStatus: a.Remote, Then: a.Then, WaitingFor: a.Waiting,
		}
	}
	return out
}

// The bounds of a suggested delay.
const (
	minDelay = time.Second
	maxDelay = 300 * time.Second
)

// delay suggests when to look at an unfinished job again: when something is
// due, or the later the longer it has been waiting already.
func delay(j job.Job, now time.Time) time.Duration {
	d := now.Sub(j.CreatedAt) / 10
	if !j.NextAttemptAt.IsZero() {
		d = j.NextAttemptAt.Sub(now) + minDelay
	}
	return min(max(d, minDelay), maxDelay)
}
