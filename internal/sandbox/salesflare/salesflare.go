// Package salesflare imitates Salesflare's REST API as far as it concerns
// contacts.
//
// Accounts and users exist as the kit says; the token's user is listed by
// GET /users. A customer's account has the custom fields favourite_number
// (number), lead_origin (text), tier (select: Gold, Silver), subscribed
// (boolean) and met_on (date), and the tag Newsletter with the id 77.
//
// What the documentation leaves open is taken the strict way: unknown keys,
// unknown query parameters, empty strings and numbers sent as text are refused,
// as are an address beside addresses and references to nothing; the look-ups
// match parts of what they look for; force=false answers 200 without an id for
// a known e-mail; one bad contact refuses an array; a hundred requests a minute
// pass. A contact with an e-mail is enriched at once: it reads back with a
// picture and a profile that nobody sent.
package salesflare

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const slug = "salesflare"

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Credential: kit.Bearer, Before: before, Identity: identity, NewID: kit.DecimalID, Seed: seed,
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{"scheme": "api_key", "api_key": kit.Token(slug, account)}, map[string]string{}
		},
		Routes: map[string]kit.Handler{
			"GET /me": me, "GET /users": users,
			"POST /contacts": create, "GET /contacts": list, "GET /contacts/{id}": read, "PUT /contacts/{id}": update,
			"GET /customfields/contacts": customFields,
			"GET /tags":                  listTags, "POST /tags": createTag,
			"POST /accounts/{id}/contacts": linkContacts, "POST /messages": createMessage,
		},
		Limits: []kit.Limit{{Name: "minute", Requests: 100, Per: time.Minute}},
		Errors: kit.Errors{
			Unauthorized: func(_ *kit.Call, fault kit.AuthFault) kit.Reply {
				if fault == kit.NoCredential {
					return failure(http.StatusUnauthorized, "Missing authentication")
				}
				return failure(http.StatusUnauthorized, "Invalid API key")
			},
			NotFound: func(_ *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return failure(http.StatusMethodNotAllowed, "Method Not Allowed").With("Allow", strings.Join(allow, ", "))
				}
				return notFound()
			},
			Limited: func(*kit.Call, kit.Usage) kit.Reply {
				return failure(http.StatusTooManyRequests, "Rate limit exceeded")
			},
			ServerError: func(*kit.Call) kit.Reply {
				return failure(http.StatusInternalServerError, "An internal server error occurred")
			},
			Unavailable: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusServiceUnavailable, "text/html", "<html><body>Service Unavailable</body></html>")
			},
		},
	}
}

func before(c *kit.Call) *kit.Reply {
	if len(c.Body) > 0 && c.MediaType() != "application/json" {
		refusal := failure(http.StatusUnsupportedMediaType, "Unsupported Media Type")
		return &refusal
	}
	return nil
}

// failure is the envelope of all errors.
func failure(status int, message string) kit.Reply {
	return kit.JSON(status, envelope(status, message))
}

func envelope(status int, message string) map[string]any {
	return map[string]any{"statusCode": status, "error": http.StatusText(status), "message": message}
}

func notFound() kit.Reply { return failure(http.StatusNotFound, "Not Found") }

func forbidden() kit.Reply {
	return failure(http.StatusForbidden, "You do not have the rights to do this")
}

func malformed() kit.Reply {
	return failure(http.StatusBadRequest, "Invalid request payload JSON format")
}

// fault is one entry of a validation error; rule is "type/constraint", and
// text goes after the quoted label.
type fault struct{ path, rule, text string }

func (f fault) reply(source string) kit.Reply {
	label := f.path[strings.LastIndex(f.path, ".")+1:]
	if label == "" {
		label = "value"
	}
	message := `"` + label + `" ` + f.text
	kind, constraint, _ := strings.Cut(f.rule, "/")
	body := envelope(http.StatusBadRequest, message)
	body["validation"] = map[string]any{"source": source, "errors": []any{map[string]any{
		"path": f.path, "message": message, "type": kind, "constraint": constraint, "label": label,
	}}}
	return kit.JSON(http.StatusBadRequest, body)
}

// strange finds a query parameter that a call does not have.
func strange(c *kit.Call, known ...string) *fault {
	for name := range c.Request.URL.Query() {
		if !strings.Contains(" "+strings.Join(known, " ")+" ", " "+name+" ") {
			return &fault{name, "object/allowUnknown", "is not allowed"}
		}
	}
	return nil
}

func userID(c *kit.Call) string {
	return kit.DecimalID(slug+" user "+c.Account.Name, 1)
}

func user(id string) map[string]any {
	return map[string]any{"id": kit.Int(id), "name": "Grace Hopper", "email": "grace@sandbox.example", "picture": nil}
}

func me(c *kit.Call) kit.Reply {
	u := user(userID(c))
	u["team"] = map[string]any{"id": kit.NumericID(slug+" team "+c.Account.Name, 1), "name": c.Account.Name}
	return kit.JSON(http.StatusOK, u)
}

func users(c *kit.Call) kit.Reply { return kit.JSON(http.StatusOK, []any{user(userID(c))}) }

func customFields(*kit.Call) kit.Reply {
	options := []any{map[string]any{"id": 1, "name": "Gold"}, map[string]any{"id": 2, "name": "Silver"}}
	list := []any{}
	for i, f := range [][3]string{
		{"favourite_number", "Favourite number", "number"}, {"lead_origin", "Lead origin", "text"}, {tier, "Tier", "select"},
		{"subscribed", "Subscribed", "boolean"}, {"met_on", "Met on", "date"},
	} {
		field := map[string]any{"id": 501 + i, "api_field": f[0], "name": f[1], "type": map[string]any{"type": f[2]}, "required": false, "enabled": true}
		if f[0] == tier {
			field["options"] = options
		}
		list = append(list, field)
	}
	return kit.JSON(http.StatusOK, list)
}

// tagTable are the account's tags, by name.
func tagTable(c *kit.Call) *kit.Table {
	table := c.Account.Table("tags")
	if len(table.All()) == 0 {
		table.Put(&kit.Record{ID: "77", Data: map[string]any{"name": "Newsletter"}}, "newsletter")
	}
	return table
}

// tagNamed finds a tag or makes it.
func tagNamed(c *kit.Call, name string) *kit.Record {
	table := tagTable(c)
	if known := table.ByKey(strings.ToLower(name)); len(known) > 0 {
		return known[0]
	}
	tag := &kit.Record{ID: kit.DecimalID(c.Account.Name, c.Account.NextID()), Data: map[string]any{"name": name}, CreatedAt: c.Now}
	table.Put(tag, strings.ToLower(name))
	return tag
}

func showTag(tag *kit.Record) map[string]any {
	return map[string]any{"id": kit.Int(tag.ID), "name": tag.Text("name")}
}

func listTags(c *kit.Call) kit.Reply {
	list := []any{}
	for _, tag := range tagTable(c).All() {
		if name := c.Query("name"); name == "" || strings.Contains(strings.ToLower(tag.Text("name")), strings.ToLower(name)) {
			shown := showTag(tag)
			shown["team"] = kit.NumericID(slug+" team "+c.Account.Name, 1)
			list = append(list, shown)
		}
	}
	return kit.JSON(http.StatusOK, list)
}

func createTag(c *kit.Call) kit.Reply {
	body, err := c.Object()
	if err != nil {
		return malformed()
	}
	if f := judge(kit.Schema{"name": {Required: true}}, body, false); f != nil {
		return f.reply("payload")
	}
	tag := tagNamed(c, kit.Text(body, "name"))
	c.FollowUp("tag")
	return kit.JSON(http.StatusOK, map[string]any{"id": kit.Int(tag.ID)})
}

// linkContacts puts one contact or a list of them on an account.
func linkContacts(c *kit.Call) kit.Reply {
	if !kit.Digits(c.Var("id")) || kit.Missing(c.Var("id")) {
		return notFound()
	}
	bodies, _, err := objects(c)
	if err != nil {
		return malformed()
	}
	var contacts []*kit.Record
	for _, body := range bodies {
		if f := judge(kit.Schema{"id": {Type: kit.Integer, Required: true}, "_deleted": {Type: kit.Bool}, "_dirty": {Type: kit.Any}}, body, false); f != nil {
			return f.reply("payload")
		}
		r := c.Account.Contacts.Get(kit.ID(body["id"]))
		if r == nil {
			return notFound()
		}
		contacts = append(contacts, r)
	}
	for i, r := range contacts {
		var account any = json.Number(c.Var("id"))
		if bodies[i]["_deleted"] == true {
			account = nil
		}
		c.Update(r, map[string]any{"account": account})
	}
	return kit.JSON(http.StatusOK, map[string]any{})
}

// createMessage puts an internal note on an account.
func createMessage(c *kit.Call) kit.Reply {
	body, err := c.Object()
	if err != nil {
		return malformed()
	}
	if f := judge(kit.Schema{
		"account": {Type: kit.Integer, Required: true}, "body": {Required: true}, "date": {Type: kit.DateTime},
	}, body, false); f != nil {
		return f.reply("payload")
	}
	if kit.Missing(kit.ID(body["account"])) {
		return notFound()
	}
	id := kit.NumericID(c.Account.Name, c.Account.NextID())
	c.FollowUp("message")
	return kit.JSON(http.StatusOK, map[string]any{"id": id})
}
