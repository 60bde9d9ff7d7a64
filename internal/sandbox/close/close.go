// Package close imitates Close's API v1 as far as it concerns contacts and
// their leads.
//
// Leads and users exist by id (lead_ or user_ and at least ten letters and
// digits) as the kit says. Contacts have the custom fields External Key
// (text), Score (number), Tier (choices: Gold, Silver), Segments (several of
// Investor, Press), Birthday (date) and Manager (user), leads have Owner
// (user); their ids are the same in all accounts, see fieldID.
//
// What the documentation leaves open is taken the strict way: unknown keys and
// phones that are none are refused, a list of contacts lags like the search,
// filters of the event log are the documented ones alone. National phones are
// those of the United States. Error bodies are text or JSON by turns, and each
// endpoint group names its limit in another of the known ways. Accounts whose
// name starts with "lean" answer without lead_id and empty lists, and
// "unpaid" ones answer 402 to creates.
package close

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const (
	slug = "close"
	api  = "/api/v1"
)

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Identity: identity, Seed: seed, Before: before, Limits: limits(), Headers: rateHeaders,
		NewID: func(account string, n uint64) string { return newID("cont", account, strconv.FormatUint(n, 10)) },
		Credential: func(r *http.Request) string {
			if token := kit.Bearer(r); token != "" {
				return token
			}
			return kit.BasicUser(r)
		},
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{"scheme": "api_key", "api_key": kit.Token(slug, account)}, map[string]string{}
		},
		OAuth: &kit.OAuth{Path: "/oauth2/token/", ExpiresIn: 3600, Rotates: true, Complete: func(c *kit.Call, answer map[string]any) {
			answer["scope"], answer["organization_id"], answer["user_id"] = "all.full_access offline_access", organization(c), userID(c)
		}},
		Routes: map[string]kit.Handler{
			"POST " + api + "/contact/": create, "GET " + api + "/contact/": list,
			"GET " + api + "/contact/{id}/": read, "PUT " + api + "/contact/{id}/": update,
			"POST " + api + "/lead/": createLead, "GET " + api + "/lead/{id}/": readLead, "PUT " + api + "/lead/{id}/": updateLead,
			"GET " + api + "/custom_field/{kind}/": customFields, "GET " + api + "/me/": me, "GET " + api + "/user/": users,
			"GET " + api + "/event/": events, "POST " + api + "/data/search/": search,
		},
		Errors: kit.Errors{
			Unauthorized: func(_ *kit.Call, fault kit.AuthFault) kit.Reply {
				if fault == kit.Expired {
					return kit.Raw(http.StatusUnauthorized, "text/html", "Unauthorized")
				}
				return kit.JSON(http.StatusUnauthorized, map[string]any{"error": "Unauthorized"})
			},
			NotFound: func(_ *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return general(http.StatusMethodNotAllowed, "The method is not allowed for the requested URL.").With("Allow", strings.Join(allow, ", "))
				}
				return notFound()
			},
			Limited: limited,
			ServerError: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusInternalServerError, "text/html", "<html><body><h1>Internal Server Error</h1></body></html>")
			},
			Unavailable: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusServiceUnavailable, "text/html", "<html><body><h1>Service Unavailable</h1></body></html>")
			},
		},
	}
}

func before(c *kit.Call) *kit.Reply {
	if len(c.Body) > 0 && c.MediaType() != "application/json" {
		refusal := general(http.StatusUnsupportedMediaType, "Unsupported Media Type")
		return &refusal
	}
	return nil
}

// The endpoint groups, each with a limit of its own.
const (
	contactWrites = "contact writes"
	contactReads  = "contact reads"
	leadCalls     = "leads"
	eventReads    = "events"
	searches      = "search"
	others        = "others"
)

func group(c *kit.Call) string {
	path := strings.TrimPrefix(c.Request.URL.Path, api)
	switch {
	case c.IsTokenRequest():
		return ""
	case strings.HasPrefix(path, "/contact/") && c.Request.Method == http.MethodGet:
		return contactReads
	case strings.HasPrefix(path, "/contact/"):
		return contactWrites
	case strings.HasPrefix(path, "/lead/"):
		return leadCalls
	case path == "/event/":
		return eventReads
	case path == "/data/search/":
		return searches
	}
	return others
}

func limits() []kit.Limit {
	var list []kit.Limit
	for _, name := range []string{contactWrites, contactReads, leadCalls, eventReads, searches, others} {
		list = append(list, kit.Limit{Name: name, Requests: 20, Per: time.Second, Cost: func(c *kit.Call) int {
			if group(c) == name {
				return 1
			}
			return 0
		}})
	}
	return list
}

func rateHeaders(c *kit.Call) map[string]string {
	if u := c.Usage.Get(group(c)); u.Requests > 0 && u.Remaining() > 0 {
		return map[string]string{"RateLimit": rateLimit(u)}
	}
	return nil
}

func rateLimit(u kit.Usage) string {
	return fmt.Sprintf("limit=%d, remaining=%d, reset=%.3f", u.Requests, u.Remaining(), u.Reset.Seconds())
}

// limited signals as the vendor may: with both headers, or one of them alone.
func limited(_ *kit.Call, u kit.Usage) kit.Reply {
	switch u.Name {
	case searches:
		return kit.Raw(http.StatusTooManyRequests, "text/html", "Too Many Requests").With("Retry-After", strconv.Itoa(u.Seconds()))
	case eventReads:
		return kit.Empty(http.StatusTooManyRequests).With("RateLimit", rateLimit(u))
	}
	return kit.JSON(http.StatusTooManyRequests, map[string]any{"error": map[string]any{
		"rate_reset": u.Reset.Seconds(), "message": "API call count exceeded for this 1 second window", "rate_limit": u.Requests, "rate_window": 1,
	}}).With("RateLimit", rateLimit(u)).With("Retry-After", strconv.Itoa(u.Seconds()))
}

// general is the error body of what concerns no field.
func general(status int, message string) kit.Reply {
	return kit.JSON(status, map[string]any{"error": message})
}

func notFound() kit.Reply {
	return general(http.StatusNotFound, "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.")
}

// forbidden is text in spite of its content type.
func forbidden() kit.Reply { return kit.Raw(http.StatusForbidden, "application/json", "Forbidden") }

func invalid(messages ...string) *kit.Reply {
	reply := kit.JSON(http.StatusBadRequest, map[string]any{"errors": messages, "field-errors": map[string]any{}})
	return &reply
}

// faults are the messages by field; those in lists are nested by index.
type faults map[string]any

func (f faults) add(path []string, message string) {
	if len(path) < 3 {
		f[path[0]] = message
		return
	}
	f.row(path[0], path[1]).add(path[2:], message)
}

// row are the faults of one item of a list.
func (f faults) row(list, index string) faults {
	nested, there := f[list].(map[string]any)
	if !there {
		nested = map[string]any{"errors": map[string]any{}}
		f[list] = nested
	}
	rows := kit.Object(nested, "errors")
	if rows[index] == nil {
		rows[index] = map[string]any{"errors": []any{}, "field-errors": faults{}}
	}
	inner, _ := kit.Object(rows, index)["field-errors"].(faults)
	return inner
}

func (f faults) reply() *kit.Reply {
	if len(f) == 0 {
		return nil
	}
	reply := kit.JSON(http.StatusBadRequest, map[string]any{"errors": []any{}, "field-errors": f})
	return &reply
}

// newID is an id in the vendor's form: a kind and 43 letters and digits.
func newID(kind string, texts ...string) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	id := []byte(kind + "_")
	for i := range 43 {
		id = append(id, alphabet[kit.Hash(append(texts, kind, strconv.Itoa(i))...)%62])
	}
	return string(id)
}

// isID tells whether text is an id of a kind that names something.
func isID(text, kind string) bool {
	rest, ok := strings.CutPrefix(text, kind+"_")
	clean := strings.IndexFunc(rest, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
	}) < 0
	return ok && clean && len(rest) >= 10 && !kit.Missing(text)
}

func organization(c *kit.Call) string { return newID("orga", c.Account.Name) }
func userID(c *kit.Call) string       { return newID("user", c.Account.Name) }

func me(c *kit.Call) kit.Reply {
	user := person(c)
	user["organizations"] = []any{map[string]any{"id": organization(c), "name": c.Account.Name}}
	return kit.JSON(http.StatusOK, user)
}

func users(c *kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{"data": []any{person(c)}, "has_more": false})
}

func person(c *kit.Call) map[string]any {
	return map[string]any{
		"id": userID(c), "email": "grace@sandbox.example", "first_name": "Grace", "last_name": "Hopper", "image": nil,
		"date_created": "2024-01-01T00:00:00.000000+00:00", "date_updated": "2024-01-01T00:00:00.000000+00:00",
	}
}

// stamp is a time as records have it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000+00:00") }
