package zohocrm

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

const (
	duplicateData = "DUPLICATE_DATA"
	scopeMismatch = "OAUTH_SCOPE_MISMATCH"
	creditsLeft   = "X-API-CREDITS-REMAINING" // comes once half of the credits are used
)

// codes win over the status: a missing scope has that of a bad token, a
// missing right that of bad data. From
// https://www.zoho.com/crm/developer/docs/api/v8/status-codes.html
func codes() map[string]fault.Kind {
	return map[string]fault.Kind{
		duplicateData: fault.Duplicate, scopeMismatch: fault.Forbidden,
		"INVALID_TOKEN": fault.Unauthorized, "AUTHENTICATION_FAILURE": fault.Unauthorized, "UNAUTHORIZED": fault.Unauthorized,
		// Of another data centre; the next token tells the right one.
		"INVALID_HOST":         fault.Unauthorized,
		"AUTHORIZATION_FAILED": fault.Forbidden, "NO_PERMISSION": fault.Forbidden, "INVALID_URL_PATTERN": fault.NotFound,
		"TOO_MANY_REQUESTS": fault.RateLimited, "INTERNAL_ERROR": fault.OutcomeUnknown,
	}
}

// answer is what comes of a write: a row for each record, or one row about all.
type answer struct {
	row
	Data []row `json:"data"`
}

type row struct {
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Status  string  `json:"status"`
	Details details `json:"details"`
}

type details struct {
	ID           string `json:"id"`
	CreatedTime  string `json:"Created_Time"`
	ModifiedTime string `json:"Modified_Time"`
	// The rest is about a refusal.
	APIName   string      `json:"api_name"`
	JSONPath  string      `json:"json_path"`
	Expected  string      `json:"expected_data_type"`
	MaxLength json.Number `json:"maximum_length"`
	Dependee  struct {
		APIName string `json:"api_name"`
	} `json:"dependee"`
	Duplicate struct {
		ID     string `json:"id"`
		Module struct {
			APIName string `json:"api_name"`
		} `json:"module"`
	} `json:"duplicate_record"`
	Dependency string      `json:"dependency_error"`
	RetryAfter json.Number `json:"retry_after"`
	Errors     []row       `json:"errors"`
}

// decodeWritten goes by the row, not by the status: older versions report bad
// records with success.
func decodeWritten(_ *connector.Call, r connector.Reply) (contact.Contact, error) {
	a, err := connector.DecodeJSON[answer](r)
	if err != nil {
		return contact.Contact{}, err
	}
	made, refusal := a.first().written()
	if refusal != nil {
		return contact.Contact{}, refusal
	}
	return made, nil
}

// first is the row about a single record.
func (a answer) first() row {
	if len(a.Data) > 0 {
		return a.Data[0]
	}
	return a.row
}

// written is the record that a row reports, or its refusal.
func (r row) written() (contact.Contact, *connector.VendorError) {
	if r.Status == "error" {
		return contact.Contact{}, r.refusal()
	}
	d := r.Details
	return contact.Contact{ID: d.ID, CreatedAt: connector.TimeOf(d.CreatedTime), UpdatedAt: connector.TimeOf(d.ModifiedTime)}, nil
}

func parse(r connector.Reply) connector.VendorError {
	a, err := connector.DecodeJSON[answer](r)
	if err != nil || a.first().Code == "" {
		return connector.LenientError(r) // the token endpoint and gateways answer otherwise
	}
	ve := *a.first().refusal()
	if r.Status == 429 && ve.RetryAfter == 0 && r.Header.Get(creditsLeft) == "0" {
		ve.RetryAfter = 15 * time.Minute // the credits of 24 hours are gone, not those of the moment
	}
	return ve
}

func (r row) refusal() *connector.VendorError {
	d := r.Details
	wait, _ := connector.ParseWait(d.RetryAfter.String(), connector.Seconds, time.Time{})
	ve := &connector.VendorError{
		Code: r.Code, Message: r.text(), Fields: []string{d.APIName, d.column(), d.Dependee.APIName},
		RemoteID: r.existing(), RetryAfter: wait, Kind: r.kind(),
	}
	for _, inner := range d.Errors {
		more := inner.refusal()
		ve.Fields, ve.Message = append(ve.Fields, more.Fields...), shape.Join("; ", ve.Message, more.Message)
		ve.RemoteID = cmp.Or(ve.RemoteID, more.RemoteID)
	}
	if ve.Kind == fault.RateLimited {
		ve.RetryAfter = cmp.Or(ve.RetryAfter, time.Hour)
	}
	return ve
}

// text is the message, which alone says little: "Score: invalid data, integer expected".
func (r row) text() string {
	text := shape.Join(": ", r.Details.APIName, r.Message)
	if r.Details.Expected != "" {
		text += ", " + r.Details.Expected + " expected"
	}
	if n := r.Details.MaxLength.String(); n != "" {
		text += ", at most " + n + " characters"
	}
	return text
}

// column is the field that a path such as $.data[0].Owner.id goes through.
func (d details) column() string {
	_, path, _ := strings.Cut(d.JSONPath, "].")
	name, _, _ := strings.Cut(path, ".")
	return name
}

// existing is the contact that a duplicate clashes with: leads clash as well.
func (r row) existing() string {
	d := r.Details
	if r.Code != duplicateData || d.Duplicate.Module.APIName != "" && d.Duplicate.Module.APIName != "Contacts" {
		return ""
	}
	return cmp.Or(d.Duplicate.ID, d.ID)
}

// kind is what the code alone does not tell; "" leaves it to the tables.
func (r row) kind() fault.Kind {
	d := r.Details
	switch {
	case d.Dependency == "PROCESSING_ERROR":
		return fault.Unavailable
	case d.Dependency == "NO_PERMISSION":
		return fault.Forbidden
	case d.Dependency == "LIMIT_EXCEEDED":
		return fault.RateLimited
	case len(d.Errors) > 0 && allDuplicates(d.Errors):
		return fault.Duplicate
	case r.Code == "INVALID_DATA" && d.APIName == "id" && d.column() == "":
		return fault.NotFound // the record that the path names
	default:
		return ""
	}
}

func allDuplicates(rows []row) bool {
	for _, r := range rows {
		if r.Code != duplicateData {
			return false
		}
	}
	return true
}
