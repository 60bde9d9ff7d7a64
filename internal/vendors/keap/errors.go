package keap

import (
	"cmp"
	"slices"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// The headers that tell what is left of a day, and when it ends.
const (
	quotaLeft  = "x-keap-product-quota-available"
	quotaReset = "x-keap-product-quota-expiry-time"
)

// failure is a refusal: of the application, any part of which but the message
// may be missing and whose code may be a text, or of the gateway in front.
type failure struct {
	Code    any    `json:"code"`
	Status  any    `json:"status"`
	Message string `json:"message"`
	Fault   struct {
		Text   string `json:"faultstring"`
		Detail struct {
			Code string `json:"errorcode"`
		} `json:"detail"`
	} `json:"fault"`
}

func parse(r connector.Reply) connector.VendorError {
	f, err := connector.DecodeJSON[failure](r)
	if err != nil || f.Message+f.Fault.Text == "" {
		return connector.LenientError(r)
	}
	ve := connector.VendorError{
		Code:    cmp.Or(f.Fault.Detail.Code, shape.Text(f.Status), shape.Text(f.Code)),
		Message: cmp.Or(f.Message, f.Fault.Text),
	}
	switch r.Status {
	case 400:
		ve.Fields = shape.Words(ve.Message)
	case 404:
		ve.Fields = slices.DeleteFunc(shape.Words(ve.Message), func(word string) bool {
			return !slices.Contains([]string{"company", "user", "tag"}, word)
		})
		if len(ve.Fields) > 0 { // what the contact refers to, not the contact
			ve.Kind = fault.Invalid
		}
	case 429:
		if r.Header.Get(quotaLeft) == "0" && r.Header.Get("Retry-After") == "" {
			ve.RetryAfter, _ = connector.ParseWait(r.Header.Get(quotaReset), connector.EpochMillis, r.AnsweredAt())
		}
	}
	return ve
}
