package wix

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

func querySchema() kit.Schema {
	return kit.Schema{"search": {Max: 100}, "query": {Type: kit.Map, Of: kit.Schema{
		"filter": {Type: kit.Map}, "fieldsets": {Type: kit.List}, "fields": {Type: kit.List},
		"paging": {Type: kit.Map, Of: kit.Schema{"limit": {Type: kit.Integer}, "offset": {Type: kit.Integer}}},
		"sort": {Type: kit.List, Of: kit.Schema{
			"fieldName": {Required: true, OneOf: []string{"createdDate"}}, "order": {OneOf: []string{"ASC", "DESC"}},
		}},
	}}}
}

func query(c *kit.Call) kit.Reply {
	body, no := object(c, querySchema())
	if no != nil {
		return *no
	}
	in := kit.Object(body, "query")
	limit, offset := 50, 0
	if paging := kit.Object(in, "paging"); paging != nil {
		offset = int(kit.Int(kit.ID(paging["offset"])))
		if paging["limit"] != nil {
			limit = int(kit.Int(kit.ID(paging["limit"])))
		}
	}
	if limit < 1 || limit > 1000 || offset < 0 {
		return violated(violation{Field: "query.paging.limit", Description: "must be between 1 and 1000", Rule: "MAX"})
	}
	filter := kit.Object(in, "filter")
	if _, known := matches(&kit.Record{}, filter); !known {
		return failure(http.StatusBadRequest, "MALFORMED_FILTER", "The filter names an unknown field or operator")
	}
	var hits []*kit.Record
	for _, r := range c.Account.Contacts.All() {
		if fits, _ := matches(r, filter); fits && c.Searchable(r) && found(r, kit.Text(body, "search")) {
			hits = append(hits, r)
		}
	}
	for _, sort := range kit.Objects(in, "sort") {
		if sort["order"] == "DESC" {
			slices.Reverse(hits)
		}
	}
	contacts := []any{}
	for _, r := range hits[min(offset, len(hits)):min(offset+limit, len(hits))] {
		contacts = append(contacts, show(c, r))
	}
	return kit.JSON(http.StatusOK, map[string]any{"contacts": contacts, "pagingMetadata": map[string]any{
		"count": len(contacts), "offset": offset, "total": len(hits), "tooManyToCount": false,
	}})
}

// matches is true when all conditions hold; known is false when the filter
// has a field or an operator that cannot be filtered by.
func matches(r *kit.Record, filter map[string]any) (fits, known bool) {
	fits = true
	for path, condition := range filter {
		values, ok := valuesAt(r, path)
		if !ok {
			return false, false
		}
		operators, isObject := condition.(map[string]any)
		if !isObject {
			operators = map[string]any{"$eq": condition}
		}
		for operator, operand := range operators {
			holds, ok := compare(values, operator, operand)
			if !ok {
				return false, false
			}
			fits = fits && holds
		}
	}
	return fits, true
}

// valuesAt are the values of a field; the items of lists stand without the
// word in its path.
func valuesAt(r *kit.Record, path string) (values []string, known bool) {
	info := kit.Object(r.Data, "info")
	each := func(list, name string) ([]string, bool) {
		var values []string
		for _, item := range items(info, list) {
			if text := kit.Text(item, name); text != "" {
				values = append(values, text)
			}
		}
		return values, true
	}
	switch path {
	case "id":
		return []string{r.ID}, true
	case "createdDate":
		return []string{kit.Millis(r.CreatedAt)}, true
	case "info.emails.email":
		return each("emails", "email")
	case "info.phones.phone":
		return each("phones", "phone")
	case "info.phones.e164Phone":
		return each("phones", "e164Phone")
	case "info.name.first":
		return []string{kit.Text(kit.Object(info, "name"), "first")}, true
	case "info.name.last":
		return []string{kit.Text(kit.Object(info, "name"), "last")}, true
	case "primaryInfo.email":
		return []string{kit.Text(primary(info, "emails"), "email")}, true
	case "primaryInfo.phone":
		return []string{kit.Text(primary(info, "phones"), "phone")}, true
	}
	return nil, false
}

func compare(values []string, operator string, operand any) (holds, known bool) {
	text, _ := operand.(string)
	switch operator {
	case "$eq":
		return slices.Contains(values, text), true
	case "$ne":
		return !slices.Contains(values, text), true
	case "$exists":
		return (len(values) > 0 && values[0] != "") == (operand == true), true
	case "$startsWith":
		return slices.ContainsFunc(values, func(v string) bool { return strings.HasPrefix(v, text) }), true
	case "$in":
		list, ok := operand.([]any)
		return slices.ContainsFunc(list, func(item any) bool { v, _ := item.(string); return slices.Contains(values, v) }), ok
	case "$gte", "$gt", "$lte", "$lt":
		bound, err := time.Parse(time.RFC3339, text)
		if err != nil || len(values) == 0 {
			return false, err == nil
		}
		value, err := time.Parse(time.RFC3339, values[0])
		order := value.Compare(bound)
		return (order == 0 && strings.HasSuffix(operator, "e")) || (order > 0) == strings.HasPrefix(operator, "$g") && order != 0, err == nil
	}
	return false, false
}

// found looks for whole words in names, e-mails and phones.
func found(r *kit.Record, search string) bool {
	words := strings.Fields(identity(r.Data).Name)
	for _, path := range []string{"info.emails.email", "info.phones.phone", "info.phones.e164Phone"} {
		values, _ := valuesAt(r, path)
		words = append(words, values...)
	}
	for _, word := range strings.Fields(search) {
		if !slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, word) }) {
			return false
		}
	}
	return true
}
