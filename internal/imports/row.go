package imports

import (
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

// Key is the UUID that a CRM sees as the row's idempotency key. It is the same
// whoever works on the row.
func (p Place) Key(importID string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(importID+"/"+p.String())).String()
}
