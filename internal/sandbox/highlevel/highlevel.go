// Package highlevel imitates version 2021-07-28 of HighLevel's API 2.0 as far
// as it concerns contacts.
//
// An account is one location, whose id Connect gives. Users and businesses
// are all that are well formed and not [kit.Missing]; GET /users/ lists
// y0BeYjuRIlDwsDcOHOJo. The custom fields, with ids that differ from account
// to account, are contract_no (text), interests (several of maths, engines),
// score (number), tier (one of Gold, Silver), since (date) and files (an
// object).
//
// What the documentation leaves open is taken the strict way: a contact needs
// an e-mail or a phone number, a custom value its field's id,
// additionalPhones are refused, and all look-ups lag. Duplicates are
// refused, but in accounts whose name starts with "dupes". "agency" accounts
// have a token of the wrong class, and "ghost" ones store what they refuse
// with 422, as the vendor is reported to do. Searches never find by phone.
package highlevel

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const (
	slug    = "highlevel"
	version = "2021-07-28"
)

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Credential: kit.Bearer, Before: before, Headers: rateHeaders, Identity: identity,
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{"scheme": "access_token", "access_token": kit.Token(slug, account)},
				map[string]string{"location_id": locationID(account)}
		},
		Routes: map[string]kit.Handler{
			"POST /contacts/": create, "POST /contacts/upsert": upsert, "GET /contacts/{id}": read, "PUT /contacts/{id}": update,
			"GET /contacts/search/duplicate": duplicate, "POST /contacts/search": search,
			"POST /contacts/{id}/tags": addTags, "POST /contacts/{id}/notes": addNote, "POST /contacts/bulk/business": linkBusiness,
			"GET /locations/{location}": location, "GET /locations/{location}/customFields": customFields, "GET /users/": users,
		},
		Limits: []kit.Limit{
			{Name: "burst", Requests: 100, Per: 10 * time.Second},
			{Name: "daily", Requests: 200_000, Until: kit.Midnight},
		},
		NewID: func(account string, n uint64) string { return newID("contact", account, strconv.FormatUint(n, 10)) },
		Seed: func(_ *kit.Account, p kit.Person) map[string]any {
			return stored(map[string]any{"firstName": p.FirstName, "lastName": p.LastName, "email": p.Email, "phone": p.Phone}, nil)
		},
		Errors: kit.Errors{
			Unauthorized: unauthorized,
			NotFound: func(c *kit.Call, _ []string) kit.Reply {
				return failure(http.StatusNotFound, "Cannot "+c.Request.Method+" "+c.Request.URL.Path, "Not Found")
			},
			Limited: func(*kit.Call, kit.Usage) kit.Reply {
				return failure(http.StatusTooManyRequests, "Too Many Requests", "")
			},
			ServerError: func(*kit.Call) kit.Reply {
				return failure(http.StatusInternalServerError, "Internal server error", "")
			},
			Unavailable: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusServiceUnavailable, "text/plain", "no healthy upstream")
			},
		},
	}
}

func before(c *kit.Call) *kit.Reply {
	no := func(reply kit.Reply) *kit.Reply { return &reply }
	switch {
	case c.Request.Header.Get("Version") != version:
		return no(failure(http.StatusBadRequest, "version header was not found or is invalid", "Bad Request"))
	case c.Request.Header.Get("Location-Id") != "":
		return no(foreign())
	case strings.HasPrefix(c.Account.Name, "agency") && strings.HasPrefix(c.Request.URL.Path, "/contacts/"):
		return no(failure(http.StatusUnauthorized, "This authClass type is not allowed to access this scope. Please use the correct authClass type.", ""))
	case len(c.Body) > 0 && c.MediaType() != "application/json":
		return no(failure(http.StatusUnsupportedMediaType, "Unsupported Media Type", ""))
	}
	return nil
}

func rateHeaders(c *kit.Call) map[string]string {
	burst, day := c.Usage.Get("burst"), c.Usage.Get("daily")
	headers := map[string]string{
		"X-RateLimit-Max":                   strconv.Itoa(burst.Requests),
		"X-RateLimit-Remaining":             strconv.Itoa(burst.Remaining()),
		"X-RateLimit-Interval-Milliseconds": strconv.FormatInt(burst.Per.Milliseconds(), 10),
		"X-RateLimit-Limit-Daily":           strconv.Itoa(day.Requests),
		"X-RateLimit-Daily-Remaining":       strconv.Itoa(day.Remaining()),
	}
	if day.Remaining() == 0 {
		headers["X-RateLimit-Daily-Reset"] = strconv.FormatInt(day.Reset.Milliseconds(), 10)
	}
	return headers
}

func unauthorized(_ *kit.Call, fault kit.AuthFault) kit.Reply {
	switch fault {
	case kit.Expired:
		return failure(http.StatusUnauthorized, "Invalid JWT", "")
	case kit.NoCredential:
		return failure(http.StatusUnauthorized, "Authorization header was not found", "Unauthorized")
	}
	return failure(http.StatusUnauthorized, "Invalid token: access token is invalid", "Unauthorized")
}

func missingScope() kit.Reply {
	return failure(http.StatusUnauthorized, "The token is not authorized for this scope.", "")
}

// foreign answers a token that is used for another location.
func foreign() kit.Reply {
	return failure(http.StatusForbidden, "The token does not have access to this location.", "")
}

// failure is the error body; some answers have no word for the status.
func failure(status int, message any, word string) kit.Reply {
	body := map[string]any{"statusCode": status, "message": message}
	if word != "" {
		body["error"] = word
	}
	return kit.JSON(status, body)
}

func unprocessable(messages ...string) *kit.Reply {
	reply := failure(http.StatusUnprocessableEntity, messages, "Unprocessable Entity")
	return &reply
}

// newID is an id of 20 letters and digits.
func newID(texts ...string) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	id := make([]byte, 20)
	for half := range 2 {
		n := kit.Hash(append(texts, slug, strconv.Itoa(half))...)
		for i := range 10 {
			id[half*10+i] = digits[n%62]
			n /= 62
		}
	}
	return string(id)
}

func validID(id string) bool {
	return len(id) >= 16 && len(id) <= 24 && !kit.Missing(id) && strings.IndexFunc(id, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
	}) < 0
}

func locationID(account string) string { return newID("location", account) }

const userID = "y0BeYjuRIlDwsDcOHOJo"

func users(c *kit.Call) kit.Reply {
	if c.Query("locationId") != locationID(c.Account.Name) {
		return foreign()
	}
	return kit.JSON(http.StatusOK, map[string]any{"users": []any{map[string]any{
		"id": userID, "name": "Grace Hopper", "firstName": "Grace", "lastName": "Hopper", "email": "grace@sandbox.example", "deleted": false,
	}}, "traceId": c.RequestID()})
}

func location(c *kit.Call) kit.Reply {
	if c.Var("location") != locationID(c.Account.Name) {
		return foreign()
	}
	return kit.JSON(http.StatusOK, map[string]any{"location": map[string]any{
		"id": locationID(c.Account.Name), "companyId": newID("company", c.Account.Name), "name": c.Account.Name,
		"timezone": "UTC", "country": "GB", "settings": map[string]any{"allowDuplicateContact": allowsDuplicates(c)},
	}, "traceId": c.RequestID()})
}

func allowsDuplicates(c *kit.Call) bool { return strings.HasPrefix(c.Account.Name, "dupes") }
