package attio

import (
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// person is the attributes that every workspace has, as
// https://docs.attio.com/docs/standard-objects/standard-objects-people lists
// them, and two that many add.
type person struct {
	Name        []name      `json:"name,omitempty"`
	Emails      []string    `json:"email_addresses,omitempty"`
	Phones      []string    `json:"phone_numbers,omitempty"`
	JobTitle    string      `json:"job_title,omitempty"`
	Description string      `json:"description,omitempty"`
	Company     []reference `json:"company,omitempty"`
	Location    []location  `json:"primary_location,omitempty"`
	LinkedIn    string      `json:"linkedin,omitempty"`
	Twitter     string      `json:"twitter,omitempty"`
	Facebook    string      `json:"facebook,omitempty"`
	Instagram   string      `json:"instagram,omitempty"`
	AngelList   string      `json:"angellist,omitempty"`
	Owner       []actor     `json:"owner,omitempty"`
	Tags        []string    `json:"tags,omitempty"`
}

// name must have all its parts.
type name struct {
	First string `json:"first_name"`
	Last  string `json:"last_name"`
	Full  string `json:"full_name"`
}

type reference struct {
	Object string `json:"target_object"`
	ID     string `json:"target_record_id"`
}

// location must have all its ten keys.
type location struct {
	Line1     *string `json:"line_1"`
	Line2     *string `json:"line_2"`
	Line3     *string `json:"line_3"`
	Line4     *string `json:"line_4"`
	Locality  *string `json:"locality"`
	Region    *string `json:"region"`
	Postcode  *string `json:"postcode"`
	Country   *string `json:"country_code"`
	Latitude  *string `json:"latitude"`
	Longitude *string `json:"longitude"`
}

// actor is a workspace member, by id or by e-mail.
type actor struct {
	Type  string `json:"referenced_actor_type,omitempty"`
	ID    string `json:"referenced_actor_id,omitempty"`
	Email string `json:"workspace_member_email_address,omitempty"`
}

const records = "/objects/people/records"

func encode(c *connector.Call) (connector.Request, error) {
	return write(c, "POST", records), nil
}

// encodeUpdate adds to lists and replaces all else.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	return write(c, "PATCH", recordPath(c)), nil
}

func recordPath(c *connector.Call) string { return records + "/" + shape.Segment(c.RemoteID) }

func write(c *connector.Call, method, path string) connector.Request {
	in := c.Input
	urls := shape.NetworkURLs(in.URLs, c.Warn,
		shape.Slot{Name: "linkedin", Types: []string{"linkedin"}}, shape.Slot{Name: "twitter", Types: []string{"twitter"}},
		shape.Slot{Name: "facebook", Types: []string{"facebook"}}, shape.Slot{Name: "instagram", Types: []string{"instagram"}},
		shape.Slot{Name: "angellist", Types: []string{"angellist"}})
	values := shape.Beside(person{
		Name: names(in.Contact), Emails: shape.Emails(in.EmailAddresses, len(in.EmailAddresses), nil), Phones: phones(c),
		JobTitle: in.Title, Description: in.Description, Company: company(shape.RefID(in.Account, contact.Account, c.Warn)),
		Location: place(c), LinkedIn: urls["linkedin"], Twitter: urls["twitter"], Facebook: urls["facebook"],
		Instagram: urls["instagram"], AngelList: urls["angellist"], Owner: owner(c), Tags: tags(c),
	}, custom(c), c.Warn)
	return connector.Request{Method: method, Path: path, Body: map[string]any{"data": map[string]any{"values": values}}}
}

// names is nil for an update that names nobody.
func names(c contact.Contact) []name {
	if c.Name == "" {
		return nil
	}
	return []name{{First: c.FirstName, Last: c.LastName, Full: c.Name}}
}

// phones are the numbers in E.164: one that is not spoils the whole record.
func phones(c *connector.Call) []string {
	shape.Extensions(c.Input.PhoneNumbers, c.Warn)
	var numbers []string
	for i, p := range c.Input.PhoneNumbers {
		number, ok := contact.E164(p.Number, home(c))
		if !ok {
			c.Warn(shape.At(contact.PhoneNumbers, i), shape.Unusable, "the number cannot be written in international form, which Attio demands")
			continue
		}
		numbers = append(numbers, number)
	}
	return numbers
}

// home is the country that national numbers belong to.
func home(c *connector.Call) string { return shape.FirstAddress(c.Input.Addresses, nil).Country }

func company(id string) []reference {
	if id == "" {
		return nil
	}
	return []reference{{Object: "companies", ID: id}}
}

func place(c *connector.Call) []location {
	list := shape.KnownCountries(shape.Head(c.Input.Addresses, 1, contact.Addresses, c.Warn), c.Warn)
	return shape.Each(list, func(a contact.Address) location {
		return location{
			Line1: orNull(a.Street1), Line2: orNull(a.Street2), Locality: orNull(a.City), Region: orNull(a.State),
			Postcode: orNull(a.PostalCode), Country: orNull(a.Country),
		}
	})
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func member(text string) actor {
	if strings.Contains(text, "@") {
		return actor{Email: text}
	}
	return actor{Type: "workspace-member", ID: text}
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: recordPath(c)}, nil
}

// query lists the records that a filter lets through, the newest first:
// https://docs.attio.com/rest-api/endpoint-reference/people/list-person-records
func query(attribute string, condition any) connector.Request {
	return connector.Request{Method: "POST", Path: records + "/query", Body: map[string]any{
		"filter": map[string]any{attribute: condition},
		"sorts":  []map[string]string{{"attribute": "created_at", "direction": "desc"}}, "limit": 50,
	}}
}

func equal(value string) map[string]string { return map[string]string{"$eq": value} }

func encodeFindEmail(c *connector.Call) (connector.Request, error) {
	email := contact.EmailKey(shape.FirstEmail(c.Input.EmailAddresses))
	return query("email_addresses", map[string]any{"email_address": equal(email)}), nil
}

func encodeFindPhone(c *connector.Call) (connector.Request, error) {
	return query("phone_numbers", equal(firstPhone(c))), nil
}

func encodeFindName(c *connector.Call) (connector.Request, error) {
	return query("name", map[string]any{"full_name": equal(c.Input.Name)}), nil
}

func dialable(c *connector.Call) bool { return firstPhone(c) != "" }

func firstPhone(c *connector.Call) string {
	number, _ := contact.E164(c.Input.PhoneNumbers[0].Number, home(c))
	return number
}
