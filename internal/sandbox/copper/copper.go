// Package copper imitates Copper's Developer API v1 as far as it concerns
// people.
//
// The key's owner is grace@sandbox.example (user 137658). Companies and users
// exist by id as the kit says; the contact types are 451490, which is the
// default, 451491 and 451492. People have the custom fields Colour (100764,
// String), Story (103481, Text), Fruits (705303, Dropdown: 2082340, 2082341),
// Segments (705304, MultiSelect: 2082350, 2082351), Score (705305, Float),
// Newsletter (705306, Checkbox), Birthday (705307, Date), Budget (705308,
// Currency), Share (705309, Percentage), Page (705310, URL) and Partner
// (705311, Connect); 705312 is one of companies alone.
//
// What the documentation leaves open is taken the strict way: nulls, empty
// lists, parts of names and unknown categories are refused, dates are written
// mm/dd/yyyy, the company cannot be changed, fetch_by_email lags like the
// search, one e-mail twice in a bulk call refuses all of it. A bearer token
// goes without X-PW headers. Accounts whose name starts with "team" do not
// show the people who were there before, though their e-mails are taken;
// "sparse" ones answer without the youngest keys and with an empty address.
package copper

import (
	"net/http"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const (
	slug   = "copper"
	api    = "/developer_api/v1"
	people = api + "/people"
	owner  = "grace@sandbox.example"
)

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Credential: credential, NewID: kit.DecimalID, Identity: identity, Seed: seed, Before: before,
		Connect: func(account, _ string) (auth, settings map[string]string) {
			return map[string]string{"scheme": "api_key", "api_key": kit.Token(slug, account)}, map[string]string{"user_email": owner}
		},
		Routes: map[string]kit.Handler{
			"POST " + people: create, "GET " + people + "/{id}": read, "PUT " + people + "/{id}": update,
			"POST " + people + "/fetch_by_email": fetchByEmail, "POST " + people + "/search": search, "POST " + people + "/bulk_create": createMany,
			"GET " + api + "/custom_field_definitions": listDefinitions, "GET " + api + "/contact_types": listContactTypes,
			"GET " + api + "/users/me": me, "POST " + api + "/users/search": users, "GET " + api + "/account": account,
		},
		Limits: []kit.Limit{
			{Name: "minute", Requests: 180, Per: time.Minute},
			{Name: "bulk", Requests: 3, Per: time.Second, Cost: func(c *kit.Call) int {
				return strings.Count(c.Request.URL.Path, "/bulk_create")
			}},
		},
		Errors: kit.Errors{
			Unauthorized: func(_ *kit.Call, fault kit.AuthFault) kit.Reply {
				if fault == kit.Expired {
					return kit.Raw(http.StatusUnauthorized, "text/plain", "Unauthorized")
				}
				return failure(http.StatusUnauthorized, "Unauthorized")
			},
			NotFound: func(_ *kit.Call, allow []string) kit.Reply {
				if len(allow) > 0 {
					return failure(http.StatusMethodNotAllowed, "Method not allowed").With("Allow", strings.Join(allow, ", "))
				}
				return notFound()
			},
			Limited:     func(*kit.Call, kit.Usage) kit.Reply { return kit.Empty(http.StatusTooManyRequests) },
			ServerError: func(*kit.Call) kit.Reply { return failure(http.StatusInternalServerError, "Internal server error") },
			Unavailable: func(*kit.Call) kit.Reply {
				return kit.Raw(http.StatusServiceUnavailable, "text/html", "<html><body>Service Unavailable</body></html>")
			},
		},
	}
}

// credential is a key with the two headers that must come with it, or a bearer
// token without any of them.
func credential(r *http.Request) string {
	key, application, email := r.Header.Get("X-PW-AccessToken"), r.Header.Get("X-PW-Application"), r.Header.Get("X-PW-UserEmail")
	switch {
	case key+application+email == "":
		return kit.Bearer(r)
	case application == "developer_api" && strings.EqualFold(email, owner) && r.Header.Get("Authorization") == "":
		return key
	}
	return ""
}

func before(c *kit.Call) *kit.Reply {
	if len(c.Body) > 0 && c.MediaType() != "application/json" {
		refusal := failure(http.StatusUnsupportedMediaType, "Unsupported media type")
		return &refusal
	}
	return nil
}

func failure(status int, message string) kit.Reply {
	return kit.JSON(status, map[string]any{"success": false, "status": status, "message": message})
}

func notFound() kit.Reply { return kit.JSON(http.StatusNotFound, map[string]any{"error": "not_found"}) }

func unreadable() *kit.Reply {
	reply := kit.Raw(http.StatusBadRequest, "text/plain", "Bad Request")
	return &reply
}

// fault is what is wrong with one field, named as keys are.
type fault struct{ field, message string }

// refuse answers faults: their texts, each on a line of its own.
func refuse(faults []fault) *kit.Reply {
	var lines []string
	for _, f := range faults {
		words := strings.Fields(strings.ReplaceAll(f.field, "_", " "))
		for i, word := range words {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
		lines = append(lines, strings.Join(words, " ")+": "+f.message)
	}
	reply := failure(http.StatusUnprocessableEntity, "Invalid input: Validation errors: "+strings.Join(lines, "\n"))
	return &reply
}

func forbidden() kit.Reply { return failure(http.StatusForbidden, "Feature not enabled") }

func me(*kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{"id": 137658, "name": "Grace Hopper", "email": owner, "groups": []any{}})
}

func users(*kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, []any{
		map[string]any{"id": 137658, "name": "Grace Hopper", "email": owner}, map[string]any{"id": 137659, "name": "Alan Turing", "email": "alan@sandbox.example"},
	})
}

func account(c *kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{
		"id": kit.Hash(slug, c.Account.Name)%90_000 + 10_000, "name": c.Account.Name,
		"settings": map[string]any{"enable_leads": true, "enable_custom_activities": true}, "primary_timezone": "Etc/UTC",
	})
}

func contactTypes() []int64 { return []int64{451490, 451491, 451492} }

func listContactTypes(*kit.Call) kit.Reply {
	list := []any{}
	for i, name := range []string{"Potential Customer", "Current Customer", "Other"} {
		list = append(list, map[string]any{"id": contactTypes()[i], "name": name})
	}
	return kit.JSON(http.StatusOK, list)
}

type definition struct {
	id         int64
	name, kind string
	options    []int64
}

func definitions() []definition {
	return []definition{
		{id: 100764, name: "Colour", kind: "String"}, {id: 103481, name: "Story", kind: "Text"},
		{id: 705303, name: "Fruits", kind: "Dropdown", options: []int64{2082340, 2082341}},
		{id: 705304, name: "Segments", kind: "MultiSelect", options: []int64{2082350, 2082351}},
		{id: 705305, name: "Score", kind: "Float"}, {id: 705306, name: "Newsletter", kind: "Checkbox"}, {id: 705307, name: "Birthday", kind: "Date"},
		{id: 705308, name: "Budget", kind: "Currency"}, {id: 705309, name: "Share", kind: "Percentage"}, {id: 705310, name: "Page", kind: "URL"},
		{id: 705311, name: "Partner", kind: "Connect"},
	}
}

func listDefinitions(*kit.Call) kit.Reply {
	list := []any{map[string]any{"id": 705312, "name": "VAT no", "data_type": "String", "available_on": []string{"company"}, "is_filterable": false}}
	for _, d := range definitions() {
		row := map[string]any{"id": d.id, "name": d.name, "data_type": d.kind, "available_on": []string{"company", "person"}, "is_filterable": false}
		if d.options != nil {
			options := []any{}
			for i, id := range d.options {
				options = append(options, map[string]any{"id": id, "name": d.name + " " + string(rune('A'+i)), "rank": i})
			}
			row["options"] = options
		}
		if d.kind == "Currency" {
			row["currency"] = "EUR"
		}
		if d.kind == "Connect" {
			row["connected_id"] = 705313
		}
		list = append(list, row)
	}
	return kit.JSON(http.StatusOK, list)
}
