package api

import (
	"context"
	"fmt"
	"strings"
	"time"

	"crmferry/internal/job"
)

type listJobsInput struct {
	AccountID     string     `query:"integrated_account_id" format:"uuid" doc:"Jobs of this account"`
	Status        job.Status `query:"status" enum:"queued,running,waiting,verifying,succeeded,failed,unknown,cancelled"`
	CreatedBy     string     `query:"created_by" maxLength:"200" doc:"Jobs that this token made"`
	ClientRef     string     `query:"client_ref" maxLength:"128"`
	ImportID      string     `query:"import_id" maxLength:"64" doc:"Rows of this import that went on as jobs of their own; the other rows are among the import's results"`
	CreatedAfter  time.Time  `query:"created_after" doc:"Jobs accepted at this time or later"`
	CreatedBefore time.Time  `query:"created_before" doc:"Jobs accepted before this time"`
	FinishedAfter time.Time  `query:"finished_after" doc:"Jobs that ended after this time, in the order of their end: a feed for reconciliation"`
	Limit         int        `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor        string     `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`
}

// filter is the part of the input that a cursor belongs to.
func (in *listJobsInput) filter() string {
	return fmt.Sprintf("jobs %q %q %q %q %q %d %d %d", in.AccountID, in.Status, in.CreatedBy, in.ClientRef, in.ImportID,
		in.CreatedAfter.UnixNano(), in.CreatedBefore.UnixNano(), in.FinishedAfter.UnixNano())
}

type listJobsOutput struct{ Body jobPage }

type jobPage struct {
	Result     []jobView `json:"result"`
	NextCursor *string   `json:"next_cursor" nullable:"true" doc:"null on the last page"`
}

func (s *server) listJobs(ctx context.Context, in *listJobsInput) (*listJobsOutput, error) {
	cursor, err := openCursor(in.filter(), in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.Jobs.Store.List(ctx, principalOf(ctx).Tenant, job.Filter{
		AccountID: strings.ToLower(in.AccountID), Status: in.Status, CreatedBy: in.CreatedBy, ClientRef: in.ClientRef, ImportID: in.ImportID,
		CreatedAfter: in.CreatedAfter, CreatedBefore: in.CreatedBefore, FinishedAfter: in.FinishedAfter,
		Limit: in.Limit, Cursor: cursor,
	})
	if err != nil {
		return nil, err
	}
	views := make([]jobView, len(page.Jobs))
	for i, j := range page.Jobs {
		views[i] = viewOf(j)
	}
	return &listJobsOutput{jobPage{Result: views, NextCursor: closeCursor(in.filter(), page.Next)}}, nil
}
