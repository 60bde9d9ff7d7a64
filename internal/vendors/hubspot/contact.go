package hubspot

import (
	"net/url"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

type properties struct {
	FirstName    string `json:"firstname,omitempty"`
	LastName     string `json:"lastname,omitempty"`
	JobTitle     string `json:"jobtitle,omitempty"`
	Email        string `json:"email,omitempty"`
	MoreEmails   string `json:"hs_additional_emails,omitempty"` // read-only
	Phone        string `json:"phone,omitempty"`
	MobilePhone  string `json:"mobilephone,omitempty"`
	Fax          string `json:"fax,omitempty"`
	Address      string `json:"address,omitempty"`
	City         string `json:"city,omitempty"`
	State        string `json:"state,omitempty"`
	Zip          string `json:"zip,omitempty"`
	Country      string `json:"country,omitempty"`
	Website      string `json:"website,omitempty"`
	LinkedIn     string `json:"hs_linkedin_url,omitempty"`
	Company      string `json:"company,omitempty"`
	Owner        string `json:"hubspot_owner_id,omitempty"`
	LastActivity string `json:"notes_last_updated,omitempty"` // read-only
}

type input struct {
	Properties shape.Open[properties] `json:"properties"`
	// Associations is required by the published schema, if only empty.
	Associations []association `json:"associations"`
}

type association struct {
	To    ref    `json:"to"`
	Types []kind `json:"types"`
}

type ref struct {
	ID string `json:"id"`
}

type kind struct {
	Category string `json:"associationCategory"`
	TypeID   int    `json:"associationTypeId"`
}

// Association types, as in AssociationTypes of npm's @hubspot/api-client.
const (
	contactToCompany = 279
	noteToContact    = 202
)

func associate(id string, typeID int) []association {
	if id == "" {
		return []association{}
	}
	return []association{{To: ref{id}, Types: []kind{{"HUBSPOT_DEFINED", typeID}}}}
}

// at is the path of an area of the CRM API. The dated versions stand behind
// the area, v3 before it.
func at(c *connector.Call, area, rest string) string {
	version := c.Settings["api_version"]
	if strings.HasPrefix(version, "v") {
		return "/crm/" + version + "/" + area + rest
	}
	return "/crm/" + area + "/" + version + rest
}

func encode(c *connector.Call) (connector.Request, error) {
	company := shape.RefID(c.Input.Account, contact.Account, nil) // a name alone has a property of its own
	return connector.Request{
		Method: "POST", Path: at(c, "objects", "/contacts"),
		Body: input{Properties: encodeProperties(c), Associations: associate(company, contactToCompany)},
	}, nil
}

func encodeProperties(c *connector.Call) shape.Open[properties] {
	in := c.Input
	shape.Named(in.Contact, c.Warn)
	phones := shape.Phones(in.PhoneNumbers, c.Warn,
		shape.Slot{Name: "phone", Types: []string{"phone", "work", "other", "home", "assistant", "mobile"}},
		shape.Slot{Name: "mobile", Types: []string{"mobile"}}, shape.Slot{Name: "fax", Types: []string{"fax"}})
	urls := shape.URLs(in.URLs, c.Warn,
		shape.Slot{Name: "linkedin", Types: []string{"linkedin"}}, shape.Slot{Name: "website", Types: []string{"website", shape.Any}})
	home := shape.FirstAddress(in.Addresses, c.Warn)
	return shape.Beside(properties{
		FirstName: in.FirstName, LastName: in.LastName, JobTitle: in.Title, Email: shape.FirstEmail(in.EmailAddresses),
		Phone: phones["phone"], MobilePhone: phones["mobile"], Fax: phones["fax"],
		Address: shape.Streets(home, ", "), City: home.City, State: home.State, Zip: home.PostalCode,
		Country: shape.CountryName(home.Country), Website: urls["website"], LinkedIn: urls["linkedin"],
		Company: shape.RefName(in.Account), Owner: shape.RefID(in.Owner, contact.Owner, c.Warn),
	}, shape.Texts(in.CustomFields), c.Warn)
}

// follow adds the further e-mails and the description, which create cannot take:
// https://developers.hubspot.com/docs/api-reference/legacy/crm/objects/contacts/v1/put-contacts-v1-secondary-email-vid-email-email
func follow(c *connector.Call, created contact.Contact) []connector.Step {
	var steps []connector.Step
	for i, e := range c.Input.EmailAddresses {
		if i > 0 {
			steps = append(steps, secondaryEmail(created.ID, shape.At(contact.EmailAddresses, i), e))
		}
	}
	if text := c.Input.Description; text != "" {
		steps = append(steps, describe(c, created.ID, text))
	}
	return steps
}

func secondaryEmail(id, path string, e contact.Email) connector.Step {
	return connector.Step{
		ID: path, Path: path, Idempotent: true,
		Request: connector.Request{
			Method: "PUT", Path: "/contacts/v1/secondary-email/" + shape.Segment(id) + "/email/" + shape.Segment(e.Email),
		},
		Done: func(out *contact.Contact) { out.EmailAddresses = shape.WithEmail(out.EmailAddresses, e.Email) },
	}
}

func describe(c *connector.Call, id, text string) connector.Step {
	return connector.Step{
		ID: "note", Path: string(contact.Description),
		Request: connector.Request{
			Method: "POST", Path: at(c, "objects", "/notes"),
			Body: struct {
				Properties   map[string]string `json:"properties"`
				Associations []association     `json:"associations"`
			}{
				map[string]string{"hs_timestamp": c.At.UTC().Format(time.RFC3339), "hs_note_body": shape.HTML(text)},
				associate(id, noteToContact),
			},
		},
		Done: func(out *contact.Contact) { out.Description = text },
	}
}

// encodeUpdate writes properties alone: an update takes no associations.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	shape.CreateOnly(c.Input.Contact, c.Warn, contact.Description, contact.Account)
	shape.Emails(c.Input.EmailAddresses, 1, c.Warn)
	return connector.Request{
		Method: "PATCH", Path: at(c, "objects", "/contacts/"+shape.Segment(c.RemoteID)),
		Body: map[string]any{"properties": encodeProperties(c)},
	}, nil
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return readBy(c, c.RemoteID, url.Values{}), nil
}

func encodeFind(c *connector.Call) (connector.Request, error) {
	return readBy(c, shape.FirstEmail(c.Input.EmailAddresses), url.Values{"idProperty": {"email"}}), nil
}

func readBy(c *connector.Call, id string, query url.Values) connector.Request {
	wanted := append(shape.Members[properties](), shape.Keys(c.Input.CustomFields)...)
	query.Set("properties", strings.Join(wanted, ","))
	query.Set("associations", "companies")
	return connector.Request{Method: "GET", Path: at(c, "objects", "/contacts/"+shape.Segment(id)), Query: query}
}

type record struct {
	ID           string                 `json:"id"`
	Properties   shape.Open[properties] `json:"properties"`
	CreatedAt    string                 `json:"createdAt"`
	UpdatedAt    string                 `json:"updatedAt"`
	Associations struct {
		Companies struct {
			Results []ref `json:"results"`
		} `json:"companies"`
	} `json:"associations"`
}

func (r record) company() string {
	if linked := r.Associations.Companies.Results; len(linked) > 0 {
		return linked[0].ID
	}
	return ""
}

func (r record) contact(c *connector.Call) contact.Contact {
	p := r.Properties.Known
	return contact.Contact{
		ID: r.ID, FirstName: p.FirstName, LastName: p.LastName, Name: contact.JoinName(p.FirstName, p.LastName), Title: p.JobTitle,
		EmailAddresses: shape.EmailList(append([]string{p.Email}, strings.Split(p.MoreEmails, ";")...)...),
		PhoneNumbers: shape.PhoneList(contact.Phone{Number: p.Phone, Type: "phone"},
			contact.Phone{Number: p.MobilePhone, Type: "mobile"}, contact.Phone{Number: p.Fax, Type: "fax"}),
		Addresses: shape.AddressList(contact.Address{
			Street1: p.Address, City: p.City, State: p.State, PostalCode: p.Zip, Country: p.Country,
		}),
		URLs:    shape.URLList(contact.URL{URL: p.Website, Type: "website"}, contact.URL{URL: p.LinkedIn, Type: "linkedin"}),
		Account: shape.Ref(r.company(), p.Company), Owner: shape.Ref(p.Owner, ""),
		CustomFields: shape.Pick(r.Properties.More, c.Input.CustomFields),
		CreatedAt:    connector.TimeOf(r.CreatedAt), UpdatedAt: connector.TimeOf(r.UpdatedAt),
		LastActivityAt: connector.TimeOf(p.LastActivity),
	}
}

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	rec, err := connector.DecodeJSON[record](r)
	return rec.contact(c), err
}

func decodeCreated(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	rec, err := connector.DecodeJSON[record](r)
	return created(c, rec), err
}

// created adds the company: create refuses a contact whose company it cannot
// link, but does not name it in its answer.
func created(c *connector.Call, rec record) contact.Contact {
	out := rec.contact(c)
	if in := c.Input.Account; in != nil {
		out.Account = shape.Ref(in.ID, shape.RefName(out.Account))
	}
	return out
}

func decodeFound(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	found, err := decode(c, r)
	return []contact.Contact{found}, err
}
