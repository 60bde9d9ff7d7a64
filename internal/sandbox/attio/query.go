package attio

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const maxPage = 500

// query lists the records that a filter lets through; the attributes in it
// must all hold. It reads what was written, so the lag of searches does not
// concern it.
func query(c *kit.Call) kit.Reply {
	in := struct {
		Filter        map[string]any
		Sorts         []order
		Limit, Offset *int
	}{}
	if len(c.Body) > 0 && c.Decode(&in) != nil {
		return malformed("Invalid query").reply()
	}
	limit, offset := maxPage, 0
	if in.Limit != nil {
		limit = *in.Limit
	}
	if in.Offset != nil {
		offset = *in.Offset
	}
	if limit < 1 || limit > maxPage || offset < 0 {
		return malformed("Number must be between 1 and 500", "limit").reply()
	}
	var hits []*kit.Record
	for _, r := range append([]*kit.Record{nil}, c.Account.Contacts.All()...) {
		ok, err := matches(c, r, in.Filter) // without a record, the filter alone is judged
		if err != nil {
			return bad("filter_error", err.Error()).reply()
		}
		if ok && r != nil {
			hits = append(hits, r)
		}
	}
	if no := arrange(c, hits, in.Sorts); no != nil {
		return no.reply()
	}
	hits = hits[min(offset, len(hits)):]
	data := []any{}
	for _, r := range hits[:min(limit, len(hits))] {
		data = append(data, show(c, r))
	}
	return kit.JSON(http.StatusOK, map[string]any{"data": data})
}

type order struct{ Attribute, Field, Direction string }

// arrange sorts records, by the first of the orders before all others.
func arrange(c *kit.Call, hits []*kit.Record, orders []order) *refusal {
	for _, by := range slices.Backward(orders) {
		a, known := attributeOf(c.Account.Name, by.Attribute)
		if !known || (by.Direction != "asc" && by.Direction != "desc") {
			return bad("filter_error", fmt.Sprintf("Cannot sort by attribute %q.", by.Attribute))
		}
		slices.SortStableFunc(hits, func(x, y *kit.Record) int {
			compared := cmp.Compare(sortKey(c, x, a), sortKey(c, y, a))
			if by.Direction == "desc" {
				return -compared
			}
			return compared
		})
	}
	return nil
}

func sortKey(c *kit.Call, r *kit.Record, a attribute) string {
	for _, value := range system(c, r, a.slug) {
		return fmt.Sprint(value.(map[string]any)[properties(a)[0]])
	}
	return ""
}

// properties are what an attribute can be filtered by, the usual one first.
func properties(a attribute) []string {
	switch a.kind {
	case "personal-name":
		return []string{"full_name", "first_name", "last_name"}
	case "email-address":
		return []string{"email_address", "original_email_address", "email_domain", "email_root_domain", "email_local_specifier"}
	case "phone-number":
		return []string{"phone_number", "original_phone_number", "country_code"}
	case "location":
		return locationKeys()
	case "record-reference":
		return []string{"target_record_id", "target_object"}
	case "actor-reference":
		return []string{"referenced_actor_id", "referenced_actor_type"}
	case "currency":
		return []string{"currency_value"}
	case "select":
		return []string{"option"}
	case "status":
		return []string{"status"}
	}
	return []string{"value"}
}

func matches(c *kit.Call, r *kit.Record, filter map[string]any) (bool, error) {
	all := true
	for name, condition := range filter {
		ok, err := holds(c, r, name, condition)
		if err != nil {
			return false, err
		}
		all = all && ok
	}
	return all, nil
}

// holds judges the condition on one attribute: a value, operators, or an
// object of properties with either.
func holds(c *kit.Call, r *kit.Record, name string, condition any) (bool, error) {
	a, known := attributeOf(c.Account.Name, name)
	if !known {
		return false, fmt.Errorf("unknown attribute slug: %s", name)
	}
	conditions := map[string]any{properties(a)[0]: condition}
	if object, ok := condition.(map[string]any); ok && !operators(object) {
		conditions = object
	}
	var values []any
	if r != nil {
		values = system(c, r, a.slug)
	}
	all := true
	for property, wanted := range conditions {
		if !slices.Contains(properties(a), property) {
			return false, fmt.Errorf("unknown property %s of attribute %s", property, name)
		}
		found := false
		for _, value := range append([]any{map[string]any{}}, values...) {
			ok, err := compare(value.(map[string]any)[property], wanted)
			if err != nil {
				return false, err
			}
			found = found || ok
		}
		all = all && found
	}
	return all, nil
}

func operators(object map[string]any) bool {
	for name := range object {
		if strings.HasPrefix(name, "$") {
			return true
		}
	}
	return false
}

// compare judges a value by operators, or by equality with what is none.
func compare(value, wanted any) (bool, error) {
	tests, ok := wanted.(map[string]any)
	if !ok {
		tests = map[string]any{"$eq": wanted}
	}
	if option, ok := value.(map[string]any); ok {
		value = option["title"]
	}
	have := fmt.Sprint(value)
	all := value != nil
	for op, operand := range tests {
		want := fmt.Sprint(operand)
		order := cmp.Compare(have, want)
		if at, err := time.Parse(time.RFC3339, have); err == nil {
			than, err := time.Parse(time.RFC3339, want)
			if err != nil {
				return false, fmt.Errorf("%s takes a timestamp", op)
			}
			order = at.Compare(than)
		}
		ok, known := map[string]bool{
			"$eq": order == 0, "$contains": strings.Contains(have, want), "$starts_with": strings.HasPrefix(have, want),
			"$gt": order > 0, "$gte": order >= 0, "$lt": order < 0, "$lte": order <= 0,
		}[op]
		if !known {
			return false, fmt.Errorf("unknown operator %s", op)
		}
		all = all && ok
	}
	return all, nil
}
