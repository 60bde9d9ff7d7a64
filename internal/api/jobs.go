package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"crmferry/internal/contact"
	"crmferry/internal/job"
)

const jobsPath = "/jobs"

// JobPath is the part of a path that names a job.
type JobPath struct {
	ID string `path:"id" maxLength:"128" doc:"The job's id" example:"job_0197f7a2"`
}

type getJobInput struct {
	JobPath
	LongPoll
	IgnoreRemoteData optional[bool] `query:"truto_ignore_remote_data" doc:"false adds the CRM's own body to result as remote_data"`
}

// LongPoll is how whoever asks for a job or an import waits for news of it.
type LongPoll struct {
	Wait        uint64 `query:"wait" doc:"Waits up to this many seconds (at most 60) until it is over, or an import paused; like Prefer: wait=N"`
	Prefer      string `header:"Prefer" doc:"wait=N waits up to N seconds (at most 60) until it is over, or an import paused" example:"wait=30"`
	IfNoneMatch string `header:"If-None-Match" doc:"The ETag of an earlier answer; 304 while nothing changed"`

	prefer preference
}

// Resolve reads the preferences.
func (in *LongPoll) Resolve(ctx huma.Context) []error {
	in.prefer = parsePrefer(humagin.Unwrap(ctx).Request.Header.Values(waitHeader))
	return nil
}

// wait is how long to wait: the query is plainer, so it wins.
func (in *LongPoll) wait() time.Duration {
	if in.Wait > 0 {
		return clampWait(time.Duration(min(in.Wait, uint64(maxWait/time.Second))) * time.Second)
	}
	return in.prefer.wait
}

func (s *server) getJob(ctx context.Context, in *getJobInput) (*huma.StreamResponse, error) {
	j, err := s.await(ctx, in.ID, in.wait())
	if err != nil {
		return nil, err
	}
	withRemote := in.IgnoreRemoteData.Set && !in.IgnoreRemoteData.Value
	body, err := s.jobBody(ctx, j, time.Time{}, withRemote)
	if err != nil {
		return nil, err
	}
	tag := etag(body) // of the state: estimates move all the time
	if j.Place == job.InLine {
		var ends time.Time
		j, ends = s.foreseen(ctx, j)
		if body, err = s.jobBody(ctx, j, ends, withRemote); err != nil {
			return nil, err
		}
	}
	r := newReply(http.StatusOK, body)
	if matches(in.IfNoneMatch, tag) {
		r = newReply(http.StatusNotModified, nil)
	}
	r.set("ETag", tag)
	r.set("Vary", waitHeader)
	r.set(appliedHeader, in.prefer.applied())
	if !j.Status.Terminal() {
		r.set("Retry-After", seconds(delay(j, s.now())))
	}
	return r.output(), nil
}

// await gives the job, after waiting for its end where that is asked for.
func (s *server) await(ctx context.Context, id string, wait time.Duration) (job.Job, error) {
	tenant := principalOf(ctx).Tenant
	if wait <= 0 {
		return s.Jobs.Store.Get(ctx, tenant, id)
	}
	ctx, cancel := s.patient(ctx, wait)
	defer cancel()
	return s.Jobs.Wait(ctx, tenant, id)
}

// etag is a weak tag over what the caller is shown.
func etag(body []byte) string {
	sum := sha256.Sum256(body)
	return `W/"` + hex.EncodeToString(sum[:12]) + `"`
}

// matches compares weakly (RFC 9110 section 13.1.2).
func matches(ifNoneMatch, tag string) bool {
	for candidate := range strings.SplitSeq(ifNoneMatch, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

type resultInput struct {
	JobPath
	Format           contact.Format `query:"truto_response_format" enum:"unified,raw,normalized,stream" doc:"Default: what the create asked for"`
	IgnoreRemoteData optional[bool] `query:"truto_ignore_remote_data" doc:"Default: what the create asked for"`
	ExcludeFields    []string       `query:"truto_exclude_fields[],explode" doc:"Default: what the create asked for; also as truto_exclude_fields"`

	exclude []string
	given   bool
}

// Resolve reads the excluded fields in all their spellings.
func (in *resultInput) Resolve(ctx huma.Context) []error {
	for name, values := range humagin.Unwrap(ctx).Request.URL.Query() {
		if isExclude(name) {
			in.given, in.exclude = true, append(in.exclude, splitList(values)...)
		}
	}
	return nil
}

// show is what the create asked for, as far as nothing else is asked for now.
func (in *resultInput) show(asked job.Show) job.Show {
	if in.Format != "" {
		asked.Format = in.Format
	}
	if in.IgnoreRemoteData.Set {
		asked.IgnoreRemoteData = in.IgnoreRemoteData.Value
	}
	if in.given {
		asked.ExcludeFields = in.exclude
	}
	return asked
}

func (s *server) getResult(ctx context.Context, in *resultInput) (*huma.StreamResponse, error) {
	j, err := s.Jobs.Store.Get(ctx, principalOf(ctx).Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	r, err := s.outcome(ctx, j, in.show(j.Show), false)
	if err != nil {
		return nil, err
	}
	return r.output(), nil
}

type cancelInput struct{ JobPath }

func (s *server) cancelJob(ctx context.Context, in *cancelInput) (*huma.StreamResponse, error) {
	j, ended, err := s.Jobs.Cancel(ctx, principalOf(ctx).Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	if !ended && !j.Status.Terminal() {
		r, err := s.pending(ctx, j)
		if err != nil {
			return nil, err
		}
		return r.output(), nil
	}
	body, err := s.jobBody(ctx, j, time.Time{}, false)
	if err != nil {
		return nil, err
	}
	return newReply(http.StatusOK, body).output(), nil
}

type retryInput struct {
	JobPath
	AcceptRisk bool `query:"accept_duplicate_risk" doc:"Retries also where the CRM holds the contact, or may hold it"`
}

func (s *server) retryJob(ctx context.Context, in *retryInput) (*huma.StreamResponse, error) {
	principal := principalOf(ctx)
	old, err := s.Jobs.Store.Get(ctx, principal.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	if p := riskOf(old); p != nil && !in.AcceptRisk {
		return nil, p
	}
	now := s.now()
	j, err := s.Jobs.Retry(ctx, principal.Tenant, in.ID, in.AcceptRisk, job.Base{
		CreatedAt: now, ExpiresAt: now.Add(lifetimeOf(old)), CreatedBy: principal.Name, Key: s.NewKey(),
	})
	if err != nil {
		return nil, err
	}
	r, err := s.pending(ctx, j)
	if err != nil {
		return nil, err
	}
	return r.output(), nil
}

// riskOf says why another try at a job may write its contact twice; nil where
// it cannot, or where the job's own rules decide.
func riskOf(j job.Job) *Problem {
	switch {
	case j.Status == job.Succeeded:
		return problem(problemRisk, "The job succeeded: a retry writes the contact again. accept_duplicate_risk=true retries all the same.")
	case j.Status.Terminal() && j.RetriedAs != "":
		return problem(problemRisk, "The job was retried already. accept_duplicate_risk=true retries all the same.")
	default:
		return nil
	}
}

// lifetimeOf is how long a job was given.
func lifetimeOf(j job.Job) time.Duration {
	if d := j.ExpiresAt.Sub(j.CreatedAt); d >= minLifetime && d <= maxLifetime {
		return d
	}
	return defaultLifetime
}

type deleteJobInput struct{ JobPath }

func (s *server) deleteJob(ctx context.Context, in *deleteJobInput) (*struct{}, error) {
	return nil, s.Jobs.Store.Delete(ctx, principalOf(ctx).Tenant, in.ID)
}
