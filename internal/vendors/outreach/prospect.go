package outreach

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// attributes are those that we map, of the hundreds that a prospect has:
// https://developers.outreach.io/api/reference/tag/Prospect/
type attributes struct {
	FirstName    string   `json:"firstName,omitempty"`
	LastName     string   `json:"lastName,omitempty"`
	Title        string   `json:"title,omitempty"`
	Note         string   `json:"personalNote1,omitempty"`
	Emails       []string `json:"emails,omitempty"`
	WorkPhones   []string `json:"workPhones,omitempty"`
	MobilePhones []string `json:"mobilePhones,omitempty"`
	HomePhones   []string `json:"homePhones,omitempty"`
	VoipPhones   []string `json:"voipPhones,omitempty"`
	OtherPhones  []string `json:"otherPhones,omitempty"`
	Street       string   `json:"addressStreet,omitempty"`
	Street2      string   `json:"addressStreet2,omitempty"`
	City         string   `json:"addressCity,omitempty"`
	State        string   `json:"addressState,omitempty"`
	Zip          string   `json:"addressZip,omitempty"`
	Country      string   `json:"addressCountry,omitempty"`
	LinkedIn     string   `json:"linkedInUrl,omitempty"`
	Twitter      string   `json:"twitterUrl,omitempty"`
	Facebook     string   `json:"facebookUrl,omitempty"`
	GitHub       string   `json:"githubUrl,omitempty"`
	Overflow     string   `json:"stackOverflowUrl,omitempty"`
	Quora        string   `json:"quoraUrl,omitempty"`
	AngelList    string   `json:"angelListUrl,omitempty"`
	Website1     string   `json:"websiteUrl1,omitempty"`
	Website2     string   `json:"websiteUrl2,omitempty"`
	Website3     string   `json:"websiteUrl3,omitempty"`
	Company      string   `json:"company,omitempty"`
	Tags         []string `json:"tags,omitempty"`
	AddedAt      string   `json:"addedAt,omitempty"`
	Name         string   `json:"name,omitempty"` // read-only, as are the last three
	CreatedAt    string   `json:"createdAt,omitempty"`
	UpdatedAt    string   `json:"updatedAt,omitempty"`
	TouchedAt    string   `json:"touchedAt,omitempty"`
}

type prospect struct {
	Type          string                 `json:"type"`
	ID            json.Number            `json:"id,omitempty"`
	Attributes    shape.Open[attributes] `json:"attributes"`
	Relationships relationships          `json:"relationships,omitzero"`
}

type relationships struct {
	Account relation `json:"account,omitzero"`
	Owner   relation `json:"owner,omitzero"`
}

type relation struct {
	Data *resource `json:"data"`
}

// resource has an integer for its id: a string is refused.
type resource struct {
	Type string      `json:"type"`
	ID   json.Number `json:"id"`
}

type envelope struct {
	Data prospect `json:"data"`
}

func encode(c *connector.Call) (connector.Request, error) {
	owner := cmp.Or(shape.RefID(c.Input.Owner, contact.Owner, c.Warn), c.Settings[defaultOwner])
	body, err := encodeProspect(c, c.Input.Contact, contact.Contact{}, owner)
	return connector.Request{Method: "POST", Path: "/prospects", Body: body}, err
}

// encodeUpdate adds to the lists, which an update replaces as a whole. Of an
// address no old part stays among new ones.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	in, old := c.Input.Contact, c.Existing
	in.EmailAddresses = shape.Extended(old.EmailAddresses, shape.NewEmails(in.EmailAddresses, old.EmailAddresses))
	in.PhoneNumbers = shape.Extended(old.PhoneNumbers, shape.NewPhones(in.PhoneNumbers, old.PhoneNumbers))
	in.Tags = shape.Extended(old.Tags, shape.NewTags(in.Tags, old.Tags))
	in.URLs = shape.NewURLs(in.URLs, old.URLs)
	body, err := encodeProspect(c, in, old, shape.RefID(in.Owner, contact.Owner, c.Warn))
	body.Data.ID = json.Number(c.RemoteID)
	if len(in.Addresses) > 0 {
		maps.Copy(body.Data.Attributes.More, noAddress())
	}
	return connector.Request{Method: "PATCH", Path: recordPath(c), Body: body}, err
}

func recordPath(c *connector.Call) string { return "/prospects/" + shape.Segment(c.RemoteID) }

// encodeProspect writes in over old. A company's name is overwritten by that
// of the account, where there is one. accountName is never sent: it makes
// accounts.
func encodeProspect(c *connector.Call, in, old contact.Contact, ownerID string) (envelope, error) {
	shape.Named(in, c.Warn)
	account, err1 := relate("account", shape.RefID(in.Account, contact.Account, nil), contact.Account)
	owner, err2 := relate("user", ownerID, contact.Owner)
	phones, urls, home := phonesByKind(in.PhoneNumbers), urlsBySlot(c, in.URLs, old.URLs), shape.FirstAddress(in.Addresses, c.Warn)
	return envelope{prospect{
		Type: "prospect", Relationships: relationships{Account: account, Owner: owner},
		Attributes: shape.Open[attributes]{More: custom(c), Known: attributes{
			FirstName: in.FirstName, LastName: in.LastName, Title: in.Title, Note: in.Description,
			Emails:     shape.Emails(in.EmailAddresses, len(in.EmailAddresses), nil),
			WorkPhones: phones["work"], MobilePhones: phones["mobile"], HomePhones: phones["home"],
			VoipPhones: phones["voip"], OtherPhones: phones["other"],
			Street: home.Street1, Street2: home.Street2, City: home.City, State: home.State, Zip: home.PostalCode,
			Country: shape.CountryName(home.Country), LinkedIn: urls["linkedin"], Twitter: urls["twitter"],
			Facebook: urls["facebook"], GitHub: urls["github"], Overflow: urls["stackoverflow"], Quora: urls["quora"],
			AngelList: urls["angellist"], Website1: urls["website"], Website2: urls["website 2"], Website3: urls["website 3"],
			Company: shape.RefName(in.Account), Tags: shape.TagNames(in.Tags), AddedAt: instant(in.CreatedAt),
		}},
	}}, errors.Join(err1, err2)
}

func relate(kind, id string, field contact.Field) (relation, error) {
	n, err := shape.Integer(id, field)
	if n == 0 || err != nil {
		return relation{}, err
	}
	return relation{&resource{Type: kind, ID: json.Number(shape.IntegerText(n))}}, nil
}

// phonesByKind sorts numbers into the lists that prospects have.
func phonesByKind(list []contact.Phone) map[string][]string {
	out := map[string][]string{}
	for _, p := range list {
		kind := shape.PhoneType(p.Type)
		switch {
		case strings.Contains(strings.ToLower(p.Type), "voip"):
			kind = "voip"
		case kind == "phone":
			kind = "work"
		case kind != "work" && kind != "mobile" && kind != "home":
			kind = "other"
		}
		out[kind] = append(out[kind], shape.PhoneText(p))
	}
	return out
}

// urlsBySlot gives the address for each attribute that one fits. The websites
// that a record has stay.
func urlsBySlot(c *connector.Call, list, old []contact.URL) map[string]string {
	var slots []shape.Slot
	for _, name := range []string{"linkedin", "twitter", "facebook", "github", "stackoverflow", "quora", "angellist"} {
		slots = append(slots, shape.Slot{Name: name, Types: []string{name}})
	}
	for _, name := range []string{"website", "website 2", "website 3"} {
		if !slices.ContainsFunc(old, func(u contact.URL) bool { return u.Type == name }) {
			slots = append(slots, shape.Slot{Name: name, Types: []string{"", shape.Any}})
		}
	}
	placed, left := shape.Fill(shape.Each(list, shape.Network), slots)
	for _, i := range left {
		c.Warn(shape.At(contact.URLs, slices.Index(c.Input.URLs, list[i])), shape.NoRoom, "Outreach has no place left for it")
	}
	out := map[string]string{}
	for name, i := range placed {
		out[name] = list[i].URL
	}
	return out
}

// isSlot says whether an attribute is one of custom1 to custom150.
func isSlot(name string) bool {
	digits, ok := strings.CutPrefix(name, "custom")
	n, err := strconv.Atoi(digits)
	return ok && err == nil && n >= 1 && n <= 150 && digits == strconv.Itoa(n)
}

func custom(c *connector.Call) map[string]any {
	out := map[string]any{}
	for _, name := range shape.Keys(c.Input.CustomFields) {
		if !isSlot(name) {
			c.Warn(string(contact.CustomFields)+"/"+name, shape.Unresolved, "Outreach's custom fields are custom1 to custom150")
			continue
		}
		out[name] = shape.Text(c.Input.CustomFields[name])
	}
	return out
}

// noAddress are the parts of an address, all empty.
func noAddress() map[string]any {
	return map[string]any{
		"addressStreet": nil, "addressStreet2": nil, "addressCity": nil, "addressState": nil, "addressZip": nil, "addressCountry": nil,
	}
}

func instant(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05.000Z")
}

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: recordPath(c)}, nil
}

// encodeFind looks for all addresses: whichever is taken keeps the prospect
// out. In a plain filter commas part values, and two dots make a range.
func encodeFind(c *connector.Call) (connector.Request, error) {
	special := func(email string) bool { return strings.Contains(email, ",") || strings.Contains(email, "..") }
	emails := shape.Emails(c.Input.EmailAddresses, len(c.Input.EmailAddresses), nil)
	query := url.Values{"filter[emails]": {strings.Join(slices.DeleteFunc(slices.Clone(emails), special), ",")}}
	if special(emails[0]) {
		query = url.Values{"newFilterSyntax": {"true"}, "filter[emails][]": {emails[0]}}
	}
	return connector.Request{Method: "GET", Path: "/prospects", Query: query}, nil
}

func decode(_ *connector.Call, r connector.Reply) (contact.Contact, error) {
	answer, err := connector.DecodeJSON[envelope](r)
	return answer.Data.contact(), err
}

func decodeFound(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
	answer, err := connector.DecodeJSON[struct {
		Data []prospect `json:"data"`
	}](r)
	return shape.Matching(anyEmail, c.Input.Contact, shape.Each(answer.Data, prospect.contact)), err
}

// anyEmail says whether a record has one of the addresses that were sent.
func anyEmail(sent, found contact.Contact) bool {
	return len(shape.NewEmails(sent.EmailAddresses, found.EmailAddresses)) < len(sent.EmailAddresses)
}

func (p prospect) contact() contact.Contact {
	a := p.Attributes.Known
	return contact.Contact{
		ID: p.ID.String(), FirstName: a.FirstName, LastName: a.LastName, Name: cmp.Or(a.Name, contact.JoinName(a.FirstName, a.LastName)),
		Title: a.Title, Description: a.Note, EmailAddresses: shape.EmailList(a.Emails...), PhoneNumbers: a.phones(),
		Addresses: shape.AddressList(contact.Address{
			Street1: a.Street, Street2: a.Street2, City: a.City, State: a.State, PostalCode: a.Zip, Country: a.Country,
		}),
		URLs: shape.URLList(
			contact.URL{URL: a.LinkedIn, Type: "linkedin"}, contact.URL{URL: a.Twitter, Type: "twitter"},
			contact.URL{URL: a.Facebook, Type: "facebook"}, contact.URL{URL: a.GitHub, Type: "github"},
			contact.URL{URL: a.Overflow, Type: "stackoverflow"}, contact.URL{URL: a.Quora, Type: "quora"},
			contact.URL{URL: a.AngelList, Type: "angellist"}, contact.URL{URL: a.Website1, Type: "website"},
			contact.URL{URL: a.Website2, Type: "website 2"}, contact.URL{URL: a.Website3, Type: "website 3"}),
		Account: shape.Ref(p.Relationships.Account.id(), a.Company), Owner: shape.Ref(p.Relationships.Owner.id(), ""),
		Tags: shape.TagList(a.Tags), CustomFields: held(p.Attributes.More), CreatedAt: connector.TimeOf(a.CreatedAt),
		UpdatedAt: connector.TimeOf(a.UpdatedAt), LastActivityAt: connector.TimeOf(a.TouchedAt),
	}
}

// phones are the numbers of all lists, typed by their list.
func (a attributes) phones() []contact.Phone {
	var list []contact.Phone
	for _, of := range []struct {
		kind    string
		numbers []string
	}{{"work", a.WorkPhones}, {"mobile", a.MobilePhones}, {"home", a.HomePhones}, {"voip", a.VoipPhones}, {"other", a.OtherPhones}} {
		for _, number := range of.numbers {
			list = append(list, contact.Phone{Number: number, Type: of.kind})
		}
	}
	return shape.PhoneList(list...)
}

// id is empty where a relation has links alone, or nothing at all.
func (r relation) id() string {
	if r.Data == nil {
		return ""
	}
	return r.Data.ID.String()
}

// held are the custom fields that hold something, of all that is not mapped.
func held(more map[string]any) map[string]any {
	out := maps.Clone(more)
	maps.DeleteFunc(out, func(name string, _ any) bool { return !isSlot(name) })
	if len(out) == 0 {
		return nil
	}
	return out
}
