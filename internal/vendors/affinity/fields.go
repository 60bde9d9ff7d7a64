package affinity

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// fields is the discovery of a person's global fields:
// https://api-docs.affinity.co/#get-fields
const fields = "fields"

// The value types of version 1.
const (
	toPerson       = 0
	toOrganization = 1
	number         = 3
	date           = 4
	location       = 5
	rankedDropdown = 7
)

type field struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Type     int    `json:"value_type"`
	Multiple bool   `json:"allows_multiple"`
	Options  []struct {
		ID   int64  `json:"id"`
		Text string `json:"text"`
	} `json:"dropdown_options"`
}

// needsFields asks only for contacts that set one.
func needsFields(c *connector.Call) []string {
	in := c.Input
	if in.Title == "" && len(in.PhoneNumbers)+len(in.Addresses)+len(in.URLs)+len(in.CustomFields) == 0 {
		return nil
	}
	return []string{""}
}

func askFields(*connector.Call, string) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/persons/fields"}, nil
}

func learnFields(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	return connector.DecodeJSON[[]field](r)
}

// entry is one value for one field.
type entry struct {
	field field
	path  string
	value any
	done  func(*contact.Contact)
}

// planner collects the values that a contact sets beside the create.
type planner struct {
	known   []field
	warn    shape.Warn
	entries []entry
}

// plan lists the values that follow the create, the same each time.
func plan(c *connector.Call, warn shape.Warn) []entry {
	in := c.Input
	p := &planner{known: connector.Prepared[[]field](c, fields, ""), warn: warn}
	if in.Title != "" {
		p.add(p.named("job titles", "job title", "title"), string(contact.Title), in.Title, func(out *contact.Contact) { out.Title = in.Title })
	}
	for i, phone := range in.PhoneNumbers {
		p.add(p.named("phone number", "phone numbers", "phone"), shape.At(contact.PhoneNumbers, i), shape.PhoneText(phone),
			func(out *contact.Contact) { out.PhoneNumbers = append(out.PhoneNumbers, phone) })
	}
	if home := shape.FirstAddress(in.Addresses, warn); len(in.Addresses) > 0 {
		p.add(p.place(), shape.At(contact.Addresses, 0), place(home), func(out *contact.Contact) { out.Addresses = []contact.Address{home} })
	}
	for i, u := range in.URLs {
		p.add(p.web(u), shape.At(contact.URLs, i), u.URL, func(out *contact.Contact) { out.URLs = append(out.URLs, u) })
	}
	for _, name := range shape.Keys(in.CustomFields) {
		p.custom(name, in.CustomFields[name])
	}
	return p.entries
}

// add plans one value, and reports the one that has no field, or none left.
func (p *planner) add(f field, path string, value any, done func(*contact.Contact)) {
	switch {
	case f.ID == 0:
		p.report(path, shape.Unresolved, "the account has no field for it")
	case !f.Multiple && p.count(f) > 0:
		p.report(path, shape.NoRoom, "the field takes one value")
	default:
		p.entries = append(p.entries, entry{field: f, path: path, value: value, done: done})
	}
}

func (p *planner) report(path, code, message string) {
	if p.warn != nil {
		p.warn(path, code, message)
	}
}

func (p *planner) count(f field) int {
	n := 0
	for _, e := range p.entries {
		if e.field.ID == f.ID {
			n++
		}
	}
	return n
}

// named is the field with one of the names, the foremost name first.
func (p *planner) named(names ...string) field {
	for _, name := range names {
		for _, f := range p.known {
			if strings.EqualFold(strings.TrimSpace(f.Name), name) {
				return f
			}
		}
	}
	return field{}
}

// place is the location field: by its name, or else the first of that type.
func (p *planner) place() field {
	if f := p.named("location", "address"); f.Type == location && f.ID != 0 {
		return f
	}
	for _, f := range p.known {
		if f.Type == location {
			return f
		}
	}
	return field{}
}

func (p *planner) web(u contact.URL) field {
	if shape.URLType(u) == "linkedin" {
		return p.named("linkedin url", "linkedin")
	}
	return p.named("website", "website url", "personal website", "url")
}

// custom plans each value of a custom field, which is named by its id, its id
// in version 2 ("field-1284"), or its name.
func (p *planner) custom(name string, value any) {
	f := p.named(name)
	for _, known := range p.known {
		if id := shape.IntegerText(known.ID); name == id || name == "field-"+id {
			f = known
		}
	}
	list, many := value.([]any)
	if !many {
		list = []any{value}
	}
	path := string(contact.CustomFields) + "/" + name
	for _, item := range list {
		p.add(f, path, f.value(item), func(out *contact.Contact) {
			if out.CustomFields == nil {
				out.CustomFields = map[string]any{}
			}
			out.CustomFields[name] = value
		})
	}
}

// value writes a custom value in the form of the field's type.
func (f field) value(v any) any {
	text := shape.Text(v)
	switch f.Type {
	case number, toPerson, toOrganization:
		if _, err := strconv.ParseFloat(text, 64); err == nil && json.Valid([]byte(text)) {
			return json.Number(text)
		}
		return v
	case location:
		if _, isObject := v.(map[string]any); !isObject {
			return place(contact.Address{Street1: text})
		}
		return v
	case rankedDropdown:
		for _, o := range f.Options {
			if strings.EqualFold(o.Text, text) {
				return o.ID
			}
		}
		return v
	default:
		return text
	}
}

// place is an address as a location holds it: there is no postal code and no
// second line.
func place(a contact.Address) any {
	return map[string]any{
		"street_address": orNull(shape.Join(", ", a.Street1, a.Street2, a.PostalCode)),
		"city":           orNull(a.City), "state": orNull(a.State), "country": orNull(shape.CountryName(a.Country)),
	}
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// follow posts each value, and the description as a note:
// https://api-docs.affinity.co/#create-a-new-field-value
func follow(c *connector.Call, created contact.Contact) []connector.Step {
	var steps []connector.Step
	id, seen := json.Number(created.ID), map[int64]int{}
	for _, e := range plan(c, nil) {
		steps = append(steps, e.step(id, seen[e.field.ID]))
		seen[e.field.ID]++
	}
	if text := c.Input.Description; text != "" {
		steps = append(steps, connector.Step{
			ID: "note", Path: string(contact.Description),
			Request: connector.Request{
				Method: "POST", Path: "/notes", Body: map[string]any{"person_ids": []json.Number{id}, "content": text},
			},
			Done: func(out *contact.Contact) { out.Description = text },
		})
	}
	return steps
}

func (e entry) step(person json.Number, nth int) connector.Step {
	field := shape.IntegerText(e.field.ID)
	return connector.Step{
		ID: "field:" + field + ":" + strconv.Itoa(nth), Path: e.path, Done: e.done,
		Request: connector.Request{
			Method: "POST", Path: "/field-values",
			Body: map[string]any{"field_id": e.field.ID, "entity_id": person, "value": e.value},
		},
		Check: &connector.Check{
			Request: connector.Request{Method: "GET", Path: "/field-values", Query: url.Values{"person_id": {person.String()}}},
			Applied: func(r connector.Reply) (bool, error) { return e.stored(r) },
		},
	}
}

// stored looks for the value among those of the person.
func (e entry) stored(r connector.Reply) (bool, error) {
	list, err := connector.DecodeJSON[[]struct {
		FieldID int64 `json:"field_id"`
		Value   any   `json:"value"`
	}](r)
	for _, v := range list {
		if v.FieldID == e.field.ID && e.became(v.Value) {
			return true, err
		}
	}
	return false, err
}

// became compares the value with one that is stored: of dates the day is kept,
// options are objects, locations gain a continent.
func (e entry) became(got any) bool {
	object, isObject := got.(map[string]any)
	parts, isPlace := e.value.(map[string]any)
	switch sent := shape.Text(e.value); {
	case isObject && isPlace:
		for name, part := range parts {
			if shape.Text(object[name]) != shape.Text(part) {
				return false
			}
		}
		return true
	case isObject:
		return shape.Text(object["id"]) == sent
	case e.field.Type == date && len(sent) >= len(time.DateOnly):
		return strings.HasPrefix(shape.Text(got), sent[:len(time.DateOnly)])
	default:
		return shape.Text(got) == sent
	}
}
