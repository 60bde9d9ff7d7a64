package wix

import (
	"slices"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// query asks for contacts; paths of a filter go past the items of lists:
// https://dev.wix.com/api/rest/contacts/contacts/contacts-v4/query-contacts
func query(filter map[string]any, limit int) connector.Request {
	return connector.Request{Method: "POST", Path: "/contacts/v4/contacts/query", Body: map[string]any{"query": map[string]any{
		"filter": filter, "fieldsets": []string{"FULL"}, "paging": map[string]int{"limit": limit, "offset": 0},
	}}}
}

// encodeFindEmail looks for two spellings: e-mails may be compared to the letter.
func encodeFindEmail(c *connector.Call) (connector.Request, error) {
	address := shape.FirstEmail(c.Input.EmailAddresses)
	spellings := slices.Compact([]string{address, contact.EmailKey(address)})
	return query(map[string]any{"info.emails.email": map[string]any{"$in": spellings}}, 50), nil
}

// encodeFindPhone is for contacts without an e-mail, which are duplicates by phone.
func encodeFindPhone(c *connector.Call) (connector.Request, error) {
	number := c.Input.PhoneNumbers[0].Number
	if e164, ok := contact.E164(number, country(c)); ok {
		return query(map[string]any{"info.phones.e164Phone": map[string]any{"$eq": e164}}, 50), nil
	}
	return query(map[string]any{"info.phones.phone": map[string]any{"$eq": number}}, 50), nil
}

func decodeFound(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		answer, err := connector.DecodeJSON[struct {
			Contacts []record `json:"contacts"`
		}](r)
		found := shape.Each(answer.Contacts, func(rec record) contact.Contact { return rec.contact(c) })
		return shape.Matching(same, c.Input.Contact, found), err
	}
}
