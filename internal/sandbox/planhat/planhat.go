// Package planhat imitates Planhat's API as far as it concerns end users.
//
// Companies exist as the kit says, by their id of 24 hexadecimal digits or by
// extid- and srcid- keys; the companies of an account that are listed are
// "Acme" (extid-acme), with the domain customer.example, and "Bravo"
// (extid-bravo). The known custom fields are Mobile, City, Notes, Tier, Score, Approved and Since.
//
// An end user that maps to no company is answered with 200 and what was sent,
// and not stored. What the documentation leaves open is taken the strict way:
// unknown keys, in custom too, are dropped without a word; an external id is
// unique in its company, a source id everywhere, and an e-mail in its company
// unless both records have other external or source ids. Searches by e-mail
// find what contains it. Errors come in all the forms that are known: objects,
// JSON strings, texts and nothing. "legacy" accounts do not store otherEmails.
package planhat

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const slug = "planhat"

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Connect: connect, Before: before, NewID: newID, Identity: identity, Seed: seed,
		Credential: func(r *http.Request) string {
			if token := kit.Bearer(r); token != "" {
				return token
			}
			return kit.BasicUser(r)
		},
		Routes: map[string]kit.Handler{
			"POST /endusers": create, "GET /endusers": list, "PUT /endusers": bulk,
			"GET /endusers/{id}": read, "PUT /endusers/{id}": update,
			"GET /customfields": customFields, "GET /companies": companies, "GET /companies/{id}": readCompany, "GET /users": users,
		},
		Limits: []kit.Limit{
			{Name: "minute", Requests: 200, Per: time.Minute}, {Name: "second", Requests: 150, Per: time.Second},
			{Name: "parallel", Requests: 50, Concurrent: true},
		},
		Headers: func(c *kit.Call) map[string]string {
			minute := c.Usage.Get("minute")
			return map[string]string{"X-Rate-Limit-Limit": strconv.Itoa(minute.Requests), "X-Rate-Limit-Remaining": strconv.Itoa(minute.Remaining())}
		},
		Errors: kit.Errors{
			Unauthorized: func(*kit.Call, kit.AuthFault) kit.Reply { return text(http.StatusUnauthorized, "Unauthorized") },
			NotFound: func(_ *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return text(http.StatusMethodNotAllowed, "Method Not Allowed").With("Allow", strings.Join(allow, ", "))
				}
				return kit.Empty(http.StatusNotFound)
			},
			Limited:     func(*kit.Call, kit.Usage) kit.Reply { return text(http.StatusTooManyRequests, "Too Many Requests") },
			ServerError: func(*kit.Call) kit.Reply { return text(http.StatusInternalServerError, "Internal Server Error") },
			Unavailable: func(*kit.Call) kit.Reply { return text(http.StatusServiceUnavailable, "Service Unavailable") },
		},
	}
}

func connect(account, base string) (auth, settings map[string]string) {
	settings = map[string]string{"default_company_id": companyID(account, 1)}
	if base != "" {
		settings["instance_url"] = base
	}
	return map[string]string{"scheme": "access_token", "access_token": kit.Token(slug, account)}, settings
}

func before(c *kit.Call) *kit.Reply {
	if len(c.Body) > 0 && c.MediaType() != "application/json" {
		refusal := bad("Content-Type must be application/json")
		return &refusal
	}
	return nil
}

func text(status int, body string) kit.Reply {
	return kit.Raw(status, "text/html; charset=utf-8", body)
}

func bad(message string) kit.Reply {
	return kit.JSON(http.StatusBadRequest, map[string]any{"error": message})
}

// is tells whether the account is one of a special kind.
func is(c *kit.Call, prefix string) bool { return strings.HasPrefix(c.Account.Name, prefix) }

// newID is the n-th id of 24 hexadecimal digits of an owner.
func newID(owner string, n uint64) string {
	return strconv.FormatUint(1<<63|kit.Hash(slug, owner), 16) + leftPad(strconv.FormatUint(n, 16))
}

func leftPad(hex string) string { return strings.Repeat("0", 8-len(hex)) + hex }

var idForm = regexp.MustCompile(`^[0-9a-f]{24}$`)

func companyID(account string, n uint64) string { return newID("company "+account, n) }

// after is what follows a prefix, empty where it does not stand.
func after(text, prefix string) (string, bool) {
	if rest, ok := strings.CutPrefix(text, prefix); ok {
		return rest, true
	}
	return "", false
}

// company is what a key of a company names. The id is empty when it names
// nothing, and the key is not well formed when ok is false.
func company(account, key string) (id, name string, ok bool) {
	external, isExternal := after(key, "extid-")
	source, isSource := after(key, "srcid-")
	switch {
	case (isExternal && external == "") || (isSource && source == "") || (!isExternal && !isSource && !idForm.MatchString(key)):
		return "", "", false
	case kit.Missing(key):
		return "", "", true
	case external == "acme":
		return companyID(account, 1), "Acme", true
	case external == "bravo":
		return companyID(account, 2), "Bravo", true
	case isExternal || isSource:
		return newID("company "+account+" "+key, 1), "Company " + external + source, true
	case key == companyID(account, 1):
		return key, "Acme", true
	case key == companyID(account, 2):
		return key, "Bravo", true
	}
	return key, "Company " + key[18:], true
}

func companies(c *kit.Call) kit.Reply {
	list := []any{}
	for n, domains := range [][]string{{"customer.example"}, {}} {
		id, name, _ := company(c.Account.Name, companyID(c.Account.Name, uint64(n+1)))
		list = append(list, map[string]any{"_id": id, "name": name, "domains": domains, "externalId": strings.ToLower(name)})
	}
	return kit.JSON(http.StatusOK, list)
}

func readCompany(c *kit.Call) kit.Reply {
	id, name, ok := company(c.Account.Name, c.Var("id"))
	switch {
	case !ok:
		return bad("Invalid company id")
	case id == "":
		return kit.Empty(http.StatusNotFound)
	}
	return kit.JSON(http.StatusOK, map[string]any{"_id": id, "name": name})
}

func users(c *kit.Call) kit.Reply {
	list := []any{}
	for i, name := range []string{"Grace", "Alan"} {
		list = append(list, map[string]any{
			"_id": newID("user "+c.Account.Name, uint64(i+1)), "firstName": name, "lastName": "Example", "email": strings.ToLower(name) + "@sandbox.example",
		})
	}
	return kit.JSON(http.StatusOK, list)
}

// customTypes are the custom fields by the names that the app shows.
func customTypes() kit.Schema {
	return kit.Schema{
		"Mobile": {}, "City": {}, "Notes": {}, "Tier": {}, "Score": {Type: kit.Number}, "Approved": {Type: kit.Bool}, "Since": {Type: kit.Any},
	}
}

func customFields(c *kit.Call) kit.Reply {
	list := []any{}
	for i, f := range [][2]string{
		{"Mobile", "phone"}, {"City", "text"}, {"Notes", "rich text"}, {"Tier", "text"}, {"Score", "number"}, {"Approved", "checkbox"}, {"Since", "day"},
	} {
		list = append(list, map[string]any{"_id": newID("field "+c.Account.Name, uint64(i+1)), "parent": "enduser", "name": f[0], "type": f[1]})
	}
	return kit.JSON(http.StatusOK, list)
}
