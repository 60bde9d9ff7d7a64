package outreach

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const (
	pageSize = 50
	maxPage  = 1000
)

// list finds prospects by the filters that the vendor has; all must hold.
func list(c *kit.Call) kit.Reply {
	query := c.Request.URL.Query()
	tests := []func(*kit.Record) bool{c.Searchable}
	for name, values := range query {
		field, isFilter := strings.CutPrefix(name, "filter[")
		switch {
		case isFilter:
			test := filter(field, values[0], query.Get("newFilterSyntax") == "true")
			if test == nil {
				return unsupportedQuery(name)
			}
			tests = append(tests, test)
		case !slices.Contains([]string{"newFilterSyntax", "sort", "count", "page[size]", "page[limit]", "page[after]", "fields[prospect]"}, name):
			return unsupportedQuery(name)
		}
	}
	var hits []*kit.Record
	for _, r := range c.Account.Contacts.All() {
		if !slices.ContainsFunc(tests, func(test func(*kit.Record) bool) bool { return !test(r) }) {
			hits = append(hits, r)
		}
	}
	if !sortHits(hits, query.Get("sort")) {
		return unsupportedQuery("sort")
	}
	return page(c, query, hits)
}

// filter is the test of one parameter: of alternatives with commas between
// them, or of a range. Nil where there is no such filter.
func filter(field, value string, newSyntax bool) func(*kit.Record) bool {
	wanted := []string{value}
	name, exact := strings.CutSuffix(field, "][]")
	switch {
	case exact && !newSyntax:
		return nil
	case !exact:
		name = strings.TrimSuffix(field, "]")
		if from, to, isRange := strings.Cut(value, ".."); isRange {
			return between(name, from, to)
		}
		wanted = strings.Split(value, ",")
	}
	texts := func(r *kit.Record) []string { return []string{r.Text(name)} }
	switch name {
	case "emails":
		texts = func(r *kit.Record) []string { return kit.Texts(r.Data, "emails") }
	case "id":
		texts = func(r *kit.Record) []string { return []string{r.ID} }
	case "q":
		return func(r *kit.Record) bool {
			words := append(kit.Texts(r.Data, "emails"), r.Text("firstName"), r.Text("lastName"), identity(r.Data).Name)
			return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(strings.ToLower(w), strings.ToLower(value)) })
		}
	case "firstName", "lastName", "title", "company":
	default:
		return nil
	}
	return func(r *kit.Record) bool {
		return slices.ContainsFunc(texts(r), func(text string) bool {
			return slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(w, text) })
		})
	}
}

// between is the test of a range of times, which may be open.
func between(name, from, to string) func(*kit.Record) bool {
	at := map[string]func(*kit.Record) time.Time{
		"createdAt": func(r *kit.Record) time.Time { return r.CreatedAt }, "updatedAt": func(r *kit.Record) time.Time { return r.UpdatedAt },
	}[name]
	low, noLow := time.Parse(time.RFC3339, from)
	high, noHigh := time.Parse(time.RFC3339, to)
	if at == nil || (noLow != nil && from != "neginf") || (noHigh != nil && to != "inf") {
		return nil
	}
	return func(r *kit.Record) bool {
		return (noLow != nil || !at(r).Before(low)) && (noHigh != nil || !at(r).After(high))
	}
}

func sortHits(hits []*kit.Record, by string) bool {
	name, descending := strings.CutPrefix(by, "-")
	if !slices.Contains([]string{"", "id", "createdAt", "updatedAt"}, name) {
		return false
	}
	slices.SortStableFunc(hits, func(a, b *kit.Record) int {
		order := 0
		switch name {
		case "id":
			order = int(kit.Int(a.ID) - kit.Int(b.ID))
		case "createdAt":
			order = a.CreatedAt.Compare(b.CreatedAt)
		case "updatedAt":
			order = a.UpdatedAt.Compare(b.UpdatedAt)
		}
		if descending {
			return -order
		}
		return order
	})
	return true
}

func page(c *kit.Call, query url.Values, hits []*kit.Record) kit.Reply {
	size, meta := pageSize, map[string]any{"count": nil}
	if query.Get("count") == "true" {
		meta["count"] = len(hits)
	}
	for _, name := range []string{"page[size]", "page[limit]"} {
		if text := query.Get(name); text != "" {
			size = int(kit.Int(text))
		}
	}
	if size < 1 || size > maxPage {
		return unsupportedQuery("page[size]")
	}
	if after := query.Get("page[after]"); after != "" {
		start := slices.IndexFunc(hits, func(r *kit.Record) bool { return r.ID == after })
		hits = hits[start+1:]
	}
	data, links := []any{}, map[string]any{}
	for _, r := range hits[:min(size, len(hits))] {
		data = append(data, selected(c, show(r)))
	}
	if len(hits) > size {
		query.Set("page[after]", hits[size-1].ID)
		links["next"] = base + "/prospects?" + query.Encode()
	}
	return answer(http.StatusOK, map[string]any{"data": data, "meta": meta, "links": links})
}

type phone struct{ kind, number string }

func phonesOf(r *kit.Record) []phone {
	var list []phone
	for _, name := range phoneLists() {
		for _, number := range kit.Texts(r.Data, name) {
			list = append(list, phone{strings.TrimSuffix(name, "Phones"), number})
		}
	}
	return list
}

// phoneNumbers finds phones by number or prospect.
func phoneNumbers(c *kit.Call) kit.Reply {
	if !hasAllScopes(c) {
		return unauthorizedScope("phoneNumbers.read")
	}
	number, prospect := c.Query("filter[number]"), c.Query("filter[prospect][id]")
	data := []any{}
	for _, r := range c.Account.Contacts.All() {
		if !c.Searchable(r) || (prospect != "" && prospect != r.ID) {
			continue
		}
		for i, p := range phonesOf(r) {
			if number != "" && number != p.number {
				continue
			}
			data = append(data, map[string]any{
				"type": "phoneNumber", "id": subID(r, i),
				"attributes":    map[string]any{"number": p.number, "rawNumber": p.number, "extension": nil, "countryCode": nil, "phoneType": p.kind, "order": i},
				"relationships": map[string]any{"prospect": map[string]any{"data": map[string]any{"type": "prospect", "id": kit.Int(r.ID)}}},
			})
		}
	}
	return answer(http.StatusOK, map[string]any{"data": data, "meta": map[string]any{"count": nil}})
}
