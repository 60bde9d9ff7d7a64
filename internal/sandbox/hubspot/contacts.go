package hubspot

import (
	"fmt"
	"net/http"
	"strings"

	"crmferry/internal/sandbox/kit"
)

// input is the body of a create, and one row of a batch.
type input struct {
	Properties   map[string]*string `json:"properties"`
	Associations []association      `json:"associations"`
	TraceID      string             `json:"objectWriteTraceId"`
	ID           string             `json:"id"`
	IDProperty   string             `json:"idProperty"`
}

type association struct {
	To    struct{ ID any }
	Types []struct {
		AssociationCategory string
		AssociationTypeID   int `json:"associationTypeId"`
	}
}

func (in input) values() map[string]string {
	values := map[string]string{}
	for name, value := range in.Properties {
		if value != nil {
			values[name] = *value
		}
	}
	return values
}

func (in input) data() map[string]any {
	data := map[string]any{}
	for name, value := range in.values() {
		data[name] = value
	}
	return data
}

// refusal is why a contact was not written.
type refusal struct {
	status            int
	category, message string
	errors            []any
	existing          string
}

func (r refusal) reply(c *kit.Call) kit.Reply {
	body := map[string]any{
		"status": "error", "message": r.message, "correlationId": c.RequestID(), "category": r.category,
	}
	if r.errors != nil {
		body["errors"] = r.errors
	}
	return kit.JSON(r.status, body)
}

// judge tells why an input cannot be written over record r, or as a new one
// when r is nil.
func judge(c *kit.Call, in input, r *kit.Record) *refusal {
	values := in.values()
	if faults := checkProperties(values); len(faults) > 0 {
		no := notValid(faults)
		return &no
	}
	if r == nil && values["email"] == "" && values["firstname"] == "" && values["lastname"] == "" {
		return &refusal{status: http.StatusBadRequest, category: "VALIDATION_ERROR",
			message: "At least one of the properties email, firstname or lastname must be set"}
	}
	for _, a := range in.Associations {
		if message := a.judge(); message != "" {
			return &refusal{status: http.StatusBadRequest, category: "VALIDATION_ERROR", message: message}
		}
	}
	var others []*kit.Record
	if email := values["email"]; email != "" {
		others = append(others, c.Account.ByEmail(email)...)
	}
	if key := values[uniqueKey]; key != "" {
		others = append(others, c.Account.Contacts.ByKey("unique:"+key)...)
	}
	for _, other := range others {
		if other != r {
			return &refusal{status: http.StatusConflict, category: "CONFLICT", existing: other.ID,
				message: "Contact already exists. Existing ID: " + other.ID}
		}
	}
	return nil
}

func (a association) judge() string {
	id := kit.ID(a.To.ID)
	if !kit.Digits(id) || kit.Missing(id) {
		return fmt.Sprintf("[Error{errorCode='INVALID_OBJECT_IDS', errorMessage='COMPANY=%s is not valid'}]", id)
	}
	for _, t := range a.Types {
		if t.AssociationCategory != "HUBSPOT_DEFINED" || (t.AssociationTypeID != 279 && t.AssociationTypeID != 1) {
			return fmt.Sprintf("No association type %d of category %s between CONTACT and COMPANY", t.AssociationTypeID, t.AssociationCategory)
		}
	}
	if len(a.Types) == 0 {
		return "Some required fields were not set: [types]"
	}
	return ""
}

func write(c *kit.Call, in input, op string) *kit.Record {
	r := c.Create(op, stored(in.data()))
	for _, a := range in.Associations {
		link(c, r.ID, kit.ID(a.To.ID))
	}
	return r
}

func link(c *kit.Call, contact, company string) {
	c.Account.Table("companies").Put(&kit.Record{
		ID: contact + "-" + company, Data: map[string]any{"company": company}, CreatedAt: c.Now,
	}, contact)
}

func object(c *kit.Call, r *kit.Record, properties map[string]any) map[string]any {
	return map[string]any{
		"id": r.ID, "properties": properties, "archived": false,
		"createdAt": kit.Millis(r.CreatedAt), "updatedAt": kit.Millis(r.UpdatedAt),
		"url": "https://app.hubspot.com/contacts/" + portal(c) + "/record/0-1/" + r.ID,
	}
}

func create(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return missingScope(c)
	}
	var in input
	if c.Decode(&in) != nil || in.Properties == nil {
		return malformed(c)
	}
	if no := judge(c, in, nil); no != nil {
		return no.reply(c)
	}
	r := write(c, in, "create")
	return kit.JSON(http.StatusCreated, object(c, r, shown(r))).
		With("Location", "https://api.hubapi.com"+c.Request.URL.Path+"/"+r.ID)
}

// locate finds a contact by an id property; "" is the record id.
func locate(c *kit.Call, property, id string) (*kit.Record, bool) {
	var found []*kit.Record
	switch property {
	case "", "hs_object_id":
		return c.Account.Contacts.Get(id), true
	case "email":
		found = c.Account.ByEmail(id)
	case uniqueKey:
		found = c.Account.Contacts.ByKey("unique:" + id)
	default:
		return nil, false
	}
	if len(found) == 0 {
		return nil, true
	}
	return found[0], true
}

// target finds the contact that the path names.
func target(c *kit.Call) (*kit.Record, *kit.Reply) {
	r, ok := locate(c, c.Query("idProperty"), c.Var("id"))
	if !ok {
		no := invalid(c, "The idProperty is not a unique property of contacts")
		return nil, &no
	}
	if r == nil {
		no := failure(c, http.StatusNotFound, "OBJECT_NOT_FOUND", "resource not found")
		return nil, &no
	}
	return r, nil
}

func read(c *kit.Call) kit.Reply {
	r, no := target(c)
	if no != nil {
		return *no
	}
	body := object(c, r, selected(r, strings.Split(c.Query("properties"), ",")))
	if strings.Contains(c.Query("associations"), "companies") {
		results := []any{}
		for _, l := range c.Account.Table("companies").ByKey(r.ID) {
			results = append(results, map[string]any{"id": l.Text("company"), "type": "contact_to_company"})
		}
		body["associations"] = map[string]any{"companies": map[string]any{"results": results}}
	}
	return kit.JSON(http.StatusOK, body)
}

func update(c *kit.Call) kit.Reply {
	r, no := target(c)
	if no != nil {
		return *no
	}
	var in input
	if c.Decode(&in) != nil || in.Properties == nil {
		return malformed(c)
	}
	if no := judge(c, in, r); no != nil {
		return no.reply(c)
	}
	c.Update(r, overlay(in))
	return kit.JSON(http.StatusOK, object(c, r, shown(r)))
}

// overlay are the values of an update; an empty one clears.
func overlay(in input) map[string]any {
	changes := in.data()
	if email := kit.Text(changes, "email"); email != "" {
		changes["email"] = strings.ToLower(email)
	}
	return changes
}

func addSecondaryEmail(c *kit.Call) kit.Reply {
	r, email := c.Account.Contacts.Get(c.Var("id")), strings.ToLower(c.Var("address"))
	if r == nil {
		return failure(c, http.StatusNotFound, "", "contact does not exist")
	}
	if !kit.ValidEmail(email) {
		return failure(c, http.StatusBadRequest, "", "Invalid email address")
	}
	var secondary []string
	if known := r.Text("hs_additional_emails"); known != "" {
		secondary = strings.Split(known, ";")
	}
	switch others := c.Account.ByEmail(email); {
	case len(others) == 0:
		secondary = append(secondary, email)
		c.Update(r, map[string]any{"hs_additional_emails": strings.Join(secondary, ";")})
	case others[0] != r:
		return failure(c, http.StatusConflict, "CONFLICT", "Contact already exists. Existing ID: "+others[0].ID)
	}
	id, vid := kit.Int(portal(c)), kit.Int(r.ID)
	return kit.JSON(http.StatusOK, map[string]any{"portalId": id, "vid": vid, "secondaryEmails": secondary})
}

func companies(c *kit.Call) kit.Reply {
	if c.Account.Contacts.Get(c.Var("id")) == nil {
		return failure(c, http.StatusNotFound, "OBJECT_NOT_FOUND", "resource not found")
	}
	results := []any{}
	for _, l := range c.Account.Table("companies").ByKey(c.Var("id")) {
		results = append(results, map[string]any{"toObjectId": kit.Int(l.Text("company")), "associationTypes": []any{
			map[string]any{"category": "HUBSPOT_DEFINED", "typeId": 279, "label": nil},
		}})
	}
	return kit.JSON(http.StatusOK, map[string]any{"results": results})
}

func linkCompany(c *kit.Call) kit.Reply {
	contact, company := c.Var("id"), c.Var("company")
	if c.Account.Contacts.Get(contact) == nil || !kit.Digits(company) || kit.Missing(company) {
		return failure(c, http.StatusNotFound, "OBJECT_NOT_FOUND", "resource not found")
	}
	if c.Account.Table("companies").Get(contact+"-"+company) == nil {
		link(c, contact, company)
	}
	c.FollowUp("company")
	return kit.JSON(http.StatusOK, map[string]any{"status": "COMPLETE", "results": []any{map[string]any{
		"from": map[string]any{"id": contact}, "to": map[string]any{"id": company},
		"associationSpec": map[string]any{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279},
	}}})
}

func createNote(c *kit.Call) kit.Reply {
	var in input
	if c.Decode(&in) != nil || in.Properties == nil {
		return malformed(c)
	}
	if _, ok := instant(in.values()["hs_timestamp"]); !ok {
		return notValid([]fault{{false, "hs_timestamp is required", "REQUIRED_PROPERTY", "hs_timestamp"}}).reply(c)
	}
	contact := ""
	for _, a := range in.Associations {
		contact = kit.ID(a.To.ID)
		if c.Account.Contacts.Get(contact) == nil || len(a.Types) != 1 || a.Types[0].AssociationTypeID != 202 {
			return invalid(c, fmt.Sprintf("[Error{errorCode='INVALID_OBJECT_IDS', errorMessage='CONTACT=%s is not valid'}]", contact))
		}
	}
	note := &kit.Record{ID: kit.DecimalID(c.Account.Name, c.Account.NextID()), Data: in.data(), CreatedAt: c.Now, UpdatedAt: c.Now}
	c.Account.Table("notes").Put(note, contact)
	c.FollowUp("note")
	return kit.JSON(http.StatusCreated, map[string]any{
		"id": note.ID, "properties": note.Data, "archived": false,
		"createdAt": kit.Millis(c.Now), "updatedAt": kit.Millis(c.Now),
	})
}
