package api

import (
	"errors"
	"net/http"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// problemMedia is the media type of every error answer (RFC 9457).
const problemMedia = "application/problem+json"

// Problem is the body of every error answer (RFC 9457). It never repeats a
// value that the caller sent. The members from kind on are there when a job or
// a CRM is at fault.
type Problem struct {
	Type      string         `json:"type" doc:"What kind of problem this is: a stable path, which also serves its description" example:"/problems/validation"`
	Title     string         `json:"title" doc:"The kind of problem in words; the same for every occurrence"`
	Status    int            `json:"status" doc:"The HTTP status, once more"`
	Detail    string         `json:"detail,omitempty" doc:"What happened this time"`
	Instance  string         `json:"instance,omitempty" doc:"Names this occurrence" example:"/requests/JBSWY3DPEHPK3PXP"`
	RequestID string         `json:"request_id,omitempty" doc:"The X-Request-Id of this request"`
	Errors    []FieldProblem `json:"errors,omitempty" doc:"Everything that is wrong with the request, each with its place"`

	Kind         fault.Kind `json:"kind,omitempty" doc:"Why the job or the check failed"`
	Code         string     `json:"code,omitempty" doc:"The CRM's own code, verbatim"`
	Retryable    *bool      `json:"retryable,omitempty" doc:"Whether the same contact may be sent again later without the risk of writing it twice"`
	RemoteStatus int        `json:"remote_status,omitempty" doc:"The HTTP status that the CRM answered"`
	RemoteID     string     `json:"remote_id,omitempty" doc:"The existing record that a duplicate clashes with"`
	Fields       []string   `json:"fields,omitempty" doc:"Unified fields that the CRM blamed"`
	Candidates   []string   `json:"candidates,omitempty" doc:"Records that may be this contact, where the outcome is unknown"`
	JobID        string     `json:"job_id,omitempty" doc:"The job that failed"`

	header http.Header
	cause  error // for the log alone
}

// FieldProblem is one fault of a request.
type FieldProblem struct {
	Pointer string `json:"pointer" doc:"A JSON Pointer into the body, or query.<name>, header.<name>, path.<name>" example:"/email_addresses/0/email"`
	Code    string `json:"code" doc:"The fault, for programs" example:"required"`
	Message string `json:"message" doc:"The fault, for people; fits a sentence after the field's name"`
	Line    int    `json:"line,omitempty" doc:"The line of the file, from 1, where a file is at fault"`
}

// Error gives the problem without any value of the request.
func (p *Problem) Error() string { return p.Title }

// GetStatus is the HTTP status of the answer.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders are the headers of the answer.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType makes the answer's media type that of a problem.
func (p *Problem) ContentType(string) string { return problemMedia }

// with sets a header of the answer.
func (p *Problem) with(name, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(name, value)
	return p
}

// because keeps the cause for the log.
func (p *Problem) because(err error) *Problem {
	p.cause = err
	return p
}

// complete adds what only the request knows, and tells it the cause.
func (p *Problem) complete(x *exchange) {
	p.RequestID, p.Instance = x.id, "/requests/"+x.id
	if p.cause != nil {
		x.cause = p.cause
	}
}

// problem makes a problem of one of the problemTypes.
func problem(name, detail string, faults ...FieldProblem) *Problem {
	t := typeNamed(name)
	return &Problem{Type: problemPath + t.Name, Title: t.Title, Status: t.Status, Detail: detail, Errors: faults}
}

// invalidRequest is the problem of well-formed requests that cannot be accepted.
func invalidRequest(faults ...FieldProblem) *Problem {
	return problem(problemValidation, "The request was understood, but cannot be accepted; see errors.", faults...)
}

// badDocument is the problem of a body that its decoder or validator refused.
func badDocument(invalid *contact.Invalid) *Problem {
	faults := make([]FieldProblem, len(invalid.Problems))
	for i, p := range invalid.Problems {
		faults[i] = FieldProblem{Pointer: p.Pointer, Code: p.Code, Message: p.Message}
	}
	if invalid.Status == http.StatusBadRequest {
		return problem(problemMalformed, "The body could not be read; see errors.", faults...)
	}
	return invalidRequest(faults...)
}

// asProblem gives err as a problem; anything unforeseen is a fault of ours.
func asProblem(err error) *Problem {
	var known *Problem
	if errors.As(err, &known) {
		return known
	}
	return problem(problemInternal, "Something went wrong on our side. The request id helps to find out what.").because(err)
}
