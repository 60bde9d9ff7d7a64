package account

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

// CreateRequest is what a caller sends to connect an account.
type CreateRequest struct {
	// ID is a UUID of the caller's own; "" lets us choose.
	ID          string `json:"id,omitempty"`
	CRM         string `json:"crm"`
	Name        string `json:"name,omitempty"`         // up to 200 characters
	ExternalRef string `json:"external_ref,omitempty"` // up to 200 characters
	// Auth is an object of the scheme and its parameters. All are strings, but
	// expires_at, which is an RFC 3339 time or seconds or milliseconds since 1970.
	Auth Opaque `json:"auth"`
	// Settings is an object of strings, numbers and booleans.
	Settings Opaque  `json:"settings,omitempty"`
	Limits   *Limits `json:"limits,omitempty"`
}

// The codes of problems that only accounts have; the others are contact's.
const (
	CodeUnknownCRM     = "unknown_crm"
	CodeUnknownScheme  = "unknown_scheme"
	CodeInvalidFormat  = "invalid_format"
	CodeHostNotAllowed = "host_not_allowed"
	CodeOutOfRange     = "out_of_range"
)

const (
	maxProblems = 50
	maxText     = 200 // characters of name and external_ref
)

// valid is a request that fits its CRM.
type valid struct {
	account    Account // without what only the Service knows
	credential connector.Credential
}

// validate checks a request against its CRM. Its error is a *contact.Invalid
// with all problems, unless the Spec itself is at fault.
func validate(c Catalogue, req CreateRequest) (valid, error) {
	v := validator{}
	out := valid{account: Account{
		ID:          v.id(req.ID),
		CRM:         req.CRM,
		Name:        v.text("/name", req.Name),
		ExternalRef: v.text("/external_ref", req.ExternalRef),
	}}
	if v.spec = v.crm(c, req.CRM); v.spec != nil {
		out.credential = v.auth(req.Auth)
		out.account.Scheme = out.credential.Scheme
		out.account.Settings = v.settings(req.Settings)
	}
	out.account.Limits = v.limits(req.Limits)
	if v.fault != nil {
		return valid{}, v.fault
	}
	if len(v.problems) > 0 {
		return valid{}, &contact.Invalid{Status: http.StatusUnprocessableEntity, Problems: v.problems}
	}
	return out, nil
}

// validator collects the problems of one request.
type validator struct {
	spec     *connector.Spec
	problems []contact.Problem
	fault    error // of the Spec, not of the request
}

func (v *validator) problem(pointer, code, format string, args ...any) {
	if len(v.problems) < maxProblems {
		v.problems = append(v.problems, contact.Problem{
			Pointer: pointer, Code: code, Message: fmt.Sprintf(format, args...),
		})
	}
}

func (v *validator) id(id string) string {
	if id == "" {
		return ""
	}
	canonical, ok := canonicalID(id)
	if !ok {
		v.problem("/id", contact.CodeInvalidID, "must be a UUID in its form of 36 characters")
	}
	return canonical
}

// canonicalID gives a plain UUID in lower case.
func canonicalID(id string) (string, bool) {
	const length = 36 // the other forms that uuid.Parse knows are longer or shorter
	if len(id) != length {
		return "", false
	}
	u, err := uuid.Parse(id)
	if err != nil {
		return "", false
	}
	return u.String(), true
}

func (v *validator) crm(c Catalogue, id string) *connector.Spec {
	if id == "" {
		v.problem("/crm", contact.CodeRequired, "is required")
		return nil
	}
	spec, ok := c.Lookup(id)
	if ok {
		return spec
	}
	slug := strings.NewReplacer(" ", "-", "_", "-").Replace(strings.ToLower(strings.TrimSpace(id)))
	if meant, ok := c.Lookup(slug); ok {
		v.problem("/crm", CodeUnknownCRM, "is no CRM's id; did you mean %s?", meant.ID)
	} else {
		v.problem("/crm", CodeUnknownCRM, "is no CRM's id; GET /crms lists them")
	}
	return nil
}

func (v *validator) text(pointer, s string) string {
	s = strings.TrimSpace(s)
	switch {
	case !utf8.ValidString(s):
		v.problem(pointer, contact.CodeInvalidUTF8, "is not valid UTF-8")
	case utf8.RuneCountInString(s) > maxText:
		v.problem(pointer, contact.CodeTooLong, "is longer than %d characters", maxText)
	case strings.ContainsFunc(s, unicode.IsControl):
		v.problem(pointer, contact.CodeControlCharacter, "holds a control character")
	}
	return s
}

// object reads one of the request's flat objects.
func (v *validator) object(pointer string, o Opaque) ([]member, bool) {
	list, repeated, p := members(o)
	if p != nil {
		v.problem(pointer, p.Code, "%s", p.Message)
		return nil, false
	}
	for _, key := range repeated {
		v.problem(within(pointer, key), contact.CodeDuplicateKey, "appears more than once")
	}
	return list, true
}

// within points at a member of an object, or at the object where the member's
// name must not be repeated.
func within(pointer, key string) string {
	if showable(key) {
		return pointer + "/" + key
	}
	return pointer
}

func (v *validator) unknown(pointer, key, message string) {
	if !showable(key) {
		message = "has a member whose name " + message
	}
	v.problem(within(pointer, key), contact.CodeUnknownField, "%s", message)
}
