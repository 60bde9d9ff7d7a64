package freshsales

import (
	"maps"
	"net/http"

	"crmferry/internal/sandbox/kit"
)

// body takes the contact out of its envelope.
func body(c *kit.Call) (map[string]any, *kit.Reply) {
	object, err := c.Object()
	given := kit.Object(object, "contact")
	if err != nil || given == nil {
		refusal := invalid("contact is missing")
		return nil, &refusal
	}
	return given, nil
}

func forbidden() kit.Reply {
	return failure(http.StatusForbidden, http.StatusForbidden, []string{"Access denied"})
}

func create(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return forbidden()
	}
	given, refusal := body(c)
	if refusal == nil {
		refusal = judge(c, given, nil)
	}
	if refusal != nil {
		return *refusal
	}
	status := http.StatusCreated
	if classic(c.Account.Name) {
		status = http.StatusOK
	}
	return kit.JSON(status, envelope(c, c.Create("create", stored(given))))
}

func read(c *kit.Call) kit.Reply {
	if r := c.Account.Contacts.Get(c.Var("id")); r != nil {
		return kit.JSON(http.StatusOK, envelope(c, r))
	}
	return notFound()
}

func update(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return notFound()
	}
	given, refusal := body(c)
	if refusal == nil {
		refusal = judge(c, given, r)
	}
	if refusal != nil {
		return *refusal
	}
	c.Update(r, overlay(r, given))
	return kit.JSON(http.StatusOK, envelope(c, r))
}

// overlay is stored for an update, which leaves custom fields alone that it
// does not name.
func overlay(r *kit.Record, given map[string]any) map[string]any {
	data := stored(given)
	if custom := kit.Object(data, "custom_field"); custom != nil {
		merged := map[string]any{}
		maps.Copy(merged, kit.Object(r.Data, "custom_field"))
		maps.Copy(merged, custom)
		data["custom_field"] = merged
	}
	return data
}

func upsert(c *kit.Call) kit.Reply {
	object, err := c.Object()
	key, given := kit.Object(object, "unique_identifier"), kit.Object(object, "contact")
	if err != nil || given == nil || len(key) != 1 {
		return invalid("unique_identifier or contact is missing")
	}
	var found []*kit.Record
	switch {
	case kit.Text(key, "emails") != "":
		found = c.Account.ByEmail(kit.Text(key, "emails"))
	case kit.Text(key, "mobile_number") != "":
		found = c.Account.Contacts.ByKey(mobileKey(kit.Text(key, "mobile_number")))
	default:
		return invalid("The type for unique_identifier is invalid.")
	}
	var r *kit.Record
	if len(found) > 0 {
		r = found[0]
	}
	if refusal := judge(c, given, r); refusal != nil {
		return *refusal
	}
	switch {
	case r != nil:
		c.Update(r, overlay(r, given))
	case c.NoScope():
		return forbidden()
	default:
		r = c.Create("upsert", stored(given))
	}
	return kit.JSON(http.StatusOK, envelope(c, r))
}
