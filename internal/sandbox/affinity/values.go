package affinity

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"crmferry/internal/sandbox/kit"
)

// Value types of version 1.
const (
	dropdown       = 2
	number         = 3
	date           = 4
	location       = 5
	text           = 6
	rankedDropdown = 7
)

type field struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Type     int    `json:"value_type"`
	Multiple bool   `json:"allows_multiple"`
	Options  []any  `json:"dropdown_options"`
	source   string
}

// fieldsOf are an account's global fields of persons.
func fieldsOf(account string) []field {
	option := func(id int, name string, rank int) any {
		return map[string]any{"id": id, "text": name, "rank": rank, "color": 0}
	}
	list := []field{
		{Name: "Job Titles", Type: dropdown, Multiple: true, source: "affinity-data"},
		{Name: "Phone Number", Type: text, Multiple: true, source: "affinity-data"},
		{Name: "Location", Type: location, source: "affinity-data"},
		{Name: "LinkedIn URL", Type: text, source: "affinity-data"},
		{Name: "Role", Type: text}, {Name: "Score", Type: number}, {Name: "Birthday", Type: date},
		{Name: "Segment", Type: dropdown, Options: []any{option(71, "Investor", 0), option(72, "Founder", 0)}},
		{Name: "Tier", Type: rankedDropdown, Options: []any{option(81, "Gold", 1), option(82, "Silver", 2)}},
	}
	first := int64(kit.Hash(slug, "fields", account)%9_000+1_000) * 100
	for i := range list {
		list[i].ID = first + int64(i)
		if list[i].Options == nil {
			list[i].Options = []any{}
		}
		if list[i].source == "" {
			list[i].source = "none"
		}
	}
	return list
}

func personFields(c *kit.Call) kit.Reply { return kit.JSON(http.StatusOK, fieldsOf(c.Account.Name)) }

func allFields(c *kit.Call) kit.Reply {
	list := []any{}
	for _, f := range fieldsOf(c.Account.Name) {
		list = append(list, map[string]any{
			"id": f.ID, "name": f.Name, "list_id": nil, "enrichment_source": f.source, "value_type": f.Type,
			"allows_multiple": f.Multiple, "track_changes": false, "dropdown_options": f.Options,
		})
	}
	if kind := c.Query("entity_type"); kind != "" && kind != "0" {
		list = []any{}
	}
	return kit.JSON(http.StatusOK, list)
}

// stored tells what of a value is kept; false when the type does not fit.
func (f field) stored(value any) (any, bool) {
	textual, isText := value.(string)
	n, isNumber := value.(json.Number)
	switch f.Type {
	case dropdown, text:
		return value, isText && textual != ""
	case number:
		return value, isNumber
	case rankedDropdown:
		for _, option := range f.Options {
			if o := option.(map[string]any); isNumber && n.String() == strconv.Itoa(o["id"].(int)) {
				return o, true
			}
		}
		return nil, false
	case date:
		return day(textual)
	}
	return place(value)
}

// day keeps the day alone, at midnight on the Pacific coast.
func day(value string) (any, bool) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, value); err == nil {
			return t.Format(time.DateOnly) + "T00:00:00.000-08:00", true
		}
	}
	return nil, false
}

func place(value any) (any, bool) {
	given, ok := value.(map[string]any)
	if !ok {
		return nil, false
	}
	known := map[string]any{"street_address": nil, "city": nil, "state": nil, "country": nil, "continent": nil}
	for name, part := range given {
		_, isKnown := known[name]
		_, isText := part.(string)
		if !isKnown || (!isText && part != nil) {
			return nil, false
		}
		known[name] = part
	}
	if known["country"] != nil {
		known["continent"] = "Unknown"
	}
	return known, true
}

type valueInput struct {
	FieldID  int64 `json:"field_id"`
	EntityID int64 `json:"entity_id"`
	Value    any   `json:"value"`
}

func setValue(c *kit.Call) kit.Reply {
	var in valueInput
	if c.Decode(&in) != nil {
		return invalid("Invalid type for field_id, entity_id or value.")
	}
	f, ok := fieldByID(c, in.FieldID)
	if !ok {
		return invalid("Invalid field_id.")
	}
	person := strconv.FormatInt(in.EntityID, 10)
	if c.Account.Contacts.Get(person) == nil {
		return invalid("Invalid entity_id.")
	}
	value, ok := f.stored(in.Value)
	if !ok {
		return invalid("Invalid value for field " + f.Name + ".")
	}
	table := c.Account.Table("field values")
	cell := person + " " + strconv.FormatInt(f.ID, 10)
	if !f.Multiple && len(table.ByKey(cell)) > 0 {
		return invalid("A value for field " + f.Name + " already exists, and it does not allow multiple values.")
	}
	made := &kit.Record{
		ID: kit.DecimalID(c.Account.Name, c.Account.NextID()), CreatedAt: c.Now,
		Data: map[string]any{"field_id": f.ID, "entity_id": in.EntityID, "value": value, "value_type": f.Type},
	}
	table.Put(made, cell, person)
	c.FollowUp("field_value")
	return kit.JSON(http.StatusOK, showValue(made))
}

func changeValue(c *kit.Call) kit.Reply {
	made := c.Account.Table("field values").Get(c.Var("id"))
	if made == nil {
		return notFound()
	}
	var in valueInput
	f, _ := fieldByID(c, made.Data["field_id"].(int64))
	value, ok := any(nil), c.Decode(&in) == nil
	if ok {
		value, ok = f.stored(in.Value)
	}
	if !ok {
		return invalid("Invalid value for field " + f.Name + ".")
	}
	made.Data = map[string]any{
		"field_id": f.ID, "entity_id": made.Data["entity_id"], "value": value, "value_type": f.Type,
	}
	made.UpdatedAt = c.Now
	c.FollowUp("field_value")
	return kit.JSON(http.StatusOK, showValue(made))
}

func values(c *kit.Call) kit.Reply {
	person := c.Query("person_id")
	switch {
	case person == "":
		return invalid("Exactly one of person_id, organization_id, opportunity_id or list_entry_id must be given.")
	case c.Account.Contacts.Get(person) == nil:
		return notFound()
	}
	list := []any{}
	for _, made := range c.Account.Table("field values").ByKey(person) {
		list = append(list, showValue(made))
	}
	return kit.JSON(http.StatusOK, list)
}

func showValue(r *kit.Record) map[string]any {
	shown := map[string]any{
		"id": kit.Int(r.ID), "list_entry_id": nil, "entity_type": 0, "created_at": stamp(r.CreatedAt), "updated_at": nil,
	}
	for name, value := range r.Data {
		shown[name] = value
	}
	if !r.UpdatedAt.IsZero() {
		shown["updated_at"] = stamp(r.UpdatedAt)
	}
	return shown
}

func fieldByID(c *kit.Call, id int64) (field, bool) {
	for _, f := range fieldsOf(c.Account.Name) {
		if f.ID == id {
			return f, true
		}
	}
	return field{}, false
}
