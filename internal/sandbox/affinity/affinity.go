// Package affinity imitates version 1 of Affinity's API as far as it concerns
// persons, with the whoami of version 2.
//
// Organizations exist as the kit says, but those whose id ends in 301 have
// been merged into the next. Since the bodies of version 1's errors are not
// documented, they come here in several of the forms that clients have to
// read: a list of texts for 422, {"message"} for 404, the envelope of version
// 2 for the rest.
package affinity

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const slug = "affinity"

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Credential: credential,
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{"scheme": "api_key", "api_key": kit.Token(slug, account)}, map[string]string{}
		},
		Routes: map[string]kit.Handler{
			"GET /v2/auth/whoami": whoami, "GET /auth/whoami": whoamiV1, "GET /rate-limit": rateLimit,
			"POST /persons": create, "GET /persons": search, "GET /persons/{id}": read, "PUT /persons/{id}": update,
			"GET /persons/fields": personFields, "GET /fields": allFields,
			"POST /field-values": setValue, "GET /field-values": values, "PUT /field-values/{id}": changeValue,
			"POST /notes": note,
		},
		Before: func(c *kit.Call) *kit.Reply {
			if len(c.Body) > 0 && c.MediaType() != "application/json" {
				refusal := invalid("body: the content type must be application/json")
				return &refusal
			}
			return nil
		},
		Limits: []kit.Limit{
			{Name: "user", Requests: 900, Per: time.Minute},
			{Name: "month", Requests: 100_000, Until: kit.NextMonth, Cost: monthly},
		},
		Headers:  rateHeaders,
		NewID:    kit.DecimalID,
		Identity: identity,
		Seed: func(_ *kit.Account, p kit.Person) map[string]any {
			emails := []any{}
			if p.Email != "" {
				emails = append(emails, p.Email)
			}
			return map[string]any{"first_name": p.FirstName, "last_name": p.LastName, "emails": emails, "organization_ids": []any{}}
		},
		Errors: kit.Errors{
			Unauthorized: func(*kit.Call, kit.AuthFault) kit.Reply {
				return failure(http.StatusUnauthorized, "authentication", "The API key is invalid or has been revoked")
			},
			NotFound: func(_ *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return failure(http.StatusMethodNotAllowed, "method-not-allowed", "Method not allowed").With("Allow", strings.Join(allow, ", "))
				}
				return notFound()
			},
			Limited: func(*kit.Call, kit.Usage) kit.Reply {
				return failure(http.StatusTooManyRequests, "rate-limit", "API rate limit exceeded")
			},
			ServerError: func(*kit.Call) kit.Reply {
				return failure(http.StatusInternalServerError, "server", "Something went wrong")
			},
			Unavailable: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusServiceUnavailable, "text/plain", "Service Unavailable")
			},
		},
	}
}

// credential is a bearer token or, in version 1, a Basic password without a
// user name.
func credential(r *http.Request) string {
	if token := kit.Bearer(r); token != "" || strings.HasPrefix(r.URL.Path, "/v2/") {
		return token
	}
	return kit.BasicPassword(r, func(user string) bool { return user == "" })
}

// monthly leaves the checks out of the account's quota.
func monthly(c *kit.Call) int {
	switch c.Request.URL.Path {
	case "/v2/auth/whoami", "/auth/whoami", "/rate-limit":
		return 0
	}
	return 1
}

func rateHeaders(c *kit.Call) map[string]string {
	headers := map[string]string{}
	for name, u := range map[string]kit.Usage{"user": c.Usage.Get("user"), "org": c.Usage.Get("month")} {
		headers["x-ratelimit-limit-"+name] = strconv.Itoa(u.Requests)
		headers["x-ratelimit-limit-"+name+"-remaining"] = strconv.Itoa(u.Remaining())
		headers["x-ratelimit-limit-"+name+"-reset"] = strconv.Itoa(u.Seconds())
	}
	return headers
}

func rateLimit(c *kit.Call) kit.Reply {
	show := func(u kit.Usage) map[string]any {
		return map[string]any{"limit": u.Requests, "remaining": u.Remaining(), "reset": u.Seconds(), "used": u.Used}
	}
	return kit.JSON(http.StatusOK, map[string]any{"rate": map[string]any{
		"org_monthly": show(c.Usage.Get("month")), "api_key_per_minute": show(c.Usage.Get("user")),
	}})
}

// failure is the envelope of version 2.
func failure(status int, code, message string) kit.Reply {
	return kit.JSON(status, map[string]any{"errors": []any{map[string]any{"code": code, "message": message}}})
}

func invalid(messages ...string) kit.Reply { return kit.JSON(http.StatusUnprocessableEntity, messages) }

func notFound() kit.Reply {
	return kit.JSON(http.StatusNotFound, map[string]any{"message": "Not found"})
}

func tenantID(c *kit.Call) int64 { return int64(kit.Hash(slug, c.Account.Name)%90_000 + 10_000) }

func whoami(c *kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{
		"tenant": map[string]any{"id": tenantID(c), "name": c.Account.Name, "subdomain": c.Account.Name},
		"user":   map[string]any{"id": tenantID(c) + 1, "firstName": "Grace", "lastName": "Hopper", "emailAddress": "grace@sandbox.example"},
		"grant":  map[string]any{"type": "api-key", "scopes": []string{"api"}, "createdAt": "2025-01-01T00:00:00Z"},
	})
}

func whoamiV1(c *kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{
		"tenant": map[string]any{"id": tenantID(c), "name": c.Account.Name, "subdomain": c.Account.Name},
		"user":   map[string]any{"id": tenantID(c) + 1, "firstName": "Grace", "lastName": "Hopper", "email": "grace@sandbox.example"},
		"grant":  map[string]any{"type": "api_key", "scope": "external_api", "createdAt": "2025-01-01T00:00:00Z"},
	})
}

// stamp is a time as version 1 writes it, with the vendor's own offset.
func stamp(t time.Time) string {
	return t.In(time.FixedZone("", -4*60*60)).Format("2006-01-02T15:04:05.000-07:00")
}
