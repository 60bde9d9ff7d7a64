package connector

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/transport"
)

// accepted says whether status is one of ok; with none listed, any 2xx.
func accepted(ok []int, status int) bool {
	if len(ok) == 0 {
		return status >= 200 && status < 300
	}
	return slices.Contains(ok, status)
}

func contains(list []int, n int) bool { return slices.Contains(list, n) }

func equalFold(a, b string) bool { return a != "" && strings.EqualFold(a, b) }

// writes says whether an op changes the CRM, so that losing its answer leaves
// an unknown outcome.
func writes(op string) bool { return op == OpCreate || op == OpUpdate || op == OpFollow }

// transportFault is the fault of an exchange that brought no answer.
func (s *Session) transportFault(op string, err error) error {
	f := &fault.Error{CRM: s.spec.ID, Op: op, Err: err}
	var te *transport.Error
	switch {
	case errors.As(err, &te):
		f.Code = string(te.Reason)
		f.Message = "the CRM could not be reached"
		f.Kind = fault.Unavailable
		switch te.Reason {
		case transport.PrivateAddress:
			f.Kind, f.Message = fault.Invalid, "the CRM's address is a private one, which this installation does not allow"
		case transport.InvalidRequest:
			f.Kind, f.Message = fault.Invalid, "the account's settings and credentials give no request that can be sent"
		}
		if te.Sent && writes(op) {
			f.Kind, f.Message = fault.OutcomeUnknown, "the request was sent, but its answer did not arrive"
		} else if te.Sent {
			f.Message = "the CRM's answer did not arrive"
		}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		f.Kind, f.Code, f.Message = fault.Unavailable, "interrupted", "the work was interrupted before the request was sent"
	default:
		f.Kind, f.Code, f.Message = fault.Internal, "transport", "the request could not be made"
	}
	return f
}

// verdictOn is what a failed exchange says about the CRM.
func verdictOn(err error) Verdict {
	var te *transport.Error
	if !errors.As(err, &te) {
		return VerdictNone
	}
	switch te.Reason {
	case transport.InvalidRequest, transport.PrivateAddress, transport.Cancelled, transport.Fenced:
		return VerdictNone
	case transport.TooLarge, transport.BadResponse:
		return VerdictUp
	default:
		return VerdictDown
	}
}

// refusal classifies an answer outside the accepted statuses.
func (s *Session) refusal(op string, r Reply) error {
	parse := s.spec.Errors.Parse
	if parse == nil {
		parse = LenientError
	}
	ve := parse(r)
	if ve.Kind == "" && accepted(nil, r.Status) && writes(op) {
		ve.Kind = fault.OutcomeUnknown // a success of a kind that we do not know
	}
	return s.classify(op, r, ve)
}

// undecoded classifies an answer with an accepted status that is a refusal all
// the same, or that cannot be read.
func (s *Session) undecoded(op string, r Reply, err error) error {
	var ve *VendorError
	if errors.As(err, &ve) {
		return s.refused(op, r, *ve)
	}
	f := &fault.Error{
		Kind: fault.BadResponse, Code: "unreadable_answer", Message: "the CRM's answer could not be read",
		CRM: s.spec.ID, Op: op, Status: r.Status, Err: err,
	}
	if writes(op) {
		f.Kind = fault.OutcomeUnknown
	}
	return f
}

// refused classifies a refusal within an accepted status.
func (s *Session) refused(op string, r Reply, ve VendorError) *fault.Error {
	f := s.classify(op, r, ve)
	if f.Kind == fault.BadResponse && ve.Kind == "" {
		f.Kind = fault.Invalid
	}
	return f
}

func (s *Session) classify(op string, r Reply, ve VendorError) *fault.Error {
	r.Status = cmp.Or(ve.Status, r.Status)
	f := &fault.Error{
		Kind: s.kind(op, r, ve), Code: clip(ve.Code, 100), Message: clip(s.mask(ve.Message), 500),
		Fields: s.unified(ve.Fields), Status: r.Status, RemoteID: ve.RemoteID,
		MaybeApplied: ve.MaybeApplied, RetryAfter: ve.RetryAfter, CRM: s.spec.ID, Op: op,
	}
	if f.RetryAfter == 0 {
		f.RetryAfter = s.spec.Limits.wait(r.Header, f.Kind == fault.RateLimited, answeredAt(r.Header))
	}
	if f.Kind == fault.RateLimited && r.Status != http.StatusTooManyRequests {
		s.permit.Limited(f.RetryAfter)
	}
	return f
}

// kind decides what a refusal means. A call that changes nothing leaves nothing
// unknown.
func (s *Session) kind(op string, r Reply, ve VendorError) fault.Kind {
	kind := s.word(r, ve)
	if kind == fault.OutcomeUnknown && !writes(op) {
		return fault.Unavailable
	}
	return kind
}

// word is what the CRM says: the connector's reading, then the vendor's code,
// then the status.
func (s *Session) word(r Reply, ve VendorError) fault.Kind {
	if ve.Kind != "" {
		return ve.Kind
	}
	for code, kind := range s.spec.Errors.Codes {
		if equalFold(code, ve.Code) {
			return kind
		}
	}
	if kind, ok := s.spec.Errors.Statuses[r.Status]; ok {
		return kind
	}
	if r.Status == 503 && r.Header.Get("Retry-After") != "" {
		return fault.Unavailable
	}
	return kindOfStatus(r.Status)
}

func kindOfStatus(status int) fault.Kind {
	switch {
	case status == 401:
		return fault.Unauthorized
	case status == 403:
		return fault.Forbidden
	case status == 404 || status == 410:
		return fault.NotFound
	case status == 409:
		return fault.Duplicate
	case status == 423 || status == 425:
		return fault.Unavailable
	case status == 429:
		return fault.RateLimited
	case status == 408 || status >= 500:
		return fault.OutcomeUnknown
	case status >= 400:
		return fault.Invalid
	default: // a redirect, or a 2xx that the operation does not know
		return fault.BadResponse
	}
}

// unified turns the vendor's field names into unified paths, each once, in order.
func (s *Session) unified(names []string) []string {
	var paths []string
	for _, name := range names {
		path := name
		if field, ok := s.spec.Errors.Fields[name]; ok {
			path = string(field)
		} else if _, ok := s.call.Input.CustomFields[name]; ok {
			path = string(contact.CustomFields) + "/" + name
		} else {
			continue
		}
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// clip cuts text to at most n runes.
func clip(text string, n int) string {
	runes := []rune(strings.ToValidUTF8(text, "\uFFFD"))
	if len(runes) <= n {
		return string(runes)
	}
	return string(runes[:n-1]) + "…"
}
