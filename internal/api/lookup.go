package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	prints "crmferry/internal/fingerprint"
	"crmferry/internal/imports"
	"crmferry/internal/job"
)

// Lookup finds people again.
type Lookup interface {
	Lookup(ctx context.Context, tenant string, q imports.Sought) (imports.Sightings, error)
}

const lookupPath = "/lookup"

func (s *server) addLookup() {
	add(s, ScopeJobsRead, huma.Operation{
		OperationID: "lookup", Method: http.MethodGet, Path: lookupPath, Tags: []string{tagJobs}, Summary: "Find what became of a person",
		Description: "The jobs and the rows of imports in which somebody was sent, newest first, by exactly one of email, phone, client_ref and remote_id. " +
			"Nothing is searched through: a keyed fingerprint of the value is looked up, and what is found is held against the contact where that is still kept. " +
			"Jobs are found for as long as their receipts are kept, rows for as long as their import is. Jobs that were accepted before fingerprints were kept are not found.",
		Errors: []int{401, 403, 422}, RejectUnknownQueryParameters: true,
	}, s.lookup)
}

type lookupInput struct {
	Email     string `query:"email" maxLength:"1000" doc:"An e-mail address; case does not matter"`
	Phone     string `query:"phone" maxLength:"200" doc:"A phone number, best in international form (+442079460018); a national one is found where it came as national one without a country"`
	ClientRef string `query:"client_ref" maxLength:"128" doc:"Your own name for the contact"`
	RemoteID  string `query:"remote_id" maxLength:"1000" doc:"The contact's id in the CRM"`
	AccountID string `query:"integrated_account_id" format:"uuid" doc:"Only what went to this account"`
	Limit     int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor    string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`

	given url.Values
}

// Resolve keeps the query: what is given twice shows there alone.
func (in *lookupInput) Resolve(ctx huma.Context) []error {
	u := ctx.URL()
	in.given = u.Query()
	return nil
}

// sought reads whom the request names, which must be one person in one way.
func (in *lookupInput) sought() (imports.Sought, error) {
	q := imports.Sought{AccountID: strings.ToLower(in.AccountID), Limit: in.Limit}
	for _, kind := range lookupKinds() {
		values := in.given[string(kind)]
		if len(values) == 0 {
			continue
		}
		if len(values) > 1 || q.Kind != "" {
			return q, lookupFault("query", codeInvalid, "must have exactly one of email, phone, client_ref and remote_id")
		}
		q.Kind, q.Value = kind, kind.Normal(values[0])
		if q.Value == "" {
			return q, lookupFault("query."+string(kind), codeInvalid, "is empty, or no "+strings.ReplaceAll(string(kind), "_", " "))
		}
	}
	if q.Kind == "" {
		return q, lookupFault("query", codeRequired, "must have one of email, phone, client_ref and remote_id")
	}
	return q, nil
}

func lookupFault(pointer, code, message string) error {
	return invalidRequest(FieldProblem{Pointer: pointer, Code: code, Message: message})
}

func lookupKinds() []prints.Kind {
	return []prints.Kind{prints.Email, prints.Phone, prints.ClientRef, prints.RemoteID}
}

// lookupFilter is the part of a request that a cursor belongs to.
func lookupFilter(q imports.Sought) string {
	return "lookup " + string(q.Kind) + " " + q.AccountID + " " + q.Value
}

type lookupOutput struct{ Body lookupPage }

type lookupPage struct {
	Result     []sightingView `json:"result"`
	NextCursor *string        `json:"next_cursor" nullable:"true" doc:"null on the last page"`
}

// sightingView is a job or a row in which somebody was found.
type sightingView struct {
	Kind       string      `json:"kind" enum:"job,import_row"`
	JobID      string      `json:"job_id,omitempty" doc:"The job; of a row the one that carries it on, where there is one"`
	ImportID   string      `json:"import_id,omitempty"`
	Line       int         `json:"line,omitempty" doc:"Of the import's file"`
	AccountID  string      `json:"integrated_account_id"`
	CRM        string      `json:"crm"`
	Status     string      `json:"status" doc:"A job's or a row's status"`
	Outcome    job.Outcome `json:"outcome,omitempty" enum:"created,matched,updated"`
	RemoteID   string      `json:"remote_id,omitempty" doc:"The contact's id in the CRM"`
	ClientRef  string      `json:"client_ref,omitempty"`
	CreatedAt  time.Time   `json:"created_at" doc:"When the job, or the row's import, was accepted"`
	FinishedAt time.Time   `json:"finished_at,omitzero" doc:"When the job, or the row's import, ended"`
	Error      *jobError   `json:"error,omitempty"`
}

func (s *server) lookup(ctx context.Context, in *lookupInput) (*lookupOutput, error) {
	q, err := in.sought()
	if err != nil {
		return nil, err
	}
	if q.Cursor, err = openCursor(lookupFilter(q), in.Cursor); err != nil {
		return nil, err
	}
	found, err := s.Lookup.Lookup(ctx, principalOf(ctx).Tenant, q)
	if err != nil {
		return nil, err
	}
	views := make([]sightingView, len(found.List))
	for i, f := range found.List {
		views[i] = sightingOf(f)
	}
	return &lookupOutput{lookupPage{Result: views, NextCursor: closeCursor(lookupFilter(q), found.Next)}}, nil
}

func sightingOf(f imports.Sighting) sightingView {
	v := sightingView{
		Kind: "job", JobID: f.JobID, ImportID: f.ImportID, Line: f.Line, AccountID: f.AccountID, CRM: f.CRM, Status: f.Status, Outcome: f.Outcome,
		RemoteID: f.RemoteID, ClientRef: f.ClientRef, CreatedAt: f.CreatedAt.UTC(), FinishedAt: utc(f.FinishedAt), Error: errorOf(f.Error),
	}
	if f.ImportID != "" {
		v.Kind = "import_row"
	}
	return v
}
