package planhat

import (
	"net/http"
	"slices"

	"crmferry/internal/sandbox/kit"
)

const maxBulk = 5000

// outcome collects what a bulk call did.
type outcome struct {
	inserts, updates         []any
	insertFaults, editFaults []any
	upserted                 []any
}

// bulk inserts or updates each item, matched by its first key that is known.
// The answer names keys, in no order that can be relied on.
func bulk(c *kit.Call) kit.Reply {
	var items []map[string]any
	if c.Decode(&items) != nil || len(items) == 0 {
		return bad("An array is expected")
	}
	if len(items) > maxBulk {
		return bad("At most 5000 items")
	}
	if c.NoScope() {
		return outcome{}.reply(http.StatusForbidden, []any{map[string]any{"message": "No permission to create", "count": len(items)}})
	}
	var o outcome
	for _, item := range items {
		o.put(c, item)
	}
	faults := len(o.insertFaults) + len(o.editFaults)
	switch {
	case faults == 0:
		return o.reply(http.StatusOK, nil)
	case len(o.inserts)+len(o.updates) == 0:
		return o.reply(http.StatusBadRequest, nil)
	}
	return o.reply(http.StatusPartialContent, nil)
}

// put does what one item asks for; an item that maps to no company is dropped
// without a word.
func (o *outcome) put(c *kit.Call, item map[string]any) {
	self := match(c, item)
	data, mapped, problem := prepare(c, item, self)
	keys := map[string]any{}
	for _, name := range []string{"externalId", "sourceId"} {
		if id := kit.Text(item, name); id != "" {
			keys[name] = id
		}
	}
	switch {
	case problem != "":
		keys["message"] = problem
		if self != nil {
			o.editFaults = append(o.editFaults, keys)
			return
		}
		o.insertFaults = append(o.insertFaults, keys)
	case !mapped:
	case self != nil:
		c.Update(self, data)
		keys["_id"] = self.ID
		o.updates, o.upserted = append(o.updates, keys), append(o.upserted, self.ID)
	default:
		r := c.Create("batch_create", data)
		keys["_id"] = r.ID
		o.inserts, o.upserted = append(o.inserts, keys), append(o.upserted, r.ID)
	}
}

// match finds the end user that an item names: by id, source id, external id
// or, failing those, by e-mail alone.
func match(c *kit.Call, item map[string]any) *kit.Record {
	if r := c.Account.Contacts.Get(kit.Text(item, "_id")); r != nil {
		return r
	}
	contacts := &c.Account.Contacts
	for _, found := range [][]*kit.Record{
		contacts.ByKey(sourceKey(kit.Text(item, "sourceId"))), contacts.ByKey(externalKey(kit.Text(item, "externalId"))),
		c.Account.ByEmail(kit.Text(item, "email")),
	} {
		if len(found) > 0 {
			return found[0]
		}
	}
	return nil
}

func (o outcome) reply(status int, permission []any) kit.Reply {
	list := func(items []any) []any {
		reversed := append([]any{}, items...)
		slices.Reverse(reversed)
		return reversed
	}
	return kit.JSON(status, map[string]any{
		"created": len(o.inserts), "createdErrors": list(o.insertFaults), "insertsKeys": list(o.inserts),
		"updated": len(o.updates), "updatedErrors": list(o.editFaults), "updatesKeys": list(o.updates),
		"nonupdates": 0, "modified": []any{}, "upsertedIds": list(o.upserted), "permissionErrors": list(permission),
	})
}
