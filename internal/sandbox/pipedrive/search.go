package pipedrive

import (
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"crmferry/internal/sandbox/kit"
)

// list answers from the database, without lag.
func list(c *kit.Call) kit.Reply {
	bounds := map[string]time.Time{}
	for _, name := range []string{"updated_since", "updated_until"} {
		text := c.Query(name)
		if text == "" {
			continue
		}
		at, err := time.Parse("2006-01-02T15:04:05Z07:00", text)
		if err != nil || strings.Contains(text, ".") {
			return schemaFailure(name + ": must be in RFC 3339 without fractional seconds")
		}
		bounds[name] = at
	}
	order, ok := map[string]func(a, b *kit.Record) int{
		"": byID, "id": byID, "add_time": byAddTime, "update_time": func(a, b *kit.Record) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
	}[c.Query("sort_by")]
	if !ok || !slices.Contains([]string{"", "asc", "desc"}, c.Query("sort_direction")) {
		return schemaFailure("sort_by or sort_direction: is invalid")
	}
	var found []*kit.Record
	for _, r := range c.Account.Contacts.All() {
		updated := r.UpdatedAt.Truncate(time.Second)
		until, bounded := bounds["updated_until"]
		if !updated.Before(bounds["updated_since"]) && (!bounded || updated.Before(until)) {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, order)
	if c.Query("sort_direction") == "desc" {
		slices.Reverse(found)
	}
	rows := []any{}
	for _, r := range found {
		rows = append(rows, show(c, r))
	}
	shown, more, ok := page(c, rows, 500)
	if !ok {
		return schemaFailure("limit or cursor: is invalid")
	}
	return done(http.StatusOK, shown, more)
}

func byID(a, b *kit.Record) int { return strings.Compare(a.ID, b.ID) }

func byAddTime(a, b *kit.Record) int { return addTime(a).Compare(addTime(b)) }

func addTime(r *kit.Record) time.Time {
	if at, err := time.Parse(time.RFC3339, r.Text("add_time")); err == nil {
		return at
	}
	return r.CreatedAt
}

// search answers from an index.
func search(c *kit.Call) kit.Reply {
	exact, term := c.Query("exact_match") == "true", strings.ToLower(c.Query("term"))
	fields := []string{"custom_fields", "email", "name", "notes", "phone"}
	if text := c.Query("fields"); text != "" {
		for _, name := range strings.Split(text, ",") {
			if !slices.Contains(fields, name) {
				return schemaFailure("fields: is invalid")
			}
		}
		fields = strings.Split(text, ",")
	}
	if n := utf8.RuneCountInString(term); n < 1 || (n < 2 && !exact) {
		return schemaFailure("term: must be at least 2 characters long")
	}
	rows := []any{}
	for _, r := range c.Account.Contacts.All() {
		if !c.Searchable(r) {
			continue
		}
		for _, text := range texts(r, fields) {
			text = strings.ToLower(text)
			if text == term || (!exact && strings.Contains(text, term)) {
				rows = append(rows, map[string]any{"result_score": 0.9, "item": hit(r)})
				break
			}
		}
	}
	shown, more, ok := page(c, rows, 100)
	if !ok {
		return schemaFailure("limit or cursor: is invalid")
	}
	return done(http.StatusOK, map[string]any{"items": shown}, more)
}

// texts are what the named fields of a person hold.
func texts(r *kit.Record, fields []string) []string {
	var list []string
	for _, name := range fields {
		switch name {
		case "email":
			list = append(list, values(r, "emails")...)
		case "phone":
			list = append(list, values(r, "phones")...)
		case "custom_fields":
			list = append(list, customTexts(r)...)
		default:
			list = append(list, r.Text(name))
		}
	}
	return list
}

func values(r *kit.Record, name string) []string {
	list := []string{}
	for _, entry := range kit.Objects(r.Data, name) {
		list = append(list, kit.Text(entry, "value"))
	}
	return list
}

func customTexts(r *kit.Record) []string {
	list := []string{}
	for _, value := range kit.Object(r.Data, "custom_fields") {
		if text, ok := value.(string); ok {
			list = append(list, text)
		}
	}
	slices.Sort(list)
	return list
}

// hit is a person as searches show it: without any time.
func hit(r *kit.Record) map[string]any {
	var organization any
	if id := r.Data["org_id"]; id != nil {
		organization = map[string]any{"id": id, "name": "Organization", "address": nil}
	}
	return map[string]any{
		"id": kit.Int(r.ID), "type": "person", "name": r.Text("name"), "phones": values(r, "phones"), "emails": values(r, "emails"),
		"visible_to": r.Data["visible_to"], "owner": map[string]any{"id": r.Data["owner_id"]}, "organization": organization,
		"custom_fields": customTexts(r), "notes": []any{},
	}
}
