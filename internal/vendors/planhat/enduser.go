package planhat

import (
	"cmp"
	"slices"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

const collection = "/endusers"

// enduser is a contact as written and read:
// https://www.planhat.com/developers/api/enduser
type enduser struct {
	ID          string         `json:"_id,omitempty"` // read-only, as are the last five
	Email       string         `json:"email,omitempty"`
	OtherEmails []string       `json:"otherEmails,omitempty"`
	FirstName   string         `json:"firstName,omitempty"`
	LastName    string         `json:"lastName,omitempty"`
	Position    string         `json:"position,omitempty"`
	Phone       string         `json:"phone,omitempty"`
	CompanyID   string         `json:"companyId,omitempty"`
	ExternalID  string         `json:"externalId,omitempty"`
	Tags        []string       `json:"tags,omitempty"`
	Custom      map[string]any `json:"custom,omitempty"`
	CreateDate  string         `json:"createDate,omitempty"`
	Name        string         `json:"name,omitempty"` // composed of first and last name
	CompanyName string         `json:"companyName,omitempty"`
	UpdatedAt   string         `json:"updatedAt,omitempty"`
	LastActive  string         `json:"lastActive,omitempty"`
	LastTouch   string         `json:"lastTouch,omitempty"`
}

// encode makes an end user under our own key. A caller's externalId in
// remote_data takes its place.
func encode(c *connector.Call) (connector.Request, error) {
	company, err := employer(c)
	body := write(c)
	body.CompanyID, body.ExternalID = company, c.Key
	return connector.Request{Method: "POST", Path: collection, Body: body}, err
}

// encodeUpdate leaves external id and company as they are, unless the contact
// names another company.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	body := write(c)
	body.CompanyID = resolved(c, shape.RefID(c.Input.Account, contact.Account, c.Warn))
	return connector.Request{Method: "PUT", Path: recordPath(c), Body: body}, nil
}

// write fills in all but the keys. Lists are replaced as a whole, so those of
// an existing record stay in them.
func write(c *connector.Call) enduser {
	in, old := c.Input, c.Existing
	shape.Named(in.Contact, c.Warn)
	phones := shape.Phones(in.PhoneNumbers, c.Warn,
		shape.Slot{Name: "phone", Types: []string{"phone", "work", "mobile", "other", "home", "assistant", shape.Any}})
	return enduser{
		Email: shape.FirstEmail(in.EmailAddresses), OtherEmails: otherEmails(in.EmailAddresses, old.EmailAddresses),
		FirstName: in.FirstName, LastName: in.LastName, Position: in.Title, Phone: phones["phone"],
		Tags:       shape.TagNames(shape.Extended(old.Tags, shape.NewTags(in.Tags, old.Tags))),
		Custom:     shape.CustomValues(in.CustomFields, known(c), nil, c.Warn),
		CreateDate: stamp(in.CreatedAt),
	}
}

// otherEmails are all but the first that is sent; a primary address that it
// takes the place of stays among them.
func otherEmails(sent, existing []contact.Email) []string {
	if len(sent) == 0 {
		return nil
	}
	all := append(slices.Clone(existing), shape.NewEmails(sent, existing)...)
	return shape.Each(slices.DeleteFunc(all, func(e contact.Email) bool { return contact.SameEmail(e.Email, sent[0].Email) }),
		func(e contact.Email) string { return e.Email })
}

func stamp(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05.000Z")
}

func recordPath(c *connector.Call) string { return collection + "/" + shape.Segment(c.RemoteID) }

func encodeRead(c *connector.Call) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: recordPath(c)}, nil
}

func decode(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	e, err := connector.DecodeJSON[enduser](r)
	return e.contact(c), err
}

func (e enduser) contact(c *connector.Call) contact.Contact {
	return contact.Contact{
		ID: e.ID, FirstName: e.FirstName, LastName: e.LastName, Name: cmp.Or(e.Name, contact.JoinName(e.FirstName, e.LastName)),
		Title: e.Position, EmailAddresses: shape.EmailList(append([]string{e.Email}, e.OtherEmails...)...),
		PhoneNumbers: shape.PhoneList(contact.Phone{Number: e.Phone}), Account: shape.Ref(e.CompanyID, e.CompanyName),
		Tags: shape.TagList(e.Tags), CustomFields: shape.SentValues(e.Custom, c.Input.CustomFields, known(c)),
		CreatedAt: connector.TimeOf(e.CreateDate), UpdatedAt: connector.TimeOf(e.UpdatedAt),
		LastActivityAt: connector.TimeOf(cmp.Or(e.LastActive, e.LastTouch)),
	}
}

// decodeWritten reads the stored record. A success without its id is none: an
// end user that matches no company is dropped without an error.
// https://help.planhat.com/en/articles/9586991-not-all-end-users-sent-over-api-get-added-to-planhat
func decodeWritten(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	answer, err := connector.DecodeJSON[struct {
		enduser
		Error   any `json:"error"`
		Message any `json:"message"`
	}](r)
	switch {
	case err != nil:
		return contact.Contact{}, err
	case answer.ID == "" && (answer.Error != nil || answer.Message != nil):
		ve := parse(r)
		ve.Kind = cmp.Or(ve.Kind, fault.OutcomeUnknown)
		return contact.Contact{}, &ve
	case answer.ID == "":
		return contact.Contact{}, &connector.VendorError{
			Code: shape.NotStored, Message: "Planhat dropped the end user without an error, as it does when no company matches",
			Fields: []string{"companyId"}, Kind: fault.Invalid, MaybeApplied: true,
		}
	}
	out := answer.contact(c)
	missed(c, out)
	return out, nil
}

// missed reports what the stored record lacks: whether further e-mails and
// unknown custom fields are kept is not documented.
func missed(c *connector.Call, stored contact.Contact) {
	lost := shape.NewEmails(c.Input.EmailAddresses, stored.EmailAddresses)
	for i, e := range c.Input.EmailAddresses {
		if slices.Contains(lost, e) {
			c.Warn(shape.At(contact.EmailAddresses, i), shape.NotStored, "Planhat's answer does not have it")
		}
	}
	for _, name := range shape.Keys(c.Input.CustomFields) {
		if c.Input.CustomFields[name] != nil && stored.CustomFields[name] == nil {
			c.Warn(string(contact.CustomFields)+"/"+name, shape.NotStored, "Planhat's answer does not have it")
		}
	}
}
