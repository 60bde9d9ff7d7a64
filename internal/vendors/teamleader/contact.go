package teamleader

import (
	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// person is a contact as it is written:
// https://developer.focus.teamleader.eu/docs/api/contacts-add
type person struct {
	ID           string      `json:"id,omitempty"` // of an update
	FirstName    string      `json:"first_name,omitempty"`
	LastName     string      `json:"last_name,omitempty"`
	Emails       []email     `json:"emails,omitempty"`
	Telephones   []telephone `json:"telephones,omitempty"`
	Website      string      `json:"website,omitempty"`
	Addresses    []place     `json:"addresses,omitempty"`
	Remarks      string      `json:"remarks,omitempty"`
	Tags         []string    `json:"tags,omitempty"`
	CustomFields []custom    `json:"custom_fields,omitempty"`
	Strategy     string      `json:"custom_fields_update_strategy,omitempty"`
}

type email struct {
	Type  string `json:"type"`
	Email string `json:"email"`
}

type telephone struct {
	Type   string `json:"type"`
	Number string `json:"number"`
}

type place struct {
	Type    string  `json:"type"`
	Address address `json:"address"`
}

// address must name all of its first four members, even when they are null.
type address struct {
	Line1      *string `json:"line_1"`
	PostalCode *string `json:"postal_code"`
	City       *string `json:"city"`
	Country    string  `json:"country"`
	AreaID     string  `json:"area_level_two_id,omitempty"`
	Area       *area   `json:"area_level_two,omitempty"` // read-only
}

type custom struct {
	ID    string `json:"id"`
	Value any    `json:"value"`
}

// record is a contact as it is read.
type record struct {
	ID         string      `json:"id"`
	FirstName  string      `json:"first_name"`
	LastName   string      `json:"last_name"`
	Emails     []email     `json:"emails"`
	Telephones []telephone `json:"telephones"`
	Website    string      `json:"website"`
	Addresses  []place     `json:"addresses"`
	Companies  []struct {
		Position string `json:"position"`
		Company  struct {
			ID string `json:"id"`
		} `json:"company"`
	} `json:"companies"`
	Remarks      string   `json:"remarks"`
	Tags         []string `json:"tags"`
	CustomFields []struct {
		Definition struct {
			ID string `json:"id"`
		} `json:"definition"`
		Value any `json:"value"`
	} `json:"custom_fields"`
	AddedAt   string `json:"added_at"`
	UpdatedAt string `json:"updated_at"`
}

type envelope struct {
	Data record `json:"data"`
}

func action(path string, body any) (connector.Request, error) {
	return connector.Request{Method: "POST", Path: path, Body: body}, nil
}

func encode(c *connector.Call) (connector.Request, error) {
	p := write(c, c.Input.Contact)
	if company := shape.RefID(c.Input.Account, contact.Account, c.Warn); company == "" && c.Input.Title != "" {
		c.Warn(string(contact.Title), shape.NoRoom, "Teamleader holds a job title only at the company that account links")
	}
	return action("/contacts.add", p)
}

// encodeUpdate sends whole collections: an update replaces them.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	in, old := c.Input.Contact, c.Existing
	shape.CreateOnly(in, c.Warn, contact.Account, contact.Title)
	if len(in.Tags) > 0 {
		in.Tags = shape.Extended(old.Tags, shape.NewTags(in.Tags, old.Tags))
	}
	if len(in.PhoneNumbers) > 0 {
		in.PhoneNumbers = shape.Extended(old.PhoneNumbers, shape.NewPhones(in.PhoneNumbers, old.PhoneNumbers))
	}
	in.Addresses = shape.IntoEmpty(in.Addresses, old.Addresses, contact.Addresses, c.Warn)
	p := write(c, in)
	p.ID, p.Strategy = c.RemoteID, "partial"
	return action("/contacts.update", p)
}

func write(c *connector.Call, in contact.Contact) person {
	shape.Named(in, c.Warn)
	return person{
		FirstName: in.FirstName, LastName: in.LastName, Emails: primary(shape.Emails(in.EmailAddresses, 1, c.Warn)[0]),
		Telephones: shape.Each(in.PhoneNumbers, telephoneOf), Website: website(in.URLs, c.Warn),
		Addresses: places(c, in.Addresses), Remarks: in.Description, Tags: shape.TagNames(in.Tags), CustomFields: customs(c),
	}
}

func primary(text string) []email {
	if text == "" {
		return nil
	}
	return []email{{"primary", text}}
}

func telephoneOf(p contact.Phone) telephone {
	kind := shape.Choice(shape.PhoneType(p.Type), "phone", "phone", "mobile", "fax")
	return telephone{kind, shape.PhoneText(p)}
}

func website(list []contact.URL, warn shape.Warn) string {
	urls := shape.Head(list, 1, contact.URLs, warn)
	if len(urls) == 0 {
		return ""
	}
	return shape.Absolute(urls[0].URL)
}

// places gives each kind of address one; an address without a known country
// cannot be sent at all.
func places(c *connector.Call, list []contact.Address) []place {
	slots := []shape.Slot{
		{Name: "primary", Types: []string{"primary", "work", "home", "", shape.Any}}, {Name: "invoicing", Types: []string{"billing", "invoicing"}},
		{Name: "delivery", Types: []string{"shipping", "delivery"}}, {Name: "visiting", Types: []string{"visiting", "other", shape.Any}},
	}
	sendable, at := withCountry(c, list)
	placed, left := shape.Fill(shape.Each(sendable, func(a contact.Address) string { return a.Type }), slots)
	for _, i := range left {
		c.Warn(shape.At(contact.Addresses, at[i]), shape.NoRoom, "Teamleader holds one address of each kind")
	}
	var out []place
	for _, slot := range slots {
		if i, there := placed[slot.Name]; there {
			out = append(out, place{slot.Name, addressOf(c, sendable[i], at[i])})
		}
	}
	return out
}

func withCountry(c *connector.Call, list []contact.Address) (sendable []contact.Address, at []int) {
	for i, a := range list {
		code, ok := contact.CountryAlpha2(a.Country)
		if !ok {
			c.Warn(shape.At(contact.Addresses, i), shape.Unusable, "Teamleader takes no address without a country of ISO 3166-1")
			continue
		}
		a.Country = code
		sendable, at = append(sendable, a), append(at, i)
	}
	return sendable, at
}

func addressOf(c *connector.Call, a contact.Address, i int) address {
	state := areaOf(c, a.Country, a.State)
	if a.State != "" && state.ID == "" {
		c.Warn(shape.At(contact.Addresses, i)+"/state", shape.Unresolved, "Teamleader lists no such state of that country")
	}
	return address{
		Line1: orNull(shape.Streets(a, ", ")), PostalCode: orNull(a.PostalCode), City: orNull(a.City), Country: a.Country, AreaID: state.ID,
	}
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func customs(c *connector.Call) []custom {
	values := shape.CustomValues(c.Input.CustomFields, known(c), isID, c.Warn)
	return shape.Each(shape.Keys(values), func(id string) custom { return custom{id, values[id]} })
}

// follow links the company, which is the only place for a job title:
// https://developer.focus.teamleader.eu/docs/api/contacts-link-to-company
func follow(c *connector.Call, created contact.Contact) []connector.Step {
	company := shape.RefID(c.Input.Account, contact.Account, nil)
	if company == "" {
		return nil
	}
	return []connector.Step{{
		ID: "company", Path: string(contact.Account),
		Request: connector.Request{Method: "POST", Path: "/contacts.linkToCompany", Body: struct {
			ID        string `json:"id"`
			CompanyID string `json:"company_id"`
			Position  string `json:"position,omitempty"`
		}{created.ID, company, c.Input.Title}},
		Check: &connector.Check{Request: readRequest(created.ID), Applied: func(r connector.Reply) (bool, error) {
			answer, err := connector.DecodeJSON[envelope](r)
			linked := false
			for _, l := range answer.Data.Companies {
				linked = linked || l.Company.ID == company
			}
			return linked, err
		}},
	}}
}

func readRequest(id string) connector.Request {
	return connector.Request{Method: "POST", Path: "/contacts.info", Body: map[string]string{"id": id}}
}

func encodeRead(c *connector.Call) (connector.Request, error) { return readRequest(c.RemoteID), nil }

func decodeID(_ *connector.Call, r connector.Reply) (contact.Contact, error) {
	answer, err := connector.DecodeJSON[envelope](r)
	return contact.Contact{ID: answer.Data.ID}, err
}

// decodeUpdated: the answer to an update is empty.
func decodeUpdated(c *connector.Call, _ connector.Reply) (contact.Contact, error) {
	return contact.Contact{ID: c.RemoteID}, nil
}

func search(filter map[string]any) (connector.Request, error) {
	return action("/contacts.list", map[string]any{
		"filter": filter, "page": page{Size: 100, Number: 1}, "sort": []map[string]string{{"field": "added_at", "order": "desc"}},
	})
}

func encodeFindEmail(c *connector.Call) (connector.Request, error) {
	return search(map[string]any{"email": email{"primary", shape.FirstEmail(c.Input.EmailAddresses)}})
}

func encodeFindPhone(c *connector.Call) (connector.Request, error) {
	return search(map[string]any{"term": c.Input.PhoneNumbers[0].Number})
}

// encodeFindName looks for the last name: a term does not match both together.
func encodeFindName(c *connector.Call) (connector.Request, error) {
	return search(map[string]any{"term": c.Input.LastName})
}

// found keeps those of the answer that are the same as what was sent.
func found(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		answer, err := connector.DecodeJSON[struct {
			Data []record `json:"data"`
		}](r)
		all := shape.Each(answer.Data, func(p record) contact.Contact { return p.contact(c) })
		return shape.Matching(same, c.Input.Contact, all), err
	}
}

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	answer, err := connector.DecodeJSON[envelope](r)
	return answer.Data.contact(c), err
}

func (p record) contact(c *connector.Call) contact.Contact {
	out := contact.Contact{
		ID: p.ID, FirstName: p.FirstName, LastName: p.LastName, Name: contact.JoinName(p.FirstName, p.LastName), Description: p.Remarks,
		EmailAddresses: shape.Each(p.Emails, func(e email) contact.Email { return contact.Email{Email: e.Email, Type: e.Type} }),
		PhoneNumbers: shape.PhoneList(shape.Each(p.Telephones, func(t telephone) contact.Phone {
			return contact.Phone{Number: t.Number, Type: t.Type}
		})...),
		Addresses: shape.AddressList(shape.Each(p.Addresses, func(a place) contact.Address { return a.unified(c) })...),
		URLs:      shape.URLList(contact.URL{URL: p.Website, Type: "website"}), Tags: shape.TagList(p.Tags), CustomFields: p.customs(c),
		CreatedAt: connector.TimeOf(p.AddedAt), UpdatedAt: connector.TimeOf(p.UpdatedAt),
	}
	if len(p.Companies) > 0 {
		out.Account, out.Title = shape.Ref(p.Companies[0].Company.ID, ""), p.Companies[0].Position
	}
	return out
}

func (p place) unified(c *connector.Call) contact.Address {
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	a := p.Address
	out := contact.Address{
		Street1: text(a.Line1), City: text(a.City), PostalCode: text(a.PostalCode), Country: a.Country, Type: p.Type,
	}
	if a.Area != nil {
		out.State = areaOf(c, a.Country, a.Area.ID).Name
	}
	return out
}

// customs are the values that were sent, under the names by which they were.
func (p record) customs(c *connector.Call) map[string]any {
	values := map[string]any{}
	for _, f := range p.CustomFields {
		values[f.Definition.ID] = f.Value
	}
	return shape.SentValues(values, c.Input.CustomFields, known(c))
}
