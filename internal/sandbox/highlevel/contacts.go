package highlevel

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"crmferry/internal/sandbox/kit"
)

// body reads a contact and judges it against the rules.
func body(c *kit.Call, rules kit.Schema) (map[string]any, *kit.Reply) {
	object, err := c.Object()
	if err != nil {
		refusal := failure(http.StatusBadRequest, "Bad Request", "")
		return nil, &refusal
	}
	if wrong := judge(c, rules, object); len(wrong) > 0 {
		return object, unprocessable(wrong...)
	}
	_, placed := rules["locationId"]
	if placed && object["locationId"] != locationID(c.Account.Name) {
		refusal := foreign()
		return nil, &refusal
	}
	if placed && kit.Text(object, "email")+kit.Text(object, "phone") == "" {
		return object, unprocessable("email or phone should not be empty")
	}
	return object, nil
}

// twin is another contact with the e-mail or the phone number, and which of
// them.
func twin(c *kit.Call, object map[string]any, self *kit.Record) (other *kit.Record, by string) {
	if email := kit.Text(object, "email"); email != "" {
		for _, r := range c.Account.ByEmail(email) {
			if r != self {
				return r, "email"
			}
		}
	}
	if number := kit.OnlyDigits(kit.Text(object, "phone")); number != "" {
		for _, r := range c.Account.Contacts.ByKey(phoneKey(number)) {
			if r != self {
				return r, "phone"
			}
		}
	}
	return nil, ""
}

// refuseTwin answers with the existing contact; parts of it are missing at
// times.
func refuseTwin(c *kit.Call, object map[string]any, self *kit.Record) *kit.Reply {
	other, by := twin(c, object, self)
	if other == nil || allowsDuplicates(c) {
		return nil
	}
	meta := map[string]any{"contactId": other.ID, "matchingField": by}
	answer := map[string]any{"message": "This location does not allow duplicated contacts.", "meta": meta}
	if by == "email" {
		meta["contactName"], answer["statusCode"] = identity(other.Data).Name, http.StatusBadRequest
	}
	refusal := kit.JSON(http.StatusBadRequest, answer)
	return &refusal
}

func create(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return missingScope()
	}
	object, refusal := body(c, schema())
	if refusal != nil {
		if object != nil && strings.HasPrefix(c.Account.Name, "ghost") {
			c.Create("create", stored(texts(object), nil))
		}
		return *refusal
	}
	if refusal := refuseTwin(c, object, nil); refusal != nil {
		return *refusal
	}
	r := c.Create("create", stored(object, nil))
	return kit.JSON(http.StatusCreated, envelope(c, typed(c, r)))
}

// texts are the known keys of a body that hold texts.
func texts(object map[string]any) map[string]any {
	known := map[string]any{}
	for name, f := range schema() {
		if _, isText := object[name].(string); isText && (f.Type == kit.String || f.Type == kit.Email) {
			known[name] = object[name]
		}
	}
	return known
}

func envelope(c *kit.Call, contact any) map[string]any {
	return map[string]any{"contact": contact, "traceId": c.RequestID()}
}

func notFound() kit.Reply {
	return failure(http.StatusNotFound, "Contact not found", "Not Found")
}

func read(c *kit.Call) kit.Reply {
	if r := c.Account.Contacts.Get(c.Var("id")); r != nil {
		contact := lowered(c, r)
		contact["name"] = identity(r.Data).Name
		return kit.JSON(http.StatusOK, envelope(c, contact))
	}
	return notFound()
}

func update(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return notFound()
	}
	object, refusal := body(c, without(schema(), "locationId"))
	if refusal == nil {
		refusal = refuseTwin(c, object, r)
	}
	if refusal != nil {
		return *refusal
	}
	c.Update(r, stored(object, r.Data))
	answer := envelope(c, typed(c, r))
	answer["succeded"] = true // the vendor's spelling
	return kit.JSON(http.StatusOK, answer)
}

func upsert(c *kit.Call) kit.Reply {
	object, refusal := body(c, with(schema(), "createNewIfDuplicateAllowed", kit.Field{Type: kit.Bool}))
	if refusal != nil {
		return *refusal
	}
	r, _ := twin(c, object, nil)
	fresh := r == nil || (allowsDuplicates(c) && object["createNewIfDuplicateAllowed"] == true)
	switch {
	case fresh && c.NoScope():
		return missingScope()
	case fresh:
		r = c.Create("upsert", stored(object, nil))
	default:
		changes := stored(object, r.Data)
		changes["tags"] = object["tags"] // all are overwritten, even by none
		c.Update(r, changes)
	}
	contact := typed(c, r)
	contact["name"] = identity(r.Data).Name
	answer := envelope(c, contact)
	answer["new"] = fresh
	return kit.JSON(http.StatusOK, answer)
}

// typed is a contact as answers to writes show it.
func typed(c *kit.Call, r *kit.Record) map[string]any {
	contact := map[string]any{
		"id": r.ID, "locationId": locationID(c.Account.Name), "dateAdded": kit.Millis(r.CreatedAt), "dateUpdated": kit.Millis(r.UpdatedAt),
		"deleted": false, "type": "lead", "dnd": false, "bounceEmail": false, "unsubscribeEmail": false,
		"additionalEmails": []any{}, "additionalPhones": []any{}, "followers": []any{}, "tags": []any{},
		"createdBy": map[string]any{"source": "INTEGRATION", "channel": "OAUTH", "sourceId": "6578278e879ad2646715ba9c", "timestamp": kit.Millis(r.CreatedAt)},
	}
	for name, value := range r.Data {
		if value != nil && name != "custom" {
			contact[name] = value
		}
	}
	for _, name := range []string{"firstName", "lastName", "email"} {
		if text := r.Text(name); text != "" {
			contact[name+"LowerCase"] = strings.ToLower(text)
		}
	}
	contact["fullNameLowerCase"] = strings.ToLower(identity(r.Data).Name)
	values := []any{}
	custom := kit.Object(r.Data, "custom")
	for _, id := range slices.Sorted(maps.Keys(custom)) {
		if custom[id] != nil {
			values = append(values, map[string]any{"id": id, "value": custom[id]})
		}
	}
	contact["customFields"] = values
	return contact
}

// lowered is a contact as reads show it: names in lower case, as typed in the
// raw keys.
func lowered(c *kit.Call, r *kit.Record) map[string]any {
	contact := typed(c, r)
	for _, name := range []string{"firstName", "lastName"} {
		if text := r.Text(name); text != "" {
			contact[name], contact[name+"Raw"] = strings.ToLower(text), text
		}
	}
	contact["contactName"] = strings.ToLower(identity(r.Data).Name)
	return contact
}

func addTags(c *kit.Call) kit.Reply {
	return attach(c, kit.Schema{"tags": {Type: kit.List, Required: true}}, "tags", func(r *kit.Record, object map[string]any) any {
		tags := kit.Texts(r.Data, "tags")
		var added []string
		for _, tag := range kit.Texts(object, "tags") {
			if !slices.Contains(tags, tag) {
				tags, added = append(tags, tag), append(added, tag)
			}
		}
		all := []any{}
		for _, tag := range tags {
			all = append(all, tag)
		}
		r.Data = maps.Clone(r.Data)
		r.Data["tags"] = all
		return map[string]any{"tags": all, "tagsAdded": added, "traceId": c.RequestID()}
	})
}

func addNote(c *kit.Call) kit.Reply {
	return attach(c, kit.Schema{"userId": {}, "body": {Required: true}}, "note", func(r *kit.Record, object map[string]any) any {
		id := newID("note", c.Account.Name, strconv.FormatUint(c.Account.NextID(), 10))
		note := map[string]any{"id": id, "body": object["body"], "userId": object["userId"], "dateAdded": kit.Millis(c.Now), "contactId": r.ID}
		c.Account.Table("notes").Put(&kit.Record{ID: id, Data: note, CreatedAt: c.Now}, r.ID)
		return map[string]any{"note": note, "traceId": c.RequestID()}
	})
}

// attach does something to the contact in the path with a body that obeys the
// rules.
func attach(c *kit.Call, rules kit.Schema, op string, do func(*kit.Record, map[string]any) any) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return notFound()
	}
	object, err := c.Object()
	if err != nil {
		return failure(http.StatusBadRequest, "Bad Request", "")
	}
	if wrong := check(rules, object); len(wrong) > 0 {
		return *unprocessable(wrong...)
	}
	answer := do(r, object)
	c.FollowUp(op)
	return kit.JSON(http.StatusCreated, answer)
}

// linkBusiness puts contacts under a business, or under none for a null.
func linkBusiness(c *kit.Call) kit.Reply {
	object, err := c.Object()
	if err != nil {
		return failure(http.StatusBadRequest, "Bad Request", "")
	}
	wrong := check(kit.Schema{"locationId": {Required: true}, "ids": {Type: kit.List, Required: true}, "businessId": {}}, object)
	if _, there := object["businessId"]; !there {
		wrong = append(wrong, "businessId should not be empty")
	}
	if len(wrong) > 0 {
		return *unprocessable(wrong...)
	}
	business, ids := kit.Text(object, "businessId"), kit.Texts(object, "ids")
	switch {
	case object["locationId"] != locationID(c.Account.Name):
		return foreign()
	case business != "" && !validID(business):
		return failure(http.StatusBadRequest, "Business not found", "Bad Request")
	case slices.ContainsFunc(ids, func(id string) bool { return c.Account.Contacts.Get(id) == nil }):
		return notFound()
	}
	for _, id := range ids {
		r := c.Account.Contacts.Get(id)
		r.Data = maps.Clone(r.Data)
		r.Data["businessId"] = object["businessId"]
	}
	c.FollowUp("business")
	return kit.JSON(http.StatusOK, map[string]any{"success": true, "ids": ids})
}
