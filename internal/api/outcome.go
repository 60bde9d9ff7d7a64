package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/job"
)

// outcome is what a caller who waits is answered: the contact, the failure as
// a problem, or the job if it is not over. fresh: a contact that the job
// created is answered as created.
func (s *server) outcome(ctx context.Context, j job.Job, show job.Show, fresh bool) (*reply, error) {
	switch j.Status {
	case job.Succeeded:
	case job.Failed, job.Unknown, job.Cancelled:
		return nil, failure(j)
	default:
		return s.pending(ctx, j)
	}
	result, err := s.result(ctx, j)
	if err != nil {
		return nil, err
	}
	r, err := rendered(result, show)
	if err != nil {
		return nil, err
	}
	if fresh && j.Outcome == job.Created {
		r.status = http.StatusCreated
	}
	r.set(jobIDHeader, j.ID)
	return r, nil
}

// result gives what a succeeded job wrote.
func (s *server) result(ctx context.Context, j job.Job) (job.Result, error) {
	result, err := s.Jobs.Store.Result(ctx, j.Tenant, j.ID)
	if errors.Is(err, job.ErrNotFound) {
		return job.Result{}, job.ErrGone // the job is known, as we were just told
	}
	return result, err
}

// rendered is a contact in the form that the caller asks for.
func rendered(result job.Result, show job.Show) (*reply, error) {
	if show.Format == contact.Raw || show.Format == contact.Stream {
		return vendorBody(result, show.Format == contact.Stream), nil
	}
	var remote json.RawMessage
	if !show.IgnoreRemoteData {
		remote = result.Raw
	}
	format := show.Format
	if format == "" {
		format = contact.Unified
	}
	body, err := contact.Render(result.Contact, format, remote, show.ExcludeFields)
	if err != nil {
		return nil, err
	}
	return newReply(http.StatusOK, body), nil
}

// vendorBody is the CRM's answer as it came. Browsers must not take it for a
// page of ours.
func vendorBody(result job.Result, stream bool) *reply {
	r := newReply(http.StatusOK, result.Raw)
	r.stream = stream
	media := result.ContentType
	if media == "" {
		media = "application/octet-stream"
		if json.Valid(result.Raw) {
			media = jsonMedia
		}
	}
	r.set("Content-Type", media)
	r.set("Content-Security-Policy", "default-src 'none'; sandbox")
	return r
}

// failure is the problem of a job that ended without a contact.
func failure(j job.Job) *Problem {
	f := j.Error
	if f == nil {
		f = fault.New(fault.Internal, "", "the job ended without saying why")
	}
	p := blame(problem(jobProblem(f.Kind), f.Message), f)
	p.JobID = j.ID
	return p.with(jobIDHeader, j.ID)
}

// pending is the answer that names the job instead of the contact: 202 with
// the job, where to find it, and when to look again.
func (s *server) pending(ctx context.Context, j job.Job) (*reply, error) {
	j, ends := s.foreseen(ctx, j)
	body, err := s.jobBody(ctx, j, ends, false)
	if err != nil {
		return nil, err
	}
	r := newReply(http.StatusAccepted, body)
	r.set("Location", jobsPath+"/"+j.ID)
	r.set(jobIDHeader, j.ID)
	r.set("Retry-After", seconds(delay(j, s.now())))
	return r, nil
}

// jobBody is a job as JSON; one that succeeded with its contact, while that is
// kept. ends is when it will be over, as far as that can be told.
func (s *server) jobBody(ctx context.Context, j job.Job, ends time.Time, withRemote bool) ([]byte, error) {
	v := viewOf(j)
	v.EstimatedFinishAt = utc(ends)
	if j.Status == job.Succeeded {
		result, err := s.result(ctx, j)
		if err != nil && !errors.Is(err, job.ErrGone) {
			return nil, err
		}
		if err == nil {
			show := job.Show{IgnoreRemoteData: !withRemote, ExcludeFields: j.Show.ExcludeFields}
			r, err := rendered(result, show)
			if err != nil {
				return nil, err
			}
			v.Result = r.body
		}
	}
	return json.Marshal(v)
}

// seconds writes a delay as Retry-After does, rounded up.
func seconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}
