package pipeliner

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"crmferry/internal/sandbox/kit"
)

func list(c *kit.Call) kit.Reply {
	var rows []map[string]any
	for _, r := range c.Account.Contacts.All() {
		if c.Searchable(r) {
			rows = append(rows, show(c, r))
		}
	}
	return collection(c, rows, show(c, &kit.Record{}))
}

// collection answers the rows that the query's filters, order and page ask
// for. The sample has all members that a row can have.
func collection(c *kit.Call, rows []map[string]any, sample map[string]any) kit.Reply {
	var filters []filter
	for key := range c.Request.URL.Query() {
		name, isFilter := strings.CutPrefix(key, "filter[")
		if !isFilter {
			continue
		}
		f := filter{strings.TrimSuffix(name, "]"), cmp.Or(c.Query("filter-op["+name), "eq"), c.Query(key)}
		if _, known := sample[f.field]; !known || !slices.Contains(operators(), f.op) {
			return invalid("Invalid filter.")
		}
		filters = append(filters, f)
	}
	found := slices.DeleteFunc(slices.Clone(rows), func(row map[string]any) bool {
		return slices.ContainsFunc(filters, func(f filter) bool { return !f.fits(row) })
	})
	field, descending := strings.CutPrefix(c.Query("order-by"), "-")
	if _, known := sample[field]; field != "" && !known {
		return invalid("Invalid order-by.")
	}
	slices.SortStableFunc(found, func(a, b map[string]any) int {
		order := compare(plain(a[field]), plain(b[field]))
		if descending {
			return -order
		}
		return order
	})
	return paged(c, found)
}

// paged answers a page of rows, with the members that load-only names.
func paged(c *kit.Call, rows []map[string]any) kit.Reply {
	size, start := 30, 0
	if text := c.Query("first"); text != "" {
		size = int(kit.Int(text))
	}
	if after := c.Query("after"); after != "" {
		text, err := base64.StdEncoding.DecodeString(after)
		if err != nil || !kit.Digits(string(text)) {
			return invalid("Invalid after.")
		}
		start = min(int(kit.Int(string(text))), len(rows)) + 1
	}
	if size < 1 || size > 100 {
		return invalid("Invalid first.")
	}
	start = min(start, len(rows))
	end := min(start+size, len(rows))
	data := []any{}
	for _, row := range rows[start:end] {
		shown := maps.Clone(row)
		if only := c.Query("load-only"); only != "" {
			maps.DeleteFunc(shown, func(name string, _ any) bool { return name != "id" && !slices.Contains(strings.Split(only, ","), name) })
		}
		data = append(data, shown)
	}
	cursor := func(i int) any {
		if len(data) == 0 {
			return nil
		}
		return base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(i)))
	}
	return kit.JSON(http.StatusOK, map[string]any{"success": true, "total": len(rows), "data": data, "page_info": map[string]any{
		"start_cursor": cursor(start), "end_cursor": cursor(end - 1), "has_previous_page": start > 0, "has_next_page": end < len(rows),
	}})
}

type filter struct{ field, op, value string }

func operators() []string {
	return []string{"eq", "ieq", "not-eq", "not-ieq", "contains", "starts", "ends", "icontains", "istarts", "iends",
		"null", "not-null", "empty", "not-empty", "gt", "gte", "lt", "lte"}
}

func (f filter) fits(row map[string]any) bool {
	held, want, op := plain(row[f.field]), f.value, f.op
	if op == "null" || op == "not-null" {
		return (row[f.field] == nil) == (op == "null")
	}
	if rest, negated := strings.CutPrefix(op, "not-"); negated {
		return !filter{f.field, rest, f.value}.fits(row)
	}
	if strings.HasPrefix(op, "i") {
		held, want, op = strings.ToLower(held), strings.ToLower(want), op[1:]
	}
	order := compare(held, want)
	switch op {
	case "empty":
		return held == ""
	case "contains":
		return strings.Contains(held, want)
	case "starts":
		return strings.HasPrefix(held, want)
	case "ends":
		return strings.HasSuffix(held, want)
	case "gt", "gte":
		return held != "" && (order > 0 || (op == "gte" && order == 0))
	case "lt", "lte":
		return held != "" && (order < 0 || (op == "lte" && order == 0))
	}
	return held == want || order == 0
}

func plain(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// compare orders times as times and all else as text.
func compare(a, b string) int {
	ta, okA := instant(a)
	tb, okB := instant(b)
	if okA && okB {
		return ta.Compare(tb)
	}
	return strings.Compare(a, b)
}
