package outreach

import (
	"cmp"
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// failure is one entry of a refusal.
type failure struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Detail  string `json:"detail"`
	Details string `json:"details"` // the vendor's other spelling
	Source  struct {
		Pointer string `json:"pointer"`
	} `json:"source"`
}

func parse(r connector.Reply) connector.VendorError {
	body, err := connector.DecodeJSON[struct {
		Errors []failure `json:"errors"`
	}](r)
	if err != nil || len(body.Errors) == 0 {
		return connector.LenientError(r)
	}
	ve := connector.VendorError{Code: body.Errors[0].ID}
	if r.Status == 422 && !slices.ContainsFunc(body.Errors, failure.other) {
		ve.Kind = fault.Duplicate
	}
	for _, f := range body.Errors {
		ve.Message = shape.Join("; ", ve.Message, f.text())
		ve.Fields = append(ve.Fields, f.names()...)
	}
	return ve
}

func (f failure) text() string { return cmp.Or(f.Detail, f.Details, f.Title) }

// other tells all faults from an e-mail that is taken, which has no code of
// its own: "Contacts email hash has already been taken." Excluded addresses,
// say, have the same one.
func (f failure) other() bool {
	text := strings.ToLower(strings.ReplaceAll(f.text(), "_", " "))
	return !strings.Contains(text, "email hash") || !strings.Contains(text, "already")
}

// names lists what a fault is about: "/data/attributes/title", or a word of
// its text where it points to the record as a whole.
func (f failure) names() []string {
	path := strings.Split(f.Source.Pointer, "/")
	switch {
	case len(path) > 3:
		return path[3:4]
	case f.Source.Pointer == "/data":
		return shape.Words(f.text())
	default:
		return nil
	}
}
