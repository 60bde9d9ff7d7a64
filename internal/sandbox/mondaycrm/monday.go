// Package mondaycrm imitates the platform API of monday.com for an account
// with its CRM: one GraphQL endpoint, of which the operations in the schema
// of this package are served.
//
// Board, column and group ids differ from account to account. Users, linked
// items and tags are all that are well formed and not [kit.Missing]. In
// accounts whose name starts with "nolink" a create loses links to other
// boards without a word, as the vendor is said to do, and in those with
// "nolinkever" a later change does too.
package mondaycrm

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const slug = "monday-crm"

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Credential: credential, Before: before, Headers: rateHeaders,
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{"scheme": "api_key", "api_key": kit.Token(slug, account)},
				map[string]string{"board_id": layoutOf(account).contacts}
		},
		Routes: map[string]kit.Handler{"POST /v2": graphql(types())},
		Limits: []kit.Limit{
			{Name: "minute", Requests: 1000, Per: time.Minute},
			{Name: "concurrency", Requests: 40, Concurrent: true},
			{Name: "complexity", Requests: 5_000_000, Per: time.Minute, Cost: complexityCost},
			{Name: "day", Requests: 1000, Until: kit.Midnight},
			{Name: "ip", Requests: 5000, Per: 10 * time.Second, Shared: true},
		},
		Idempotency: &kit.Idempotency{
			Header: "Idempotency-Key", TTL: 30 * time.Minute,
			Applies: func(c *kit.Call) bool { return strings.Contains(string(c.Body), "mutation") },
			Conflict: func(c *kit.Call) kit.Reply {
				return failure{code: "IDEMPOTENCY_CONFLICT", http: http.StatusConflict,
					message: "A request with the same idempotency key is in progress"}.whole(c).With("Retry-After", "1")
			},
			Replayed: func(r kit.Reply) kit.Reply { return r.With("Idempotency-Replayed", "true") },
		},
		NewID: kit.DecimalID, Identity: identity, Seed: seed,
		Errors: kit.Errors{
			Unauthorized: func(*kit.Call, kit.AuthFault) kit.Reply {
				return kit.JSON(http.StatusUnauthorized, map[string]any{"errors": []string{"Not Authenticated"}})
			},
			NotFound: func(*kit.Call, []string) kit.Reply {
				return kit.Raw(http.StatusNotFound, "text/html", "<html><body>Not Found</body></html>")
			},
			Limited: limited,
			ServerError: func(c *kit.Call) kit.Reply {
				return legacy(c, http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", "Internal server error", nil)
			},
			Unavailable: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusServiceUnavailable, "text/html", "<html><body>Service Unavailable</body></html>")
			},
		},
	}
}

// credential is the bare token, or a bearer one as OAuth clients send it.
func credential(r *http.Request) string {
	if token := kit.Bearer(r); token != "" {
		return token
	}
	return r.Header.Get("Authorization")
}

func before(c *kit.Call) *kit.Reply {
	var refused kit.Reply
	switch version := c.Request.Header.Get("API-Version"); {
	case version != "" && !slices.Contains([]string{"2026-07", "2026-10", "2027-01"}, version):
		refused = failure{code: "InvalidVersionException", message: "The requested version does not exist"}.whole(c)
	case len(c.Body) > 0 && c.MediaType() != "application/json":
		refused = failure{code: "Bad request", message: "Invalid content type", http: http.StatusBadRequest}.whole(c)
	default:
		return nil
	}
	return &refused
}

func seed(a *kit.Account, p kit.Person) map[string]any {
	l := layoutOf(a.Name)
	data := map[string]any{"name": kit.Join(" ", p.FirstName, p.LastName), "group": l.groups[0]}
	if p.Email != "" {
		data[l.titled("Email")] = map[string]any{"email": p.Email, "text": p.Email}
	}
	if p.Phone != "" {
		data[l.titled("Phone")] = map[string]any{"phone": kit.OnlyDigits(p.Phone), "countryShortName": ""}
	}
	if p.Title != "" {
		data[l.titled("Title")] = map[string]any{"plain": p.Title}
	}
	data["emails"] = l.emails(data)
	return data
}

// complexityCost is an estimate in the vendor's order of size.
func complexityCost(c *kit.Call) int {
	return 100 + 1000*strings.Count(string(c.Body), "create_item(")
}

func rateHeaders(c *kit.Call) map[string]string {
	minute, concurrency, complexity := c.Usage.Get("minute"), c.Usage.Get("concurrency"), c.Usage.Get("complexity")
	return map[string]string{
		"RateLimit-Policy": fmt.Sprintf(`"minuteRate";q=%d;w=60, "concurrency";q=%d;qu="concurrent-requests", "complexityMinute";q=%d;w=60;qu="content-bytes"`,
			minute.Requests, concurrency.Requests, complexity.Requests),
		"RateLimit": fmt.Sprintf(`"minuteRate";r=%d, "concurrency";r=%d, "complexityMinute";r=%d;t=%d`,
			minute.Remaining(), concurrency.Remaining(), complexity.Remaining(), complexity.Seconds()),
	}
}

// limited answers each limit in another of the forms that are known.
func limited(c *kit.Call, u kit.Usage) kit.Reply {
	wait := max(1, u.Seconds())
	switch u.Name {
	case "concurrency":
		return legacy(c, http.StatusTooManyRequests, "maxConcurrencyExceeded", "Concurrency limit exceeded", map[string]any{"retry_in_seconds": wait})
	case "complexity":
		return failure{code: "COMPLEXITY_BUDGET_EXHAUSTED", message: "Complexity budget exhausted", extra: map[string]any{
			"complexity": complexityCost(c), "complexity_budget_left": u.Remaining(), "complexity_budget_limit": u.Requests, "retry_in_seconds": wait,
		}}.whole(c)
	case "day":
		return failure{code: "DAILY_LIMIT_EXCEEDED", message: "Daily limit exceeded", http: http.StatusTooManyRequests}.whole(c)
	case "ip":
		return failure{code: "IP_RATE_LIMIT_EXCEEDED", message: "IP rate limit exceeded", http: http.StatusTooManyRequests}.whole(c)
	}
	return failure{message: "Minute limit rate exceeded", http: http.StatusTooManyRequests,
		extra: map[string]any{"retry_in_seconds": wait}}.whole(c).With("Retry-After", strconv.Itoa(wait))
}

// legacy is the older form of an error.
func legacy(c *kit.Call, status int, code, text string, data map[string]any) kit.Reply {
	if data == nil {
		data = map[string]any{}
	}
	return kit.JSON(status, map[string]any{
		"error_message": text, "error_code": code, "error_data": data, "status_code": status, "account_id": accountID(c),
	})
}

func unauthorizedField() *failure {
	return &failure{code: "UNAUTHORIZED_FIELD_OR_TYPE", message: "Unauthorized field or type",
		extra: map[string]any{"missingRequiredPermissions": []string{"boards:write"}}}
}

func accountID(c *kit.Call) int64 { return kit.Int(digits(c.AccountName(), "account")) }
