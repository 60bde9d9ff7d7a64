// Package hubspot imitates HubSpot's contacts API: the dated versions 2026-09
// and 2026-03, and v3.
//
// The companies and owners are all that are well formed and not
// [kit.Missing]. Besides the usual properties an account has my_custom_field,
// lead_score (number), lead_kind (options) and external_key, which is unique.
package hubspot

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const slug = "hubspot"

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Credential: kit.Bearer, Routes: routes(), Before: before,
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{"scheme": "access_token", "access_token": kit.Token(slug, account)}, map[string]string{}
		},
		Limits: []kit.Limit{
			{Name: "ten_secondly", Requests: 100, Per: 10 * time.Second, Cost: unlessSearch},
			{Name: "search", Requests: 5, Per: time.Second, Cost: func(c *kit.Call) int { return 1 - unlessSearch(c) }},
			{Name: "daily", Requests: 250_000, Until: kit.Midnight},
		},
		Headers: rateHeaders, NewID: kit.DecimalID, Identity: identity,
		Seed: func(_ *kit.Account, p kit.Person) map[string]any {
			return stored(map[string]any{
				"firstname": p.FirstName, "lastname": p.LastName, "email": p.Email,
				"phone": p.Phone, "jobtitle": p.Title,
			})
		},
		Errors: kit.Errors{
			Unauthorized: unauthorized, NotFound: notServed, Limited: limited,
			ServerError: func(c *kit.Call) kit.Reply { return failure(c, http.StatusInternalServerError, "", "internal error") },
			Unavailable: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusServiceUnavailable, "text/html", "<html><body>Service Unavailable</body></html>")
			},
		},
	}
}

func routes() map[string]kit.Handler {
	list := map[string]kit.Handler{
		"GET /account-info/v3/details":                          accountInfo,
		"PUT /contacts/v1/secondary-email/{id}/email/{address}": addSecondaryEmail,
	}
	for _, version := range []string{"2026-09", "2026-03", "v3"} {
		at := func(method, area, path string) string {
			if version == "v3" {
				return method + " /crm/v3/" + area + path
			}
			return method + " /crm/" + area + "/" + version + path
		}
		for path, handler := range map[string]kit.Handler{
			"POST /contacts": create, "GET /contacts/{id}": read, "PATCH /contacts/{id}": update,
			"POST /contacts/search": search, "POST /contacts/batch/create": batchCreate,
			"POST /contacts/batch/read": batchRead, "POST /contacts/batch/upsert": batchUpsert,
			"GET /contacts/{id}/associations/companies":                   companies,
			"PUT /contacts/{id}/associations/default/companies/{company}": linkCompany,
			"POST /notes": createNote,
		} {
			method, path, _ := strings.Cut(path, " ")
			list[at(method, "objects", path)] = handler
		}
		list[at(http.MethodGet, "properties", "/contacts")] = listProperties
		list[at(http.MethodGet, "owners", "")] = listOwners
	}
	return list
}

func before(c *kit.Call) *kit.Reply {
	if len(c.Body) > 0 && c.MediaType() != "application/json" {
		refusal := failure(c, http.StatusUnsupportedMediaType, "", "Unsupported Media Type")
		return &refusal
	}
	return nil
}

func unlessSearch(c *kit.Call) int {
	if strings.HasSuffix(c.Request.URL.Path, "/contacts/search") {
		return 0
	}
	return 1
}

func rateHeaders(c *kit.Call) map[string]string {
	if unlessSearch(c) == 0 {
		return nil
	}
	ten, day := c.Usage.Get("ten_secondly"), c.Usage.Get("daily")
	return map[string]string{
		"X-HubSpot-RateLimit-Max":                   strconv.Itoa(ten.Requests),
		"X-HubSpot-RateLimit-Remaining":             strconv.Itoa(ten.Remaining()),
		"X-HubSpot-RateLimit-Interval-Milliseconds": strconv.FormatInt(ten.Per.Milliseconds(), 10),
		"X-HubSpot-RateLimit-Daily":                 strconv.Itoa(day.Requests),
		"X-HubSpot-RateLimit-Daily-Remaining":       strconv.Itoa(day.Remaining()),
	}
}

func limited(c *kit.Call, u kit.Usage) kit.Reply {
	policy := map[string]string{"ten_secondly": "TEN_SECONDLY_ROLLING", "search": "SECONDLY", "daily": "DAILY"}[u.Name]
	reply := kit.JSON(http.StatusTooManyRequests, map[string]any{
		"status": "error", "errorType": "RATE_LIMIT", "correlationId": c.RequestID(), "policyName": policy,
		"message":   fmt.Sprintf("You have reached your %s limit.", strings.ToLower(policy)),
		"groupName": "publicapi:private-app-api-calls:" + portal(c),
	})
	if u.Name == "search" {
		return reply // the vendor sends Retry-After at times only
	}
	return reply.With("Retry-After", strconv.Itoa(u.Seconds()))
}

func unauthorized(c *kit.Call, fault kit.AuthFault) kit.Reply {
	switch fault {
	case kit.Expired:
		return failure(c, http.StatusUnauthorized, "EXPIRED_AUTHENTICATION",
			"The OAuth token used to make this call expired 7 second(s) ago.")
	case kit.NoCredential:
		return failure(c, http.StatusUnauthorized, "INVALID_AUTHENTICATION",
			"Authentication credentials not found. This API supports OAuth 2.0 authentication.")
	}
	return failure(c, http.StatusUnauthorized, "INVALID_AUTHENTICATION", "The access token is invalid.")
}

func missingScope(c *kit.Call) kit.Reply {
	return kit.JSON(http.StatusForbidden, map[string]any{
		"status": "error", "correlationId": c.RequestID(), "category": "MISSING_SCOPES",
		"message": "This app hasn't been granted all required scopes to make this call.",
		"errors": []any{map[string]any{
			"message": "One or more of the following scopes are required.",
			"context": map[string]any{"requiredGranularScopes": []string{"crm.objects.contacts.write"}},
		}},
	})
}

func notServed(c *kit.Call, allow []string) kit.Reply {
	if len(allow) > 0 {
		return failure(c, http.StatusMethodNotAllowed, "", "Method not allowed").With("Allow", strings.Join(allow, ", "))
	}
	return failure(c, http.StatusNotFound, "", "resource not found")
}

// failure is the common error body; some answers have no category.
func failure(c *kit.Call, status int, category, message string) kit.Reply {
	body := map[string]any{"status": "error", "message": message, "correlationId": c.RequestID()}
	if category != "" {
		body["category"] = category
	}
	return kit.JSON(status, body)
}

func invalid(c *kit.Call, message string) kit.Reply {
	return failure(c, http.StatusBadRequest, "VALIDATION_ERROR", message)
}

func malformed(c *kit.Call) kit.Reply {
	return failure(c, http.StatusBadRequest, "VALIDATION_ERROR", "Invalid input JSON on line 1, column 1: Cannot deserialize value")
}

func portal(c *kit.Call) string {
	return strconv.FormatUint(kit.Hash(slug, c.AccountName())%90_000_000+10_000_000, 10)
}

func accountInfo(c *kit.Call) kit.Reply {
	id, _ := strconv.Atoi(portal(c))
	return kit.JSON(http.StatusOK, map[string]any{
		"portalId": id, "accountType": "STANDARD", "timeZone": "UTC", "companyCurrency": "USD",
		"uiDomain": "app.hubspot.com", "dataHostingLocation": "na1",
	})
}
