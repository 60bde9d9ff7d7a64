// Package attio imitates Attio's API v2 as far as it concerns the records of
// the standard object people.
//
// Besides the standard attributes a workspace has loyalty_tier (select: Gold,
// Silver), segments (multi-select: Investor, Press), lead_stage (status: New,
// Won), score (number), rating, newsletter (checkbox), birthday (date),
// last_meeting (timestamp), annual_spend (currency) and external_key (text).
// The attributes owner (actor) and tags (multi-select: VIP, Press) exist only
// in accounts whose name starts with "full", and those that start with
// "strict" require job_title. The members are grace@sandbox.example and
// alan@sandbox.example; companies and members exist by id as the kit says, and
// a company is linked by the domain of the first e-mail where none is given.
//
// What the documentation leaves open is taken the strict way: a name needs its
// three parts, a phone in object form both keys, a location its ten keys;
// multi-value attributes take no null; filters compare as written, e-mails
// with their stored form in lower case. A missing scope is 403 with a code
// that no client can know. The self call answers {"active":false} for expired
// tokens. Accounts whose name starts with "sparse" answer without created_at
// and web_url beside the values, and call a normalised phone by its other name.
package attio

import (
	"net/http"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const (
	slug    = "attio"
	people  = "/v2/objects/people"
	records = people + "/records"
)

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Identity: identity, NewID: kit.UUID,
		Credential: func(r *http.Request) string {
			if token := kit.Bearer(r); token != "" {
				return token
			}
			return kit.BasicUser(r)
		},
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{"scheme": "api_key", "api_key": kit.Token(slug, account)}, map[string]string{}
		},
		Routes: map[string]kit.Handler{
			"GET /v2/self": self, "GET /v2/workspace_members": members,
			"GET " + people + "/attributes": attributes, "GET " + people + "/attributes/{attribute}/options": options,
			"GET " + people + "/attributes/{attribute}/statuses": options,
			"POST " + records: create, "PUT " + records: assert, "POST " + records + "/query": query,
			"GET " + records + "/{id}":   read,
			"PATCH " + records + "/{id}": func(c *kit.Call) kit.Reply { return update(c, true) },
			"PUT " + records + "/{id}":   func(c *kit.Call) kit.Reply { return update(c, false) },
		},
		Limits: []kit.Limit{
			{Name: "writes", Requests: 25, Per: time.Second, Cost: func(c *kit.Call) int { return 1 - isRead(c) }},
			{Name: "reads", Requests: 100, Per: time.Second, Cost: isRead},
		},
		Seed: func(_ *kit.Account, p kit.Person) map[string]any {
			data := map[string]any{"name": one(personalName(p.FirstName, p.LastName, kit.Join(" ", p.FirstName, p.LastName)))}
			if p.Email != "" {
				data["email_addresses"] = one(emailAddress(p.Email))
			}
			if p.Phone != "" {
				data["phone_numbers"] = one(map[string]any{"original_phone_number": p.Phone, "phone_number": p.Phone, "country_code": nil})
			}
			if p.Title != "" {
				data["job_title"] = one(map[string]any{"value": p.Title})
			}
			return data
		},
		Errors: kit.Errors{
			Unauthorized: unauthorized, Limited: limited,
			NotFound: func(_ *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return failure(http.StatusMethodNotAllowed, "invalid_request_error", "method_not_allowed", "Method not allowed").
						With("Allow", strings.Join(allow, ", "))
				}
				return notFound("Could not find the requested endpoint.")
			},
			ServerError: func(*kit.Call) kit.Reply {
				return failure(http.StatusInternalServerError, "api_error", "internal_error", "Internal server error")
			},
			Unavailable: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusServiceUnavailable, "text/html", "<html><body>Service Unavailable</body></html>")
			},
		},
	}
}

// isRead counts record queries as the reads that they are.
func isRead(c *kit.Call) int {
	if c.Request.Method == http.MethodGet || strings.HasSuffix(c.Request.URL.Path, "/query") {
		return 1
	}
	return 0
}

func failure(status int, kind, code, message string) kit.Reply {
	return kit.JSON(status, map[string]any{"status_code": status, "type": kind, "code": code, "message": message})
}

func notFound(message string) kit.Reply {
	return failure(http.StatusNotFound, "invalid_request_error", "not_found", message)
}

// refusal is why a body is not taken: a code and, where the shape is wrong,
// the place.
type refusal struct {
	code, message string
	path          []any
}

func bad(code, message string) *refusal { return &refusal{code: code, message: message} }

func malformed(message string, path ...any) *refusal {
	return &refusal{code: "validation_type", message: message, path: path}
}

func (r *refusal) reply() kit.Reply {
	body := map[string]any{"status_code": 400, "type": "invalid_request_error", "code": r.code, "message": r.message}
	if r.code == "validation_type" {
		body["message"] = "Body payload validation error."
		body["validation_errors"] = []any{map[string]any{"code": "invalid_type", "path": append([]any{}, r.path...), "message": r.message}}
	}
	return kit.JSON(http.StatusBadRequest, body)
}

func unauthorized(c *kit.Call, fault kit.AuthFault) kit.Reply {
	if fault == kit.Expired && c.Request.URL.Path == "/v2/self" {
		return kit.JSON(http.StatusOK, map[string]any{"active": false})
	}
	return failure(http.StatusUnauthorized, "auth_error", "unauthorized", "The access token is invalid, has been revoked or is missing.")
}

func forbidden() kit.Reply {
	return failure(http.StatusForbidden, "auth_error", "insufficient_scopes", "The token lacks the scope record_permission:read-write.")
}

// limited names the instant of the next try; it is to be read against Date.
func limited(c *kit.Call, u kit.Usage) kit.Reply {
	next := c.Now.Add(u.Reset + time.Second - 1).UTC().Truncate(time.Second)
	return failure(http.StatusTooManyRequests, "rate_limit_error", "rate_limit_exceeded", "Rate limit exceeded, please try again later").
		With("Retry-After", next.Format(http.TimeFormat)).With("Date", c.Now.UTC().Format(http.TimeFormat))
}

func is(c *kit.Call, prefix string) bool { return strings.HasPrefix(c.Account.Name, prefix) }

// uuid is one of the account's fixed ids.
func uuid(account, what string) string { return kit.UUID(slug+" "+what+" "+account, 0) }

func self(c *kit.Call) kit.Reply {
	access := "read-write"
	if c.NoScope() {
		access = "read"
	}
	workspace := uuid(c.Account.Name, "workspace")
	return kit.JSON(http.StatusOK, map[string]any{
		"active": true, "scope": "record_permission:" + access + " object_configuration:read", "client_id": uuid(c.Account.Name, "client"),
		"token_type": "Bearer", "exp": nil, "iat": 1_763_640_000, "sub": workspace, "aud": uuid(c.Account.Name, "client"), "iss": "attio.com",
		"authorized_by_workspace_member_id": nil, "workspace_id": workspace, "workspace_name": c.Account.Name,
		"workspace_slug": strings.ToLower(c.Account.Name), "workspace_logo_url": nil,
	})
}

func memberNames() []string { return []string{"Grace", "Alan"} }

func members(c *kit.Call) kit.Reply {
	list := []any{}
	for _, name := range memberNames() {
		list = append(list, map[string]any{
			"id":         map[string]any{"workspace_id": uuid(c.Account.Name, "workspace"), "workspace_member_id": memberID(c, name)},
			"first_name": name, "last_name": "Sandbox", "email_address": memberEmail(name), "avatar_url": nil,
			"access_level": "admin", "created_at": "2024-01-01T00:00:00.000000000Z",
		})
	}
	return kit.JSON(http.StatusOK, map[string]any{"data": list})
}

func memberEmail(name string) string { return strings.ToLower(name) + "@sandbox.example" }

func memberID(c *kit.Call, name string) string { return uuid(c.Account.Name, "member "+name) }

// nanos is a time as Attio writes it.
func nanos(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }
