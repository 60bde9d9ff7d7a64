// Package fault is the closed list of ways in which work for a CRM can fail,
// and the one error type that carries them. Programs act upon the kind, never
// on the text.
package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what went wrong, in words that are stored and shown.
type Kind string

// The kinds. Each says what we know about the far side.
const (
	// Invalid: the CRM, or our own check for it, refused the contact.
	Invalid Kind = "invalid"
	// Duplicate: the CRM holds the contact already; RemoteID names it where known.
	Duplicate Kind = "duplicate"
	// Unauthorized: the credentials were refused; nothing was stored.
	Unauthorized Kind = "unauthorized"
	// Forbidden: the credentials do not allow this; nothing was stored.
	Forbidden Kind = "forbidden"
	// NotFound: something that the request names does not exist.
	NotFound Kind = "not_found"
	// RateLimited: the CRM asked us to wait; nothing was stored.
	RateLimited Kind = "rate_limited"
	// Unavailable: the CRM could not be reached or declined to work; nothing was stored.
	Unavailable Kind = "unavailable"
	// OutcomeUnknown: the request left us, and we do not know whether it was stored.
	OutcomeUnknown Kind = "outcome_unknown"
	// BadResponse: the CRM answered in a way that we cannot read.
	BadResponse Kind = "bad_response"
	// Cancelled: the caller withdrew the job.
	Cancelled Kind = "cancelled"
	// Expired: the job's time ran out before it was done.
	Expired Kind = "expired"
	// Internal: a fault of ours.
	Internal Kind = "internal"
)

// Kinds lists every kind, in the order in which documents show them.
func Kinds() []Kind {
	return []Kind{
		Invalid, Duplicate, Unauthorized, Forbidden, NotFound, RateLimited, Unavailable,
		OutcomeUnknown, BadResponse, Cancelled, Expired, Internal,
	}
}

// Retryable says whether the same contact may be sent again later with a
// chance of success and without the risk of writing it twice.
func (k Kind) Retryable() bool {
	switch k {
	case RateLimited, Unavailable, Unauthorized, Expired, Internal, Cancelled:
		return true
	default:
		return false
	}
}

// Error is one failure, wrapped once where our code meets the CRM's.
type Error struct {
	Kind     Kind     `json:"kind"`
	Code     string   `json:"code,omitempty"`    // the vendor's own code, verbatim
	Message  string   `json:"message,omitempty"` // masked and capped
	Fields   []string `json:"fields,omitempty"`  // unified field paths that the vendor blamed
	Status   int      `json:"remote_status,omitempty"`
	RemoteID string   `json:"remote_id,omitempty"` // of the existing record, for Duplicate
	// Candidates are records that may be ours, where an outcome stays unknown.
	Candidates []string `json:"candidates,omitempty"`
	// MaybeApplied: a refusal that is known to have stored the record at times;
	// it is looked up before it is believed.
	MaybeApplied bool `json:"maybe_applied,omitempty"`
	// Final: no further attempt can help.
	Final bool `json:"-"`
	// RetryAfter is the shortest wait that the CRM asked for; 0 when it named none.
	RetryAfter time.Duration `json:"-"`
	// Paced: our own pace held the call back, and nothing was sent. Code says
	// what it waits for: pace, quota or vendor_down.
	Paced bool `json:"-"`
	// Op is the step that failed: prepare, create, follow, read, find, probe, update.
	Op  string `json:"op,omitempty"`
	CRM string `json:"-"`
	Err error  `json:"-"`
}

// New makes an error of ours that no CRM had a part in.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

func (e *Error) Error() string {
	parts := []string{string(e.Kind)}
	if e.CRM != "" {
		parts = append([]string{e.CRM}, parts...)
	}
	if e.Op != "" {
		parts = append(parts, e.Op)
	}
	if e.Status != 0 {
		parts = append(parts, fmt.Sprintf("HTTP %d", e.Status))
	}
	if e.Code != "" {
		parts = append(parts, e.Code)
	}
	if e.Message != "" {
		parts = append(parts, e.Message)
	}
	return strings.Join(parts, ": ")
}

func (e *Error) Unwrap() error { return e.Err }

// NotApplied says whether it is certain that nothing was stored and that the
// same request may be sent again.
func (e *Error) NotApplied() bool {
	switch e.Kind {
	case RateLimited, Unavailable, Unauthorized:
		return true
	default:
		return false
	}
}

// From gives err as an *Error. A context's end and anything unforeseen become
// errors of ours; nil stays nil.
func From(err error) *Error {
	var known *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &Error{Kind: Unavailable, Code: "interrupted", Message: "the work was interrupted", Err: err}
	default:
		return &Error{Kind: Internal, Code: "internal", Message: "an internal fault", Err: err}
	}
}

// KindOf is the kind of err; Internal for an error that is none of ours.
func KindOf(err error) Kind {
	if f := From(err); f != nil {
		return f.Kind
	}
	return ""
}
