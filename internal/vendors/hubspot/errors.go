package hubspot

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/shape"
)

// failure is the body of a refusal, any part of which may be missing:
// https://developers.hubspot.com/docs/api-reference/error-handling
type failure struct {
	Message    string   `json:"message"`
	Category   string   `json:"category"`
	ErrorType  string   `json:"errorType"`
	PolicyName string   `json:"policyName"`
	Errors     []detail `json:"errors"`
	Context    struct {
		TraceIDs    []string `json:"objectWriteTraceId"`
		ExistingIDs []string `json:"existingId"`
	} `json:"context"`
}

type detail struct {
	Message string `json:"message"`
	Code    string `json:"code"`
	Context struct {
		PropertyName []string `json:"propertyName"`
	} `json:"context"`
}

// embedded is one entry of the JSON list inside a message.
type embedded struct {
	Message string `json:"message"`
	Error   string `json:"error"`
	Name    string `json:"name"`
}

func parse(r connector.Reply) connector.VendorError {
	f, err := connector.DecodeJSON[failure](r)
	if err != nil {
		return connector.LenientError(r)
	}
	ve := f.vendorError()
	if f.PolicyName == "DAILY" && r.Header.Get("Retry-After") == "" {
		ve.RetryAfter = time.Hour // until midnight in the portal's zone, which is not told
	}
	return ve
}

// vendorError puts the two lists of faults together: errors names the first
// three properties, the message all of them.
func (f failure) vendorError() connector.VendorError {
	message, list := unpack(f.Message)
	code, fields, texts := "", []string(nil), []string(nil)
	for _, d := range f.Errors {
		code, fields, texts = cmp.Or(code, d.Code), append(fields, d.Context.PropertyName...), append(texts, d.Message)
	}
	for i, e := range list {
		code, fields = cmp.Or(code, e.Error), append(fields, e.Name)
		if i >= len(f.Errors) {
			texts = append(texts, e.Message)
		}
	}
	return connector.VendorError{
		Code:    cmp.Or(code, f.Category, f.ErrorType),
		Message: shape.Join(" ", message, shape.Join("; ", texts...)), Fields: fields,
		RemoteID: cmp.Or(shape.WordAfter(f.Message, "Existing ID:"), first(f.Context.ExistingIDs)),
	}
}

// unpack parts a message from the JSON list at its end.
func unpack(message string) (text string, list []embedded) {
	head, _, found := strings.Cut(message, "[{")
	if !found || json.Unmarshal([]byte(message[len(head):]), &list) != nil {
		return message, nil
	}
	return strings.TrimSpace(head), list
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
