package onepagecrm

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

type failure struct {
	Message string          `json:"message"`
	Name    string          `json:"error_name"`
	Text    string          `json:"error_message"`
	Errors  json.RawMessage `json:"errors"`
}

// parse reads a refusal. The throttle shares the status of missing rights, but
// answers in plain text.
func parse(r connector.Reply) connector.VendorError {
	f, err := connector.DecodeJSON[failure](r)
	if err != nil {
		ve := connector.LenientError(r)
		if r.Status == http.StatusForbidden {
			ve.Kind, ve.Code = fault.RateLimited, ""
		}
		return ve
	}
	ve := connector.VendorError{Code: f.Name}
	var reasons map[string]any
	texts := []string{cmp.Or(f.Text, f.Message)}
	if json.Unmarshal(f.Errors, &reasons) == nil {
		for _, key := range shape.Keys(reasons) {
			reason := shape.Text(reasons[key])
			texts = append(texts, key+": "+reason)
			ve.Fields = append(ve.Fields, strings.ReplaceAll(key, "_", ""))
			if taken(reason) {
				ve.Kind = fault.Duplicate
			}
		}
	}
	ve.Message = shape.Join("; ", texts...)
	return ve
}

// taken tells a value that another contact has: only external ids are unique.
func taken(reason string) bool {
	text := strings.ToLower(reason)
	return strings.Contains(text, "taken") || strings.Contains(text, "unique") || strings.Contains(text, "already exists")
}
