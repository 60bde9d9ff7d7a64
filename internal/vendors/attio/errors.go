package attio

import (
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/shape"
)

// failure is the body of a refusal.
type failure struct {
	Code     string `json:"code"`
	Message  string `json:"message"`
	Problems []struct {
		Path    []any  `json:"path"`
		Message string `json:"message"`
	} `json:"validation_errors"`
}

func parse(r connector.Reply) connector.VendorError {
	f, err := connector.DecodeJSON[failure](r)
	if err != nil || f.Message == "" {
		return connector.LenientError(r)
	}
	ve := connector.VendorError{Code: f.Code, Message: f.Message, Fields: blamed(f.Message)}
	for _, p := range f.Problems {
		ve.Message += " " + shape.Text(p.Path) + ": " + p.Message
		if len(p.Path) > 2 { // data, values, the attribute
			ve.Fields = append(ve.Fields, shape.Text(p.Path[2]))
		}
	}
	return ve
}

// blamed lists the attributes that a message names by their slugs, and those
// that it is known to speak of.
func blamed(message string) []string {
	names := []string{
		shape.WordAfter(message, "slug/ID"), shape.WordAfter(message, "for attribute"), shape.WordAfter(message, "Attribute \""),
	}
	for mark, name := range map[string]string{
		`"email_address"`: "email_addresses", `object "companies"`: "company", "Workspace member": "owner",
	} {
		if strings.Contains(message, mark) {
			names = append(names, name)
		}
	}
	return names
}
