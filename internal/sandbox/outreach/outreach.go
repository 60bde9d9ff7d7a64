// Package outreach imitates Outreach's API v2 as far as it concerns prospects.
//
// Accounts, users, stages and personas exist by id as the kit says; the user
// of the token is 2, grace@sandbox.example, whose e-mail no prospect can have,
// and the domain excluded.example is barred. The custom fields that have a
// type are custom1 (string), custom2 (date) and custom3 (Gold, Silver).
//
// What the documentation leaves open is taken the strict way: unknown and
// read-only attributes are refused, as are first and last names over 50
// characters, ids of relationships that are no JSON integers, and query
// options of writes; a refresh token works once; lists lag. The token's scopes
// are prospects.read and prospects.write, so users and phone numbers are
// refused, but in accounts whose name starts with "full". In those that start
// with "governed" the user's profile forbids to create.
package outreach

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const (
	slug      = "outreach"
	base      = "https://api.outreach.io/api/v2"
	api       = "/api/v2"
	mediaType = "application/vnd.api+json"
	tokens    = "tokens"
	userEmail = "grace@sandbox.example"
)

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Credential: kit.Bearer, NewID: kit.DecimalID, Identity: identity, Seed: seed, Before: before, Headers: rateHeaders,
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{
				"scheme": "oauth2", "access_token": kit.Token(slug, account), "refresh_token": kit.Token(slug, account),
				"client_id": kit.ClientID, "client_secret": kit.ClientSecret,
			}, map[string]string{}
		},
		OAuth: &kit.OAuth{Path: "/oauth/token", ExpiresIn: 7200, Rotates: true, Complete: func(c *kit.Call, answer map[string]any) {
			answer["scope"], answer["created_at"] = "prospects.read prospects.write", c.Now.Unix()
		}},
		Routes: map[string]kit.Handler{
			"POST " + api + "/prospects": create, "GET " + api + "/prospects": list,
			"GET " + api + "/prospects/{id}": read, "PATCH " + api + "/prospects/{id}": update,
			"GET " + api + "/phoneNumbers": phoneNumbers, "GET " + api + "/users": users, "GET " + api + "/types": types,
			"GET " + api: root, "GET " + api + "/": root,
		},
		Limits: []kit.Limit{
			{Name: "hour", Requests: 10_000, Until: kit.NextHour},
			{Name: tokens, Requests: 1, Per: time.Minute, Cost: func(c *kit.Call) int {
				if c.IsTokenRequest() {
					return 1
				}
				return 0
			}},
		},
		Errors: kit.Errors{
			Unauthorized: func(_ *kit.Call, fault kit.AuthFault) kit.Reply {
				if fault == kit.Expired {
					return kit.JSON(http.StatusUnauthorized, map[string]any{"error": "invalid_token", "error_description": "The access token expired"})
				}
				return failure(http.StatusUnauthorized, "unauthorized", "Unauthorized", "The access token is invalid.")
			},
			NotFound: func(c *kit.Call, allow []string) kit.Reply {
				reply := failure(http.StatusNotFound, "routeNotFound", "Route Not Found", fmt.Sprintf("Could not find route '%s %s'.", c.Request.Method, c.Request.URL.Path))
				if len(allow) > 0 {
					reply = reply.With("Allow", strings.Join(allow, ", "))
				}
				return reply
			},
			Limited: limited,
			ServerError: func(*kit.Call) kit.Reply {
				return failure(http.StatusInternalServerError, "internalServerError", "Internal Server Error", "Something went wrong.")
			},
			Unavailable: func(c *kit.Call) kit.Reply {
				return failure(http.StatusServiceUnavailable, "scheduledServerMaintenance", "Scheduled Server Maintenance", "The API is undergoing maintenance.").
					With("Retry-After", c.Now.Add(time.Minute).UTC().Format("2006-01-02T15:04:05"))
			},
		},
	}
}

// before refuses bodies that are not of JSON:API, and options of writes.
func before(c *kit.Call) *kit.Reply {
	var refusal kit.Reply
	switch {
	case len(c.Body) > 0 && c.MediaType() != mediaType:
		refusal = failure(http.StatusUnsupportedMediaType, "unsupportedMediaType", "Unsupported Media Type", "The request must have the content type "+mediaType+".")
	case c.Request.Method != http.MethodGet && c.Request.URL.RawQuery != "":
		refusal = unsupportedQuery(c.Request.URL.RawQuery)
	default:
		return nil
	}
	return &refusal
}

// resets is when the windows of an hour and of tokens end.
func resets(c *kit.Call, u kit.Usage) string {
	return strconv.FormatInt(c.Now.Add(u.Reset+time.Second-1).Unix(), 10)
}

// rateHeaders gives two numbers for what remains: the user's and another.
func rateHeaders(c *kit.Call) map[string]string {
	hour := c.Usage.Get("hour")
	return map[string]string{
		"X-RateLimit-Limit": strconv.Itoa(hour.Requests), "X-RateLimit-Remaining": fmt.Sprintf("%d, %d", hour.Remaining(), 2*hour.Requests-hour.Used),
		"X-RateLimit-Reset": resets(c, hour),
	}
}

// limited names the instant of the next try in seconds of the epoch.
func limited(c *kit.Call, u kit.Usage) kit.Reply {
	at := c.Now.Add(u.Reset).UTC().Format("2006-01-02T15:04:05")
	return failure(http.StatusTooManyRequests, "rateLimitExceeded", "Rate Limit Exceeded",
		fmt.Sprintf("You have exceeded your permitted rate limit of %d; please try again at %s.", u.Requests, at)).With("Retry-After", resets(c, u))
}

// refusal is one entry of the error bodies.
type refusal struct{ id, title, detail, pointer string }

func (r refusal) entry() map[string]any {
	entry := map[string]any{"id": r.id, "title": r.title, "detail": r.detail}
	if r.id == "unauthorizedRequest" {
		delete(entry, "detail")
		entry["details"] = r.detail // some answers spell it so
	}
	if r.pointer != "" {
		entry["source"] = map[string]any{"pointer": r.pointer}
	}
	return entry
}

func answer(status int, body map[string]any) kit.Reply {
	return kit.JSON(status, body).With("Content-Type", mediaType)
}

func failure(status int, id, title, detail string) kit.Reply {
	return refuse(status, refusal{id: id, title: title, detail: detail})
}

func refuse(status int, refusals ...refusal) kit.Reply {
	entries := []any{}
	for _, r := range refusals {
		entries = append(entries, r.entry())
	}
	return answer(status, map[string]any{"errors": entries})
}

func invalid(pointer, detail string) refusal {
	return refusal{"validationError", "Validation Error", detail, pointer}
}

func unsupportedQuery(name string) kit.Reply {
	return failure(http.StatusBadRequest, "unsupportedQueryParameter", "Unsupported Query Parameter", "The query parameter '"+name+"' is not supported.")
}

func unauthorizedScope(scope string) kit.Reply {
	return failure(http.StatusForbidden, "unauthorizedOauthScope", "Unauthorized OAuth Scope",
		"Your authorization does not include the required scope '"+scope+"'.")
}

// forbidden tells why the account may not write prospects.
func forbidden(c *kit.Call) *kit.Reply {
	var reply kit.Reply
	switch {
	case c.NoScope():
		reply = unauthorizedScope("prospects.write")
	case strings.HasPrefix(c.Account.Name, "governed"):
		reply = failure(http.StatusForbidden, "unauthorizedRequest", "Unauthorized Request", "You are not authorized to perform that request.")
	default:
		return nil
	}
	return &reply
}

func hasAllScopes(c *kit.Call) bool { return strings.HasPrefix(c.Account.Name, "full") }

func root(c *kit.Call) kit.Reply {
	return answer(http.StatusOK, map[string]any{"meta": map[string]any{
		"user": map[string]any{"id": 2, "email": userEmail, "firstName": "Grace", "lastName": "Hopper"},
		"org":  map[string]any{"id": kit.Hash(slug, c.Account.Name)%90_000 + 10_000, "name": c.Account.Name},
	}})
}

func users(c *kit.Call) kit.Reply {
	if !hasAllScopes(c) {
		return unauthorizedScope("users.read")
	}
	data := []any{map[string]any{
		"type": "user", "id": 2, "attributes": map[string]any{"email": userEmail, "firstName": "Grace", "lastName": "Hopper"},
		"links": map[string]any{"self": base + "/users/2"},
	}}
	return answer(http.StatusOK, map[string]any{"data": data, "meta": map[string]any{"count": nil}})
}

// types describes the attributes of prospects.
func types(*kit.Call) kit.Reply {
	attributes := map[string]any{}
	for name, f := range schema() {
		kind := map[kit.Type]string{kit.List: "array", kit.DateTime: "date_time", kit.Bool: "boolean"}[f.Type]
		if kind == "" {
			kind = "string"
		}
		attributes[name] = map[string]any{"type": kind, "required": false, "label": name}
	}
	maps.Copy(attributes, map[string]any{
		"custom2": map[string]any{"type": "date", "required": false, "label": "Renewal"},
		"custom3": map[string]any{"type": "inclusion", "required": false, "label": "Tier", "options": tiers()},
	})
	return answer(http.StatusOK, map[string]any{"data": []any{map[string]any{"type": "type", "id": "prospect", "attributes": attributes}}})
}

func tiers() []string { return []string{"Gold", "Silver"} }
