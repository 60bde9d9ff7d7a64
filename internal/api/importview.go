package api

import (
	"time"

	"crmferry/internal/imports"
	"crmferry/internal/imports/parse"
	"crmferry/internal/job"
)

const importsRoot = "/imports"

// importView is an import as callers see it. Members that do not apply are left out.
type importView struct {
	ID                string               `json:"id" example:"imp_06h13qv3k1h7f9wq2c8n4d5x7r"`
	Status            imports.Status       `json:"status" enum:"receiving,ready,running,waiting,paused,completed,cancelled,failed" doc:"The last three are final; failed: the upload broke off, or the file could not be read"`
	AccountID         string               `json:"integrated_account_id"`
	CRM               string               `json:"crm"`
	CreatedAt         time.Time            `json:"created_at"`
	ExpiresAt         time.Time            `json:"expires_at" doc:"When rows that were not carried across by then are given up"`
	StartedAt         time.Time            `json:"started_at,omitzero"`
	FinishedAt        time.Time            `json:"finished_at,omitzero"`
	Counts            imports.Counts       `json:"counts" doc:"What became of the rows: pending, succeeded, failed, unknown, cancelled and skipped sum up to total; created, matched and updated to succeeded"`
	Mapping           []parse.MappedColumn `json:"mapping" doc:"What became of each column of a CSV file, or of each property of vCards"`
	Format            parse.Format         `json:"format,omitempty" enum:"ndjson,json,csv,vcard"`
	Rate              float64              `json:"rate,omitempty" doc:"Rows settled per second, of late; of an import that is over, in its whole time; absent where that cannot be told"`
	EstimatedFinishAt time.Time            `json:"estimated_finish_at,omitzero" doc:"An estimate: the rows that are left, at the present rate or the account's pace, whichever is slower; absent where neither can be told, and in lists"`
	WaitingFor        job.WaitingFor       `json:"waiting_for,omitempty" enum:"pace,quota,retry,vendor_down,reauthorization,paused,account_disabled"`
	WaitingUntil      time.Time            `json:"waiting_until,omitzero"`
	PausedBecause     imports.PauseReason  `json:"paused_because,omitempty" enum:"requested,max_failed,stop_after"`
	CancelRequested   bool                 `json:"cancel_requested,omitempty" doc:"Rows are still under way; the others will not be begun"`
	Error             *jobError            `json:"error,omitempty" doc:"Why the upload failed"`
	CreatedBy         string               `json:"created_by,omitempty" doc:"The token that made the import"`
	RetryOf           string               `json:"retry_of,omitempty" doc:"The import whose rows these are"`
	Report            *startReport         `json:"report,omitempty" doc:"What was found in the file; not in lists"`
}

// startReport is what can be said of a file before it is sent on.
type startReport struct {
	imports.Report
	Expected *imports.Expected `json:"expected,omitempty" doc:"What carrying out the valid rows takes; absent where the account's pace cannot be told now"`
}

// importOf shows an import without its report.
func importOf(i imports.Import) importView {
	v := importView{
		ID: i.ID, Status: i.Status, AccountID: i.AccountID, CRM: i.CRM, CreatedAt: i.CreatedAt.UTC(), ExpiresAt: i.ExpiresAt.UTC(),
		StartedAt: utc(i.StartedAt), FinishedAt: utc(i.FinishedAt), Counts: i.Counts,
		Mapping: append([]parse.MappedColumn{}, i.Mapping.Columns...), Format: i.Mapping.Format,
		CancelRequested: i.CancelRequested && !i.Status.Terminal(), Error: errorOf(i.Error), CreatedBy: i.CreatedBy, RetryOf: i.RetryOf,
	}
	if i.Status == imports.Waiting {
		v.WaitingFor, v.WaitingUntil = i.WaitingFor, utc(i.WaitingUntil)
	}
	if i.Status == imports.Paused {
		v.WaitingFor, v.PausedBecause = job.ForResume, i.Reason
	}
	return v
}
