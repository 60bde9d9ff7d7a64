package attio

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"crmferry/internal/sandbox/kit"
)

// body reads the values of a record: for every attribute that is named, the
// list that it is to hold.
func body(c *kit.Call) (map[string]any, *refusal) {
	object, err := c.Object()
	given := kit.Object(kit.Object(object, "data"), "values")
	if err != nil || given == nil {
		return nil, malformed("Required", "data", "values")
	}
	values := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		a, known := attributeOf(c.Account.Name, name)
		switch {
		case !known:
			return nil, bad("value_not_found", fmt.Sprintf("Attribute with slug/ID %q was not found.", name))
		case a.readOnly && a.kind == "interaction":
			return nil, bad("system_edit_unauthorized", fmt.Sprintf("Attribute %q is maintained by the system.", name))
		case a.readOnly:
			return nil, bad("immutable_value", fmt.Sprintf("Attribute %q cannot be written.", name))
		}
		list, no := a.parse(c, given[name])
		if no != nil {
			return nil, no
		}
		values[a.slug] = list
	}
	return values, nil
}

// missing tells which required attribute a new record leaves out.
func missing(c *kit.Call, values map[string]any) *refusal {
	for _, a := range attributesOf(c.Account.Name) {
		if a.required && len(list(values, a.slug)) == 0 {
			return bad("missing_value", fmt.Sprintf("Required value for attribute with ID %q was not provided.", a.id(c.Account.Name)))
		}
	}
	return nil
}

// clash tells which e-mail belongs to a record other than self.
func clash(c *kit.Call, values map[string]any, self *kit.Record) *refusal {
	for _, email := range emails(values) {
		for _, other := range c.Account.ByEmail(email) {
			if other != self {
				value, _ := json.Marshal(map[string]string{"email_address": email})
				a, _ := attributeOf(c.Account.Name, "email_addresses")
				return bad("uniqueness_conflict", fmt.Sprintf("The value \"%s\" provided for attribute with ID %q conflicts with one already in the system. "+
					"Please provide a different value.", value, a.id(c.Account.Name)))
			}
		}
	}
	return nil
}

// add stores a new record, linked to the company of its first e-mail's domain
// where no company is given.
func add(c *kit.Call, op string, values map[string]any) kit.Reply {
	if given := emails(values); len(given) > 0 && len(list(values, "company")) == 0 {
		domain := kit.Text(emailAddress(given[0]), "email_domain")
		values["company"] = one(companyAt(c.Account.Name, domain))
	}
	return answer(c, c.Create(op, values))
}

func create(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return forbidden()
	}
	values, no := body(c)
	if no == nil {
		no = missing(c, values)
	}
	if no == nil {
		no = clash(c, values, nil)
	}
	if no != nil {
		return no.reply()
	}
	return add(c, "create", values)
}

// assert creates a person, or updates the one that has one of the e-mails.
func assert(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return forbidden()
	}
	if a, known := attributeOf(c.Account.Name, c.Query("matching_attribute")); !known || !a.unique {
		return malformed("The matching attribute must be unique", "matching_attribute").reply()
	}
	values, no := body(c)
	if no != nil {
		return no.reply()
	}
	var found []*kit.Record
	for _, email := range emails(values) {
		for _, r := range c.Account.ByEmail(email) {
			if !slices.Contains(found, r) {
				found = append(found, r)
			}
		}
	}
	switch len(found) {
	case 0:
		if no := missing(c, values); no != nil {
			return no.reply()
		}
		return add(c, "upsert", values)
	case 1:
		values["email_addresses"] = merged(list(found[0].Data, "email_addresses"), list(values, "email_addresses"))
		c.Update(found[0], values)
		return answer(c, found[0])
	}
	return bad("multiple_match_results", "Multiple records match the given values.").reply()
}

// update writes the named attributes; lists are added to or replaced.
func update(c *kit.Call, appending bool) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return noRecord(c)
	}
	values, no := body(c)
	if no == nil {
		no = clash(c, values, r)
	}
	if no != nil {
		return no.reply()
	}
	for _, a := range attributesOf(c.Account.Name) {
		if added, named := values[a.slug]; named && a.multi && appending {
			values[a.slug] = merged(list(r.Data, a.slug), added.([]any))
		}
	}
	c.Update(r, values)
	return answer(c, r)
}

// merged are the old values and those of the new that are not among them.
func merged(old, added []any) []any {
	result := slices.Clone(old)
	for _, value := range added {
		same := func(o any) bool { return fmt.Sprint(o) == fmt.Sprint(value) }
		if !slices.ContainsFunc(result, same) {
			result = append(result, value)
		}
	}
	return result
}

func read(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return noRecord(c)
	}
	return answer(c, r)
}

func noRecord(c *kit.Call) kit.Reply {
	return notFound(fmt.Sprintf("Record with ID %q was not found in object \"people\".", c.Var("id")))
}

func answer(c *kit.Call, r *kit.Record) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{"data": show(c, r)})
}

// show is a record with all attributes, each as a list of what it holds.
func show(c *kit.Call, r *kit.Record) map[string]any {
	account := c.Account.Name
	values := map[string]any{}
	for _, a := range attributesOf(account) {
		shown := []any{}
		for _, value := range system(c, r, a.slug) {
			shown = append(shown, dated(c, r, a, value.(map[string]any)))
		}
		values[a.slug] = shown
	}
	object := map[string]any{
		"id":         map[string]any{"workspace_id": uuid(account, "workspace"), "object_id": uuid(account, "object"), "record_id": r.ID},
		"created_at": nanos(r.CreatedAt), "web_url": "https://app.attio.com/" + account + "/person/" + r.ID, "values": values,
	}
	if is(c, "sparse") {
		delete(object, "created_at")
		delete(object, "web_url")
	}
	return object
}

// system are the values of an attribute, those included that nobody writes.
func system(c *kit.Call, r *kit.Record, name string) []any {
	switch name {
	case "record_id":
		return one(map[string]any{"value": r.ID})
	case "created_at":
		return one(map[string]any{"value": nanos(r.CreatedAt)})
	case "created_by":
		return one(map[string]any{"referenced_actor_type": "api-token", "referenced_actor_id": uuid(c.Account.Name, "token")})
	}
	return list(r.Data, name)
}

func dated(c *kit.Call, r *kit.Record, a attribute, value map[string]any) map[string]any {
	shown := map[string]any{
		"active_from": nanos(r.UpdatedAt), "active_until": nil, "attribute_type": a.kind,
		"created_by_actor": map[string]any{"type": "api-token", "id": uuid(c.Account.Name, "token")},
	}
	maps.Copy(shown, value)
	if number, ok := shown["phone_number"]; ok && is(c, "sparse") {
		delete(shown, "phone_number")
		shown["normalized_phone_number"] = number
	}
	return shown
}

func list(values map[string]any, name string) []any {
	l, _ := values[name].([]any)
	return l
}

func emails(values map[string]any) []string {
	var all []string
	for _, value := range kit.Objects(values, "email_addresses") {
		all = append(all, kit.Text(value, "email_address"))
	}
	return all
}

func identity(data map[string]any) kit.Identity {
	id := kit.Identity{Emails: emails(data)}
	for _, name := range kit.Objects(data, "name") {
		id.Name = kit.Text(name, "full_name")
	}
	return id
}
