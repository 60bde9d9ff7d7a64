package close

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

// object reads a body.
func object(c *kit.Call) (map[string]any, *kit.Reply) {
	body, err := c.Object()
	if err != nil {
		reply := general(http.StatusBadRequest, "The request body is not a valid JSON object.")
		return nil, &reply
	}
	return body, nil
}

// refused tells why the account may not create.
func refused(c *kit.Call) *kit.Reply {
	reply := forbidden()
	switch {
	case c.NoScope():
	case strings.HasPrefix(c.Account.Name, "unpaid"):
		reply = general(http.StatusPaymentRequired, "You have reached the limit of your plan.")
	default:
		return nil
	}
	return &reply
}

// add stores a contact, in a new lead of its name when it names none.
func add(c *kit.Call, body map[string]any) *kit.Record {
	data := stored(body, true)
	if kit.Text(data, "lead_id") == "" {
		data["lead_id"] = addLead(c, map[string]any{"name": displayName(data)}).ID
	}
	r := c.Create("create", data)
	record(c, r, "created")
	return r
}

func create(c *kit.Call) kit.Reply {
	if no := refused(c); no != nil {
		return *no
	}
	body, no := object(c)
	if no == nil {
		no = judgeContact(body).reply()
	}
	if no != nil {
		return *no
	}
	return kit.JSON(http.StatusOK, selected(c, show(c, add(c, body))))
}

func read(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return notFound()
	}
	return kit.JSON(http.StatusOK, selected(c, show(c, r)))
}

// update writes what was sent; lists are replaced.
func update(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	switch {
	case r == nil:
		return notFound()
	case c.NoScope():
		return forbidden()
	}
	body, no := object(c)
	if no == nil {
		no = judgeContact(body).reply()
	}
	if no != nil {
		return *no
	}
	c.Update(r, stored(body, false))
	record(c, r, "updated")
	return kit.JSON(http.StatusOK, selected(c, show(c, r)))
}

// list shows contacts, of one lead if it is named, oldest first.
func list(c *kit.Call) kit.Reply {
	var rows []any
	for _, r := range c.Account.Contacts.All() {
		if lead := c.Query("lead_id"); c.Searchable(r) && (lead == "" || lead == r.Text("lead_id")) {
			rows = append(rows, selected(c, show(c, r)))
		}
	}
	limit, skip := 100, int(kit.Int(c.Query("_skip")))
	if text := c.Query("_limit"); text != "" {
		limit = int(kit.Int(text))
	}
	if limit < 1 || limit > 200 || skip < 0 {
		return *invalid("_limit must be between 1 and 200")
	}
	rows = rows[min(skip, len(rows)):]
	data := append([]any{}, rows[:min(limit, len(rows))]...)
	return kit.JSON(http.StatusOK, map[string]any{"data": data, "has_more": len(rows) > limit})
}

// selected keeps what the query's _fields name.
func selected(c *kit.Call, object map[string]any) map[string]any {
	names := c.Query("_fields")
	if names == "" {
		return object
	}
	some := map[string]any{}
	for _, name := range strings.Split(names, ",") {
		if value, there := object[name]; there {
			some[name] = value
		}
	}
	return some
}

func displayName(data map[string]any) string {
	if name := kit.Text(data, "name"); name != "" {
		return name
	}
	for _, row := range kit.Objects(data, "emails") {
		return kit.Text(row, "email")
	}
	return ""
}

func show(c *kit.Call, r *kit.Record) map[string]any {
	shown := maps.Clone(r.Data)
	shown["id"], shown["organization_id"], shown["display_name"] = r.ID, organization(c), displayName(r.Data)
	shown["integration_links"], shown["timezone_source"] = []any{}, nil
	shown["updated_by"], shown["date_updated"] = userID(c), stamp(r.UpdatedAt)
	if kit.Text(shown, "created_by") == "" {
		shown["created_by"] = userID(c)
	}
	at, err := time.Parse(time.RFC3339, r.Text("date_created"))
	shown["date_created"] = at.UTC().Format("2006-01-02T15:04:05+00:00")
	if err != nil {
		shown["date_created"] = stamp(r.CreatedAt)
	}
	if phones := kit.Objects(shown, "phones"); shown["timezone"] == nil && len(phones) > 0 {
		zone := map[string]string{"GB": "Europe/London", "US": "America/New_York", "DE": "Europe/Berlin"}[kit.Text(phones[0], "country")]
		if zone != "" {
			shown["timezone"], shown["timezone_source"] = zone, "inferred_from_phone_number"
		}
	}
	if strings.HasPrefix(c.Account.Name, "lean") {
		delete(shown, "lead_id")
		maps.DeleteFunc(shown, func(_ string, value any) bool { rows, ok := value.([]any); return ok && len(rows) == 0 })
	}
	return shown
}

func identity(data map[string]any) kit.Identity {
	id := kit.Identity{Name: kit.Text(data, "name"), Keys: []string{"lead:" + kit.Text(data, "lead_id")}}
	for _, row := range kit.Objects(data, "emails") {
		id.Emails = append(id.Emails, kit.Text(row, "email"))
	}
	return id
}

func seed(a *kit.Account, p kit.Person) map[string]any {
	body := map[string]any{"name": kit.Join(" ", p.FirstName, p.LastName), "lead_id": newID("lead", a.Name, strconv.FormatUint(a.NextID(), 10))}
	if p.Title != "" {
		body["title"] = p.Title
	}
	if p.Email != "" {
		body["emails"] = []any{map[string]any{"email": p.Email, "type": "office"}}
	}
	if normalize(p.Phone) != nil {
		body["phones"] = []any{map[string]any{"phone": p.Phone, "type": "office"}}
	}
	return stored(body, true)
}

func addLead(c *kit.Call, data map[string]any) *kit.Record {
	lead := &kit.Record{
		ID: newID("lead", c.Account.Name, strconv.FormatUint(c.Account.NextID(), 10)), Data: data, CreatedAt: c.Now, UpdatedAt: c.Now,
	}
	c.Account.Table("leads").Put(lead)
	c.FollowUp("lead")
	return lead
}

// leadOf finds a lead, or makes up one that was there before; nil when the id
// names none.
func leadOf(c *kit.Call, id string) *kit.Record {
	lead := c.Account.Table("leads").Get(id)
	if lead == nil && isID(id, "lead") {
		lead = &kit.Record{ID: id, CreatedAt: c.Now.Add(-time.Hour), UpdatedAt: c.Now.Add(-time.Hour), Data: map[string]any{
			"name": "Lead " + id[len(id)-4:], "addresses": []any{map[string]any{"label": "business", "city": "Springfield", "country": "US"}},
		}}
		c.Account.Table("leads").Put(lead)
	}
	return lead
}

func showLead(c *kit.Call, lead *kit.Record) map[string]any {
	contacts := []any{}
	for _, r := range c.Account.Contacts.ByKey("lead:" + lead.ID) {
		contacts = append(contacts, show(c, r))
	}
	shown := map[string]any{"name": "", "description": "", "url": nil, "addresses": []any{}}
	maps.Copy(shown, lead.Data)
	maps.Copy(shown, map[string]any{
		"id": lead.ID, "display_name": shown["name"], "contacts": contacts, "organization_id": organization(c), "tasks": []any{}, "opportunities": []any{},
		"status_id": newID("stat", c.Account.Name), "status_label": "Potential", "created_by": userID(c), "updated_by": userID(c),
		"date_created": stamp(lead.CreatedAt), "date_updated": stamp(lead.UpdatedAt), "html_url": "https://app.close.com/lead/" + lead.ID + "/",
	})
	return shown
}

// createLead makes a lead with its contacts, or nothing.
func createLead(c *kit.Call) kit.Reply {
	if no := refused(c); no != nil {
		return *no
	}
	body, no := object(c)
	if no != nil {
		return *no
	}
	found := check("lead", leadSchema(), body)
	contacts := kit.Objects(body, "contacts")
	for i, contact := range contacts {
		delete(contact, "lead_id")
		if inner := judgeContact(contact); len(inner) > 0 {
			maps.Copy(found.row("contacts", strconv.Itoa(i)), inner)
		}
	}
	if no := found.reply(); no != nil {
		return *no
	}
	delete(body, "contacts")
	lead := addLead(c, body)
	for _, contact := range contacts {
		contact["lead_id"] = lead.ID
		add(c, contact)
	}
	return kit.JSON(http.StatusOK, selected(c, showLead(c, lead)))
}

func readLead(c *kit.Call) kit.Reply {
	lead := leadOf(c, c.Var("id"))
	if lead == nil {
		return notFound()
	}
	return kit.JSON(http.StatusOK, selected(c, showLead(c, lead)))
}

// updateLead writes what was sent; addresses are replaced as a whole.
func updateLead(c *kit.Call) kit.Reply {
	lead := leadOf(c, c.Var("id"))
	switch {
	case lead == nil:
		return notFound()
	case c.NoScope():
		return forbidden()
	}
	body, no := object(c)
	if no == nil {
		schema := leadSchema()
		delete(schema, "contacts")
		no = check("lead", schema, body).reply()
	}
	if no != nil {
		return *no
	}
	data := maps.Clone(lead.Data)
	maps.Copy(data, body)
	lead.Data, lead.UpdatedAt = data, c.Now
	c.FollowUp("lead_update")
	return kit.JSON(http.StatusOK, selected(c, showLead(c, lead)))
}
