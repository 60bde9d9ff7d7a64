package pipeliner

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

const path = "/Contacts"

// fields are the standard ones, as far as we use them.
type fields struct {
	ID             string             `json:"id,omitempty"` // read-only, as are the last five
	FirstName      string             `json:"first_name,omitempty"`
	LastName       string             `json:"last_name,omitempty"`
	Position       string             `json:"account_position,omitempty"`
	Comments       string             `json:"comments,omitempty"`
	Email1         string             `json:"email1,omitempty"`
	Email2         string             `json:"email2,omitempty"`
	Email3         string             `json:"email3,omitempty"`
	Email4         string             `json:"email4,omitempty"`
	Email5         string             `json:"email5,omitempty"`
	Phone1         string             `json:"phone1,omitempty"`
	Phone2         string             `json:"phone2,omitempty"`
	Phone3         string             `json:"phone3,omitempty"`
	Phone4         string             `json:"phone4,omitempty"`
	Phone5         string             `json:"phone5,omitempty"`
	Address        string             `json:"address,omitempty"`
	City           string             `json:"city,omitempty"`
	State          string             `json:"state_province,omitempty"`
	Zip            string             `json:"zip_code,omitempty"`
	Country        string             `json:"country,omitempty"`
	Company        string             `json:"quick_account_name,omitempty"`
	OwnerID        string             `json:"owner_id,omitempty"`
	Created        string             `json:"created,omitempty"`
	Relations      []entity[relation] `json:"account_relations,omitempty"`
	Tags           []entity[tagLink]  `json:"tags,omitempty"`
	Social         *entity[sites]     `json:"social_media,omitempty"`
	FormattedName  string             `json:"formatted_name,omitempty"`
	QuickPosition  string             `json:"position,omitempty"`
	PrimaryAccount string             `json:"primary_account,omitempty"`
	Modified       string             `json:"modified,omitempty"`
	Revision       json.Number        `json:"revision,omitempty"`
}

func encode(c *connector.Call) (connector.Request, error) {
	id, err := owner(c)
	body, values := write(c), custom(c)
	body.OwnerID, body.Created = id, stamp(c.Input.CreatedAt)
	body.Relations, body.Tags, body.Social = relations(c), tagLinks(tagged(c, c.Warn)), socialMedia(c, c.Warn)
	if keyed(c) {
		values[c.Settings[externalIDField]] = c.Key
	}
	return connector.Request{Method: "POST", Path: path, Body: shape.Beside(body, values, c.Warn)}, err
}

// encodeUpdate changes what the contact itself holds; what belongs to it are
// entities of their own.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	shape.CreateOnly(c.Input.Contact, c.Warn, contact.URLs, contact.Tags, contact.CreatedAt)
	body := write(c)
	if c.Input.Account != nil && c.Input.Account.ID != "" {
		shape.CreateOnly(c.Input.Contact, c.Warn, contact.Account)
	}
	body.OwnerID = named(c)
	return connector.Request{Method: "PATCH", Path: path + "/" + shape.Segment(c.RemoteID), Body: shape.Beside(body, custom(c), c.Warn)}, nil
}

func write(c *connector.Call) fields {
	in := c.Input
	shape.Named(in.Contact, c.Warn)
	emails := shape.Emails(in.EmailAddresses, 5, c.Warn)
	phones := five(shape.Each(shape.Head(in.PhoneNumbers, 5, contact.PhoneNumbers, c.Warn), shape.PhoneText))
	home := shape.FirstAddress(in.Addresses, c.Warn)
	return fields{
		FirstName: in.FirstName, LastName: in.LastName, Position: in.Title, Comments: in.Description,
		Email1: emails[0], Email2: emails[1], Email3: emails[2], Email4: emails[3], Email5: emails[4],
		Phone1: phones[0], Phone2: phones[1], Phone3: phones[2], Phone4: phones[3], Phone5: phones[4],
		Address: shape.Streets(home, "\n"), City: home.City, State: home.State, Zip: home.PostalCode,
		Country: shape.CountryName(home.Country), Company: companyName(in.Account),
	}
}

func five(list []string) (slots [5]string) {
	copy(slots[:], list)
	return slots
}

// companyName is the name of an account that is not linked.
func companyName(account *contact.Reference) string {
	if account == nil || account.ID != "" {
		return ""
	}
	return account.Name
}

// named is the owner that the contact names, by id or by e-mail.
func named(c *connector.Call) string {
	email := ownerEmail(c)
	id := connector.Prepared[string](c, clients, email)
	switch {
	case email == "":
		return shape.RefID(c.Input.Owner, contact.Owner, c.Warn)
	case id == "":
		c.Warn(string(contact.Owner), shape.Unresolved, "no user has that e-mail")
	}
	return id
}

// owner is demanded by Pipeliner, be it the account's default one.
func owner(c *connector.Call) (string, error) {
	id := cmp.Or(named(c), c.Settings[defaultOwner])
	if _, given := c.Input.RemoteData["owner_id"]; id == "" && !given {
		f := fault.New(fault.Invalid, shape.NeedsID, "owner must name a user by id or e-mail, unless the account has a default_owner_id")
		f.Fields = []string{string(contact.Owner)}
		return "", f
	}
	return id, nil
}

func stamp(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05")
}

func encodeRead(c *connector.Call) (connector.Request, error) { return readRequest(c.RemoteID), nil }

// readRequest has tags and social media in the answer, not their addresses.
func readRequest(id string) connector.Request {
	return connector.Request{Method: "GET", Path: path + "/" + shape.Segment(id), Query: url.Values{"expand": {"tags.tag,social_media"}}}
}

type record = shape.Open[fields]

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	rec, err := unwrap[record](r)
	return contactOf(c, rec), err
}

func contactOf(c *connector.Call, rec record) contact.Contact {
	f := rec.Known
	street1, street2, _ := strings.Cut(f.Address, "\n")
	return contact.Contact{
		ID: f.ID, FirstName: f.FirstName, LastName: f.LastName, Name: cmp.Or(f.FormattedName, contact.JoinName(f.FirstName, f.LastName)),
		Title: cmp.Or(f.Position, f.QuickPosition), Description: f.Comments,
		EmailAddresses: shape.EmailList(f.Email1, f.Email2, f.Email3, f.Email4, f.Email5),
		PhoneNumbers: shape.PhoneList(shape.Each([]string{f.Phone1, f.Phone2, f.Phone3, f.Phone4, f.Phone5},
			func(number string) contact.Phone { return contact.Phone{Number: number} })...),
		Addresses: shape.AddressList(contact.Address{
			Street1: street1, Street2: street2, City: f.City, State: f.State, PostalCode: f.Zip, Country: f.Country,
		}),
		Account: shape.Ref(lastSegment(f.PrimaryAccount), f.Company), Owner: shape.Ref(f.OwnerID, ""),
		Tags: tagList(f.Tags), URLs: urlList(f.Social),
		CustomFields: shape.SentValues(rec.More, c.Input.CustomFields, definitionsOf(c)),
		CreatedAt:    connector.TimeOf(f.Created), UpdatedAt: connector.TimeOf(f.Modified), ETag: f.Revision.String(),
	}
}

// lastSegment is the id at the end of an entity's address.
func lastSegment(uri string) string { return uri[strings.LastIndexByte(uri, '/')+1:] }
