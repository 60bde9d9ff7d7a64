package dynamics365sales

import (
	"cmp"
	"encoding/json"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

const (
	duplicate   = "0x80040333" // by a rule
	keyExists   = "0x80040237"
	missing     = "0x80040217"
	noPrivilege = "0x80040220"
)

// codes win over the status: a duplicate rule answers with 412 or with 500.
// From https://learn.microsoft.com/power-apps/developer/data-platform/webapi/compose-http-requests-handle-errors
// and https://learn.microsoft.com/power-apps/developer/data-platform/reference/web-service-error-codes
func codes() map[string]fault.Kind {
	return map[string]fault.Kind{
		duplicate: fault.Duplicate, keyExists: fault.Duplicate, missing: fault.NotFound, noPrivilege: fault.Forbidden,
		"0x80040265": fault.Invalid, "0x80044331": fault.Invalid, "0x80048d19": fault.Invalid,
		"0x80072321": fault.RateLimited, "0x80072322": fault.RateLimited, "0x80072326": fault.RateLimited,
	}
}

// failure has two forms, neither of which a gateway knows.
type failure struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	Message   string      `json:"Message"`
	Exception string      `json:"ExceptionMessage"`
	Code      json.Number `json:"ErrorCode"`
}

func parse(r connector.Reply) connector.VendorError {
	f, err := connector.DecodeJSON[failure](r)
	message := cmp.Or(f.Error.Message, f.Exception, f.Message)
	if err != nil || message == "" {
		return connector.LenientError(r)
	}
	ve := connector.VendorError{Code: cmp.Or(f.Error.Code, f.Code.String()), Message: message, Fields: blamed(message)}
	if strings.EqualFold(ve.Code, missing) && !strings.Contains(message, "'contact'") {
		ve.Kind = fault.Invalid // not the contact is missing, but what it links
	}
	return ve
}

// blamed are the names in a message, those of an address by its number alone.
func blamed(message string) []string {
	return shape.Each(shape.Words(message), func(word string) string {
		if strings.HasPrefix(word, "address") {
			word, _, _ = strings.Cut(word, "_")
		}
		return word
	})
}
