// Package mondaycrm is the connector to monday CRM, where a contact is an item
// on the account's Contacts board. Everything is GraphQL on one endpoint; the
// board's columns are discovered and mapped by type and title (board.go).
package mondaycrm

import (
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

const (
	boardID = "board_id"
	groupID = "group_id"
	// keyLife is how long monday remembers an Idempotency-Key:
	// https://developer.monday.com/api-reference/docs/idempotency
	keyLife = 30 * time.Minute
)

// Spec is what Ferry knows about monday CRM. Limits are those of the smallest
// plan, from https://developer.monday.com/api-reference/docs/rate-limits
func Spec() *connector.Spec {
	return &connector.Spec{
		ID: "monday-crm", Name: "monday CRM",
		Docs:    "https://developer.monday.com/api-reference/reference/items",
		BaseURL: "https://api.monday.com/v2",
		Settings: []connector.Setting{
			{
				Key: boardID, Label: "Contacts board", Example: "1234567890", Format: `^[0-9]{1,20}$`,
				Help: "Without it, the one board named Contacts in a CRM workspace is taken.",
			},
			{Key: groupID, Label: "Group", Example: "topics", Format: `^[A-Za-z0-9_]{1,100}$`, Help: "The board's first group is the default."},
		},
		Schemes: []connector.Scheme{
			connector.Header(connector.APIKey, "Authorization", "{api_key}"),
			{
				ID: connector.OAuth2, Headers: map[string]string{"Authorization": "{access_token}"},
				// Apps of the older flow have no refresh token, and need none.
				OAuth: &connector.OAuth{TokenURL: "https://auth.monday.com/oauth_ms/oauth/token", ClientAuth: "form", Rotates: true},
			},
		},
		Headers:      map[string]string{"API-Version": "2026-10"},
		RemoteDataAt: connector.RemoteDataByHand,
		Fields: connector.Fields{
			Accepts: []contact.Field{
				contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description, contact.EmailAddresses,
				contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner, contact.Tags, contact.CustomFields,
			},
			Requires: []contact.Field{contact.Name},
			Returns: []contact.Field{
				contact.ID, contact.FirstName, contact.LastName, contact.Name, contact.Title, contact.Description,
				contact.EmailAddresses, contact.PhoneNumbers, contact.Addresses, contact.URLs, contact.Account, contact.Owner,
				contact.Tags, contact.CustomFields, contact.CreatedAt, contact.UpdatedAt,
			},
			Notes: map[contact.Field]string{
				contact.CreatedAt:      "monday sets created_at itself",
				contact.FirstName:      "goes to a text column of that title, if the board has one, and into the item's name",
				contact.LastName:       "goes to a text column of that title, if the board has one, and into the item's name",
				contact.Title:          "goes to a text column titled Title or Job title",
				contact.Description:    "goes to a long-text column; where there is none, or above 2,000 characters, it becomes an update",
				contact.EmailAddresses: "one per e-mail column",
				contact.PhoneNumbers:   "one per phone column, matched by its title; a number must be valid in its country",
				contact.Addresses:      "one, in text columns titled Address, City, State, Zip and Country",
				contact.URLs:           "one per link column",
				contact.Account:        "the id of an item, in the column that connects the Accounts board",
				contact.Owner:          "the id of a user, in the people column titled Owner",
				contact.Tags:           "names become tags of the account",
				contact.CustomFields:   "ids or titles of columns; values are written in the column's format, objects as they are",
			},
		},
		Prepare: []connector.Discovery{
			{Name: workspaces, Keys: unlessChosen, Request: askWorkspaces, Decode: learnWorkspaces, Life: 12 * time.Hour},
			{Name: boards, Keys: unlessChosen, Request: askBoards, Decode: learnBoards, Life: 12 * time.Hour},
			{Name: columns, Request: askColumns, Decode: learnColumns, Life: time.Hour},
			{Name: tags, Keys: namedTags, Request: askTag, Decode: learnTag, Optional: true, Life: 12 * time.Hour},
		},
		Create: connector.Operation{Request: encode, Decode: decodeCreated},
		Follow: follow,
		Read:   &connector.Operation{Request: encodeRead, Decode: decodeRead},
		Find: []connector.Finder{{
			By: contact.Name, Request: encodeFind, Decode: decodeFound, Lag: 5 * time.Second,
		}},
		Update: &connector.Operation{Request: encodeUpdate, Decode: decodeUpdated},
		Batch:  &connector.Batch{Max: 20, Request: encodeBatch, Decode: decodeBatch, PerRecord: true},
		Probe:  connector.Probe{Request: encodeProbe, Identity: decodeProbe},
		Errors: connector.Errors{
			Parse: parse, Codes: codes(), Stale: []string{"InvalidColumnIdException", "ResourceNotFoundException"},
			// A refused column is told by its type.
			Fields: map[string]contact.Field{
				"email": contact.EmailAddresses, "phone": contact.PhoneNumbers, "board_relation": contact.Account,
				"board-relation": contact.Account, "people": contact.Owner, "multiple-person": contact.Owner, "tags": contact.Tags,
				"tag": contact.Tags, "link": contact.URLs, "country": contact.Addresses, "location": contact.Addresses, "name": contact.Name,
			},
		},
		Limits: connector.Limits{
			Windows: []connector.Window{{Requests: 10, Per: time.Second}}, Concurrency: 10,
			Quotas:      []connector.Quota{{Requests: 1000, Period: connector.Day}},
			DefaultWait: time.Minute,
		},
		Duplicates:  connector.Duplicates{Detection: connector.DetectLookup, Note: "looked up by e-mail, or by name where the board has no e-mail column"},
		Idempotency: connector.Idempotency{Kind: connector.KeyHeader, Life: keyLife},
		Adoption:    connector.Adoption{Compare: []contact.Field{contact.Name, contact.EmailAddresses}},
	}
}

// codes are compared without case: versions of the API differ in it. From
// https://developer.monday.com/api-reference/docs/error-handling
func codes() map[string]fault.Kind {
	return map[string]fault.Kind{
		"ResourceNotFoundException": fault.NotFound,
		"UserUnauthorizedException": fault.Forbidden, "USER_ACCESS_DENIED": fault.Forbidden,
		"UNAUTHORIZED_FIELD_OR_TYPE": fault.Forbidden, "missingRequiredPermissions": fault.Forbidden,
		"ComplexityException": fault.RateLimited, "COMPLEXITY_BUDGET_EXHAUSTED": fault.RateLimited,
		"Rate Limit Exceeded": fault.RateLimited, "maxConcurrencyExceeded": fault.RateLimited,
		"IP_RATE_LIMIT_EXCEEDED": fault.RateLimited, "FIELD_LIMIT_EXCEEDED": fault.RateLimited,
		"DAILY_LIMIT_EXCEEDED": fault.RateLimited, "API_TEMPORARILY_BLOCKED": fault.Unavailable,
		"RESOURCE_LOCKED": fault.Unavailable,
		// Another request with our key is under way.
		"IDEMPOTENCY_CONFLICT":  fault.OutcomeUnknown,
		"INTERNAL_SERVER_ERROR": fault.OutcomeUnknown, "Internal Server Error": fault.OutcomeUnknown,
	}
}
