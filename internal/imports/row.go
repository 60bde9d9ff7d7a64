package imports

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/job"
)

// Row is one row of an upload as it is stored: what is to be written, or why it
// cannot be.
type Row struct {
	Line int `json:"l"`
	// Index is the row's place in its block, where others of it are gone: many
	// rows may stand in one line.
	Index int `json:"n,omitempty"`
	// Raw is the row's own text, for a file of the rows that failed.
	Raw       string            `json:"r,omitempty"`
	Input     contact.Input     `json:"i,omitzero"`
	ClientRef string            `json:"c,omitempty"`
	Metadata  json.RawMessage   `json:"m,omitempty"`
	Warnings  []contact.Warning `json:"w,omitempty"`
	Problems  []contact.Problem `json:"p,omitempty"`
}

// RowStatus is what became of a row.
type RowStatus string

// The states of a row.
const (
	RowPending   RowStatus = "pending"
	RowSucceeded RowStatus = "succeeded"
	RowFailed    RowStatus = "failed"
	RowUnknown   RowStatus = "unknown"
	RowCancelled RowStatus = "cancelled"
	RowSkipped   RowStatus = "skipped" // its client_ref was carried across before
)

// Result is what became of one row. It is written once; late proof alone makes
// an unknown one succeeded.
type Result struct {
	// Index is the row's place in its block, from 0.
	Index     int               `json:"n"`
	Line      int               `json:"line"`
	ClientRef string            `json:"client_ref,omitempty"`
	Status    RowStatus         `json:"status"`
	Outcome   job.Outcome       `json:"outcome,omitempty"`
	RemoteID  string            `json:"remote_id,omitempty"`
	Error     *fault.Error      `json:"error,omitempty"`
	Warnings  []contact.Warning `json:"warnings,omitempty"`
	Metadata  json.RawMessage   `json:"metadata,omitempty"`
	// JobID names the job that carried on the row where it could not be settled
	// at once.
	JobID string `json:"job_id,omitempty"`
	// Digest is one of the row's content, kept where it has a client_ref.
	Digest string `json:"d,omitempty"`
}

// Place is where a row stands in its import.
type Place struct {
	Block int `json:"b"`
	Index int `json:"i"`
}

// String names the place in keys and ids: "12:345".
func (p Place) String() string { return fmt.Sprintf("%d:%d", p.Block, p.Index) }

// placeOfRow reads a place from its text; it is one that we wrote.
func placeOfRow(name string) (p Place) {
	_, _ = fmt.Sscanf(name, "%d:%d", &p.Block, &p.Index)
	return p
}

// ResultOf is the result of a row whose job has ended.
func ResultOf(r Row, index int, j job.Job) Result {
	out := Result{
		Index: index, Line: r.Line, ClientRef: r.ClientRef, Status: statusOf(j.Status), Outcome: j.Outcome, RemoteID: j.RemoteID,
		Error: j.Error, Warnings: j.AllWarnings(), Metadata: r.Metadata, Digest: r.digest(),
	}
	if len(out.Warnings) == 0 {
		out.Warnings = nil
	}
	return out
}

func statusOf(s job.Status) RowStatus {
	switch s {
	case job.Succeeded:
		return RowSucceeded
	case job.Unknown:
		return RowUnknown
	case job.Cancelled:
		return RowCancelled
	default:
		return RowFailed
	}
}

// input is what a row writes.
func (i *Import) input(r Row) contact.Input {
	in := r.Input
	if in.Workspace == "" {
		in.Workspace = i.Workspace
	}
	return in
}

// job is a row as a job in a worker's hands.
func (i *Import) job(r Row, at Place, id string) job.Job {
	return job.Job{
		Base: job.Base{
			ID: id, Tenant: i.Tenant, AccountID: i.AccountID, CRM: i.CRM, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt,
			OnDuplicate: i.OnDuplicate, ClientRef: r.ClientRef, Metadata: r.Metadata, CreatedBy: i.CreatedBy, Accepted: r.Warnings,
			Budget: i.Budget, Key: at.Key(i.ID), Import: i.ID, Row: at.String(),
		},
		Status: job.Running, Place: job.AtWorker, Epoch: 1, Attempt: 1,
	}
}

// digest names the content of a row that has a client_ref.
func (r Row) digest() string {
	if r.ClientRef == "" {
		return ""
	}
	return DigestOf(r)
}

// Key is the UUID that a CRM sees as the row's idempotency key. It is the same
// whoever works on the row.
func (p Place) Key(importID string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(importID+"/"+p.String())).String()
}

// DigestOf is a short digest of what a row is to write.
func DigestOf(r Row) string {
	raw, _ := json.Marshal(r.Input) // it came as JSON: cannot fail
	sum := sha256.Sum256(raw)
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}
