package onepagecrm

import (
	"cmp"
	"slices"
	"strings"

	"crmferry/internal/sandbox/kit"
)

// list answers the contacts of the acting user, or with team=true of all.
func list(c *kit.Call) kit.Reply {
	var found []*kit.Record
	for _, r := range c.Account.Contacts.All() {
		mine := c.Query("team") == "true" || c.Query("team") == "1" || r.Text("owner_id") == acting(c)
		if mine && c.Searchable(r) && meets(c, r) {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, func(a, b *kit.Record) int {
		order := cmp.Compare(a.Text("last_name"), b.Text("last_name"))
		switch c.Query("sort_by") {
		case "created_at":
			order = a.CreatedAt.Compare(b.CreatedAt)
		case "modified_at":
			order = a.UpdatedAt.Compare(b.UpdatedAt)
		}
		if c.Query("order") == "desc" {
			order = -order
		}
		return order
	})
	rows := []any{}
	for _, r := range found {
		rows = append(rows, map[string]any{"contact": show(c, r), "next_actions": []any{}, "company": map[string]any{}})
	}
	return paged(c, "contacts", rows)
}

func meets(c *kit.Call, r *kit.Record) bool {
	i := identity(r.Data)
	email, phone, search := c.Query("email"), c.Query("phone"), strings.ToLower(c.Query("search"))
	phones := ""
	for _, entry := range kit.Objects(r.Data, "phones") {
		phones += kit.OnlyDigits(kit.Text(entry, "value")) + " "
	}
	text := strings.ToLower(i.Name + "\n" + r.Text("company_name") + "\n" + phones)
	key := ""
	if id := c.Query("custom_field_id"); id != "" {
		key = "custom:" + id + ":" + c.Query("custom_field_value")
	}
	return (email == "" || slices.ContainsFunc(i.Emails, func(held string) bool { return strings.EqualFold(held, email) })) &&
		(phone == "" || strings.Contains(phones, kit.OnlyDigits(phone))) && strings.Contains(text, search) &&
		(key == "" || slices.Contains(i.Keys, key))
}
