package zohocrm

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// fields are the standard ones, by their API names.
type fields struct {
	ID             string  `json:"id,omitempty"` // read-only, as are the last four
	FirstName      string  `json:"First_Name,omitempty"`
	LastName       string  `json:"Last_Name,omitempty"`
	Title          string  `json:"Title,omitempty"`
	Description    string  `json:"Description,omitempty"`
	Email          string  `json:"Email,omitempty"`
	SecondaryEmail string  `json:"Secondary_Email,omitempty"`
	Phone          string  `json:"Phone,omitempty"`
	Mobile         string  `json:"Mobile,omitempty"`
	HomePhone      string  `json:"Home_Phone,omitempty"`
	OtherPhone     string  `json:"Other_Phone,omitempty"`
	Fax            string  `json:"Fax,omitempty"`
	AsstPhone      string  `json:"Asst_Phone,omitempty"`
	MailingStreet  string  `json:"Mailing_Street,omitempty"`
	MailingCity    string  `json:"Mailing_City,omitempty"`
	MailingState   string  `json:"Mailing_State,omitempty"`
	MailingZip     string  `json:"Mailing_Zip,omitempty"`
	MailingCountry string  `json:"Mailing_Country,omitempty"`
	OtherStreet    string  `json:"Other_Street,omitempty"`
	OtherCity      string  `json:"Other_City,omitempty"`
	OtherState     string  `json:"Other_State,omitempty"`
	OtherZip       string  `json:"Other_Zip,omitempty"`
	OtherCountry   string  `json:"Other_Country,omitempty"`
	Account        *lookup `json:"Account_Name,omitempty"`
	Owner          *lookup `json:"Owner,omitempty"`
	Tags           []tag   `json:"Tag,omitempty"`
	FullName       string  `json:"Full_Name,omitempty"`
	CreatedTime    string  `json:"Created_Time,omitempty"`
	ModifiedTime   string  `json:"Modified_Time,omitempty"`
	LastActivity   string  `json:"Last_Activity_Time,omitempty"`
}

// lookup points at another record. Ids are texts: they are too long for floats.
type lookup struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

func lookupOf(id string) *lookup {
	if id == "" {
		return nil
	}
	return &lookup{ID: id}
}

func (l *lookup) reference() *contact.Reference {
	if l == nil {
		return nil
	}
	return shape.Ref(l.ID, l.Name)
}

type tag struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
}

type body struct {
	Data []shape.Open[fields] `json:"data"`
	// CheckFields are those by which an upsert finds a record.
	CheckFields []string `json:"duplicate_check_fields,omitempty"`
}

// encode makes the record, by our own key where the org has a field for it:
// https://www.zoho.com/crm/developer/docs/api/v8/upsert-records.html
func encode(c *connector.Call) (connector.Request, error) {
	rec := encodeFields(c)
	in := body{Data: []shape.Open[fields]{rec}}
	if field := c.Settings[externalIDField]; field != "" {
		in.Data[0].More, in.CheckFields = with(rec.More, field, c.Key), []string{field}
	}
	return connector.Request{Method: "POST", Path: createPath(c), Body: in}, nil
}

func with(values map[string]any, name, value string) map[string]any {
	out := map[string]any{}
	maps.Copy(out, values)
	out[name] = value
	return out
}

func createPath(c *connector.Call) string {
	if hasExternalID(c) {
		return "/Contacts/upsert"
	}
	return "/Contacts"
}

// encodeUpdate names the record's tags as well as the new ones: an update may
// replace them.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	rec := encodeFields(c)
	known := c.Existing.Tags
	rec.Known.Tags = tags(shape.Extended(known, shape.NewTags(c.Input.Tags, known)), nil)
	rec = shape.Whole(rec, "Mailing_Street", "Mailing_City", "Mailing_State", "Mailing_Zip", "Mailing_Country")
	rec = shape.Whole(rec, "Other_Street", "Other_City", "Other_State", "Other_Zip", "Other_Country")
	return connector.Request{Method: "PUT", Path: recordPath(c), Body: body{Data: []shape.Open[fields]{rec}}}, nil
}

func encodeFields(c *connector.Call) shape.Open[fields] {
	in := c.Input
	shape.Named(in.Contact, c.Warn)
	emails := shape.Emails(in.EmailAddresses, 2, c.Warn)
	numbers := shape.Phones(phones(in.PhoneNumbers, c.Warn), c.Warn,
		shape.Slot{Name: "phone", Types: []string{"phone", "work"}}, shape.Slot{Name: "mobile", Types: []string{"mobile"}},
		shape.Slot{Name: "home", Types: []string{"home"}}, shape.Slot{Name: "fax", Types: []string{"fax"}},
		shape.Slot{Name: "assistant", Types: []string{"assistant"}},
		shape.Slot{Name: "other", Types: []string{"other", "work", "phone", "mobile", "home", "assistant"}})
	places := shape.Addresses(in.Addresses, c.Warn,
		shape.Slot{Name: "mailing", Types: []string{"mailing", "primary", "work", "default", "", shape.Any}},
		shape.Slot{Name: "other", Types: []string{"other", "home", shape.Any}})
	mailing, other := places["mailing"], places["other"]
	custom := shape.Without(in.CustomFields, c.Settings[externalIDField], c.Warn)
	return shape.Beside(fields{
		FirstName: in.FirstName, LastName: in.LastName, Title: in.Title, Description: in.Description,
		Email: emails[0], SecondaryEmail: emails[1],
		Phone: numbers["phone"], Mobile: numbers["mobile"], HomePhone: numbers["home"],
		OtherPhone: numbers["other"], Fax: numbers["fax"], AsstPhone: numbers["assistant"],
		MailingStreet: shape.Streets(mailing, ", "), MailingCity: mailing.City, MailingState: mailing.State,
		MailingZip: mailing.PostalCode, MailingCountry: shape.CountryName(mailing.Country),
		OtherStreet: shape.Streets(other, ", "), OtherCity: other.City, OtherState: other.State,
		OtherZip: other.PostalCode, OtherCountry: shape.CountryName(other.Country),
		Account: lookupOf(shape.RefID(in.Account, contact.Account, c.Warn)),
		Owner:   lookupOf(shape.RefID(in.Owner, contact.Owner, c.Warn)), Tags: tags(in.Tags, c.Warn),
	}, shape.CustomValues(custom, definitions(c), nil, c.Warn), c.Warn)
}

// tags are known by their names, which hold 25 characters.
func tags(list []contact.Tag, warn shape.Warn) []tag {
	var out []tag
	for i, name := range shape.TagNames(list) {
		out = append(out, tag{Name: shape.Clip(name, 25, shape.At(contact.Tags, i), warn)})
	}
	return out
}

// phones writes numbers in the characters that Zoho takes. One bad number
// would cost the whole contact.
func phones(list []contact.Phone, warn shape.Warn) []contact.Phone {
	shape.Extensions(list, warn)
	out := slices.Clone(list)
	for i, p := range list {
		number := usable(p.Number)
		if number == "" {
			warn(shape.At(contact.PhoneNumbers, i), shape.Unusable, "Zoho takes digits and + - ( ) . , in a phone number")
		}
		out[i] = contact.Phone{Number: number, Type: p.Type}
	}
	return out
}

// phoneCharacters are those that Zoho takes in a phone number.
const phoneCharacters = "0123456789 +-().,"

// usable is the number as it is, or in E.164, or with spaces for what Zoho
// does not take; "" where neither will do.
func usable(number string) string {
	e164, _ := contact.E164(number, "")
	spaced := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || strings.ContainsRune(phoneCharacters, r) {
			return r
		}
		return ' '
	}, number)
	for _, form := range []string{number, e164, spaced} {
		if form != "" && len(form) <= 30 && strings.Trim(form, phoneCharacters) == "" {
			return form
		}
	}
	return ""
}

func recordPath(c *connector.Call) string { return "/Contacts/" + shape.Segment(c.RemoteID) }

// encodeRead asks for at most 50 fields, which is what one read may name.
func encodeRead(c *connector.Call) (connector.Request, error) {
	wanted := append(shape.Members[fields](), customKeys(c)...)
	wanted = wanted[:min(len(wanted), 50)]
	return connector.Request{Method: "GET", Path: recordPath(c), Query: url.Values{"fields": {strings.Join(wanted, ",")}}}, nil
}

func encodeFindEmail(c *connector.Call) (connector.Request, error) {
	email := quoted(shape.FirstEmail(c.Input.EmailAddresses))
	return selectWhere("Email = " + email + " or Secondary_Email = " + email), nil
}

// encodeFindName looks at what is younger than the job: others have that name.
func encodeFindName(c *connector.Call) (connector.Request, error) {
	since := c.At.Add(-time.Minute).UTC().Format("2006-01-02T15:04:05-07:00")
	return selectWhere("(Last_Name = " + quoted(c.Input.LastName) + " and Created_Time >= '" + since + "')"), nil
}

// selectWhere is a COQL query:
// https://www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html
func selectWhere(condition string) connector.Request {
	const columns = "id, First_Name, Last_Name, Email, Secondary_Email, Created_Time, Modified_Time"
	return connector.Request{Method: "POST", Path: "/coql", Body: map[string]string{
		"select_query": "select " + columns + " from Contacts where " + condition + " order by Created_Time desc limit 0, 50",
	}}
}

func quoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	list, err := records(c, r)
	if err != nil || len(list) == 0 {
		return contact.Contact{}, err
	}
	return list[0], nil
}

func decodeFound(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		list, err := records(c, r)
		return shape.Matching(same, c.Input.Contact, list), err
	}
}

func records(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	answer, err := connector.DecodeJSON[struct {
		Data []shape.Open[fields] `json:"data"`
	}](r)
	return shape.Each(answer.Data, func(rec shape.Open[fields]) contact.Contact { return contactOf(c, rec) }), err
}

func contactOf(c *connector.Call, rec shape.Open[fields]) contact.Contact {
	f := rec.Known
	first, last, full := shape.NameParts(f.FirstName, f.LastName, f.FullName)
	return contact.Contact{
		ID: f.ID, FirstName: first, LastName: last, Name: full, Title: f.Title, Description: f.Description,
		EmailAddresses: shape.EmailList(f.Email, f.SecondaryEmail),
		PhoneNumbers: shape.PhoneList(
			contact.Phone{Number: f.Phone, Type: "phone"}, contact.Phone{Number: f.Mobile, Type: "mobile"},
			contact.Phone{Number: f.HomePhone, Type: "home"}, contact.Phone{Number: f.OtherPhone, Type: "other"},
			contact.Phone{Number: f.Fax, Type: "fax"}, contact.Phone{Number: f.AsstPhone, Type: "assistant"}),
		Addresses: shape.AddressList(
			contact.Address{
				Street1: f.MailingStreet, City: f.MailingCity, State: f.MailingState, PostalCode: f.MailingZip,
				Country: f.MailingCountry, Type: "mailing",
			},
			contact.Address{
				Street1: f.OtherStreet, City: f.OtherCity, State: f.OtherState, PostalCode: f.OtherZip,
				Country: f.OtherCountry, Type: "other",
			}),
		Account: f.Account.reference(), Owner: f.Owner.reference(),
		Tags:         shape.Each(f.Tags, func(t tag) contact.Tag { return contact.Tag(t) }),
		CustomFields: shape.SentValues(rec.More, c.Input.CustomFields, definitions(c)),
		CreatedAt:    connector.TimeOf(f.CreatedTime), UpdatedAt: connector.TimeOf(f.ModifiedTime),
		LastActivityAt: connector.TimeOf(f.LastActivity),
	}
}
