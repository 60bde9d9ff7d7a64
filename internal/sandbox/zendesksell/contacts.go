package zendesksell

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"crmferry/internal/sandbox/kit"
)

func texts() []string {
	return []string{"name", "first_name", "last_name", "title", "description", "industry", "website", "phone", "mobile", "fax",
		"twitter", "facebook", "linkedin", "skype"}
}

func places() []string { return []string{"address", "billing_address", "shipping_address"} }

func schema(c *kit.Call) kit.Schema {
	s := kit.Schema{
		"is_organization": {Type: kit.Bool}, "contact_id": {Type: kit.Integer}, "parent_organization_id": {Type: kit.Integer}, "owner_id": {Type: kit.Integer},
		"email": {Type: kit.Email}, "tags": {Type: kit.List}, "custom_fields": {Type: kit.Map},
		"address":         {Type: kit.Map, Of: addressSchema()},
		"customer_status": {OneOf: []string{"none", "current", "past"}}, "prospect_status": {OneOf: []string{"none", "current", "lost"}},
	}
	for _, name := range texts() {
		s[name] = kit.Field{}
	}
	if is(c, "billing") {
		s["billing_address"], s["shipping_address"] = s["address"], s["address"]
	}
	return s
}

// judge tells what is wrong with the data of a create, or of an update of r.
func judge(c *kit.Call, data map[string]any, r *kit.Record) []fault {
	var faults []fault
	s := schema(c)
	key := "last_name"
	if data["is_organization"] == true || (r != nil && r.Data["is_organization"] == true) {
		key = "name"
	}
	s[key] = kit.Field{Required: true}
	for _, issue := range s.Check(data, r != nil) {
		faults = append(faults, blame(data, issue))
	}
	tags, _ := data["tags"].([]any)
	if len(kit.Texts(data, "tags")) != len(tags) {
		faults = append(faults, fault{"invalid_type", "Tags must be strings.", "Every item must be a string.", "/data/tags"})
	}
	wrong := func(name, text string) {
		faults = append(faults, fault{"incorrect_value", "Invalid " + name + ".", text, "/data/" + name})
	}
	if id := kit.ID(data["contact_id"]); kit.Missing(id) || (id != "" && c.Account.Contacts.Get(id) != nil) {
		wrong("contact_id", "There is no organization of that id.")
	}
	if kit.Missing(kit.ID(data["owner_id"])) {
		wrong("owner_id", "There is no user of that id.")
	}
	if key == "last_name" && data["parent_organization_id"] != nil {
		wrong("parent_organization_id", "A person has no parent organization.")
	}
	if given, there := data["is_organization"]; r != nil && there && given != (r.Data["is_organization"] == true) {
		wrong("is_organization", "A contact cannot become another kind.")
	}
	return append(faults, judgeCustom(kit.Object(data, "custom_fields"))...)
}

func blame(data map[string]any, issue kit.Issue) fault {
	f := fault{field: "/data/" + strings.ReplaceAll(issue.Path, ".", "/")}
	switch issue.Problem {
	case kit.Unknown:
		f.code, f.message, f.details = "unknown", "Unknown attribute.", "Attribute does not exist."
	case kit.Absent:
		f.code, f.message, f.details = "missing", "A required attribute is missing.", "Attribute must be present."
		if _, there := data[issue.Path]; there {
			f.code, f.message, f.details = "blank", "A required attribute can't be blank.", "Attribute must not be blank."
		}
	case kit.WrongType:
		f.code, f.message, f.details = "invalid_type", "Invalid type.", "Attribute is of another type."
	default:
		f.code, f.message, f.details = "incorrect_value", "Invalid value.", "Attribute has a value that it cannot take."
	}
	return f
}

// data reads the envelope of a write.
func data(c *kit.Call) (map[string]any, *kit.Reply) {
	body, err := c.Object()
	if err != nil {
		no := bad(c, "invalid_payload", "The body is not a JSON object.")
		return nil, &no
	}
	inner, ok := body["data"].(map[string]any)
	if !ok {
		no := refused(c, fault{"incorrect_payload", "Incorrect payload.", "The attributes must be in an object under data.", "/data"})
		return nil, &no
	}
	return inner, nil
}

func identity(data map[string]any) kit.Identity {
	id := kit.Identity{Name: fullName(data)}
	if email := kit.Text(data, "email"); email != "" {
		id.Emails = []string{email}
	}
	return id
}

func fullName(data map[string]any) string {
	if data["is_organization"] == true {
		return kit.Text(data, "name")
	}
	return kit.Join(" ", kit.Text(data, "first_name"), kit.Text(data, "last_name"))
}

func seed(_ *kit.Account, p kit.Person) map[string]any {
	data := map[string]any{}
	for name, value := range map[string]string{
		"first_name": p.FirstName, "last_name": p.LastName, "email": p.Email, "phone": p.Phone, "title": p.Title,
	} {
		if value != "" {
			data[name] = value
		}
	}
	return data
}

func create(c *kit.Call) kit.Reply {
	if no := strange(c); no != nil {
		return *no
	}
	return write(c, "create")
}

// write creates what the body describes.
func write(c *kit.Call, op string) kit.Reply {
	if c.NoScope() {
		return forbidden(c)
	}
	in, no := data(c)
	if no != nil {
		return *no
	}
	if faults := judge(c, in, nil); len(faults) > 0 {
		return refused(c, faults...)
	}
	if in["is_organization"] == true {
		return createOrganization(c, in)
	}
	delete(in, "name")
	return kit.JSON(http.StatusOK, show(c, c.Create(op, in)))
}

// strange refuses query parameters that a call does not have.
func strange(c *kit.Call, known ...string) *kit.Reply {
	for name := range c.Request.URL.Query() {
		base, _, inner := strings.Cut(name, "[")
		if inner {
			base += "[]"
		}
		if !slices.Contains(known, base) {
			no := bad(c, "invalid_param", "There is no parameter "+name+".")
			return &no
		}
	}
	return nil
}

func find(c *kit.Call, id string) *kit.Record {
	if r := c.Account.Contacts.Get(id); r != nil {
		return r
	}
	return organizations(c).Get(id)
}

func read(c *kit.Call) kit.Reply {
	r := find(c, c.Var("id"))
	if r == nil {
		return missing(c)
	}
	return kit.JSON(http.StatusOK, show(c, r))
}

func update(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return missing(c)
	}
	return change(c, r)
}

// change lays the body over a person; custom fields keep what is not named.
func change(c *kit.Call, r *kit.Record) kit.Reply {
	in, no := data(c)
	if no != nil {
		return *no
	}
	if faults := judge(c, in, r); len(faults) > 0 {
		return refused(c, faults...)
	}
	if values := kit.Object(in, "custom_fields"); values != nil {
		all := maps.Clone(kit.Object(r.Data, "custom_fields"))
		if all == nil {
			all = map[string]any{}
		}
		maps.Copy(all, values)
		in["custom_fields"] = all
	}
	delete(in, "name")
	version, _ := r.Data["version"].(int)
	in["version"] = max(version, 1) + 1
	c.Update(r, in)
	return kit.JSON(http.StatusOK, show(c, r))
}

// upsert writes the one contact that the filters match, or a new one.
func upsert(c *kit.Call) kit.Reply {
	if no := strange(c, "email", "first_name", "last_name", "name", "is_organization", "custom_fields[]"); no != nil {
		return *no
	}
	filters := c.Request.URL.Query()
	for name := range filters {
		if strings.HasPrefix(name, "custom_fields[") && name != "custom_fields["+sourceKey+"]" {
			return bad(c, "invalid_param", "The custom field cannot be filtered by.")
		}
	}
	if len(filters) == 0 {
		return bad(c, "invalid_param", "At least one filter is required.")
	}
	if c.NoScope() {
		return forbidden(c)
	}
	var found []*kit.Record
	for _, r := range c.Account.Contacts.All() {
		if matches(c, r, filters) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return write(c, "upsert")
	case 1:
		return change(c, found[0])
	}
	return refused(c, fault{code: "incorrect_value", message: "Several contacts match.", details: "The filters must match one contact at most."})
}

// matches holds a contact against filters, all of them to the letter.
func matches(c *kit.Call, r *kit.Record, filters url.Values) bool {
	data := kit.Object(show(c, r), "data")
	for name := range filters {
		value := filters.Get(name)
		base, inner, nested := strings.Cut(strings.TrimSuffix(name, "]"), "[")
		at := data
		if nested {
			at, base = kit.Object(data, base), inner
		}
		switch actual := at[base].(type) {
		case bool:
			if value != map[bool]string{true: "true", false: "false"}[actual] {
				return false
			}
		case int64:
			if kit.Int(value) != actual {
				return false
			}
		default:
			if value != kit.ID(actual) {
				return false
			}
		}
	}
	return true
}

// show is a contact in its envelope.
func show(c *kit.Call, r *kit.Record) map[string]any {
	shown := map[string]any{
		"id": kit.Int(r.ID), "creator_id": userID(c), "owner_id": userID(c), "is_organization": r.Data["is_organization"] == true,
		"contact_id": r.Data["contact_id"], "parent_organization_id": r.Data["parent_organization_id"], "email": r.Data["email"],
		"customer_status": "none", "prospect_status": "none", "tags": []any{}, "custom_fields": map[string]any{},
		"created_at": kit.Seconds(r.CreatedAt), "updated_at": kit.Seconds(r.UpdatedAt),
	}
	for _, name := range append(texts(), places()...) {
		shown[name] = r.Data[name]
	}
	for _, name := range []string{"owner_id", "customer_status", "prospect_status", "tags", "custom_fields"} {
		if r.Data[name] != nil {
			shown[name] = r.Data[name]
		}
	}
	shown["name"] = fullName(r.Data)
	version, _ := r.Data["version"].(int)
	return map[string]any{"data": shown, "meta": map[string]any{"version": max(version, 1), "type": "contact"}}
}
