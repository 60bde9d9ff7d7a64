package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"crmferry/internal/contact"
	"crmferry/internal/job"
)

const (
	contactsPath = "/unified/crm/contacts"

	waitHeader     = "Prefer"
	appliedHeader  = "Preference-Applied"
	replayedHeader = "Idempotency-Replayed"
	jobIDHeader    = "Ferry-Job-Id"
)

// createInput is what a create takes beside its body. Options that are read by
// hand stand here for the documents.
type createInput struct {
	AccountID        string            `query:"integrated_account_id" required:"true" format:"uuid" doc:"The integrated account to write the contact into" example:"62f44730-dd91-461e-bd6a-aedd9e0ad79d"`
	Format           contact.Format    `query:"truto_response_format" enum:"unified,raw,normalized,stream" default:"unified" doc:"How the contact is answered: unified, its fields and remote_data; normalized, every field, in canonical spelling; raw and stream, the CRM's own body as it came"`
	IgnoreRemoteData bool              `query:"truto_ignore_remote_data" doc:"Leaves remote_data, the CRM's own body, out of a unified contact"`
	ExcludeFields    []string          `query:"truto_exclude_fields[],explode" doc:"Top-level fields to leave out of a unified or normalized contact; also as truto_exclude_fields, repeated or as a comma list"`
	RemoteQuery      map[string]string `query:"remote_query,deepObject" doc:"Query parameters that are passed on to the CRM as they are" example:"{\"foo\":\"bar\"}"`
	Workspace        string            `query:"workspace[id]" doc:"The workspace (location, space, board) to write into, for CRMs that have them; overrides the account's setting"`
	CallbackURL      string            `query:"callback_url" doc:"A URL of yours that is told what became of the contact, signed with your callback secret; see POST /callback-secret"`
	OnDuplicate      job.OnDuplicate   `query:"on_duplicate" enum:"fail,return_existing,update" default:"fail" doc:"What to do if the CRM holds the person already; GET /crms/{crm} lists what it can do"`
	ValidateOnly     bool              `query:"validate_only" doc:"Checks the request, stores nothing and answers with a report"`
	ClientRef        string            `query:"client_ref" doc:"Your own name for the contact, up to 128 bytes"`
	ExpiresIn        string            `query:"expires_in" default:"72h" doc:"How long the job may take: 72h, 30m, or seconds; from 1 second to 30 days" example:"72h"`
	IdempotencyKey   string            `header:"Idempotency-Key" doc:"Makes the request safe to repeat: the same key, account and contact give the same job; up to 255 characters, quoted or bare"`
	Prefer           string            `header:"Prefer" doc:"wait=N waits up to N seconds (at most 60) for the contact" example:"wait=10"`
	RawBody          []byte            `contentType:"application/json"`

	query   options
	prefer  preference
	key     string
	refused *Problem
}

// Resolve reads what huma does not.
func (in *createInput) Resolve(ctx huma.Context) []error {
	r := humagin.Unwrap(ctx).Request
	in.query = parseOptions(r.URL.Query(), createOptions())
	in.prefer = parsePrefer(r.Header.Values(waitHeader))
	in.key, in.refused = idempotencyKey(r.Header.Values(idempotencyHeader))
	return nil
}

// createOptions lists the query options that take one value.
func createOptions() []string {
	return []string{
		"integrated_account_id", "truto_response_format", "truto_ignore_remote_data", optionWorkspace,
		optionCallback, optionDuplicate, "validate_only", optionClientRef, optionExpires,
	}
}

// show is how the caller wants to see the result.
func (in *createInput) show() job.Show {
	return job.Show{Format: in.Format, IgnoreRemoteData: in.IgnoreRemoteData, ExcludeFields: in.query.exclude}
}

// create accepts one contact.
func (s *server) create(ctx context.Context, in *createInput) (*huma.StreamResponse, error) {
	if in.refused != nil {
		return nil, in.refused
	}
	a, err := s.acceptance(ctx, in)
	if err != nil {
		return nil, err
	}
	if in.ValidateOnly {
		return s.report(a)
	}
	if in.key != "" {
		if a.Fingerprint, err = fingerprint(a.Input, a.Base); err != nil {
			return nil, err
		}
	}
	j, replayed, err := s.Jobs.Accept(ctx, a)
	if errors.Is(err, job.ErrNotFound) {
		return nil, problem(problemConflict, "The job of this Idempotency-Key was deleted; use another key.")
	}
	if err != nil {
		return nil, err
	}
	r, err := s.created(ctx, in, j)
	if err != nil {
		return nil, marked(err, in, j, replayed)
	}
	mark(r.header, in, j, replayed)
	return r.output(), nil
}

// acceptance makes the job of a request, with all that is wrong with it as one
// problem.
func (s *server) acceptance(ctx context.Context, in *createInput) (job.Acceptance, error) {
	doc, err := contact.Decode(in.RawBody)
	var invalid *contact.Invalid
	if errors.As(err, &invalid) && invalid.Status == http.StatusBadRequest {
		return job.Acceptance{}, badDocument(invalid)
	}
	q, principal := &in.query, principalOf(ctx)
	acc, spec, err := s.Accounts.Describe(ctx, principal.Tenant, in.AccountID)
	if err != nil {
		return job.Acceptance{}, err
	}
	if invalid != nil {
		p := badDocument(invalid)
		p.Errors = slices.Concat(q.faults, p.Errors)
		return job.Acceptance{}, p
	}
	f := newFitting(acc, spec, q.workspace, in.OnDuplicate, s.formats)
	input, ref := q.applied(doc.Input), q.referenceOr(doc.ClientRef)
	input.Workspace = f.workspace
	lacks, warnings := f.check(input)
	if err := s.checkCallback(ctx, q); err != nil {
		return job.Acceptance{}, err
	}
	if faults := slices.Concat(q.faults, lacks, f.faults); len(faults) > 0 {
		return job.Acceptance{}, invalidRequest(faults...)
	}
	now := s.now()
	base := job.Base{
		Tenant: principal.Tenant, AccountID: acc.ID, CRM: spec.ID, CreatedAt: now, ExpiresAt: now.Add(q.lifetime),
		OnDuplicate: in.OnDuplicate, ClientRef: ref, Metadata: doc.Metadata, CreatedBy: principal.Name,
		CallbackURL: q.callback, Show: in.show(), Accepted: slices.Concat(doc.Warnings, q.warnings, warnings, f.warnings), Key: s.NewKey(),
	}
	return job.Acceptance{Base: base, Input: input, IdempotencyKey: in.key}, nil
}

// created is the answer to an accepted create: the job, or what became of it
// if the caller waits for that.
func (s *server) created(ctx context.Context, in *createInput, j job.Job) (*reply, error) {
	wait := in.prefer.orDefault(principalOf(ctx).DefaultWait)
	if wait <= 0 {
		return s.pending(ctx, j)
	}
	ctx, cancel := s.patient(ctx, wait)
	defer cancel()
	j, err := s.Jobs.Wait(ctx, j.Tenant, j.ID)
	if err != nil {
		return nil, err
	}
	// What was asked for now counts, also where an earlier request made the job.
	return s.outcome(context.WithoutCancel(ctx), j, in.show(), true)
}

// mark adds the headers that all answers to an accepted create carry.
func mark(h http.Header, in *createInput, j job.Job, replayed bool) {
	h.Set(jobIDHeader, j.ID)
	h.Set("Vary", waitHeader)
	if applied := in.prefer.applied(); applied != "" {
		h.Set(appliedHeader, applied)
	}
	if replayed {
		h.Set(replayedHeader, "true")
	}
}

func marked(err error, in *createInput, j job.Job, replayed bool) error {
	p := asProblem(translate(err)).with(jobIDHeader, j.ID)
	mark(p.header, in, j, replayed)
	return p
}

// validation is the report of a request that would be accepted.
type validation struct {
	Valid     bool              `json:"valid"`
	CRM       string            `json:"crm"`
	AccountID string            `json:"integrated_account_id"`
	Problems  []FieldProblem    `json:"problems" doc:"Empty: a request with problems is answered with 422"`
	Warnings  []contact.Warning `json:"warnings" doc:"What would not be honoured, and why"`
	Contact   json.RawMessage   `json:"contact" doc:"The contact as it would be written"`
}

func (s *server) report(a job.Acceptance) (*huma.StreamResponse, error) {
	shown, err := contact.Render(a.Input.Contact, contact.Unified, nil, nil)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(validation{
		Valid: true, CRM: a.CRM, AccountID: a.AccountID, Problems: []FieldProblem{},
		Warnings: emptyNotNull(a.Accepted), Contact: shown,
	})
	if err != nil {
		return nil, err
	}
	return newReply(http.StatusOK, body).output(), nil
}

// emptyNotNull makes a list that JSON shows as [] where there is nothing.
func emptyNotNull[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
