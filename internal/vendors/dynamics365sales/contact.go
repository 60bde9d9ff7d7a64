package dynamics365sales

import (
	"cmp"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// Headers of a request, and what we prefer: without it, a write has no answer.
// The annotation tells accounts from contacts, and users from teams.
const (
	prefer      = "Prefer"
	preferences = `return=representation,odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"`
	suppression = "MSCRM.SuppressDuplicateDetection"
	ifNoneMatch = "If-None-Match"
)

// columns are those of the table that have a place in a contact:
// https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/contact
type columns struct {
	FirstName         string `json:"firstname,omitempty"`
	LastName          string `json:"lastname,omitempty"`
	JobTitle          string `json:"jobtitle,omitempty"`
	Description       string `json:"description,omitempty"`
	Email1            string `json:"emailaddress1,omitempty"`
	Email2            string `json:"emailaddress2,omitempty"`
	Email3            string `json:"emailaddress3,omitempty"`
	WorkPhone         string `json:"telephone1,omitempty"`
	WorkPhone2        string `json:"business2,omitempty"`
	MobilePhone       string `json:"mobilephone,omitempty"`
	HomePhone         string `json:"telephone2,omitempty"`
	HomePhone2        string `json:"home2,omitempty"`
	OtherPhone        string `json:"telephone3,omitempty"`
	Fax               string `json:"fax,omitempty"`
	AssistantPhone    string `json:"assistantphone,omitempty"`
	Address1Type      int    `json:"address1_addresstypecode,omitempty"`
	Address1Line1     string `json:"address1_line1,omitempty"`
	Address1Line2     string `json:"address1_line2,omitempty"`
	Address1Line3     string `json:"address1_line3,omitempty"`
	Address1City      string `json:"address1_city,omitempty"`
	Address1State     string `json:"address1_stateorprovince,omitempty"`
	Address1Code      string `json:"address1_postalcode,omitempty"`
	Address1Country   string `json:"address1_country,omitempty"`
	Address2Line1     string `json:"address2_line1,omitempty"`
	Address2Line2     string `json:"address2_line2,omitempty"`
	Address2Line3     string `json:"address2_line3,omitempty"`
	Address2City      string `json:"address2_city,omitempty"`
	Address2State     string `json:"address2_stateorprovince,omitempty"`
	Address2Code      string `json:"address2_postalcode,omitempty"`
	Address2Country   string `json:"address2_country,omitempty"`
	Address3Line1     string `json:"address3_line1,omitempty"`
	Address3Line2     string `json:"address3_line2,omitempty"`
	Address3Line3     string `json:"address3_line3,omitempty"`
	Address3City      string `json:"address3_city,omitempty"`
	Address3State     string `json:"address3_stateorprovince,omitempty"`
	Address3Code      string `json:"address3_postalcode,omitempty"`
	Address3Country   string `json:"address3_country,omitempty"`
	Website           string `json:"websiteurl,omitempty"`
	FTPSite           string `json:"ftpsiteurl,omitempty"`
	OverriddenCreated string `json:"overriddencreatedon,omitempty"`
	// Links are written so, and read as the values below.
	AccountBind string `json:"parentcustomerid_account@odata.bind,omitempty"`
	OwnerBind   string `json:"ownerid@odata.bind,omitempty"`
	// Those that are only read.
	ID        string `json:"contactid,omitempty"`
	ETag      string `json:"@odata.etag,omitempty"`
	FullName  string `json:"fullname,omitempty"`
	Parent    string `json:"_parentcustomerid_value,omitempty"`
	ParentIs  string `json:"_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname,omitempty"`
	Owner     string `json:"_ownerid_value,omitempty"`
	OwnerIs   string `json:"_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname,omitempty"`
	CreatedOn string `json:"createdon,omitempty"`
	Modified  string `json:"modifiedon,omitempty"`
}

func recordPath(id string) string { return "/contacts(" + shape.Segment(id) + ")" }

// get is a read, which must not be answered out of a cache.
func get(path string, query url.Values) connector.Request {
	return connector.Request{Method: "GET", Path: path, Query: query, Header: map[string]string{ifNoneMatch: "null"}}
}

// encode makes the record that has our key for its id, and never changes one:
// https://learn.microsoft.com/power-apps/developer/data-platform/webapi/perform-conditional-operations-using-web-api
func encode(c *connector.Call) (connector.Request, error) {
	record, err := encodeColumns(c)
	return connector.Request{Method: "PATCH", Path: recordPath(c.Key), Header: map[string]string{ifNoneMatch: "*"}, Body: record}, err
}

// encodeUpdate never makes a record. An address is written as a whole.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	shape.CreateOnly(c.Input.Contact, c.Warn, contact.CreatedAt)
	record, err := encodeColumns(c)
	record.Known.OverriddenCreated = ""
	for _, prefix := range []string{"address1_", "address2_", "address3_"} {
		record = shape.Whole(record, prefix+"line1", prefix+"line2", prefix+"line3", prefix+"city", prefix+"stateorprovince",
			prefix+"postalcode", prefix+"country")
	}
	return connector.Request{Method: "PATCH", Path: recordPath(c.RemoteID), Header: map[string]string{"If-Match": "*"}, Body: record}, err
}

func encodeColumns(c *connector.Call) (shape.Open[columns], error) {
	in := c.Input
	shape.Named(in.Contact, c.Warn)
	emails := shape.Emails(in.EmailAddresses, 3, c.Warn)
	phones := shape.Phones(in.PhoneNumbers, c.Warn, phoneSlots()...)
	places := slices.Concat(shape.Head(in.Addresses, 3, contact.Addresses, c.Warn), make([]contact.Address, 3))
	urls := shape.URLs(in.URLs, c.Warn,
		shape.Slot{Name: "ftp", Types: []string{"ftp"}}, shape.Slot{Name: "website", Types: []string{"website", shape.Any}})
	account, err1 := bind(in.Account, contact.Account, c.Warn, "accounts")
	owner, err2 := bind(in.Owner, contact.Owner, c.Warn, "systemusers", "teams")
	return shape.Beside(columns{
		FirstName: in.FirstName, LastName: in.LastName, JobTitle: in.Title, Description: in.Description,
		Email1: emails[0], Email2: emails[1], Email3: emails[2],
		WorkPhone: phones["work"], WorkPhone2: phones["work2"], MobilePhone: phones["mobile"], HomePhone: phones["home"],
		HomePhone2: phones["home2"], OtherPhone: phones["other"], Fax: phones["fax"], AssistantPhone: phones["assistant"],
		Address1Type:  typeCode(places[0]),
		Address1Line1: places[0].Street1, Address1Line2: places[0].Street2, Address1City: places[0].City,
		Address1State: places[0].State, Address1Code: places[0].PostalCode, Address1Country: shape.CountryName(places[0].Country),
		Address2Line1: places[1].Street1, Address2Line2: places[1].Street2, Address2City: places[1].City,
		Address2State: places[1].State, Address2Code: places[1].PostalCode, Address2Country: shape.CountryName(places[1].Country),
		Address3Line1: places[2].Street1, Address3Line2: places[2].Street2, Address3City: places[2].City,
		Address3State: places[2].State, Address3Code: places[2].PostalCode, Address3Country: shape.CountryName(places[2].Country),
		Website: shape.Absolute(urls["website"]), FTPSite: shape.Absolute(urls["ftp"]), OverriddenCreated: stamp(in.CreatedAt),
		AccountBind: account, OwnerBind: owner,
	}, choices(in.CustomFields), c.Warn), errors.Join(err1, err2)
}

func phoneSlots() []shape.Slot {
	return []shape.Slot{
		{Name: "work", Types: []string{"work", "phone"}}, {Name: "work2", Types: []string{"work", "phone"}},
		{Name: "mobile", Types: []string{"mobile"}}, {Name: "home", Types: []string{"home"}}, {Name: "home2", Types: []string{"home"}},
		{Name: "fax", Types: []string{"fax"}}, {Name: "assistant", Types: []string{"assistant"}},
		{Name: "other", Types: []string{"other", "mobile", "work", "phone", "home", "assistant"}},
	}
}

// typeCode is the type of the first address; those of the others have none.
func typeCode(a contact.Address) int {
	if shape.OneLine(a) == "" {
		return 0
	}
	switch a.Type {
	case "billing":
		return 1
	case "shipping":
		return 2
	case "", "primary", "default", "work":
		return 3
	default:
		return 4
	}
}

func typeOf(code int) string {
	return map[int]string{1: "billing", 2: "shipping", 3: "primary", 4: "other"}[code]
}

func stamp(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// choices writes lists as columns of several choices want them: "1,2".
func choices(custom map[string]any) map[string]any {
	out := make(map[string]any, len(custom))
	for name, v := range custom {
		if list, isList := v.([]any); isList {
			v = strings.Join(shape.TextList(list), ",")
		}
		out[name] = v
	}
	return out
}

// bind is the address of a record that the contact links: a GUID belongs to
// the first of sets, unless it is written with its set, as in "teams(<GUID>)".
func bind(ref *contact.Reference, field contact.Field, warn shape.Warn, sets ...string) (string, error) {
	id := shape.RefID(ref, field, warn)
	if id == "" {
		return "", nil
	}
	parts := regexp.MustCompile(`^(?:/?([a-z]+)\()?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\)?$`).FindStringSubmatch(id)
	if parts == nil || parts[1] != "" && !slices.Contains(sets, parts[1]) {
		f := fault.New(fault.Invalid, "invalid_id", string(field)+".id must be a GUID for this CRM")
		f.Fields = []string{string(field)}
		return "", f
	}
	return "/" + cmp.Or(parts[1], sets[0]) + "(" + parts[2] + ")", nil
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return get(recordPath(c.RemoteID), nil), nil
}

func encodeFindEmail(c *connector.Call) (connector.Request, error) {
	return search(shape.FirstEmail(c.Input.EmailAddresses), "emailaddress1", "emailaddress2", "emailaddress3"), nil
}

// encodeFindPhone finds numbers that are written in the same way.
func encodeFindPhone(c *connector.Call) (connector.Request, error) {
	return search(shape.PhoneText(c.Input.PhoneNumbers[0]),
		"telephone1", "business2", "mobilephone", "telephone2", "home2", "telephone3", "fax", "assistantphone"), nil
}

// search lists the contacts that have a value in one of several columns, the
// newest first.
func search(value string, names ...string) connector.Request {
	quoted := "'" + strings.ReplaceAll(value, "'", "''") + "'"
	conditions := shape.Each(names, func(name string) string { return name + " eq " + quoted })
	return get("/contacts", url.Values{
		"$filter": {strings.Join(conditions, " or ")}, "$orderby": {"createdon desc"}, "$top": {"50"},
	})
}

// decode reads a record. A write may be answered by its address alone.
func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	if r.Status == 204 {
		_, key, _ := strings.Cut(r.Header.Get("OData-EntityId"), "contacts(")
		id, _, _ := strings.Cut(key, ")")
		return contact.Contact{ID: id}, nil
	}
	record, err := connector.DecodeJSON[shape.Open[columns]](r)
	return contactOf(c, record), err
}

// found keeps those of the answer that are the same as what was sent.
func found(same func(sent, found contact.Contact) bool) func(*connector.Call, connector.Reply) ([]contact.Contact, error) {
	return func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
		answer, err := connector.DecodeJSON[struct {
			Value []shape.Open[columns] `json:"value"`
		}](r)
		all := shape.Each(answer.Value, func(record shape.Open[columns]) contact.Contact { return contactOf(c, record) })
		return shape.Matching(same, c.Input.Contact, all), err
	}
}

func contactOf(c *connector.Call, record shape.Open[columns]) contact.Contact {
	f := record.Known
	first, last, full := shape.NameParts(f.FirstName, f.LastName, f.FullName)
	return contact.Contact{
		ID: f.ID, ETag: f.ETag, FirstName: first, LastName: last, Name: full, Title: f.JobTitle, Description: f.Description,
		EmailAddresses: shape.EmailList(f.Email1, f.Email2, f.Email3),
		PhoneNumbers: shape.PhoneList(
			contact.Phone{Number: f.WorkPhone, Type: "work"}, contact.Phone{Number: f.WorkPhone2, Type: "work"},
			contact.Phone{Number: f.MobilePhone, Type: "mobile"}, contact.Phone{Number: f.HomePhone, Type: "home"},
			contact.Phone{Number: f.HomePhone2, Type: "home"}, contact.Phone{Number: f.OtherPhone, Type: "other"},
			contact.Phone{Number: f.Fax, Type: "fax"}, contact.Phone{Number: f.AssistantPhone, Type: "assistant"}),
		Addresses: shape.AddressList(
			contact.Address{
				Street1: f.Address1Line1, Street2: shape.Join(", ", f.Address1Line2, f.Address1Line3), City: f.Address1City,
				State: f.Address1State, PostalCode: f.Address1Code, Country: f.Address1Country, Type: typeOf(f.Address1Type),
			},
			contact.Address{
				Street1: f.Address2Line1, Street2: shape.Join(", ", f.Address2Line2, f.Address2Line3), City: f.Address2City,
				State: f.Address2State, PostalCode: f.Address2Code, Country: f.Address2Country,
			},
			contact.Address{
				Street1: f.Address3Line1, Street2: shape.Join(", ", f.Address3Line2, f.Address3Line3), City: f.Address3City,
				State: f.Address3State, PostalCode: f.Address3Code, Country: f.Address3Country,
			}),
		URLs:    shape.URLList(contact.URL{URL: f.Website, Type: "website"}, contact.URL{URL: f.FTPSite, Type: "ftp"}),
		Account: f.account(), Owner: f.owner(), CustomFields: shape.Pick(record.More, c.Input.CustomFields),
		CreatedAt: connector.TimeOf(f.CreatedOn), UpdatedAt: connector.TimeOf(f.Modified),
	}
}

// account is the parent, unless that is another contact.
func (f columns) account() *contact.Reference {
	if f.ParentIs != "" && f.ParentIs != "account" {
		return nil
	}
	return shape.Ref(f.Parent, "")
}

func (f columns) owner() *contact.Reference {
	if f.OwnerIs == "team" {
		return shape.Ref("teams("+f.Owner+")", "")
	}
	return shape.Ref(f.Owner, "")
}
