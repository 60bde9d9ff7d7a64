package hubspot

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"crmferry/internal/sandbox/kit"
)

type query struct {
	FilterGroups []struct{ Filters []filter }
	Properties   []string
	Sorts        []any
	Limit        *int
	After        any
}

type filter struct {
	PropertyName, Operator, Value string
	Values                        []string
}

func search(c *kit.Call) kit.Reply {
	var q query
	if c.Decode(&q) != nil {
		return malformed(c)
	}
	limit, after := 10, 0
	if q.Limit != nil {
		limit = *q.Limit
	}
	if limit < 1 || limit > 200 {
		return invalid(c, "limit must be between 1 and 200")
	}
	if text := kit.ID(q.After); text != "" {
		after, _ = strconv.Atoi(text)
	}
	if message := q.judge(); message != "" {
		return invalid(c, message)
	}
	hits := q.hits(c)
	total := len(hits)
	results := []any{}
	hits = hits[min(max(after, 0), total):]
	for _, r := range hits[:min(limit, len(hits))] {
		results = append(results, object(c, r, selected(r, q.Properties)))
	}
	body := map[string]any{"total": total, "results": results}
	if len(hits) > limit {
		body["paging"] = map[string]any{"next": map[string]any{"after": strconv.Itoa(after + limit)}}
	}
	return kit.JSON(http.StatusOK, body)
}

func (q query) judge() string {
	operators := []string{"EQ", "NEQ", "LT", "LTE", "GT", "GTE", "IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY", "CONTAINS_TOKEN"}
	for _, group := range q.FilterGroups {
		for _, f := range group.Filters {
			if _, ok := properties()[f.PropertyName]; !ok {
				return fmt.Sprintf("Property %q does not exist", f.PropertyName)
			}
			if !slices.Contains(operators, f.Operator) {
				return fmt.Sprintf("Invalid operator %q", f.Operator)
			}
		}
	}
	if len(q.FilterGroups) > 5 {
		return "Too many filter groups; at most 5 are allowed"
	}
	return ""
}

func (q query) hits(c *kit.Call) []*kit.Record {
	var hits []*kit.Record
	for _, r := range c.Account.Contacts.All() {
		if c.Searchable(r) && q.matches(shown(r)) {
			hits = append(hits, r)
		}
	}
	for _, sort := range slices.Backward(q.Sorts) {
		name, descending := sortBy(sort)
		slices.SortStableFunc(hits, func(a, b *kit.Record) int {
			order := compare(kit.Text(shown(a), name), kit.Text(shown(b), name))
			if descending {
				return -order
			}
			return order
		})
	}
	return hits
}

// sortBy reads "-createdate" or {"propertyName","direction"}.
func sortBy(sort any) (name string, descending bool) {
	if object, ok := sort.(map[string]any); ok {
		return kit.Text(object, "propertyName"), kit.Text(object, "direction") == "DESCENDING"
	}
	text, _ := sort.(string)
	return strings.CutPrefix(text, "-")
}

func (q query) matches(values map[string]any) bool {
	if len(q.FilterGroups) == 0 {
		return true
	}
	for _, group := range q.FilterGroups {
		if !slices.ContainsFunc(group.Filters, func(f filter) bool { return !f.matches(values) }) {
			return true
		}
	}
	return false
}

func (f filter) matches(values map[string]any) bool {
	value, has := values[f.PropertyName].(string)
	order := compare(value, f.Value)
	switch f.Operator {
	case "HAS_PROPERTY":
		return has
	case "NOT_HAS_PROPERTY":
		return !has
	case "NEQ":
		return order != 0
	case "EQ":
		return has && order == 0
	case "LT":
		return has && order < 0
	case "LTE":
		return has && order <= 0
	case "GT":
		return has && order > 0
	case "GTE":
		return has && order >= 0
	case "IN":
		return has && slices.ContainsFunc(f.Values, func(v string) bool { return compare(value, v) == 0 })
	}
	return has && slices.Contains(strings.Fields(strings.ToLower(value)), strings.ToLower(strings.Trim(f.Value, "*")))
}

// compare orders times as times and all else without regard to case.
func compare(a, b string) int {
	ta, okA := instant(a)
	tb, okB := instant(b)
	if okA && okB && strings.Contains(a+b, "T") {
		return ta.Compare(tb)
	}
	return cmp.Compare(strings.ToLower(a), strings.ToLower(b))
}
