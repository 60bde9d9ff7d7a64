package teamleader

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

func pageField() kit.Field {
	return kit.Field{Type: kit.Map, Of: kit.Schema{"size": {Type: kit.Integer}, "number": {Type: kit.Integer}}}
}

func listSchema() kit.Schema {
	return kit.Schema{
		"filter": {Type: kit.Map, Of: kit.Schema{
			"ids": {Type: kit.List}, "company_id": {}, "term": {}, "updated_since": {Type: kit.DateTime}, "tags": {Type: kit.List},
			"status": {OneOf: []string{"active", "deactivated"}},
			"email":  {Type: kit.Map, Of: kit.Schema{"type": {Required: true, OneOf: []string{"primary"}}, "email": {Required: true}}},
		}},
		"page": pageField(), "includes": {},
		"sort": {Type: kit.List, Of: kit.Schema{
			"field": {Required: true, OneOf: []string{"added_at", "name", "updated_at"}}, "order": {OneOf: []string{"asc", "desc"}},
		}},
	}
}

func list(c *kit.Call) kit.Reply {
	in := map[string]any{}
	if len(c.Body) > 0 {
		object, no := body(c, listSchema(), false)
		if no != nil {
			return *no
		}
		in = object
	}
	size, number := 20, 1
	page := kit.Object(in, "page")
	if page["size"] != nil {
		size = int(kit.Int(kit.ID(page["size"])))
	}
	if page["number"] != nil {
		number = int(kit.Int(kit.ID(page["number"])))
	}
	if size < 1 || size > 100 || number < 1 {
		return refuse(problem{"page.size must be between 1 and 100", "page"})
	}
	hits := sorted(hits(c, kit.Object(in, "filter")), kit.Objects(in, "sort"))
	hits = hits[min((number-1)*size, len(hits)):]
	found := []any{}
	for _, r := range hits[:min(size, len(hits))] {
		found = append(found, row(c, r, strings.Contains(kit.Text(in, "includes"), "custom_fields")))
	}
	return kit.JSON(http.StatusOK, map[string]any{"data": found})
}

// row is a contact in a list.
func row(c *kit.Call, r *kit.Record, custom bool) map[string]any {
	shown := show(c, r)
	shown["primary_address"] = nil
	for _, entry := range showAddresses(r.Data) {
		if e := entry.(map[string]any); e["type"] == "primary" {
			shown["primary_address"] = e["address"]
		}
	}
	if custom {
		shown["custom_fields"] = showCustom(r.Data)
	}
	return shown
}

func hits(c *kit.Call, filter map[string]any) []*kit.Record {
	var hits []*kit.Record
	for _, r := range c.Account.Contacts.All() {
		if c.Searchable(r) && matches(c, r, filter) {
			hits = append(hits, r)
		}
	}
	return hits
}

func matches(c *kit.Call, r *kit.Record, filter map[string]any) bool {
	since, _ := time.Parse(time.RFC3339, kit.Text(filter, "updated_since"))
	email := kit.Text(kit.Object(filter, "email"), "email")
	company := kit.Text(filter, "company_id")
	switch {
	case filter["ids"] != nil && !slices.Contains(kit.Texts(filter, "ids"), r.ID),
		kit.Text(filter, "status") == "deactivated",
		r.UpdatedAt.Before(since),
		email != "" && !slices.Contains(c.Account.ByEmail(email), r),
		company != "" && c.Account.Table("links").Get(r.ID+" "+company) == nil:
		return false
	}
	for _, name := range kit.Texts(filter, "tags") {
		if !slices.ContainsFunc(kit.Texts(r.Data, "tags"), func(t string) bool { return strings.EqualFold(t, name) }) {
			return false
		}
	}
	return holds(r, strings.ToLower(kit.Text(filter, "term")))
}

// holds looks for a term in names, e-mails and telephones, each by itself.
func holds(r *kit.Record, term string) bool {
	texts := append([]string{r.Text("first_name"), r.Text("last_name")}, identity(r.Data).Emails...)
	for _, entry := range kit.Objects(r.Data, "telephones") {
		texts = append(texts, kit.Text(entry, "number"))
	}
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(strings.ToLower(text), term) })
}

func sorted(list []*kit.Record, by []map[string]any) []*kit.Record {
	for _, s := range slices.Backward(by) {
		slices.SortStableFunc(list, func(a, b *kit.Record) int {
			order := a.CreatedAt.Compare(b.CreatedAt)
			switch s["field"] {
			case "name":
				order = strings.Compare(identity(a.Data).Name, identity(b.Data).Name)
			case "updated_at":
				order = a.UpdatedAt.Compare(b.UpdatedAt)
			}
			if s["order"] == "desc" {
				return -order
			}
			return order
		})
	}
	return list
}
