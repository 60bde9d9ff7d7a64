// Package zendesksell imitates version 2 of Zendesk Sell's Core API as far as
// it concerns contacts, which are people and organisations. Its token endpoint
// wants the client as HTTP Basic and gives a new refresh token each time.
//
// Organisations and users exist as the kit says; the organisation 90210
// (Analytical Engines) and the token's user are listed. An account has the
// custom fields Favourite Number (number), Lead Origin (string), Newsletter
// (bool), Tier (list: Gold, Silver), Interests (multi_select_list: Engines,
// Poetry), Met On (date), Home (address), and Source Key (string), the only
// one that can be filtered by.
//
// What the documentation leaves open is taken the strict way: attributes that
// do not exist are refused, and so are billing_address and shipping_address,
// but in accounts whose name starts with "billing"; the filters phone and
// mobile are refused but in those that start with "phone"; texts are compared
// to the letter; an upsert that several contacts match changes nothing; the
// header Accept is required. In "noprofile" accounts the scope profile is
// missing.
package zendesksell

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const slug = "zendesk-sell"

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Credential: kit.Bearer, Before: before, Identity: identity, NewID: kit.DecimalID, Seed: seed,
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{"scheme": "access_token", "access_token": kit.Token(slug, account)}, map[string]string{}
		},
		Routes: map[string]kit.Handler{
			"GET /v2/users/self": self, "GET /v2/users": users, "GET /v2/accounts/self": accountSelf,
			"POST /v2/contacts": create, "GET /v2/contacts": list, "POST /v2/contacts/upsert": upsert,
			"GET /v2/contacts/{id}": read, "PUT /v2/contacts/{id}": update,
			"GET /v2/contact/custom_fields": customFields,
		},
		OAuth: &kit.OAuth{Path: "/oauth2/token", ExpiresIn: 3600, Rotates: true, Judge: func(c *kit.Call) string {
			if _, _, basic := c.Request.BasicAuth(); !basic {
				return "invalid_client"
			}
			if c.MediaType() != "application/x-www-form-urlencoded" {
				return "invalid_request"
			}
			return ""
		}},
		Limits: []kit.Limit{
			{Name: "second", Requests: 10, Per: time.Second},
			{Name: "hour", Requests: 36_000, Per: time.Hour},
		},
		Headers: func(c *kit.Call) map[string]string { return map[string]string{"X-Request-Id": c.RequestID()} },
		Errors: kit.Errors{
			Unauthorized: func(c *kit.Call, _ kit.AuthFault) kit.Reply {
				return failure(c, http.StatusUnauthorized, fault{code: "unauthorized", message: "Unauthorized",
					details: "Required access token is missing, malformed, expired, or invalid."})
			},
			NotFound: func(c *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return failure(c, http.StatusMethodNotAllowed, fault{code: "method_not_allowed", message: "Method Not Allowed"}).With("Allow", strings.Join(allow, ", "))
				}
				return failure(c, http.StatusNotFound, fault{code: "incorrect_path", message: "Not Found", details: "There is no resource at the path."})
			},
			Limited: func(c *kit.Call, _ kit.Usage) kit.Reply {
				return failure(c, http.StatusTooManyRequests, fault{code: "rate_limit_exceeded", message: "Too Many Requests", details: "The rate limit has been exceeded."})
			},
			ServerError: func(c *kit.Call) kit.Reply {
				return failure(c, http.StatusInternalServerError, fault{code: "server_error", message: "Internal Server Error"})
			},
			Unavailable: func(c *kit.Call) kit.Reply {
				return failure(c, http.StatusServiceUnavailable, fault{code: "temporarily_unavailable", message: "Service Unavailable"})
			},
		},
	}
}

func before(c *kit.Call) *kit.Reply {
	accept := c.Request.Header.Get("Accept")
	var refusal kit.Reply
	switch {
	case c.Request.Header.Get("User-Agent") == "":
		refusal = bad(c, "invalid_user_agent", "The header User-Agent must not be empty.")
	case !strings.Contains(accept, "application/json") && !strings.Contains(accept, "*/*"):
		refusal = bad(c, "invalid_header", "The header Accept must be application/json.")
	case len(c.Body) > 0 && c.MediaType() != "application/json":
		refusal = bad(c, "invalid_header", "The header Content-Type must be application/json.")
	default:
		return nil
	}
	return &refusal
}

// fault is one entry of the error bodies; field is a JSON Pointer.
type fault struct{ code, message, details, field string }

func failure(c *kit.Call, status int, faults ...fault) kit.Reply {
	more := map[string]any{"more_info": "https://developer.zendesk.com/api-reference/sales-crm/errors/"}
	entries := []any{}
	for _, f := range faults {
		entry := map[string]any{"code": f.code, "message": f.message}
		if f.details != "" {
			entry["details"] = f.details
		}
		if f.field != "" {
			entry["resource"], entry["field"] = "contact", f.field
		}
		entries = append(entries, map[string]any{"error": entry, "meta": map[string]any{"type": "error", "links": more}})
	}
	return kit.JSON(status, map[string]any{"errors": entries, "meta": map[string]any{
		"type": "errors", "http_status": strconv.Itoa(status) + " " + http.StatusText(status), "logref": c.RequestID(), "links": more,
	}}).With("X-Request-Id", c.RequestID())
}

func bad(c *kit.Call, code, details string) kit.Reply {
	return failure(c, http.StatusBadRequest, fault{code: code, message: "Bad Request", details: details})
}

func refused(c *kit.Call, faults ...fault) kit.Reply {
	return failure(c, http.StatusUnprocessableEntity, faults...)
}

func forbidden(c *kit.Call) kit.Reply {
	return failure(c, http.StatusForbidden, fault{code: "insufficient_scope", message: "Forbidden", details: "The token does not have the scope that is needed."})
}

func missing(c *kit.Call) kit.Reply {
	return failure(c, http.StatusNotFound, fault{code: "not_found", message: "Not Found", details: "The resource does not exist."})
}

func is(c *kit.Call, prefix string) bool { return strings.HasPrefix(c.Account.Name, prefix) }

func userID(c *kit.Call) int64 { return kit.NumericID(slug+" user "+c.Account.Name, 1) }

func user(c *kit.Call) map[string]any {
	return map[string]any{"data": map[string]any{
		"id": userID(c), "name": "Grace Hopper", "email": "grace@" + c.Account.Name + ".sandbox.example", "status": "active", "role": "admin",
		"created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z", "deleted_at": nil,
	}, "meta": map[string]any{"type": "user"}}
}

func self(c *kit.Call) kit.Reply {
	if is(c, "noprofile") {
		return forbidden(c)
	}
	return kit.JSON(http.StatusOK, user(c))
}

func users(c *kit.Call) kit.Reply {
	if is(c, "noprofile") {
		return forbidden(c)
	}
	return collection(c, []any{user(c)}, 1)
}

func accountSelf(c *kit.Call) kit.Reply {
	if is(c, "noprofile") {
		return forbidden(c)
	}
	return kit.JSON(http.StatusOK, map[string]any{"data": map[string]any{
		"id": kit.NumericID(slug+" account "+c.Account.Name, 1), "name": c.Account.Name, "currency": "USD", "time_format": "24H", "timezone": "UTC",
	}, "meta": map[string]any{"type": "account"}})
}

// collection is a page of a list. Of its length it says no more than how much
// there is on the page.
func collection(c *kit.Call, items []any, page int) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{"items": items, "meta": map[string]any{
		"type": "collection", "length": len(items), "page": page,
		"links": map[string]any{"self": "https://api.getbase.com" + c.Request.URL.RequestURI()},
	}})
}
