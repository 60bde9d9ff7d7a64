package zendesksell

import (
	"cmp"
	"slices"
	"strings"

	"crmferry/internal/sandbox/kit"
)

const maxPage = 100

// filterNames are the parameters of the list that filter; those with brackets
// name a part of an object.
func filterNames(c *kit.Call) []string {
	names := []string{"email", "first_name", "last_name", "name", "is_organization", "contact_id", "owner_id", "creator_id", "address[]", "custom_fields[]"}
	if is(c, "phone") {
		names = append(names, "phone", "mobile")
	}
	return names
}

// list pages through people and organisations alike, oldest first.
func list(c *kit.Call) kit.Reply {
	if no := strange(c, append(filterNames(c), "ids", "page", "per_page", "sort_by")...); no != nil {
		return *no
	}
	page, size := 1, 25
	if text := c.Query("page"); text != "" {
		page = int(kit.Int(text))
	}
	if text := c.Query("per_page"); text != "" {
		size = int(kit.Int(text))
	}
	by, direction, _ := strings.Cut(cmp.Or(c.Query("sort_by"), "id"), ":")
	known := []string{"id", "created_at", "updated_at", "name", "first_name", "last_name"}
	if page < 1 || size < 1 || size > maxPage || !slices.Contains(known, by) {
		return bad(c, "invalid_param", "A parameter has a value that it cannot take.")
	}
	hits := hits(c)
	slices.SortStableFunc(hits, func(a, b *kit.Record) int {
		order := compare(c, a, b, by)
		if direction == "desc" {
			return -order
		}
		return order
	})
	hits = hits[min((page-1)*size, len(hits)):]
	items := []any{}
	for _, r := range hits[:min(size, len(hits))] {
		items = append(items, show(c, r))
	}
	return collection(c, items, page)
}

func hits(c *kit.Call) []*kit.Record {
	filters := c.Request.URL.Query()
	ids := strings.Split(filters.Get("ids"), ",")
	byID := filters.Has("ids")
	for _, name := range []string{"ids", "page", "per_page", "sort_by"} {
		filters.Del(name)
	}
	var found []*kit.Record
	for _, r := range slices.Concat(organizations(c).All(), c.Account.Contacts.All()) {
		if (!byID || slices.Contains(ids, r.ID)) && c.Searchable(r) && matches(c, r, filters) {
			found = append(found, r)
		}
	}
	return found
}

func compare(c *kit.Call, a, b *kit.Record, by string) int {
	switch by {
	case "id":
		return cmp.Compare(kit.Int(a.ID), kit.Int(b.ID))
	case "created_at":
		return a.CreatedAt.Compare(b.CreatedAt)
	case "updated_at":
		return a.UpdatedAt.Compare(b.UpdatedAt)
	}
	return strings.Compare(kit.Text(kit.Object(show(c, a), "data"), by), kit.Text(kit.Object(show(c, b), "data"), by))
}
