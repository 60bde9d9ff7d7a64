package pipeliner

import (
	"maps"
	"net/http"
	"slices"

	"crmferry/internal/sandbox/kit"
)

const maxBatch = 100

// batch creates the items without an id and updates the others. Without
// rollback-method=1 one fault refuses them all.
func batch(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return forbidden()
	}
	var items []map[string]any
	if c.Decode(&items) != nil || len(items) == 0 || len(items) > maxBatch || slices.ContainsFunc(items, func(item map[string]any) bool { return item == nil }) {
		return invalid("Missing or invalid JSON data.")
	}
	if c.Query("rollback-method") != "1" {
		seen := map[string]bool{}
		for i, item := range items {
			_, _, faults := judgeItem(c, item)
			if faults = append(faults, repeated(c, item, seen)...); len(faults) > 0 {
				return unprocessable(c, faults, i)
			}
		}
	}
	results := []any{}
	for i, item := range items {
		results = append(results, modify(c, item, i))
	}
	return done(http.StatusOK, results)
}

// repeated lists the unique values that an earlier item of the batch has.
func repeated(c *kit.Call, item map[string]any, seen map[string]bool) []fault {
	var faults []fault
	for _, name := range uniqueFields(c) {
		value := kit.Text(item, name)
		if key := uniqueKey(name, value); value != "" {
			if seen[key] {
				faults = append(faults, notUnique(name))
			}
			seen[key] = true
		}
	}
	return faults
}

// judgeItem tells which contact an item is about, none if it is to be made,
// and what it says.
func judgeItem(c *kit.Call, item map[string]any) (r *kit.Record, given map[string]any, faults []fault) {
	given = maps.Clone(item)
	delete(given, "id")
	if id, there := item["id"]; there {
		if r = c.Account.Contacts.Get(kit.ID(id)); r == nil {
			return nil, nil, []fault{{"", 2004, "ERROR_ENTITY_NOT_FOUND", "Entity not found."}}
		}
	}
	return r, given, judge(c, given, r)
}

// modify answers an id, or an error.
func modify(c *kit.Call, item map[string]any, index int) any {
	r, given, faults := judgeItem(c, item)
	switch {
	case len(faults) > 0 && is(c, "legacy"):
		return map[string]any{"http_status": http.StatusUnprocessableEntity, "success": false}
	case len(faults) > 0:
		return refused(c, faults, index)
	case r == nil:
		return write(c, "batch_create", given).ID
	}
	c.Update(r, scalars(given))
	relate(c, r, given)
	return r.ID
}
