package pipeliner

import (
	"errors"
	"net/url"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// filters are values of fields, compared without case.
type filters map[string]string

// list asks for the entities that pass all filters; a page holds 100 at most:
// https://developers.pipelinersales.com/api-docs/core-api-concepts/api-parameters
func list(entities string, by filters) connector.Request {
	query := url.Values{"first": {"100"}}
	for field, value := range by {
		query.Set("filter["+field+"]", value)
		query.Set("filter-op["+field+"]", "ieq")
	}
	return connector.Request{Method: "GET", Path: entities, Query: query}
}

// newest asks for contacts, the latest first.
func newest(by filters) (connector.Request, error) {
	req := list(path, by)
	req.Query.Set("order-by", "-created")
	return req, nil
}

func encodeFindKey(c *connector.Call) (connector.Request, error) {
	return newest(filters{c.Settings[externalIDField]: c.Key})
}

// encodeFindEmail searches the first of the five places, where a create puts
// the first address.
func encodeFindEmail(c *connector.Call) (connector.Request, error) {
	return newest(filters{"email1": shape.FirstEmail(c.Input.EmailAddresses)})
}

func encodeFindPhone(c *connector.Call) (connector.Request, error) {
	return newest(filters{"phone1": shape.PhoneText(c.Input.PhoneNumbers[0])})
}

func encodeFindName(c *connector.Call) (connector.Request, error) {
	by := filters{}
	for field, value := range map[string]string{"first_name": c.Input.FirstName, "last_name": c.Input.LastName} {
		if value != "" {
			by[field] = value
		}
	}
	return newest(by)
}

func samePhoneAndName(sent, found contact.Contact) bool {
	return shape.SamePhone(sent, found) && (sent.Name == "" || shape.SameName(sent, found))
}

// decodeKeyed keeps the contact that has our key in the space's field for it.
func decodeKeyed(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	return found(c, r, func(rec record) bool { return shape.Text(rec.More[c.Settings[externalIDField]]) == c.Key })
}

func decodeFound(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		return found(c, r, func(rec record) bool { return same(c.Input.Contact, contactOf(c, rec)) })
	}
}

// found keeps those of a list that are meant. That several filters must all
// pass is not documented; a list that goes on does not prove an absence.
func found(c *connector.Call, r connector.Reply, meant func(record) bool) ([]contact.Contact, error) {
	answer, err := unwrapPage[record](r)
	if err != nil {
		return nil, err
	}
	var matches []contact.Contact
	for _, rec := range answer.Data {
		if match := created(c, rec); meant(rec) {
			match.CreatedAt = shape.MadeAt(c.Input.CreatedAt, match.CreatedAt, match.UpdatedAt)
			matches = append(matches, match)
		}
	}
	if len(matches) == 0 && answer.Page.More {
		return nil, errors.New("the list has more pages")
	}
	return matches, nil
}
