package api

import (
	"net/http"
	"strings"

	"crmferry/internal/fault"
)

// problemPath is where the descriptions of the problem types are.
const problemPath = "/problems/"

// The names of the problem types; those of failed jobs are made by jobProblem.
const (
	problemMalformed   = "malformed"
	problemValidation  = "validation"
	problemKeyReused   = "idempotency-key-reused"
	problemToken       = "unauthorized"
	problemScope       = "forbidden"
	problemNotFound    = "not-found"
	problemMethod      = "method-not-allowed"
	problemTimeout     = "request-timeout"
	problemConflict    = "conflict"
	problemRisk        = "duplicate-risk"
	problemGone        = "gone"
	problemTooLarge    = "too-large"
	problemMediaType   = "unsupported-media-type"
	problemFile        = "unreadable-file"
	problemCheck       = "check-failed"
	problemInternal    = "internal"
	problemUnavailable = "unavailable"
	problemBacklog     = "too-many-waiting"
)

// problemType is one kind of problem, the same for every occurrence.
type problemType struct {
	Name    string
	Title   string
	Status  int
	Meaning string
}

// Path is the problem's type as answers name it.
func (t problemType) Path() string { return problemPath + t.Name }

// typeNamed gives a problem type; an unknown name is an internal fault.
func typeNamed(name string) problemType {
	for _, t := range problemTypes() {
		if t.Name == name {
			return t
		}
	}
	return typeNamed(problemInternal)
}

// jobProblem is the name of the problem of a job that failed with a kind.
func jobProblem(kind fault.Kind) string {
	return "job-" + strings.ReplaceAll(string(kind), "_", "-")
}

// problemTypes lists every type, in the order in which documents show them.
func problemTypes() []problemType {
	own := []problemType{
		{problemMalformed, "The request could not be read", http.StatusBadRequest,
			"The body is no JSON object, is empty, is not UTF-8, repeats a key, is nested too deeply, or broke off; or the query or a header is malformed."},
		{problemValidation, "The request cannot be accepted", http.StatusUnprocessableEntity,
			"The request is well formed, but some of its content is not acceptable. errors names each fault and its place. Nothing was stored."},
		{problemKeyReused, "The idempotency key came with another request before", http.StatusUnprocessableEntity,
			"The first request with this Idempotency-Key for this account had another contact or other options. Use a new key for a new contact."},
		{problemToken, "A valid token is needed", http.StatusUnauthorized,
			"Send Authorization: Bearer <token> with a token of this service."},
		{problemScope, "The token does not allow this", http.StatusForbidden,
			"The token is valid, but lacks the scope that this call needs."},
		{problemNotFound, "Not found", http.StatusNotFound,
			"There is no such route, job, account or CRM, or it is not yours."},
		{problemMethod, "The method is not allowed here", http.StatusMethodNotAllowed,
			"The Allow header lists the methods that are."},
		{problemTimeout, "The request took too long to arrive", http.StatusRequestTimeout,
			"The body was not sent in time. Nothing was stored."},
		{problemConflict, "The state does not allow this", http.StatusConflict,
			"What was asked for does not fit the state that the job or account is in."},
		{problemRisk, "This may write the contact twice", http.StatusConflict,
			"The CRM holds the contact already, or may hold it. Send accept_duplicate_risk=true to go ahead."},
		{problemGone, "Past retention", http.StatusGone,
			"The job is known, but its contact is not kept any more."},
		{problemTooLarge, "The body is too large", http.StatusRequestEntityTooLarge,
			"A contact has at most 256 KiB, a file 4 GiB, unpacked as well."},
		{problemMediaType, "The content type is not supported", http.StatusUnsupportedMediaType,
			"Send application/json in UTF-8, without a content encoding. What a file may be is said where files are taken."},
		{problemFile, "The file cannot be read", http.StatusUnprocessableEntity,
			"Something in the file leaves no way to tell its contacts apart. errors says what, and in which line. Nothing was stored."},
		{problemCheck, "The CRM refused the account's credentials", http.StatusBadGateway,
			"The check of an integrated account failed; kind says how. The status is the one of a job that failed with this kind."},
		{problemInternal, "Internal error", http.StatusInternalServerError,
			"A fault of ours. The request can be repeated, with an Idempotency-Key safely."},
		{problemBacklog, "Too many contacts are waiting", http.StatusTooManyRequests,
			"Contacts come in faster than the CRM takes them, and the account or the tenant has as many waiting as it may. Nothing was stored. Retry-After says when there is room again."},
		{problemUnavailable, "Temporarily unavailable", http.StatusServiceUnavailable,
			"A part of the service cannot be reached now, or there is no room for more work. Retry-After says when to try again."},
	}
	return append(own, jobProblemTypes()...)
}

// jobProblemTypes are the problems of failed jobs, one for each kind.
func jobProblemTypes() []problemType {
	job := func(kind fault.Kind, status int, title, meaning string) problemType {
		return problemType{jobProblem(kind), title, status, meaning}
	}
	return []problemType{
		job(fault.Invalid, http.StatusUnprocessableEntity, "The CRM refused the contact",
			"The CRM found the contact invalid; fields names what it blamed."),
		job(fault.Duplicate, http.StatusConflict, "The CRM holds the contact already",
			"remote_id names the existing record where the CRM told it. on_duplicate says what to do instead of failing."),
		job(fault.Unauthorized, http.StatusBadGateway, "The CRM refused the account's credentials",
			"The integrated account has to be connected anew."),
		job(fault.Forbidden, http.StatusBadGateway, "The account's credentials do not allow this",
			"The credentials are valid, but lack a permission in the CRM."),
		job(fault.NotFound, http.StatusBadGateway, "Something that the contact names does not exist",
			"The CRM does not know a record, list or field that the request names."),
		job(fault.RateLimited, http.StatusServiceUnavailable, "The CRM's limits were reached",
			"The CRM asked to wait for longer than the job may last."),
		job(fault.Unavailable, http.StatusServiceUnavailable, "The CRM could not be reached",
			"Nothing was stored in the CRM."),
		job(fault.OutcomeUnknown, http.StatusGatewayTimeout, "The outcome is unknown",
			"The contact was sent, and it could not be found out whether the CRM stored it. candidates names records that may be it."),
		job(fault.BadResponse, http.StatusBadGateway, "The CRM's answer could not be read",
			"The CRM answered in a way that it does not document."),
		job(fault.Cancelled, http.StatusConflict, "The job was cancelled",
			"The caller withdrew the job before it was carried across."),
		job(fault.Expired, http.StatusGatewayTimeout, "The job's time ran out",
			"The CRM could not be reached before expires_in was over."),
		job(fault.Internal, http.StatusInternalServerError, "The job failed through a fault of ours",
			"The job can be retried."),
	}
}
