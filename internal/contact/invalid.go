package contact

import (
	"fmt"
	"net/http"
	"strings"
)

// The codes of a Problem. The first group makes a document malformed (400),
// the others make a well-formed one unusable (422).
const (
	CodeInvalidJSON  = "invalid_json"
	CodeNotAnObject  = "not_an_object"
	CodeTrailingData = "trailing_data"
	CodeInvalidUTF8  = "invalid_utf8"
	CodeDuplicateKey = "duplicate_key"
	CodeTooDeep      = "too_deep"

	CodeUnknownField     = "unknown_field"
	CodeWrongType        = "wrong_type"
	CodeRequired         = "required"
	CodeConflict         = "conflict"
	CodeTooLong          = "too_long"
	CodeTooMany          = "too_many"
	CodeControlCharacter = "control_character"
	CodeInvalidEmail     = "invalid_email"
	CodeInvalidPhone     = "invalid_phone"
	CodeInvalidURL       = "invalid_url"
	CodeInvalidDateTime  = "invalid_date_time"
	CodeInvalidID        = "invalid_id"
)

// CodeIgnored is the code of the Warning about a field that only a CRM's
// answer holds.
const CodeIgnored = "ignored"

// maxProblems bounds how much of a hopeless document is reported.
const maxProblems = 50

// Problem is one fault of a document. Pointer is an RFC 6901 JSON Pointer into
// the document as it was sent; for something missing it names where that
// belongs. Message fits a sentence after the field's name and never holds the
// offending value.
type Problem struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Invalid is the error of a document that cannot be accepted: Status 400 with
// one problem if it is malformed, 422 with all its problems (at most 50, in
// the order of the document) if its content is at fault.
type Invalid struct {
	Status   int
	Problems []Problem
}

// Error names the first problem, without any value of the document.
func (e *Invalid) Error() string {
	if len(e.Problems) == 0 {
		return "contact: invalid document"
	}
	first := e.Problems[0]
	text := "contact: invalid document: " + first.Code
	if first.Pointer != "" {
		text += " at " + first.Pointer
	}
	if more := len(e.Problems) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func malformed(p *Problem) *Invalid {
	return &Invalid{Status: http.StatusBadRequest, Problems: []Problem{*p}}
}

// maxPointerKey is the longest key that a pointer repeats; a longer one is
// noise, and its problem points at the object that holds it.
const maxPointerKey = 128

// within places the problem inside the member key of an object.
func (p *Problem) within(key string) *Problem {
	if len(key) > maxPointerKey {
		p.Pointer = ""
		return p
	}
	p.Pointer = "/" + escapePointer(key) + p.Pointer
	return p
}

func escapePointer(key string) string {
	if !strings.ContainsAny(key, "~/") {
		return key
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}
