package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"crmferry/internal/imports"
)

// ImportPath is the part of a path that names an import.
type ImportPath struct {
	ID string `path:"id" maxLength:"128" doc:"The import's id" example:"imp_06h13qv3k1h7f9wq2c8n4d5x7r"`
}

type listImportsInput struct {
	AccountID     string         `query:"integrated_account_id" format:"uuid" doc:"Imports into this account"`
	Status        imports.Status `query:"status" enum:"receiving,ready,running,waiting,paused,completed,cancelled,failed"`
	CreatedBy     string         `query:"created_by" maxLength:"200" doc:"Imports that this token made"`
	CreatedAfter  time.Time      `query:"created_after" doc:"Imports accepted at this time or later"`
	CreatedBefore time.Time      `query:"created_before" doc:"Imports accepted before this time"`
	Limit         int            `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor        string         `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`
}

// filter is the part of the input that a cursor belongs to.
func (in *listImportsInput) filter() string {
	return fmt.Sprintf("imports %q %q %q %d %d", in.AccountID, in.Status, in.CreatedBy, in.CreatedAfter.UnixNano(), in.CreatedBefore.UnixNano())
}

type listImportsOutput struct{ Body importPage }

type importPage struct {
	Result     []importView `json:"result"`
	NextCursor *string      `json:"next_cursor" nullable:"true" doc:"null on the last page"`
}

func (s *server) listImports(ctx context.Context, in *listImportsInput) (*listImportsOutput, error) {
	cursor, err := openCursor(in.filter(), in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.Imports.List(ctx, principalOf(ctx).Tenant, imports.Filter{
		AccountID: strings.ToLower(in.AccountID), Status: in.Status, CreatedBy: in.CreatedBy,
		CreatedAfter: in.CreatedAfter, CreatedBefore: in.CreatedBefore, Limit: in.Limit, Cursor: cursor,
	})
	if err != nil {
		return nil, err
	}
	views := make([]importView, len(page.Imports))
	for k, i := range page.Imports {
		views[k] = s.importNow(i)
	}
	return &listImportsOutput{importPage{Result: views, NextCursor: closeCursor(in.filter(), page.Next)}}, nil
}

// importNow shows an import with its rate.
func (s *server) importNow(i imports.Import) importView {
	v := importOf(i)
	v.Rate = math.Round(s.rates.of(i, s.now())*10) / 10
	return v
}

// importSoon is importNow with an estimate of the end: the rows that are left, at
// the present rate or the account's pace, whichever is slower.
func (s *server) importSoon(ctx context.Context, i imports.Import) importView {
	v := s.importNow(i)
	if i.Status == imports.Running || i.Status == imports.Waiting {
		v.EstimatedFinishAt = i.FinishAt(s.now(), v.Rate, s.remaining(ctx, i))
	}
	return v
}

// remaining is what the rows left take at the account's pace, nil where nobody
// can tell.
func (s *server) remaining(ctx context.Context, i imports.Import) *imports.Expected {
	acc, spec, err := s.Accounts.Describe(ctx, i.Tenant, i.AccountID)
	if err != nil {
		return nil // it was removed; the rest is true all the same
	}
	state, err := s.Pace.State(ctx, acc, spec)
	if err != nil {
		exchangeOf(ctx).cause = err
		return nil
	}
	return new(i.Remaining(spec, state))
}

type getImportInput struct {
	ImportPath
	LongPoll
}

func (s *server) getImport(ctx context.Context, in *getImportInput) (*huma.StreamResponse, error) {
	i, err := s.awaitImport(ctx, in.ID, in.wait())
	if err != nil {
		return nil, err
	}
	tag, err := stateOf(i)
	if err != nil {
		return nil, err
	}
	tag = `W/"` + tag + `"`
	v := s.importSoon(ctx, i)
	v.Report = s.reportOf(ctx, i)
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	r := newReply(http.StatusOK, body)
	if matches(in.IfNoneMatch, tag) {
		r = newReply(http.StatusNotModified, nil)
	}
	r.set("ETag", tag)
	r.set("Vary", waitHeader)
	r.set(appliedHeader, in.prefer.applied())
	if !i.Status.Terminal() {
		r.set("Retry-After", importDelay(v, s.now()))
	}
	return r.output(), nil
}

// importDelay is when it pays to ask again.
func importDelay(v importView, now time.Time) string {
	const least, most = time.Second, 5 * time.Minute
	wait := 10 * time.Second
	if !v.EstimatedFinishAt.IsZero() {
		wait = v.EstimatedFinishAt.Sub(now) / 10
	}
	return seconds(min(max(wait, least), most))
}

// reportOf is what was found in an import's file, with what it takes to carry it
// out where that is still ahead.
func (s *server) reportOf(ctx context.Context, i imports.Import) *startReport {
	if i.Report == nil {
		return nil
	}
	r := &startReport{Report: *i.Report}
	if i.Status == imports.Ready {
		r.Expected = s.remaining(ctx, i)
	}
	return r
}

// awaitImport gives the import, after waiting for its end or a pause where that
// is asked for.
func (s *server) awaitImport(ctx context.Context, id string, wait time.Duration) (imports.Import, error) {
	tenant := principalOf(ctx).Tenant
	i, err := s.Imports.Get(ctx, tenant, id)
	if err != nil || wait <= 0 || settledImport(i) {
		return i, err
	}
	patient, cancel := s.patient(ctx, wait)
	defer cancel()
	news, leave := s.watches.join(tenant, id)
	defer leave()
	for {
		select {
		case seen := <-news:
			if seen.err != nil || settledImport(seen.imp) {
				return seen.imp, seen.err
			}
			i = seen.imp
		case <-patient.Done():
			return i, nil
		}
	}
}

// settledImport: nothing happens to it by itself.
func settledImport(i imports.Import) bool {
	return i.Status.Terminal() || i.Status == imports.Paused || i.Status == imports.Ready
}

type steerInput struct{ ImportPath }

type importOutput struct {
	Status int
	Body   importView
}

// importChange is one of the ways to steer an import.
type importChange func(ctx context.Context, tenant, id string) (imports.Import, error)

// steered makes an operation of it.
func (s *server) steered(change importChange) func(context.Context, *steerInput) (*importOutput, error) {
	return func(ctx context.Context, in *steerInput) (*importOutput, error) {
		i, err := change(ctx, principalOf(ctx).Tenant, in.ID)
		if err != nil {
			return nil, err
		}
		out := &importOutput{Status: http.StatusOK, Body: s.importNow(i)}
		if i.CancelRequested && !i.Status.Terminal() {
			out.Status = http.StatusAccepted
		}
		return out, nil
	}
}

type retryImportInput struct {
	ImportPath
	AcceptRisk bool   `query:"accept_duplicate_risk" doc:"Also rows that ended unknown: the CRM may hold them"`
	Include    string `query:"include" enum:"cancelled" doc:"cancelled: also rows that were never begun"`
}

func (s *server) retryImport(ctx context.Context, in *retryImportInput) (*importOutput, error) {
	principal := principalOf(ctx)
	old, err := s.Imports.Get(ctx, principal.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	acc, spec, err := s.Accounts.Describe(ctx, principal.Tenant, old.AccountID)
	if err != nil {
		return nil, err
	}
	now := s.now()
	f := newFitting(acc, spec, old.Workspace, old.OnDuplicate, s.formats)
	i, err := s.Imports.Retry(ctx, principal.Tenant, in.ID,
		imports.Retry{Unknown: in.AcceptRisk, Cancelled: in.Include == "cancelled"},
		imports.Base{CreatedAt: now, ExpiresAt: now.Add(old.ExpiresAt.Sub(old.CreatedAt)), CreatedBy: principal.Name}, f.verdict)
	if errors.Is(err, imports.ErrNoRows) {
		return nil, problem(problemConflict, "There are no such rows to try again.")
	}
	if err != nil {
		return nil, err
	}
	return &importOutput{Status: http.StatusAccepted, Body: s.importNow(i)}, nil
}

func (s *server) deleteImport(ctx context.Context, in *steerInput) (*struct{}, error) {
	err := s.Imports.Delete(ctx, principalOf(ctx).Tenant, in.ID)
	if errors.Is(err, imports.ErrState) {
		err = imports.ErrNotOver
	}
	return nil, err
}
