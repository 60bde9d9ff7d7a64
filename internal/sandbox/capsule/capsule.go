// Package capsule imitates Capsule's API v2 as far as it concerns people.
//
// Organisations, users and tags exist by id as the kit says; users 6 (Grace,
// whose token it is) and 7 (Alan) are listed, and team 31 has user 7 alone. An
// account has the tags VIP (20) and Newsletter (21) and the field definitions
// Contract no (95, text), Renewal (96, date), Tier (97, list), Newsletter (98,
// boolean), Seats (99, number), Profile (100, link) and Badge (101, text, of
// the data tag Delegate).
//
// What the documentation leaves open is taken the strict way: unknown keys and
// types of addresses are refused, custom fields are named by id alone, the
// listing by time lags like the searches, a refresh token works once, a wrong
// owner or tag is 422. A date in a filter is a day. An invalid token is
// answered in the one form that is told of, an expired one in the other.
package capsule

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const (
	slug     = "capsule"
	base     = "https://api.capsulecrm.com"
	api      = "/api/v2"
	parties  = api + "/parties"
	maxPages = 1_000_000
)

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Credential: kit.Bearer, NewID: kit.DecimalID, Identity: identity, Seed: seed, Before: before, Headers: rateHeaders,
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{"scheme": "access_token", "access_token": kit.Token(slug, account)}, map[string]string{}
		},
		Routes: map[string]kit.Handler{
			"POST " + parties: create, "GET " + parties: list, "GET " + parties + "/{id}": read, "PUT " + parties + "/{id}": update,
			"GET " + parties + "/search": search, "POST " + parties + "/filters/results": filter,
			"GET " + parties + "/fields/definitions": listDefinitions, "GET " + parties + "/tags": listTags,
			"GET " + api + "/countries": listCountries, "GET " + api + "/users": users, "GET " + api + "/users/current": currentUser,
			"GET " + api + "/site": site,
		},
		OAuth: &kit.OAuth{Path: "/oauth/token", ExpiresIn: 604_799, Rotates: true, Complete: func(c *kit.Call, answer map[string]any) {
			answer["token_type"], answer["scope"], answer["subdomain"] = "bearer", "read write", strings.ToLower(c.Account.Name)
		}},
		Limits: []kit.Limit{{Name: "hour", Requests: 4000, Until: kit.NextHour}},
		Errors: kit.Errors{
			Unauthorized: unauthorized,
			NotFound: func(_ *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return failure(http.StatusMethodNotAllowed, "Method not allowed").With("Allow", strings.Join(allow, ", "))
				}
				return notFound()
			},
			Limited: func(*kit.Call, kit.Usage) kit.Reply {
				return kit.JSON(http.StatusTooManyRequests, map[string]any{"error": "rate limit reached"})
			},
			ServerError: func(*kit.Call) kit.Reply { return failure(http.StatusInternalServerError, "Internal server error") },
			Unavailable: func(*kit.Call) kit.Reply { return failure(http.StatusServiceUnavailable, "Service unavailable") },
		},
	}
}

func before(c *kit.Call) *kit.Reply {
	if len(c.Body) > 0 && c.MediaType() != "application/json" {
		refusal := failure(http.StatusUnsupportedMediaType, "Unsupported media type")
		return &refusal
	}
	return nil
}

func rateHeaders(c *kit.Call) map[string]string {
	hour := c.Usage.Get("hour")
	return map[string]string{
		"X-RateLimit-Limit": strconv.Itoa(hour.Requests), "X-RateLimit-Remaining": strconv.Itoa(hour.Remaining()),
		"X-RateLimit-Reset": strconv.FormatInt(c.Now.Add(hour.Reset).Unix(), 10),
	}
}

func failure(status int, message string) kit.Reply {
	return kit.JSON(status, map[string]any{"message": message})
}

func notFound() kit.Reply { return failure(http.StatusNotFound, "Could not find resource") }

func malformed() *kit.Reply {
	reply := failure(http.StatusBadRequest, "Could not read the request body")
	return &reply
}

// invalid is a refusal that names the singular of a list, or party, and a key.
func invalid(resource, field, message string) *kit.Reply {
	reply := kit.JSON(http.StatusUnprocessableEntity, map[string]any{
		"message": "Validation Failed",
		"errors":  []any{map[string]any{"message": message, "resource": resource, "field": field}},
	})
	return &reply
}

func unauthorized(_ *kit.Call, fault kit.AuthFault) kit.Reply {
	reply := failure(http.StatusUnauthorized, "The access token is invalid")
	if fault == kit.Expired {
		reply = kit.JSON(http.StatusUnauthorized, map[string]any{"error": "invalid_token", "error_description": "The access token expired"})
	}
	return reply.With("WWW-Authenticate", `Bearer realm="capsule", error="invalid_token"`)
}

func forbidden() kit.Reply {
	return kit.JSON(http.StatusForbidden, map[string]any{"error": "insufficient_scope"}).
		With("WWW-Authenticate", `Bearer realm="capsule", error="insufficient_scope", scope="write"`)
}

// definition is a custom field.
type definition struct {
	id         int64
	kind, name string
	options    []any
	tag        map[string]any
}

func definitions() []definition {
	return []definition{
		{id: 95, kind: "text", name: "Contract no"}, {id: 96, kind: "date", name: "Renewal"},
		{id: 97, kind: "list", name: "Tier", options: []any{"Gold", "Silver"}}, {id: 98, kind: "boolean", name: "Newsletter"},
		{id: 99, kind: "number", name: "Seats"}, {id: 100, kind: "link", name: "Profile"},
		{id: 101, kind: "text", name: "Badge", tag: map[string]any{"id": 22, "name": "Delegate", "dataTag": true}},
	}
}

func listDefinitions(c *kit.Call) kit.Reply {
	rows := []any{}
	for i, d := range definitions() {
		row := map[string]any{
			"id": d.id, "type": d.kind, "name": d.name, "description": nil, "important": false, "displayOrder": i + 1,
			"tag": nil, "captureRule": nil, "options": nil,
		}
		if d.tag != nil {
			row["tag"] = d.tag
		}
		if d.options != nil {
			row["options"] = d.options
		}
		rows = append(rows, row)
	}
	return page(c, "definitions", rows)
}

// page answers with the part of a list that the query asks for.
func page(c *kit.Call, name string, rows []any) kit.Reply {
	number, size := 1, 50
	if text := c.Query("page"); text != "" {
		number = int(kit.Int(text))
	}
	if text := c.Query("perPage"); text != "" {
		size = int(kit.Int(text))
	}
	if number < 1 || number > maxPages || size < 1 || size > 100 {
		return failure(http.StatusBadRequest, "page or perPage is out of range")
	}
	start := min((number-1)*size, len(rows))
	end := min(start+size, len(rows))
	reply := kit.JSON(http.StatusOK, map[string]any{name: rows[start:end]})
	if end < len(rows) {
		query := c.Request.URL.Query()
		query.Set("page", strconv.Itoa(number+1))
		reply = reply.With("Link", fmt.Sprintf("<%s%s?%s>; rel=\"next\"", base, c.Request.URL.Path, query.Encode()))
	}
	return reply
}

// tags is the account's table of tags.
func tags(c *kit.Call) *kit.Table {
	table := c.Account.Table("tags")
	if len(table.All()) == 0 {
		for i, name := range []string{"VIP", "Newsletter"} {
			putTag(table, strconv.Itoa(20+i), name)
		}
	}
	return table
}

// tag finds a tag by id, or by name, which makes it where there is none.
func tag(c *kit.Call, given map[string]any) map[string]any {
	if id := kit.ID(given["id"]); id != "" {
		if known := tags(c).Get(id); known != nil {
			return known.Data
		}
		return nil
	}
	name := kit.Text(given, "name")
	if name == "" {
		return nil
	}
	if known := tags(c).ByKey(strings.ToLower(name)); len(known) > 0 {
		return known[0].Data
	}
	return putTag(tags(c), kit.DecimalID(c.Account.Name, c.Account.NextID()), name)
}

func putTag(table *kit.Table, id, name string) map[string]any {
	made := &kit.Record{ID: id, Data: map[string]any{"id": kit.Int(id), "name": name}}
	table.Put(made, strings.ToLower(name))
	return made.Data
}

func listTags(c *kit.Call) kit.Reply {
	rows := []any{}
	for _, t := range tags(c).All() {
		row := maps.Clone(t.Data)
		row["description"], row["dataTag"] = nil, false
		rows = append(rows, row)
	}
	return page(c, "tags", rows)
}

func listCountries(*kit.Call) kit.Reply {
	rows := []any{}
	for _, country := range kit.Countries() {
		rows = append(rows, map[string]any{
			"name": country.Name, "alpha2Code": country.Alpha2, "alpha3Code": country.Alpha3, "numericCode": nil, "dialCode": nil,
		})
	}
	return kit.JSON(http.StatusOK, map[string]any{"countries": rows})
}

// country is the spelling of a name; false when it is not on the list. The
// one alias that is known is USA.
func country(name string) (string, bool) {
	if name == "USA" {
		return "United States", true
	}
	known := slices.ContainsFunc(kit.Countries(), func(c kit.Country) bool { return c.Name == name })
	return name, known
}

const currentUserID = 6

// user is how an owner is shown.
func user(id int64) map[string]any {
	name := map[int64]string{6: "Grace", 7: "Alan"}[id]
	if name == "" {
		name = "User " + strconv.FormatInt(id, 10)
	}
	username := strings.ToLower(strings.ReplaceAll(name, " ", ""))
	return map[string]any{
		"id": id, "deleted": false, "username": username, "pictureURL": "https://capsulecrm.com/theme/default/images/person_avatar_70.png", "name": name,
	}
}

func users(c *kit.Call) kit.Reply { return page(c, "users", []any{user(6), user(7)}) }

func currentUser(*kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{"user": user(currentUserID)})
}

func site(c *kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{"site": map[string]any{
		"subdomain": strings.ToLower(c.Account.Name), "name": c.Account.Name, "url": "https://" + strings.ToLower(c.Account.Name) + ".capsulecrm.com",
	}})
}

func stamp(t time.Time) string { return kit.Seconds(t) }
