package nutshell

import (
	"crmferry/internal/connector"
	"crmferry/internal/shape"
)

// refusal is one entry of an error body; most of its members are null.
type refusal struct {
	Code   any    `json:"code"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Field  string `json:"field"`
}

type failure struct {
	Contacts []person  `json:"contacts"`
	Errors   []refusal `json:"errors"`
}

// parse reads a refusal. Others than those of validation come as HTML, as a
// JSON string or as an object of another form.
func parse(r connector.Reply) connector.VendorError {
	f, err := connector.DecodeJSON[failure](r)
	if err != nil || len(f.Errors) == 0 {
		return connector.LenientError(r)
	}
	return *f.vendorError()
}

func (f failure) vendorError() *connector.VendorError {
	var ve connector.VendorError
	var texts []string
	for _, e := range f.Errors {
		ve.Code, ve.Fields = shape.Text(e.Code), append(ve.Fields, e.Field)
		texts = append(texts, shape.Join(": ", e.Title, e.Detail))
	}
	ve.Message = shape.Join("; ", texts...)
	return &ve
}

// open reads the contacts of an answer. A refusal within a success that names
// a contact may have stored it.
func open(r connector.Reply) ([]person, error) {
	f, err := connector.DecodeJSON[failure](r)
	if err != nil || len(f.Errors) == 0 {
		return f.Contacts, err
	}
	ve := f.vendorError()
	ve.MaybeApplied = len(f.Contacts) > 0
	return nil, ve
}

// refused looks for a refusal in the answer to a patch, which may be empty.
func refused(r connector.Reply) error {
	if f, err := connector.DecodeJSON[failure](r); err == nil && len(f.Errors) > 0 {
		return f.vendorError()
	}
	return nil
}
