package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

const oneJob = jobsPath + "/{id}"

func (s *server) addJobs() {
	s.addJobReads()
	s.addJobActions()
}

// accepted describes an answer that names a job instead of its contact.
func (s *server) accepted(doc string) *huma.Response {
	return answer(doc, schema[jobView](s), jobIDHeader, "Location", "Retry-After")
}

func (s *server) addJobReads() {
	add(s, ScopeJobsRead, huma.Operation{
		OperationID: "list-jobs", Method: http.MethodGet, Path: jobsPath, Tags: []string{tagJobs}, Summary: "List jobs",
		Description: "Newest first; with finished_after in the order of their end. The jobs come without their result.",
		Errors:      []int{401, 403, 422}, RejectUnknownQueryParameters: true,
	}, s.listJobs)
	add(s, ScopeJobsRead, huma.Operation{
		OperationID: "get-job", Method: http.MethodGet, Path: oneJob, Tags: []string{tagJobs}, Summary: "Show a job",
		Description: "Always 200 while the job is known, whatever became of it. Waits for its end if that is asked for.",
		Responses: map[string]*huma.Response{
			"200": answer("The job", schema[jobView](s), "ETag", "Retry-After", appliedHeader),
			"304": answer("The job is as it was under the ETag that was sent", nil, "ETag", "Retry-After"),
		},
		Errors: []int{401, 403, 404},
	}, s.getJob)
	add(s, ScopeJobsRead, huma.Operation{
		OperationID: "get-job-result", Method: http.MethodGet, Path: oneJob + "/result", Tags: []string{tagJobs},
		Summary:     "Get the contact that a job wrote, in any format",
		Description: "A job that failed is answered as the problem that a waiting create would have got.",
		Responses: map[string]*huma.Response{
			"200": orVendorBody(answer("The contact", named(contactSchema), jobIDHeader)),
			"202": s.accepted("The job is not over yet"),
		},
		Errors: []int{401, 403, 404, 409, 410, 502, 503, 504},
	}, s.getResult)
}

func (s *server) addJobActions() {
	add(s, ScopeJobsWrite, huma.Operation{
		OperationID: "cancel-job", Method: http.MethodPost, Path: oneJob + "/cancel", Tags: []string{tagJobs}, Summary: "Cancel a job",
		Responses: map[string]*huma.Response{
			"200": answer("The job is cancelled", schema[jobView](s)),
			"202": s.accepted("A call is out: the job ends when its outcome is known"),
		},
		Errors: []int{401, 403, 404, 409},
	}, s.cancelJob)
	add(s, ScopeJobsWrite, huma.Operation{
		OperationID: "retry-job", Method: http.MethodPost, Path: oneJob + "/retry", Tags: []string{tagJobs},
		Summary: "Make a new job of one that is over", DefaultStatus: http.StatusAccepted,
		Description: "The new job has retry_of. Where the CRM holds the contact already, or may hold it, accept_duplicate_risk=true is needed.",
		Responses:   map[string]*huma.Response{"202": s.accepted("The new job")},
		Errors:      []int{401, 403, 404, 409, 410, 429, 503},
	}, s.retryJob)
	add(s, ScopeJobsWrite, huma.Operation{
		OperationID: "delete-job", Method: http.MethodDelete, Path: oneJob, Tags: []string{tagJobs},
		Summary: "Delete a job that is over, with its contact", DefaultStatus: http.StatusNoContent,
		Errors: []int{401, 403, 404, 409},
	}, s.deleteJob)
}
