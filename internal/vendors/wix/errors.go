package wix

import (
	"cmp"
	"strings"

	"crmferry/internal/connector"
)

// The codes that the connector looks at itself.
const (
	duplicateExists = "DUPLICATE_CONTACT_EXISTS"
	invalidExtended = "INVALID_EXTENDED_FIELD_VALUE"
)

// failure is the body of a refusal, with one of the two kinds of details; the
// vendor's own faults have neither:
// https://dev.wix.com/docs/rest/articles/getting-started/errors
type failure struct {
	Message string `json:"message"`
	Details struct {
		Application struct {
			Code        string `json:"code"`
			Description string `json:"description"`
			Data        struct {
				ID    string `json:"duplicateContactId"`
				Email string `json:"duplicateEmail"`
				Phone string `json:"duplicatePhone"`
			} `json:"data"`
		} `json:"applicationError"`
		Validation struct {
			Violations []violation `json:"fieldViolations"`
		} `json:"validationError"`
	} `json:"details"`
}

type violation struct {
	Field       string `json:"field"`
	Description string `json:"description"`
	Rule        string `json:"violatedRule"`
	Name        string `json:"ruleName"`
}

func parse(r connector.Reply) connector.VendorError {
	f, err := connector.DecodeJSON[failure](r)
	if err != nil || f.Message == "" && f.Details.Application.Code == "" && len(f.Details.Validation.Violations) == 0 {
		return connector.LenientError(r)
	}
	app := f.Details.Application
	ve := connector.VendorError{
		Code: app.Code, Message: cmp.Or(f.Message, app.Description), RemoteID: app.Data.ID,
		Fields: []string{
			when(app.Data.Email != "", "emails"), when(app.Data.Phone != "", "phones"), when(app.Code == invalidExtended, "extendedFields"),
		},
		// A contact that clashed by its phone alone is reported to be stored all the same.
		MaybeApplied: app.Code == duplicateExists && app.Data.Phone != "" && app.Data.Email == "",
	}
	for _, v := range f.Details.Validation.Violations {
		ve.Code, ve.Fields = cmp.Or(ve.Code, v.Name, v.Rule), append(ve.Fields, v.blamed()...)
	}
	return ve
}

func when(is bool, name string) string {
	if is {
		return name
	}
	return ""
}

// blamed is the part of info that a path such as info.emails.items[0].email
// goes through; of an extended field also its key.
func (v violation) blamed() []string {
	path := strings.TrimPrefix(v.Field, "info.")
	part, _, _ := strings.Cut(path, ".")
	return []string{part, strings.TrimPrefix(path, "extendedFields.items.")}
}
