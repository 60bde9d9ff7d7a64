// Package wix imitates version 4 of Wix's Contacts API. Its token endpoint
// serves the grant client_credentials; version 5 is not served.
//
// An account has one site, with the id SiteID, and one app instance, with the
// id InstanceID. It has the labels custom.vip (VIP), custom.newsletter-2
// (Newsletter) and contacts.customers, and the extended fields
// custom.lead-origin (Lead origin, TEXT), custom.favourite-number (NUMBER),
// custom.met-on (DATE) and custom.homepage (URL). What is made besides has a
// suffix in its key, so keys cannot be guessed.
//
// What the documentation leaves open is taken the strict way: unknown keys are
// refused, as are a subdivision that is no code of ISO 3166-2 and a bare token
// without a site; filters compare e-mails to the letter; labels and extended
// fields that do not exist are blamed as values. Some account names choose
// what the documentation calls possible: "noscope401" may not create either,
// but hears 401; in those that start with "mute" a duplicate's data is null;
// in "ghost" a create that is refused for a phone stores the contact all the
// same; in "fulllabels" no label can be added.
package wix

import (
	"net/http"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const slug = "wix"

// SiteID is the id of an account's site.
func SiteID(account string) string { return kit.UUID(slug+" site "+account, 1) }

// InstanceID is the id of the app's instance on an account's site.
func InstanceID(account string) string { return kit.UUID(slug+" instance "+account, 1) }

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Credential: credential, Before: before, Identity: identity, NewID: kit.UUID, Seed: seed,
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{"scheme": "api_key", "api_key": kit.Token(slug, account)}, map[string]string{"site_id": SiteID(account)}
		},
		Routes: map[string]kit.Handler{
			"POST /contacts/v4/contacts": create, "POST /contacts/v4/contacts/query": query,
			"GET /contacts/v4/contacts/{id}": read, "PATCH /contacts/v4/contacts/{id}": update, "POST /contacts/v4/contacts/{id}/labels": addLabels,
			"POST /contacts/v4/labels": makeLabel, "GET /contacts/v4/labels": listLabels, "POST /contacts/v4/labels/query": listLabels,
			"POST /contacts/v4/extended-fields": makeField, "GET /contacts/v4/extended-fields": listFields,
			"POST /contacts/v4/extended-fields/query": listFields, "GET /contacts/v4/extended-fields/{key}": readField,
		},
		OAuth: &kit.OAuth{Path: "/oauth2/token", ExpiresIn: 14400, Judge: judgeToken},
		Limits: []kit.Limit{
			{Name: "minute", Requests: 200, Per: time.Minute},
		},
		Headers: func(c *kit.Call) map[string]string { return map[string]string{"x-wix-request-id": c.RequestID()} },
		Errors: kit.Errors{
			Unauthorized: func(*kit.Call, kit.AuthFault) kit.Reply { return unauthenticated() },
			NotFound: func(_ *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return failure(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "Method not allowed").With("Allow", strings.Join(allow, ", "))
				}
				return failure(http.StatusNotFound, "NOT_FOUND", "Not found")
			},
			Limited: func(*kit.Call, kit.Usage) kit.Reply {
				return failure(http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "Too many requests")
			},
			ServerError: func(*kit.Call) kit.Reply { return system(http.StatusInternalServerError) },
			Unavailable: func(*kit.Call) kit.Reply { return system(http.StatusServiceUnavailable) },
		},
	}
}

// credential is an OAuth token behind the word Bearer, or a bare API key. A
// key behind Bearer, which its site gives away, is none.
func credential(r *http.Request) string {
	if token := kit.Bearer(r); token != "" && r.Header.Get("Wix-Site-Id") == "" {
		return token
	}
	if key := r.Header.Get("Authorization"); !strings.Contains(key, " ") {
		return key
	}
	return ""
}

// judgeToken takes a JSON request for the account's own instance.
func judgeToken(c *kit.Call) string {
	object, err := c.Object()
	switch {
	case err != nil || c.MediaType() != "application/json":
		return "invalid_request"
	case kit.Text(object, "grant_type") != "client_credentials":
		return "unsupported_grant_type"
	case kit.Text(object, "client_id") != kit.ClientID:
		return "invalid_client"
	case kit.Text(object, "instance_id") != InstanceID(c.AccountName()):
		return "invalid_request"
	}
	return ""
}

func before(c *kit.Call) *kit.Reply {
	var refusal kit.Reply
	site := c.Request.Header.Get("Wix-Site-Id")
	switch {
	case kit.Bearer(c.Request) == "" && site != SiteID(c.AccountName()), c.Request.Header.Get("Wix-Account-Id") != "":
		refusal = denied()
	case len(c.Body) > 0 && c.MediaType() != "application/json":
		refusal = failure(http.StatusUnsupportedMediaType, "INVALID_ARGUMENT", "Unsupported media type")
	default:
		return nil
	}
	return &refusal
}

// failure is the form of errors that have a code.
func failure(status int, code, description string) kit.Reply {
	return failureWith(status, code, description, map[string]any{})
}

func failureWith(status int, code, description string, data map[string]any) kit.Reply {
	return kit.JSON(status, map[string]any{"message": description, "details": map[string]any{
		"applicationError": map[string]any{"code": code, "description": description, "data": data},
	}})
}

// system is the form of the vendor's own errors.
func system(status int) kit.Reply {
	return kit.JSON(status, map[string]any{"message": "", "details": map[string]any{}})
}

func unauthenticated() kit.Reply {
	return failure(http.StatusUnauthorized, "UNAUTHENTICATED", "Unauthenticated")
}

func denied() kit.Reply {
	return failure(http.StatusForbidden, "PERMISSION_DENIED", "Permission denied")
}

func malformed() kit.Reply {
	return failure(http.StatusBadRequest, "INVALID_ARGUMENT", "The request body is not a valid JSON object")
}

// violation is one entry of a validation error.
type violation struct {
	Field       string         `json:"field"`
	Description string         `json:"description"`
	Rule        string         `json:"violatedRule"`
	RuleName    string         `json:"ruleName,omitempty"`
	Data        map[string]any `json:"data,omitempty"`
}

func violated(list ...violation) kit.Reply {
	return kit.JSON(http.StatusBadRequest, map[string]any{
		"message": list[0].Field + " " + list[0].Description,
		"details": map[string]any{"validationError": map[string]any{"fieldViolations": list}},
	})
}

// object reads a call's body and holds it against a schema.
func object(c *kit.Call, s kit.Schema) (map[string]any, *kit.Reply) {
	body, err := c.Object()
	if err != nil {
		no := malformed()
		return nil, &no
	}
	if list := violations(s.Check(body, false)); len(list) > 0 {
		no := violated(list...)
		return nil, &no
	}
	return body, nil
}
