package salesforce

import (
	"net/url"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// fields are the standard ones, as in
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_contact.htm
type fields struct {
	ID                string `json:"Id,omitempty"` // read-only, as are the last four
	FirstName         string `json:"FirstName,omitempty"`
	LastName          string `json:"LastName,omitempty"`
	Title             string `json:"Title,omitempty"`
	Description       string `json:"Description,omitempty"`
	Email             string `json:"Email,omitempty"`
	Phone             string `json:"Phone,omitempty"`
	MobilePhone       string `json:"MobilePhone,omitempty"`
	HomePhone         string `json:"HomePhone,omitempty"`
	OtherPhone        string `json:"OtherPhone,omitempty"`
	Fax               string `json:"Fax,omitempty"`
	AssistantPhone    string `json:"AssistantPhone,omitempty"`
	MailingStreet     string `json:"MailingStreet,omitempty"`
	MailingCity       string `json:"MailingCity,omitempty"`
	MailingState      string `json:"MailingState,omitempty"`
	MailingPostalCode string `json:"MailingPostalCode,omitempty"`
	MailingCountry    string `json:"MailingCountry,omitempty"`
	OtherStreet       string `json:"OtherStreet,omitempty"`
	OtherCity         string `json:"OtherCity,omitempty"`
	OtherState        string `json:"OtherState,omitempty"`
	OtherPostalCode   string `json:"OtherPostalCode,omitempty"`
	OtherCountry      string `json:"OtherCountry,omitempty"`
	AccountID         string `json:"AccountId,omitempty"`
	OwnerID           string `json:"OwnerId,omitempty"`
	Name              string `json:"Name,omitempty"`
	CreatedDate       string `json:"CreatedDate,omitempty"`
	LastModifiedDate  string `json:"LastModifiedDate,omitempty"`
	LastActivityDate  string `json:"LastActivityDate,omitempty"`
}

// encode makes the record, by our own key where the org has a field for it:
// https://developer.salesforce.com/docs/platform/api-rest/guide/dome-upsert.html
func encode(c *connector.Call) (connector.Request, error) {
	if field := c.Settings[externalIDField]; field != "" {
		return connector.Request{Method: "PATCH", Path: "/sobjects/Contact/" + field + "/" + c.Key, Body: encodeFields(c)}, nil
	}
	return connector.Request{Method: "POST", Path: "/sobjects/Contact", Body: encodeFields(c)}, nil
}

func encodeFields(c *connector.Call) shape.Open[fields] {
	in := c.Input
	shape.Named(in.Contact, c.Warn)
	phones := shape.Phones(in.PhoneNumbers, c.Warn,
		shape.Slot{Name: "phone", Types: []string{"phone", "work"}}, shape.Slot{Name: "mobile", Types: []string{"mobile"}},
		shape.Slot{Name: "home", Types: []string{"home"}}, shape.Slot{Name: "fax", Types: []string{"fax"}},
		shape.Slot{Name: "assistant", Types: []string{"assistant"}},
		shape.Slot{Name: "other", Types: []string{"other", "work", "phone", "mobile", "home", "assistant"}})
	places := shape.Addresses(in.Addresses, c.Warn,
		shape.Slot{Name: "mailing", Types: []string{"mailing", "primary", "work", "default", "", shape.Any}},
		shape.Slot{Name: "other", Types: []string{"other", "home", shape.Any}})
	mailing, other := places["mailing"], places["other"]
	return shape.Beside(fields{
		FirstName: in.FirstName, LastName: in.LastName, Title: in.Title, Description: in.Description,
		Email: shape.Emails(in.EmailAddresses, 1, c.Warn)[0],
		Phone: phones["phone"], MobilePhone: phones["mobile"], HomePhone: phones["home"],
		OtherPhone: phones["other"], Fax: phones["fax"], AssistantPhone: phones["assistant"],
		MailingStreet: shape.Streets(mailing, "\n"), MailingCity: mailing.City, MailingState: mailing.State,
		MailingPostalCode: mailing.PostalCode, MailingCountry: shape.CountryName(mailing.Country),
		OtherStreet: shape.Streets(other, "\n"), OtherCity: other.City, OtherState: other.State,
		OtherPostalCode: other.PostalCode, OtherCountry: shape.CountryName(other.Country),
		AccountID: shape.RefID(in.Account, contact.Account, c.Warn), OwnerID: shape.RefID(in.Owner, contact.Owner, c.Warn),
	}, shape.Without(shape.Joined(in.CustomFields), c.Settings[externalIDField], c.Warn), c.Warn)
}

func encodeUpdate(c *connector.Call) (connector.Request, error) {
	shape.CreateOnly(c.Input.Contact, c.Warn, contact.Tags)
	return connector.Request{Method: "PATCH", Path: recordPath(c), Body: encodeFields(c)}, nil
}

func decodeUpdated(c *connector.Call, _ connector.Reply) (contact.Contact, error) {
	return contact.Contact{ID: c.RemoteID}, nil
}

func recordPath(c *connector.Call) string { return "/sobjects/Contact/" + shape.Segment(c.RemoteID) }

func encodeRead(c *connector.Call) (connector.Request, error) {
	wanted := append(shape.Members[fields](), shape.Keys(c.Input.CustomFields)...)
	return connector.Request{Method: "GET", Path: recordPath(c), Query: url.Values{"fields": {strings.Join(wanted, ",")}}}, nil
}

func encodeFind(c *connector.Call) (connector.Request, error) {
	return selectFrom("Contact", shape.Members[fields](), "Email", shape.FirstEmail(c.Input.EmailAddresses), " ORDER BY CreatedDate DESC LIMIT 50"), nil
}

// selectFrom is a SOQL query for the records in which a field has a value:
// https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm
func selectFrom(object string, fields []string, field, value, tail string) connector.Request {
	escaped := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value)
	soql := "SELECT " + strings.Join(fields, ",") + " FROM " + object + " WHERE " + field + " = '" + escaped + "'" + tail
	return connector.Request{Method: "GET", Path: "/query", Query: url.Values{"q": {soql}}}
}

// follow assigns tags as topics:
// https://developer.salesforce.com/docs/atlas.en-us.chatterapi.meta/chatterapi/connect_resources_records_topics.htm
func follow(c *connector.Call, created contact.Contact) []connector.Step {
	var steps []connector.Step
	for i, tag := range c.Input.Tags {
		steps = append(steps, connector.Step{
			ID: shape.At(contact.Tags, i), Path: shape.At(contact.Tags, i),
			Request: connector.Request{
				Method: "POST", Path: "/connect/records/" + shape.Segment(created.ID) + "/topics", Body: topicOf(tag),
			},
			Check: &connector.Check{
				Request: selectFrom("TopicAssignment", []string{"TopicId", "Topic.Name"}, "EntityId", created.ID, ""),
				Applied: func(r connector.Reply) (bool, error) { return assigned(r, tag) },
			},
			Done: func(out *contact.Contact) { out.Tags = append(out.Tags, tag) },
		})
	}
	return steps
}

type topic struct {
	ID   string `json:"topicId,omitempty"`
	Name string `json:"topicName,omitempty"`
}

// topicOf names a topic by its id or its name, not by both.
func topicOf(tag contact.Tag) topic {
	if tag.ID != "" {
		return topic{ID: tag.ID}
	}
	return topic{Name: tag.Name}
}

func assigned(r connector.Reply, tag contact.Tag) (bool, error) {
	answer, err := connector.DecodeJSON[struct {
		Records []struct {
			TopicID string `json:"TopicId"`
			Topic   struct{ Name string }
		} `json:"records"`
	}](r)
	for _, a := range answer.Records {
		if a.TopicID == tag.ID || tag.ID == "" && contact.SameText(a.Topic.Name, tag.Name) {
			return true, err
		}
	}
	return false, err
}

// result is the answer to a create, and one element of that to a batch. A
// success status may hold a refusal.
type result struct {
	ID      string    `json:"id"`
	Success bool      `json:"success"`
	Errors  []refusal `json:"errors"`
}

func decodeCreated(_ *connector.Call, r connector.Reply) (contact.Contact, error) {
	made, err := connector.DecodeJSON[result](r)
	if !made.Success && len(made.Errors) > 0 {
		return contact.Contact{}, vendorError(made.Errors)
	}
	return contact.Contact{ID: made.ID}, err
}

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	rec, err := connector.DecodeJSON[shape.Open[fields]](r)
	return contactOf(c, rec), err
}

func decodeFound(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	answer, err := connector.DecodeJSON[struct {
		Records []shape.Open[fields] `json:"records"`
	}](r)
	var list []contact.Contact
	for _, rec := range answer.Records {
		list = append(list, contactOf(c, rec))
	}
	return list, err
}

func contactOf(c *connector.Call, rec shape.Open[fields]) contact.Contact {
	f := rec.Known
	return contact.Contact{
		ID: f.ID, FirstName: f.FirstName, LastName: f.LastName, Name: f.Name, Title: f.Title, Description: f.Description,
		EmailAddresses: shape.EmailList(f.Email),
		PhoneNumbers: shape.PhoneList(
			contact.Phone{Number: f.Phone, Type: "phone"}, contact.Phone{Number: f.MobilePhone, Type: "mobile"},
			contact.Phone{Number: f.HomePhone, Type: "home"}, contact.Phone{Number: f.OtherPhone, Type: "other"},
			contact.Phone{Number: f.Fax, Type: "fax"}, contact.Phone{Number: f.AssistantPhone, Type: "assistant"}),
		Addresses: shape.AddressList(
			contact.Address{
				Street1: f.MailingStreet, City: f.MailingCity, State: f.MailingState, PostalCode: f.MailingPostalCode,
				Country: f.MailingCountry, Type: "mailing",
			},
			contact.Address{
				Street1: f.OtherStreet, City: f.OtherCity, State: f.OtherState, PostalCode: f.OtherPostalCode,
				Country: f.OtherCountry, Type: "other",
			}),
		Account: shape.Ref(f.AccountID, ""), Owner: shape.Ref(f.OwnerID, ""), CustomFields: shape.Pick(rec.More, c.Input.CustomFields),
		CreatedAt: connector.TimeOf(f.CreatedDate), UpdatedAt: connector.TimeOf(f.LastModifiedDate),
		LastActivityAt: connector.TimeOf(f.LastActivityDate),
	}
}
