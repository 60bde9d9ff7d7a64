// Package nutshell imitates Nutshell's REST API as far as it concerns
// contacts. The older JSON-RPC API is not served.
//
// Users 1-users and 2-users are listed; accounts, users and territories exist
// as the kit says. An account has the custom fields Favorite Number, Tier and
// Source Key, and the tags 3-tags (VIP, of accounts), 4-tags (VIP customers)
// and 5-tags (VIP), the last two of contacts.
//
// What the documentation leaves open is taken the strict way: unknown
// attributes and custom fields are refused, as are those that only a PATCH
// takes; a name is required; links must exist; ten requests a second pass.
// Address parts are read from inside value, but in accounts whose name starts
// with "flat" from beside it, and in "noaddress" accounts a create loses all
// addresses. "legacy" accounts know no first and last name, answer a PATCH
// with the contact and wrap the list of custom fields; "soft" accounts report
// refusals with status 200.
package nutshell

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const (
	slug      = "nutshell"
	base      = "https://app.nutshell.com"
	patchType = "application/json-patch+json"
)

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Before: before, Identity: identity, Seed: seed,
		Credential: func(r *http.Request) string {
			return kit.BasicPassword(r, kit.ValidEmail)
		},
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{"scheme": "basic", "username": "grace@sandbox.example", "password": kit.Token(slug, account)},
				map[string]string{}
		},
		Routes: map[string]kit.Handler{
			"GET /rest/users":     users,
			"POST /rest/contacts": create, "GET /rest/contacts": list,
			"GET /rest/contacts/{id}": read, "PATCH /rest/contacts/{id}": patch,
			"GET /rest/contacts/customfields/attributes": customFields,
			"GET /rest/contacts/{id}/customfields":       customValues,
			"GET /rest/tags":                             listTags, "POST /rest/tags": createTag,
		},
		Limits:  []kit.Limit{{Name: "second", Requests: 10, Per: time.Second}},
		Headers: func(c *kit.Call) map[string]string { return map[string]string{"x-nutshell-request-id": c.RequestID()} },
		NewID:   func(account string, n uint64) string { return kit.DecimalID(account, n) + "-contacts" },
		Errors: kit.Errors{
			Unauthorized: func(*kit.Call, kit.AuthFault) kit.Reply { return page(http.StatusUnauthorized) },
			NotFound: func(_ *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return quoted(http.StatusMethodNotAllowed, "Internal Error").With("Allow", strings.Join(allow, ", "))
				}
				return page(http.StatusNotFound)
			},
			Limited: func(*kit.Call, kit.Usage) kit.Reply { return page(http.StatusTooManyRequests) },
			ServerError: func(*kit.Call) kit.Reply {
				return kit.JSON(http.StatusInternalServerError, map[string]any{"code": 500, "message": "Internal Server Error"})
			},
			Unavailable: func(*kit.Call) kit.Reply { return page(http.StatusServiceUnavailable) },
		},
	}
}

// before refuses bodies of another media type than the method takes.
func before(c *kit.Call) *kit.Reply {
	var refusal kit.Reply
	switch {
	case c.Request.Method == http.MethodPatch && c.MediaType() != patchType:
		refusal = quoted(http.StatusBadRequest, patchType+" is required, see http://jsonapi.org")
	case c.Request.Method == http.MethodPost && c.MediaType() != "application/json":
		refusal = quoted(http.StatusUnsupportedMediaType, "application/json is required")
	default:
		return nil
	}
	return &refusal
}

// quoted is an answer of one JSON string.
func quoted(status int, text string) kit.Reply {
	return kit.Raw(status, "application/json", strconv.Quote(text))
}

// page is the vendor's HTML error page.
func page(status int) kit.Reply {
	title := "An Error Occurred: " + http.StatusText(status)
	return kit.Raw(status, "text/html; charset=UTF-8", "<!DOCTYPE html><html><head><title>"+title+"</title></head><body><h1>"+title+"</h1></body></html>")
}

// fault is one entry of the error bodies.
type fault struct{ title, detail, field string }

// refuse answers a fault; the collection is named and empty.
func refuse(c *kit.Call, collection string, f fault) kit.Reply {
	orNull := func(text string) any {
		if text == "" {
			return nil
		}
		return text
	}
	status := http.StatusBadRequest
	if is(c, "soft") {
		status = http.StatusOK
	}
	return kit.JSON(status, map[string]any{
		"meta": meta(c), "links": map[string]any{}, collection: []any{},
		"errors": []any{map[string]any{
			"id": nil, "type": "errors", "code": nil, "detail": orNull(f.detail), "href": nil, "status": "400",
			"title": f.title, "field": orNull(f.field),
		}},
	})
}

func onlyOne(c *kit.Call, collection string) kit.Reply {
	return refuse(c, collection, fault{title: "You may only create one " + collection + " resource per request."})
}

// single is the one object in the body's collection; nil when there are none,
// or more.
func single(c *kit.Call, collection string) map[string]any {
	body, err := c.Object()
	if err != nil {
		return nil
	}
	all, _ := body[collection].([]any)
	objects := kit.Objects(body, collection)
	if len(all) != 1 || len(objects) != 1 {
		return nil
	}
	return objects[0]
}

func meta(c *kit.Call) map[string]any {
	return map[string]any{"instanceId": strconv.FormatUint(kit.Hash(slug, c.Account.Name)%900_000+100_000, 10), "siteId": "6smEpVK1"}
}

// is tells whether the account is one of a special kind.
func is(c *kit.Call, prefix string) bool { return strings.HasPrefix(c.Account.Name, prefix) }

// reference normalises an id of a kind; false when it is none or names
// nothing.
func reference(value any, kind string) (string, bool) {
	number, suffix, typed := strings.Cut(kit.ID(value), "-")
	ok := kit.Digits(number) && (!typed || suffix == kind) && !kit.Missing(number)
	return number + "-" + kind, ok
}

func users(c *kit.Call) kit.Reply {
	list := []any{}
	for i, name := range []string{"Grace", "Alan"} {
		id := strconv.Itoa(i+1) + "-users"
		list = append(list, map[string]any{
			"id": id, "type": "users", "name": name, "emails": []string{strings.ToLower(name) + "@sandbox.example"},
			"isEnabled": true, "href": base + "/rest/users/" + id,
		})
	}
	return kit.JSON(http.StatusOK, map[string]any{"meta": meta(c), "links": map[string]any{}, "users": list})
}

func customNames() []string { return []string{"Favorite Number", "Tier", "Source Key"} }

func customFields(c *kit.Call) kit.Reply {
	list := []any{}
	for i, name := range customNames() {
		list = append(list, map[string]any{"id": strconv.Itoa(i+1) + "-customFields", "name": name, "type": "text", "isRequired": false})
	}
	if is(c, "legacy") {
		return kit.JSON(http.StatusOK, map[string]any{"customFields": list})
	}
	return kit.JSON(http.StatusOK, list)
}

// tags is the account's table of tags; the key of a tag is its id.
func tags(c *kit.Call) *kit.Table {
	table := c.Account.Table("tags")
	if len(table.All()) == 0 {
		for _, seed := range [][3]string{{"3-tags", "VIP", "accounts"}, {"4-tags", "VIP customers", "contacts"}, {"5-tags", "VIP", "contacts"}} {
			table.Put(&kit.Record{ID: seed[0], Data: map[string]any{"name": seed[1], "tagType": seed[2]}, CreatedAt: c.Now})
		}
	}
	return table
}

// listTags finds by any part of the name.
func listTags(c *kit.Call) kit.Reply {
	found := []any{}
	for _, tag := range tags(c).All() {
		kind := c.Query("filter[tagType]")
		if !strings.Contains(strings.ToLower(tag.Text("name")), strings.ToLower(c.Query("q"))) || (kind != "" && kind != tag.Text("tagType")) {
			continue
		}
		found = append(found, map[string]any{
			"id": tag.ID, "name": tag.Text("name"), "href": base + "/rest/tags/" + tag.ID, "tagType": tag.Text("tagType"),
			"modifiedTime": tag.CreatedAt.Unix(), "deletedTime": nil, "count": 0, "colorType": "COLOR_ORANGE",
		})
	}
	return kit.JSON(http.StatusOK, map[string]any{"meta": meta(c), "links": map[string]any{}, "tags": found})
}

func createTag(c *kit.Call) kit.Reply {
	given := single(c, "tags")
	if given == nil {
		return onlyOne(c, "tags")
	}
	kind := map[string]string{"1": "leads", "2": "contacts", "3": "accounts"}[kit.Text(given, "tagType")]
	switch {
	case kit.Text(given, "name") == "":
		return refuse(c, "tags", fault{"Invalid tags", "name is required", "name"})
	case kind == "":
		return refuse(c, "tags", fault{"Invalid tags", "tagType must be one of '1', '2', '3'", "tagType"})
	}
	id := strconv.FormatUint(c.Account.NextID()+100, 10) + "-tags"
	tags(c).Put(&kit.Record{ID: id, Data: map[string]any{"name": given["name"], "tagType": kind}, CreatedAt: c.Now})
	c.FollowUp("tag")
	return kit.JSON(http.StatusOK, map[string]any{"tags": []any{map[string]any{"id": id, "name": given["name"]}}})
}
