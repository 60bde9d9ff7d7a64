package mondaycrm

import (
	"maps"
	"slices"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// maxName is the length of an item's name.
const maxName = 255

// itemFields is what every answer about an item holds.
const itemFields = `{ id name created_at updated_at column_values { id type text value` +
	` ... on EmailValue { email } ... on PhoneValue { phone } ... on PeopleValue { persons_and_teams { id kind } }` +
	` ... on BoardRelationValue { linked_item_ids } ... on LinkValue { url } ... on TagsValue { tags { id name } }` +
	` ... on LocationValue { address } } }`

const createItem = `mutation ($board: ID!, $group: String, $name: String!, $cv: JSON, $labels: Boolean, $position: PositionRelative, $relative: ID)` +
	` { create_item(board_id: $board, group_id: $group, item_name: $name, column_values: $cv, create_labels_if_missing: $labels,` +
	` position_relative_method: $position, relative_to: $relative) ` + itemFields + ` }`

const changeItem = `mutation ($board: ID!, $item: ID!, $cv: JSON!) { change_multiple_column_values(board_id: $board, item_id: $item,` +
	` column_values: $cv, create_labels_if_missing: true) ` + itemFields + ` }`

// argument is one of create_item's, and the variable that brings it.
type argument struct{ name, variable, kind string }

func arguments() []argument {
	return []argument{
		{"board_id", "board", "ID!"}, {"group_id", "group", "String"}, {"item_name", "name", "String!"}, {"column_values", "cv", "JSON"},
		{"create_labels_if_missing", "labels", "Boolean"}, {"position_relative_method", "position", "PositionRelative"},
		{"relative_to", "relative", "ID"},
	}
}

func encode(c *connector.Call) (connector.Request, error) {
	s, err := fill(c, c.Warn)
	variables := map[string]any{
		"board": board(c), "name": shape.Clip(c.Input.Name, maxName, string(contact.Name), c.Warn), "labels": true,
	}
	if group := c.Settings[groupID]; group != "" {
		variables["group"] = group
	}
	passOn(c.Input.RemoteData, variables, s.values)
	variables["cv"] = shape.Text(s.values) // JSON within JSON
	return keyed(c.Key, post(createItem, variables)), err
}

// passOn merges remote_data: arguments of create_item into the variables, all
// else into the columns.
func passOn(data, variables, columns map[string]any) {
	rest := maps.Clone(data)
	for _, a := range arguments() {
		if value, ok := rest[a.name]; ok && a.variable != "board" && a.variable != "cv" {
			variables[a.variable] = value
			delete(rest, a.name)
		}
	}
	connector.Merge(columns, rest)
}

func encodeUpdate(c *connector.Call) (connector.Request, error) {
	s, err := fill(c, c.Warn)
	if !describes(c) {
		shape.CreateOnly(c.Input.Contact, c.Warn, contact.Description)
	}
	if name := c.Input.Name; name != "" {
		s.values["name"] = shape.Clip(name, maxName, string(contact.Name), c.Warn)
	}
	return change(c, c.RemoteID, s.values), err
}

func change(c *connector.Call, id string, values map[string]any) connector.Request {
	return post(changeItem, map[string]any{"board": board(c), "item": id, "cv": shape.Text(values)})
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return post(`query ($i: [ID!]) { items(ids: $i) `+itemFields+` }`, map[string]any{"i": []string{c.RemoteID}}), nil
}

type item struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	CreatedAt string  `json:"created_at"`
	UpdatedAt string  `json:"updated_at"`
	Values    []value `json:"column_values"`
}

type value struct {
	ID      string                      `json:"id"`
	Text    string                      `json:"text"`
	Email   string                      `json:"email"`
	Phone   string                      `json:"phone"`
	URL     string                      `json:"url"`
	Address string                      `json:"address"`
	People  []struct{ ID string }       `json:"persons_and_teams"`
	Linked  []string                    `json:"linked_item_ids"`
	Tags    []struct{ ID, Name string } `json:"tags"`
}

type created struct {
	Item item `json:"create_item"`
}

func decodeCreated(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	data, err := answer(r, func(d created) bool { return d.Item.ID != "" })
	if err == nil {
		reportLost(c, data.Item)
	}
	return data.Item.contact(c), err
}

type changed struct {
	Item item `json:"change_multiple_column_values"`
}

func decodeUpdated(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	data, err := answer(r, func(d changed) bool { return d.Item.ID != "" })
	return data.Item.contact(c), err
}

func decodeRead(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	data, err := answer(r, func(d struct{ Items []item }) bool { return d.Items != nil })
	if err != nil {
		return contact.Contact{}, err
	}
	if len(data.Items) == 0 {
		return contact.Contact{}, &connector.VendorError{Kind: fault.NotFound, Code: "item_not_found", Message: "the item does not exist"}
	}
	return data.Items[0].contact(c), nil
}

// reportLost compares what was sent with what came back: monday stores some
// texts empty, such as those with "<", and says that all is well.
func reportLost(c *connector.Call, it item) {
	s, _ := fill(c, nil)
	values := it.values()
	for _, id := range slices.Sorted(maps.Keys(s.paths)) {
		got, answered := values[id]
		if sent, isText := s.values[id].(string); isText && sent != "" && answered && got.Text == "" {
			c.Warn(s.paths[id], shape.NotStored, "monday took the value without an error, but stored nothing")
		}
	}
}

func (it item) values() map[string]value {
	all := map[string]value{}
	for _, v := range it.Values {
		all[v.ID] = v
	}
	return all
}

func (it item) contact(c *connector.Call) contact.Contact {
	l, v := layoutFor(c), it.values()
	return contact.Contact{
		ID: it.ID, Name: it.Name, FirstName: v[l.first.ID].Text, LastName: v[l.last.ID].Text, Title: v[l.title.ID].Text,
		Description: v[l.description.ID].Text, EmailAddresses: shape.EmailList(texts(l.emails, v, value.email)...),
		PhoneNumbers: phoneList(l.phones, v),
		Addresses: shape.AddressList(contact.Address{
			Street1: street(l, it.Values, v), City: v[l.city.ID].Text, State: v[l.state.ID].Text,
			PostalCode: v[l.zip.ID].Text, Country: v[l.country.ID].Text,
		}),
		URLs: linkList(l.links, v), Account: first(v[l.account.ID].Linked), Owner: v[l.owner.ID].person(), Tags: v[l.tags.ID].tagList(),
		CustomFields: customFields(c, l, v),
		CreatedAt:    connector.TimeOf(it.CreatedAt), UpdatedAt: connector.TimeOf(it.UpdatedAt),
	}
}

func (v value) email() string { return v.Email }

func texts(cols []column, values map[string]value, text func(value) string) []string {
	var list []string
	for _, col := range cols {
		list = append(list, text(values[col.ID]))
	}
	return list
}

func phoneList(cols []column, values map[string]value) []contact.Phone {
	var list []contact.Phone
	for _, col := range cols {
		list = append(list, contact.Phone{Number: values[col.ID].Phone, Type: shape.PhoneType(col.Title)})
	}
	return shape.PhoneList(list...)
}

func linkList(cols []column, values map[string]value) []contact.URL {
	var list []contact.URL
	for _, col := range cols {
		list = append(list, contact.URL{URL: values[col.ID].URL, Type: shape.URLType(contact.URL{Type: col.Title})})
	}
	return shape.URLList(list...)
}

// street is the address column, or the first location.
func street(l *layout, all []value, byID map[string]value) string {
	if text := byID[l.address.ID].Text; text != "" {
		return text
	}
	for _, v := range all {
		if v.Address != "" {
			return v.Address
		}
	}
	return ""
}

func first(ids []string) *contact.Reference {
	if len(ids) == 0 {
		return nil
	}
	return shape.Ref(ids[0], "")
}

func (v value) person() *contact.Reference {
	if len(v.People) == 0 {
		return nil
	}
	return shape.Ref(v.People[0].ID, v.Text)
}

func (v value) tagList() []contact.Tag {
	var list []contact.Tag
	for _, t := range v.Tags {
		list = append(list, contact.Tag{ID: t.ID, Name: t.Name})
	}
	return list
}

// customFields are the columns that were sent, under the names that they were
// sent by.
func customFields(c *connector.Call, l *layout, values map[string]value) map[string]any {
	sent := map[string]any{}
	for name := range c.Input.CustomFields {
		if text := values[l.custom(name).ID].Text; text != "" {
			sent[name] = text
		}
	}
	return shape.Pick(sent, c.Input.CustomFields)
}
