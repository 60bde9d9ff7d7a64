package api

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"crmferry/internal/account"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/imports"
	"crmferry/internal/job"
)

// translate gives the problem for the errors of the packages below; other
// errors stay as they are.
func translate(err error) error {
	var invalid *contact.Invalid
	var failed *fault.Error
	var refusal *job.Refusal
	switch {
	case errors.As(err, &invalid):
		return badDocument(invalid)
	case errors.Is(err, job.ErrNotFound):
		return problem(problemNotFound, "There is no such job, or it is past retention.")
	case errors.Is(err, imports.ErrNotFound):
		return problem(problemNotFound, "There is no such import, or it is past retention.")
	case errors.Is(err, imports.ErrState):
		return problem(problemConflict, "The import's state does not allow it.")
	case errors.Is(err, imports.ErrNotOver):
		return problem(problemConflict, "The import is not over yet.")
	case errors.Is(err, imports.ErrStale):
		return problem(problemConflict, "The import was cancelled or given up meanwhile.").because(err)
	case errors.Is(err, job.ErrGone):
		return problem(problemGone, "The job's contact is not kept any more.")
	case errors.As(err, &refusal) && errors.Is(err, job.ErrBacklog):
		return problem(problemBacklog, "The account has as many contacts waiting for its CRM's pace as it may.").
			with("Retry-After", seconds(refusal.RetryAfter)).because(err)
	case errors.Is(err, job.ErrTerminal):
		return problem(problemConflict, "The job is over.")
	case errors.Is(err, job.ErrNotTerminal):
		return problem(problemConflict, "The job is not over yet.")
	case errors.Is(err, job.ErrRisk):
		return problem(problemRisk, "The CRM may hold the contact; accept_duplicate_risk=true retries all the same.")
	case errors.Is(err, job.ErrKeyReused):
		return problem(problemKeyReused, "The Idempotency-Key belongs to a request with another contact or other options.",
			FieldProblem{Pointer: "header." + idempotencyHeader, Code: "reused", Message: "came with another request before"})
	case errors.Is(err, job.ErrStale):
		return problem(problemConflict, "The job changed meanwhile; try again.").with("Retry-After", "1").because(err)
	case errors.Is(err, job.ErrFull):
		return noRoom(err)
	case errors.Is(err, account.ErrNotFound):
		return problem(problemNotFound, "There is no such integrated account.")
	case errors.Is(err, account.ErrExists):
		return problem(problemConflict, "The id is taken.", FieldProblem{Pointer: "/id", Code: "taken", Message: "is taken"})
	case errors.Is(err, account.ErrChanged):
		return problem(problemConflict, "The account changed meanwhile; try again.").with("Retry-After", "1").because(err)
	case errors.Is(err, account.ErrIdentityChanged):
		return problem(problemConflict, "The credentials belong to another remote account than before.")
	case errors.As(err, &failed):
		return checkFailed(failed)
	default:
		return translateWebhook(err)
	}
}

// roomAfter is when to try again where nobody knows when there will be room.
const roomAfter = 10 * time.Second

// noRoom is the problem of work that would fill the store up.
func noRoom(err error) *Problem {
	wait := roomAfter
	var full *job.Full
	if errors.As(err, &full) {
		wait = full.RetryAfter
	}
	return problem(problemUnavailable, "There is no room for more work at present; what was accepted goes on. Nothing was stored.").
		with("Retry-After", seconds(wait)).because(err)
}

// checkFailed is the problem of credentials that a CRM did not take.
func checkFailed(f *fault.Error) *Problem {
	p := problem(problemCheck, f.Message).because(f)
	p.Status = typeNamed(jobProblem(f.Kind)).Status
	return blame(p, f)
}

// blame adds what is known of a failure.
func blame(p *Problem, f *fault.Error) *Problem {
	retryable := f.Kind.Retryable()
	p.Kind, p.Code, p.Retryable = f.Kind, f.Code, &retryable
	p.RemoteStatus, p.RemoteID, p.Fields, p.Candidates = f.Status, f.RemoteID, f.Fields, f.Candidates
	return p
}

// fromHuma makes a problem of one of huma's own, leaving out what it repeats
// of the request.
func fromHuma(m *huma.ErrorModel) *Problem {
	faults := make([]FieldProblem, 0, len(m.Errors))
	for _, detail := range m.Errors {
		if detail != nil {
			faults = append(faults, faultOf(detail))
		}
	}
	switch m.Status {
	case http.StatusBadRequest:
		return problem(problemMalformed, "The request could not be read; see errors.", faults...)
	case http.StatusUnprocessableEntity:
		return invalidRequest(faults...)
	default:
		return problem(problemInternal, "").because(errors.New("huma: " + m.Detail))
	}
}

// faultOf translates one of huma's messages, which are about types and ranges.
func faultOf(d *huma.ErrorDetail) FieldProblem {
	f := FieldProblem{Pointer: pointerOf(d.Location), Code: codeInvalid, Message: "is invalid: " + d.Message}
	switch message := d.Message; {
	case message == "unexpected property", message == "unknown query parameter":
		f.Code, f.Message = contact.CodeUnknownField, "is not known here"
	case strings.HasPrefix(message, "expected required property "):
		name, _, _ := strings.Cut(strings.TrimPrefix(message, "expected required property "), " ")
		f.Pointer, f.Code, f.Message = f.Pointer+"/"+name, codeRequired, "is required"
	case strings.HasPrefix(message, "required "):
		f.Code, f.Message = codeRequired, "is required"
	case strings.Contains(message, "boolean"):
		f.Code, f.Message = contact.CodeWrongType, "must be true or false"
	case strings.Contains(message, "integer"):
		f.Code, f.Message = contact.CodeWrongType, "must be a whole number"
	case strings.Contains(message, "uuid"):
		f.Code, f.Message = contact.CodeInvalidID, "must be a UUID"
	case strings.HasPrefix(message, "invalid date/time"):
		f.Code, f.Message = contact.CodeInvalidDateTime, "must be an RFC 3339 date-time"
	case strings.HasPrefix(message, "expected value to be one of "):
		list := strings.Trim(strings.TrimPrefix(message, "expected value to be one of "), `"`)
		f.Message = "must be one of " + list
	case d.Location == "body" && !strings.HasPrefix(message, "expected "):
		f.Code, f.Message = contact.CodeInvalidJSON, "is not valid JSON"
	case strings.HasPrefix(message, "expected number "):
		f.Code, f.Message = codeOutOfRange, "must be a "+strings.TrimPrefix(message, "expected ")
	case strings.HasPrefix(message, "expected "):
		f.Code, f.Message = contact.CodeWrongType, "must be "+strings.TrimPrefix(message, "expected ")
	}
	return f
}

// pointerOf turns body.limits.windows[0].requests into a JSON Pointer; places
// in the query, headers and path stay as they are. A name that may be a
// misplaced value is not repeated.
func pointerOf(location string) string {
	rest, inBody := strings.CutPrefix(location, "body")
	if !inBody {
		place, name, _ := strings.Cut(location, ".")
		if !harmless(name) {
			return place
		}
		return location
	}
	var b strings.Builder
	for _, step := range strings.FieldsFunc(rest, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		if !harmless(step) {
			break
		}
		b.WriteString("/" + step)
	}
	return b.String()
}

// harmless reports names that look like ones: short, of letters and a few
// marks, or the index of an entry.
func harmless(name string) bool {
	const longest = 40
	index := strings.Trim(name, "0123456789") == ""
	return len(name) <= longest && (index || strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("_-[]", r)
	}) < 0)
}
