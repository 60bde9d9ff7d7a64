package freshsales

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"crmferry/internal/sandbox/kit"
)

const allContacts = 70000500001

func filters(*kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{"filters": []any{map[string]any{
		"id": allContacts, "name": "All Contacts", "model_class_name": "Contact", "user_id": owner, "is_default": true,
	}}})
}

// view lists the contacts of a view, newest first.
func view(c *kit.Call) kit.Reply {
	if c.Var("view") != strconv.Itoa(allContacts) {
		return notFound()
	}
	found := found(c, func(*kit.Record) bool { return true })
	slices.Reverse(found)
	const size = 25
	from := size * max(0, int(kit.Int(c.Query("page")))-1)
	list := []any{}
	for _, r := range found[min(from, len(found)):min(from+size, len(found))] {
		list = append(list, show(c, r, false, true))
	}
	return kit.JSON(http.StatusOK, map[string]any{"contacts": list, "meta": map[string]any{
		"total": len(found), "total_pages": (len(found) + size - 1) / size,
	}})
}

// found lists what the index shows of the contacts that match.
func found(c *kit.Call, match func(*kit.Record) bool) []*kit.Record {
	var list []*kit.Record
	for _, r := range c.Account.Contacts.All() {
		if c.Searchable(r) && match(r) {
			list = append(list, r)
		}
	}
	return list
}

// lookup compares one field.
func lookup(c *kit.Call) kit.Reply {
	value, field := c.Query("q"), c.Query("f")
	_, custom := customSchema()[field]
	if value == "" || c.Query("entities") != "contact" || (field != "email" && field != "mobile_number" && !custom) {
		return invalid("q, f and entities must name a contact's value and field")
	}
	list := []any{}
	for _, r := range found(c, func(r *kit.Record) bool { return holds(r, field, value) }) {
		contact := show(c, r, false, false)
		contact["partial"] = true
		list = append(list, contact)
	}
	return kit.JSON(http.StatusOK, map[string]any{"contacts": map[string]any{
		"contacts": list, "meta": map[string]any{"total": len(list)},
	}})
}

func holds(r *kit.Record, field, value string) bool {
	switch field {
	case "email":
		return slices.ContainsFunc(kit.Texts(r.Data, "emails"), func(email string) bool { return strings.EqualFold(email, value) })
	case "mobile_number":
		return r.Text(field) == value
	}
	held := kit.Object(r.Data, "custom_field")[field]
	return held != nil && fmt.Sprint(held) == value
}

// search looks for a text in names, e-mails and numbers. Its ids are texts.
func search(c *kit.Call) kit.Reply {
	text, size := strings.ToLower(c.Query("q")), 25
	if given := c.Query("per_page"); given != "" {
		size = int(kit.Int(given))
	}
	if text == "" || !slices.Contains(strings.Split(c.Query("include"), ","), "contact") || size < 1 || size > 100 {
		return invalid("q, include or per_page is invalid")
	}
	list := []any{}
	for _, r := range found(c, func(r *kit.Record) bool { return mentions(r, text) }) {
		shown := show(c, r, false, true)
		if len(list) == size {
			break
		}
		list = append(list, map[string]any{
			"id": r.ID, "type": "contact", "name": shown["display_name"], "email": shown["email"], "mcr_id": 402,
			"record_type_id": 71010794476, "stage_name": "New", "updated_at": shown["updated_at"],
			"owner": map[string]any{"id": shown["owner_id"], "name": "Grace Hopper"},
		})
	}
	return kit.JSON(http.StatusOK, list)
}

func mentions(r *kit.Record, text string) bool {
	for _, held := range append(kit.Texts(r.Data, "emails"), identity(r.Data).Name, r.Text("work_number"), r.Text("mobile_number")) {
		if strings.Contains(strings.ToLower(held), text) {
			return true
		}
	}
	return false
}
