package mondaycrm

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// maxLongText is what a long-text column holds; more is cut without a word.
const maxLongText = 2000

// sheet is the column values of one contact under construction.
type sheet struct {
	call   *connector.Call
	layout *layout
	warn   shape.Warn
	values map[string]any
	paths  map[string]string // where each column's value came from
}

// fill writes a contact into the board's columns.
func fill(c *connector.Call, warn shape.Warn) (sheet, error) {
	in, l := c.Input, layoutFor(c)
	s := sheet{call: c, layout: l, warn: warn, values: map[string]any{}, paths: map[string]string{}}
	s.text(l.first, contact.FirstName, in.FirstName)
	s.text(l.last, contact.LastName, in.LastName)
	s.text(l.title, contact.Title, in.Title)
	if in.Title != "" && !l.title.exists() {
		s.report(string(contact.Title), shape.Unresolved, "the board has no text column titled Title or Job title")
	}
	if describes(c) {
		s.put(l.description, string(contact.Description), longText(in.Description))
	}
	s.emails()
	s.phones()
	s.address()
	s.links()
	s.tags()
	if err := s.references(); err != nil {
		return s, err
	}
	s.custom()
	return s, nil
}

// describes tells whether the description fits into a column.
func describes(c *connector.Call) bool {
	text := c.Input.Description
	return text != "" && len([]rune(text)) <= maxLongText && layoutFor(c).description.exists()
}

func (s sheet) report(path, code, message string) {
	if s.warn != nil {
		s.warn(path, code, message)
	}
}

func (s sheet) put(col column, path string, value any) {
	s.values[col.ID], s.paths[col.ID] = value, path
}

func (s sheet) text(col column, field contact.Field, text string) {
	if text != "" && col.exists() {
		s.put(col, string(field), text)
	}
}

func longText(text string) any    { return map[string]any{"text": text} }
func emailValue(email string) any { return map[string]any{"email": email, "text": email} } // searches match the text

func (s sheet) emails() {
	for i, email := range shape.Emails(s.call.Input.EmailAddresses, len(s.layout.emails), s.warn) {
		if email != "" {
			s.put(s.layout.emails[i], shape.At(contact.EmailAddresses, i), emailValue(email))
		}
	}
}

func (s sheet) phones() {
	list := s.call.Input.PhoneNumbers
	types := make([]string, len(list))
	for i, p := range list {
		types[i] = shape.PhoneType(p.Type)
	}
	placed, left := shape.Fill(types, s.layout.phoneSlots())
	for _, i := range left {
		s.report(shape.At(contact.PhoneNumbers, i), shape.NoRoom, "the board has no free phone column for it")
	}
	for _, col := range s.layout.phones {
		i, ok := placed[col.ID]
		if !ok {
			continue
		}
		path := shape.At(contact.PhoneNumbers, i)
		if value := s.phone(list[i], path); value != nil {
			s.put(col, path, value)
		}
	}
}

// phone is a number with its country, which monday checks with Google's
// library: a pair that does not fit would cost the whole contact.
func (s sheet) phone(p contact.Phone, path string) any {
	country := ""
	if list := s.call.Input.Addresses; len(list) > 0 {
		country = list[0].Country
	}
	number, region, ok := shape.Dialable(p.Number, country)
	if !ok {
		s.report(path, shape.Unusable, "monday takes only numbers that are valid in a known country: write it as +44...")
		return nil
	}
	if p.Extension != "" {
		s.report(path+"/extension", shape.NoRoom, "monday's numbers have no extension")
	}
	return map[string]any{"phone": number, "countryShortName": region}
}

// address writes each part into a column of its own, and what is left over
// into the address column. A location column would need coordinates.
func (s sheet) address() {
	l, path := s.layout, shape.At(contact.Addresses, 0)
	a := shape.FirstAddress(s.call.Input.Addresses, s.warn)
	take := func(col column, part *string, value any) {
		if col.exists() && *part != "" {
			s.put(col, path, value)
			*part = ""
		}
	}
	take(l.city, &a.City, a.City)
	take(l.state, &a.State, a.State)
	take(l.zip, &a.PostalCode, a.PostalCode)
	if value := countryValue(l.country, a.Country); value != nil {
		take(l.country, &a.Country, value)
	}
	line := shape.OneLine(a)
	switch {
	case line == "":
	case !l.address.exists():
		s.report(path, shape.Unresolved, "the board has no text column titled Address")
	case l.address.Type == "long_text":
		s.put(l.address, path, longText(line))
	default:
		s.put(l.address, path, line)
	}
}

func countryValue(col column, text string) any {
	if col.Type != "country" {
		return shape.CountryName(text)
	}
	code, ok := contact.CountryAlpha2(text)
	if !ok {
		return nil
	}
	return map[string]any{"countryCode": code, "countryName": shape.CountryName(text)}
}

func (s sheet) links() {
	list := s.call.Input.URLs
	placed := shape.URLs(list, s.warn, s.layout.linkSlots()...)
	for _, col := range s.layout.links {
		if address := placed[col.ID]; address != "" {
			s.put(col, string(contact.URLs), linkValue(address))
		}
	}
}

func linkValue(address string) any {
	return map[string]any{"url": shape.Absolute(address), "text": address}
}

func (s sheet) tags() {
	col := s.layout.tags
	var ids, labels []string
	for i, t := range s.call.Input.Tags {
		id, err := shape.Integers(cmp.Or(t.ID, connector.Prepared[string](s.call, tags, t.Name)), contact.Tags)
		switch {
		case !col.exists():
			s.report(shape.At(contact.Tags, i), shape.Unresolved, "the board has no tags column")
		case col.Type == "dropdown" && t.Name != "":
			labels = append(labels, t.Name)
		case col.Type == "dropdown" || err != nil || len(id) == 0:
			s.report(shape.At(contact.Tags, i), shape.Unresolved, "monday has no such tag, and did not make one")
		default:
			ids = append(ids, shape.IntegerText(id[0]))
		}
	}
	if len(ids) > 0 {
		s.put(col, string(contact.Tags), map[string]any{"tag_ids": numbers(ids)})
	}
	if len(labels) > 0 {
		s.put(col, string(contact.Tags), map[string]any{"labels": labels})
	}
}

func (s sheet) references() error {
	in, l := s.call.Input, s.layout
	if id := shape.RefID(in.Account, contact.Account, s.warn); id != "" {
		if !l.account.exists() {
			s.report(string(contact.Account), shape.Unresolved, "the board has no column that connects accounts")
		} else {
			s.put(l.account, string(contact.Account), linkedItems(id))
		}
	}
	owner := shape.RefID(in.Owner, contact.Owner, s.warn)
	if _, err := shape.Integers(owner, contact.Owner); err != nil {
		return err
	}
	if owner != "" && !l.owner.exists() {
		s.report(string(contact.Owner), shape.Unresolved, "the board has no people column titled Owner")
	} else if owner != "" {
		s.put(l.owner, string(contact.Owner), people([]string{owner}))
	}
	return nil
}

func linkedItems(ids ...string) any { return map[string]any{"item_ids": ids} }

func people(ids []string) any {
	list := []any{}
	for _, id := range numbers(ids) {
		list = append(list, map[string]any{"id": id, "kind": "person"})
	}
	return map[string]any{"personsAndTeams": list}
}

// numbers writes ids as monday wants them inside some values; what is none
// stays a text, which monday refuses with the column's name.
func numbers(ids []string) []any {
	list := []any{}
	for _, id := range ids {
		if n, err := strconv.ParseInt(id, 10, 64); err == nil {
			list = append(list, n)
			continue
		}
		list = append(list, id)
	}
	return list
}

func (s sheet) custom() {
	for _, name := range shape.Keys(s.call.Input.CustomFields) {
		col, path := s.layout.custom(name), string(contact.CustomFields)+"/"+name
		if _, taken := s.values[col.ID]; taken {
			s.report(path, shape.Conflict, "another field of the contact sets this column")
			continue
		}
		if !writable(col.Type) {
			s.report(path, shape.Unusable, "monday fills this column itself")
			continue
		}
		if value := s.value(col, s.call.Input.CustomFields[name], path); value != nil {
			s.put(col, path, value)
		}
	}
}

func writable(kind string) bool {
	switch kind {
	case "formula", "mirror", "auto_number", "creation_log", "last_updated", "item_id", "button", "subtasks", "name":
		return false
	}
	return true
}

// value writes a custom value in the format of its column:
// https://developer.monday.com/api-reference/reference/column-types-reference
func (s sheet) value(col column, v any, path string) any {
	if object, ok := v.(map[string]any); ok {
		return object
	}
	text := shape.Text(v)
	switch col.Type {
	case "text", "numbers":
		return text
	case "long_text":
		return longText(shape.Clip(text, maxLongText, path, s.warn))
	case "status":
		return map[string]any{"label": text}
	case "dropdown":
		return map[string]any{"labels": shape.TextList(v)}
	case "date":
		return dateValue(text)
	case "checkbox":
		return map[string]any{"checked": text}
	case "email":
		return emailValue(text)
	case "phone":
		return s.phone(contact.Phone{Number: text}, path)
	case "link":
		return linkValue(text)
	case "country":
		return cmp.Or(countryValue(col, text), v)
	case "people":
		return people(shape.TextList(v))
	case "tags":
		return map[string]any{"tag_ids": numbers(shape.TextList(v))}
	case "rating":
		return map[string]any{"rating": v}
	case "board_relation":
		return linkedItems(shape.TextList(v)...)
	case "world_clock":
		return map[string]any{"timezone": text}
	default:
		return v
	}
}

// dateValue writes a day, or an instant in UTC.
func dateValue(text string) any {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return map[string]any{"date": strings.TrimSpace(text)}
	}
	return map[string]any{"date": at.UTC().Format(time.DateOnly), "time": at.UTC().Format(time.TimeOnly)}
}
