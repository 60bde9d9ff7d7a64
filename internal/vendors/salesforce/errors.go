package salesforce

import (
	"cmp"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// codes tell limits from missing rights, which share the status 403:
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
func codes() map[string]fault.Kind {
	return map[string]fault.Kind{
		"DUPLICATES_DETECTED": fault.Duplicate, "DUPLICATE_VALUE": fault.Duplicate,
		"INVALID_SESSION_ID": fault.Unauthorized, "INVALID_AUTH_HEADER": fault.Unauthorized,
		"REQUEST_LIMIT_EXCEEDED": fault.RateLimited,
		"UNABLE_TO_LOCK_ROW":     fault.Unavailable, "SERVER_UNAVAILABLE": fault.Unavailable,
		"API_DISABLED_FOR_ORG": fault.Forbidden, "API_CURRENTLY_DISABLED": fault.Forbidden,
		"INSUFFICIENT_ACCESS": fault.Forbidden, "INSUFFICIENT_ACCESS_OR_READONLY": fault.Forbidden,
		"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": fault.Forbidden,
		"NOT_FOUND": fault.NotFound, "ENTITY_IS_DELETED": fault.NotFound,
	}
}

// refusal is one entry of the lists in which errors come. Its code is
// errorCode in an answer of its own, statusCode inside a result.
type refusal struct {
	Message         string      `json:"message"`
	ErrorCode       string      `json:"errorCode"`
	StatusCode      string      `json:"statusCode"`
	Fields          []string    `json:"fields"`
	DuplicateResut  *duplicates `json:"duplicateResut"` // the vendor's spelling
	DuplicateResult *duplicates `json:"duplicateResult"`
}

type duplicates struct {
	MatchResults []struct {
		EntityType   string `json:"entityType"`
		MatchRecords []struct {
			Record struct {
				ID string `json:"Id"`
			} `json:"record"`
		} `json:"matchRecords"`
	} `json:"matchResults"`
}

// contact is the first match that is a contact; leads match as well.
func (d *duplicates) contact() string {
	if d == nil {
		return ""
	}
	for _, m := range d.MatchResults {
		if m.EntityType == "Contact" && len(m.MatchRecords) > 0 {
			return m.MatchRecords[0].Record.ID
		}
	}
	return ""
}

func parse(r connector.Reply) connector.VendorError {
	list, err := connector.DecodeJSON[[]refusal](r)
	if err != nil || len(list) == 0 {
		return connector.LenientError(r) // the token endpoint and gateways answer otherwise
	}
	ve := *vendorError(list)
	if r.Status == 401 && incurable(ve.Message) {
		ve.Kind = fault.Forbidden
	}
	return ve
}

// incurable tells the 401s that no new token helps against, as in jsforce's
// http-api.ts.
func incurable(message string) bool {
	return strings.Contains(message, "not valid for use with the REST API") ||
		strings.Contains(message, "not attached to Agent")
}

func vendorError(list []refusal) *connector.VendorError {
	var ve connector.VendorError
	var texts []string
	for _, e := range list {
		ve.Code = cmp.Or(ve.Code, e.ErrorCode, e.StatusCode)
		ve.Fields = append(append(ve.Fields, e.Fields...), shape.WordAfter(e.Message, "No such column"))
		ve.RemoteID = cmp.Or(ve.RemoteID, e.DuplicateResut.contact(), e.DuplicateResult.contact(),
			shape.WordAfter(e.Message, "duplicates value on record with id:"))
		texts = append(texts, e.Message)
	}
	ve.Message = shape.Join("; ", texts...)
	if strings.HasPrefix(ve.Message, "Concurrent") {
		ve.RetryAfter = 5 * time.Second // too many at once, not too many of the day
	}
	return &ve
}
