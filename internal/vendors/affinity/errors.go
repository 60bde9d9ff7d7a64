package affinity

import (
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
)

// parse reads the many forms of version 1's errors, which are not documented,
// and the one of version 2.
func parse(r connector.Reply) connector.VendorError {
	ve := connector.LenientError(r)
	ve.Fields = blamed(r, ve.Message)
	switch {
	case r.Status == 422 && taken(ve.Message):
		ve.Kind = fault.Duplicate
	case r.Status == 429 && r.Header.Get("X-Ratelimit-Limit-Org-Remaining") == "0":
		// The month's quota is gone, not the minute's.
		ve.RetryAfter, _ = connector.ParseWait(r.Header.Get("X-Ratelimit-Limit-Org-Reset"), connector.Seconds, time.Time{})
	}
	return ve
}

// blamed lists the fields that version 2 names, or that a text of version 1
// mentions.
func blamed(r connector.Reply, message string) []string {
	var names []string
	v2, err := connector.DecodeJSON[struct{ Errors []struct{ Param string } }](r)
	if err == nil {
		for _, e := range v2.Errors {
			names = append(names, e.Param)
		}
	}
	for _, name := range []string{"first_name", "last_name", "emails", "organization_id"} {
		if strings.Contains(message, name) {
			names = append(names, name)
		}
	}
	return names
}

// taken tells an e-mail that another person has from one that is malformed:
// both are refused with the same status.
func taken(message string) bool {
	text := strings.ToLower(message)
	if !strings.Contains(text, "email") && !strings.Contains(text, "e-mail") {
		return false
	}
	for _, word := range []string{"already", "taken", "in use", "exist", "duplicate", "unique", "another person", "conflict"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}
