package nutshell

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const maxPage = 10_000

// show is a contact; searches show the time of its creation too.
func show(c *kit.Call, r *kit.Record) map[string]any {
	shown := maps.Clone(r.Data)
	delete(shown, "customFields")
	number, _, _ := strings.Cut(r.ID, "-")
	path := "/person/" + number + "-" + strings.ReplaceAll(strings.ToLower(r.Text("name")), " ", "-")
	shown["id"], shown["type"], shown["mcfxContactId"] = r.ID, "contacts", nil
	shown["href"], shown["htmlUrl"], shown["htmlUrlPath"] = base+"/rest/contacts/"+r.ID, base+path, path
	shown["avatarUrl"], shown["initials"] = base+"/avatar/contacts/"+number, ""
	if is(c, "legacy") {
		delete(shown, "firstName")
		delete(shown, "lastName")
	}
	if is(c, "flat") {
		shown["addresses"] = flattened(kit.Objects(r.Data, "addresses"))
	}
	return shown
}

func flattened(addresses []map[string]any) []any {
	list := []any{}
	for _, address := range addresses {
		flat := maps.Clone(address)
		delete(flat, "value")
		maps.Copy(flat, kit.Object(address, "value"))
		list = append(list, flat)
	}
	return list
}

func envelope(c *kit.Call, records ...*kit.Record) kit.Reply {
	list := []any{}
	for _, r := range records {
		list = append(list, show(c, r))
	}
	return kit.JSON(http.StatusOK, map[string]any{
		"meta": meta(c), "contacts": list,
		"links": map[string]any{"contacts.accounts": map[string]any{"href": base + "/rest/accounts/{contacts.accounts}", "type": "accounts"}},
	})
}

func unknown() kit.Reply {
	return kit.JSON(http.StatusNotFound, map[string]any{"message": "Contact not found"})
}

// read answers the contacts of a comma-separated list of ids.
func read(c *kit.Call) kit.Reply {
	var found []*kit.Record
	for _, text := range strings.Split(c.Var("id"), ",") {
		id, _ := reference(text, "contacts")
		if r := c.Account.Contacts.Get(id); r != nil {
			found = append(found, r)
		}
	}
	if len(found) == 0 {
		return unknown()
	}
	return envelope(c, found...)
}

func customValues(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return unknown()
	}
	return kit.JSON(http.StatusOK, map[string]any{"customFields": r.Data["customFields"]})
}

// list answers the contacts that meet all conditions of the query.
func list(c *kit.Call) kit.Reply {
	query := c.Request.URL.Query()
	number, size := 0, 100
	for name, into := range map[string]*int{"page[page]": &number, "page[limit]": &size} {
		text := query.Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > maxPage {
			return refuse(c, "contacts", fault{title: "Invalid filter", detail: "Invalid page number: " + text})
		}
		*into = n
	}
	if wrong := badFilter(query); wrong != "" {
		return refuse(c, "contacts", fault{title: "Invalid filter", detail: wrong})
	}
	var found []*kit.Record
	for _, r := range c.Account.Contacts.All() {
		if c.Searchable(r) && meets(r, query) {
			found = append(found, r)
		}
	}
	order(found, query.Get("sort"))
	rows := []any{}
	for _, r := range found[min(number*size, len(found)):min((number+1)*size, len(found))] {
		row := show(c, r)
		row["createdTime"] = r.CreatedAt.Unix()
		rows = append(rows, row)
	}
	return kit.JSON(http.StatusOK, map[string]any{
		"meta": map[string]any{"count": len(rows), "total": len(found)}, "links": map[string]any{}, "contacts": rows,
	})
}

func order(records []*kit.Record, by string) {
	switch by {
	case "createdTime":
		slices.SortStableFunc(records, func(a, b *kit.Record) int { return a.CreatedAt.Compare(b.CreatedAt) })
	case "-createdTime":
		slices.SortStableFunc(records, func(a, b *kit.Record) int { return b.CreatedAt.Compare(a.CreatedAt) })
	default:
		slices.SortStableFunc(records, func(a, b *kit.Record) int { return cmp.Compare(a.Text("name"), b.Text("name")) })
	}
}

// badFilter tells what is wrong with the filters of a query.
func badFilter(query url.Values) string {
	for key := range query {
		field, isFilter := strings.CutPrefix(key, "filter[")
		field = strings.TrimSuffix(field, "]")
		_, _, timed := between(query.Get(key))
		switch {
		case !isFilter, slices.Contains(customNames(), field), field == "name", field == "phone", field == "createdTime" && timed:
		default:
			return "Unknown filter or value: " + field
		}
	}
	return ""
}

// meets tells whether a contact meets all conditions of a query.
func meets(r *kit.Record, query url.Values) bool {
	for key := range query {
		want := query.Get(key)
		ok := true
		switch field, isFilter := strings.CutPrefix(key, "filter["); {
		case key == "email":
			ok = slices.ContainsFunc(identity(r.Data).Emails, func(email string) bool { return strings.EqualFold(email, want) })
		case key == "q":
			ok = slices.ContainsFunc(strings.Fields(strings.ToLower(want)), func(word string) bool {
				return strings.Contains(strings.ToLower(r.Text("name")), word)
			})
		case isFilter:
			ok = filtered(r, strings.TrimSuffix(field, "]"), want)
		}
		if !ok {
			return false
		}
	}
	return true
}

func filtered(r *kit.Record, field, want string) bool {
	switch field {
	case "name":
		return strings.EqualFold(r.Text("name"), want)
	case "phone":
		return slices.ContainsFunc(kit.Objects(r.Data, "phones"), func(phone map[string]any) bool {
			text, _ := phone["value"].(string)
			return strings.HasSuffix(kit.OnlyDigits(text+kit.Text(kit.Object(phone, "value"), "E164")), kit.OnlyDigits(want))
		})
	case "createdTime":
		from, to, _ := between(want)
		return !r.CreatedAt.Before(from) && !r.CreatedAt.After(to)
	}
	return kit.Text(kit.Object(r.Data, "customFields"), field) == want
}

// between reads "2026-05-01T00:00:00 TO 2026-05-01T01:00:00".
func between(text string) (from, to time.Time, ok bool) {
	const layout = "2006-01-02T15:04:05"
	first, second, _ := strings.Cut(text, " TO ")
	from, err1 := time.Parse(layout, first)
	to, err2 := time.Parse(layout, second)
	return from, to, err1 == nil && err2 == nil
}

// operation is one step of a JSON Patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

func patch(c *kit.Call) kit.Reply {
	id, _ := reference(c.Var("id"), "contacts")
	r := c.Account.Contacts.Get(id)
	if r == nil {
		return unknown()
	}
	var steps []operation
	if c.Decode(&steps) != nil || len(steps) == 0 {
		return refuse(c, "contacts", fault{title: "Invalid patch", detail: "an array of operations is expected"})
	}
	data := maps.Clone(r.Data)
	for _, step := range steps {
		given, f := step.attributes(data)
		if f == nil {
			f = judge(c, patchable(), given, true)
		}
		if f != nil {
			return refuse(c, "contacts", *f)
		}
		lay(c, data, given)
	}
	c.Update(r, data)
	if is(c, "legacy") {
		return envelope(c, r)
	}
	return kit.Empty(http.StatusNoContent)
}

// attributes are what a step puts into a contact that holds data.
func (o operation) attributes(data map[string]any) (map[string]any, *fault) {
	path, ok := strings.CutPrefix(o.Path, "/contacts/0/")
	field, appends := strings.CutSuffix(path, "/-")
	field = strings.NewReplacer("~1", "/", "~0", "~").Replace(field)
	if !ok || (o.Op != "replace" && o.Op != "add") || (appends && o.Op != "add") {
		return nil, &fault{"Invalid patch", "unknown operation or path", field}
	}
	if slices.Contains(customNames(), field) {
		return map[string]any{"customFields": map[string]any{field: o.Value}}, nil
	}
	if appends {
		held, isList := data[field].([]any)
		if !isList || field == "addresses" || field == "phones" {
			return nil, &fault{"Invalid patch", "not a list that can be appended to", field}
		}
		return map[string]any{field: append(slices.Clone(held), o.Value)}, nil
	}
	return map[string]any{field: o.Value}, nil
}
