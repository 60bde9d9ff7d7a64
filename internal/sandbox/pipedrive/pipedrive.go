// Package pipedrive imitates version 2 of Pipedrive's API as far as it
// concerns persons, and what version 1 alone has: users and notes. The
// persons of version 1 are gone (410).
//
// Users and organizations exist as the kit says. An account has the labels 5
// (Hot) and 6 (Cold), and custom fields of eight types, whose keys differ from
// account to account.
//
// What the documentation leaves open is taken the strict way: unknown keys
// are refused, as is more than one primary e-mail or phone. A create answers
// 201 to an API token and 200 to an OAuth token. Accounts whose name starts
// with "sync" have contact sync; in others its fields are refused with 403.
// "nonadmin" accounts may not set add_time, "legacy" ones call the label field
// "label" and its options by texts, and to "unpaid" ones all is refused with
// 402. Whoever hammers on after 429 gets the HTML page of the vendor's
// gateway. The daily budget is that of one seat of the smallest plan.
package pipedrive

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const slug = "pipedrive"

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Connect: connect, Before: before, Headers: rateHeaders, NewID: kit.DecimalID, Identity: identity, Seed: seed,
		Credential: func(r *http.Request) string {
			if token := r.Header.Get("x-api-token"); token != "" {
				return token
			}
			return kit.Bearer(r)
		},
		Routes: map[string]kit.Handler{
			"POST /api/v2/persons": create, "GET /api/v2/persons": list, "GET /api/v2/persons/search": search,
			"GET /api/v2/persons/{id}": read, "PATCH /api/v2/persons/{id}": update, "GET /api/v2/personFields": personFields,
			"POST /api/v1/notes": note, "GET /api/v1/users/me": me, "GET /api/v1/users": users,
			"POST /api/v1/persons": gone, "GET /api/v1/persons": gone, "GET /api/v1/persons/{id}": gone,
			"PUT /api/v1/persons/{id}": gone, "GET /api/v1/persons/search": gone, "GET /api/v1/itemSearch": gone,
		},
		Limits: []kit.Limit{
			{Name: "burst", Requests: 20, Per: 2 * time.Second, Cost: func(c *kit.Call) int { return one(!isSearch(c) && !isOAuth(c)) }},
			{Name: "burst_oauth", Requests: 80, Per: 2 * time.Second, Cost: func(c *kit.Call) int { return one(!isSearch(c) && isOAuth(c)) }},
			{Name: "search", Requests: 10, Per: 2 * time.Second, Cost: func(c *kit.Call) int { return one(isSearch(c)) }},
			{Name: "daily", Requests: 30_000, Until: kit.Midnight, Cost: tokens},
			{Name: "hammering", Requests: 600, Per: 10 * time.Second, CountRefused: true},
		},
		Errors: kit.Errors{
			Unauthorized: func(*kit.Call, kit.AuthFault) kit.Reply {
				return gateway(http.StatusUnauthorized, "unauthorized access")
			},
			NotFound: func(_ *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return failure(http.StatusMethodNotAllowed, "Method not allowed").With("Allow", strings.Join(allow, ", "))
				}
				return failure(http.StatusNotFound, "Not found")
			},
			Limited: limited,
			ServerError: func(*kit.Call) kit.Reply {
				return kit.JSON(http.StatusInternalServerError, map[string]any{"success": false, "error": "Internal Server Error", "code": "ERR_UNKNOWN"})
			},
			Unavailable: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusServiceUnavailable, "text/html", "<html><body>Service Unavailable</body></html>")
			},
		},
	}
}

var domainForm = regexp.MustCompile(`[^a-z0-9]+`)

func domain(account string) string {
	return strings.Trim(domainForm.ReplaceAllString(strings.ToLower(account), "-"), "-")
}

func connect(account, _ string) (auth, settings map[string]string) {
	return map[string]string{"scheme": "api_key", "api_key": kit.Token(slug, account)}, map[string]string{
		"company_domain": domain(account), "contact_sync_enabled": strconv.FormatBool(strings.HasPrefix(account, "sync")),
	}
}

func isOAuth(c *kit.Call) bool  { return c.Request.Header.Get("x-api-token") == "" }
func isSearch(c *kit.Call) bool { return c.Request.URL.Path == "/api/v2/persons/search" }

func one(counts bool) int {
	if counts {
		return 1
	}
	return 0
}

// tokens is what a call takes from the daily budget.
func tokens(c *kit.Call) int {
	path := strings.TrimPrefix(c.Request.URL.Path, "/api")
	switch {
	case isSearch(c):
		return 20
	case strings.HasPrefix(path, "/v2/persons/") && c.Request.Method == http.MethodGet:
		return 1
	case strings.HasPrefix(path, "/v2/persons") && c.Request.Method != http.MethodGet:
		return 5
	case path == "/v1/users/me":
		return 2
	}
	return 10
}

func rateHeaders(c *kit.Call) map[string]string {
	name := "burst"
	switch {
	case isSearch(c):
		name = "search"
	case isOAuth(c):
		name = "burst_oauth"
	}
	window, day := c.Usage.Get(name), c.Usage.Get("daily")
	headers := map[string]string{
		"x-ratelimit-limit": strconv.Itoa(window.Requests), "x-ratelimit-remaining": strconv.Itoa(window.Remaining()),
		"x-ratelimit-reset":             strconv.Itoa(max(1, window.Seconds())),
		"x-daily-ratelimit-token-limit": strconv.Itoa(day.Requests), "x-daily-ratelimit-token-remaining": strconv.Itoa(day.Remaining()),
	}
	if !isOAuth(c) {
		headers["x-daily-requests-left"] = strconv.Itoa(day.Remaining())
	}
	return headers
}

func limited(c *kit.Call, _ kit.Usage) kit.Reply {
	if hits := c.Usage.Get("hammering"); hits.Requests > 0 && hits.Remaining() == 0 {
		return kit.Raw(http.StatusForbidden, "text/html; charset=UTF-8",
			"<!DOCTYPE html><html><head><title>Access denied</title></head><body>Error 1015: You are being rate limited</body></html>")
	}
	return kit.JSON(http.StatusTooManyRequests, map[string]any{"success": false, "error": "Rate limit exceeded", "errorCode": 429})
}

// before refuses accounts that have not paid, and bodies that are no JSON.
func before(c *kit.Call) *kit.Reply {
	var refusal kit.Reply
	switch {
	case is(c, "unpaid"):
		refusal = failure(http.StatusPaymentRequired, "Company account is not open")
	case len(c.Body) > 0 && c.MediaType() != "application/json":
		refusal = schemaFailure("content-type: must be application/json")
	default:
		return nil
	}
	return &refusal
}

// is tells whether the account is one of a special kind.
func is(c *kit.Call, prefix string) bool { return strings.HasPrefix(c.Account.Name, prefix) }

const hint = "Please check developers.pipedrive.com"

// failure is the older form, which business checks have.
func failure(status int, text string) kit.Reply {
	return kit.JSON(status, map[string]any{"success": false, "error": text, "error_info": hint, "data": nil, "additional_data": nil})
}

// gateway is the form of what the vendor's gateway refuses.
func gateway(status int, text string) kit.Reply {
	return kit.JSON(status, map[string]any{"success": false, "error": text, "errorCode": status, "error_info": hint})
}

func schemaFailure(text string) kit.Reply {
	return kit.JSON(http.StatusBadRequest, map[string]any{
		"success": false, "error": "Validation failed: " + text, "error_info": hint, "code": "ERR_SCHEMA_VALIDATION_FAILED",
	})
}

func done(status int, data any, more map[string]any) kit.Reply {
	body := map[string]any{"success": true, "data": data}
	if more != nil {
		body["additional_data"] = more
	}
	return kit.JSON(status, body)
}

func gone(*kit.Call) kit.Reply { return failure(http.StatusGone, "This endpoint has been removed") }

func forbidden(c *kit.Call) kit.Reply {
	if isOAuth(c) {
		return gateway(http.StatusForbidden, "Scope and URL mismatch")
	}
	return failure(http.StatusForbidden, "You do not have permissions to do this")
}

// page is the part of rows that the query's cursor and limit ask for.
func page(c *kit.Call, rows []any, most int) ([]any, map[string]any, bool) {
	size, start := 100, 0
	if text := c.Query("limit"); text != "" {
		size = int(kit.Int(text))
	}
	if cursor := c.Query("cursor"); cursor != "" {
		text, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil || !kit.Digits(string(text)) {
			return nil, nil, false
		}
		start = min(int(kit.Int(string(text))), len(rows))
	}
	if size < 1 || size > most {
		return nil, nil, false
	}
	var next any
	end := min(start+size, len(rows))
	if end < len(rows) {
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(end)))
	}
	return rows[start:end], map[string]any{"next_cursor": next}, true
}

func userID(account string) int64 { return int64(kit.Hash(slug, "user", account)%9_000+1_000) * 10 }

func showUsers(c *kit.Call) []any {
	list := []any{}
	for i, name := range []string{"Grace", "Alan"} {
		list = append(list, map[string]any{
			"id": userID(c.Account.Name) + int64(i), "name": name, "email": strings.ToLower(name) + "@sandbox.example", "active_flag": true,
			"is_admin": one(i == 0), "company_id": userID(c.Account.Name) + 5, "company_name": c.Account.Name, "company_domain": domain(c.Account.Name),
		})
	}
	return list
}

func me(c *kit.Call) kit.Reply    { return done(http.StatusOK, showUsers(c)[0], nil) }
func users(c *kit.Call) kit.Reply { return done(http.StatusOK, showUsers(c), nil) }

// custom is a field of the account's own.
type custom struct {
	Key, Name, Type string
	Options         []any
}

func customsOf(account string) []custom {
	option := func(id int, label string) any { return map[string]any{"id": id, "label": label} }
	fields := []custom{
		{Name: "My Text", Type: "varchar"}, {Name: "Score", Type: "double"},
		{Name: "Tier", Type: "enum", Options: []any{option(11, "Gold"), option(12, "Silver")}},
		{Name: "Interests", Type: "set", Options: []any{option(21, "Art"), option(22, "Golf")}},
		{Name: "Renewal", Type: "date"}, {Name: "Budget", Type: "monetary"}, {Name: "Best Time", Type: "time"}, {Name: "Site", Type: "address"},
	}
	for i := range fields {
		n := kit.Hash(slug, account, fields[i].Name)
		fields[i].Key = fmt.Sprintf("%016x%016x%08x", n, kit.Hash(slug, strconv.FormatUint(n, 10)), i)
	}
	return fields
}

// labels are the options of the account's label field.
func labels(legacy bool) []any {
	list := []any{}
	for i, label := range []string{"Hot", "Cold"} {
		var id any = 5 + i
		if legacy {
			id = strconv.Itoa(5 + i)
		}
		list = append(list, map[string]any{"id": id, "label": label, "color": "red"})
	}
	return list
}

func personFields(c *kit.Call) kit.Reply {
	rows := []any{}
	add := func(code, name, kind string, options []any, isCustom bool) {
		var shown any
		if options != nil {
			shown = options
		}
		rows = append(rows, map[string]any{
			"field_name": name, "field_code": code, "field_type": kind, "options": shown, "subfields": nil,
			"is_custom_field": isCustom, "is_optional_response_field": false,
		})
	}
	for _, f := range [][3]string{
		{"name", "Name", "varchar"}, {"emails", "Email", "varchar"}, {"phones", "Phone", "phone"},
		{"org_id", "Organization", "org"}, {"owner_id", "Owner", "user"}, {"add_time", "Created", "date"},
	} {
		add(f[0], f[1], f[2], nil, false)
	}
	if is(c, "legacy") {
		add("label", "Labels", "set", labels(true), false)
	} else {
		add("label_ids", "Labels", "set", labels(false), false)
	}
	for _, f := range customsOf(c.Account.Name) {
		add(f.Key, f.Name, f.Type, f.Options, true)
	}
	shown, more, ok := page(c, rows, 500)
	if !ok {
		return schemaFailure("limit or cursor: is invalid")
	}
	return done(http.StatusOK, shown, more)
}
