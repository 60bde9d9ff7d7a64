package keap

import (
	"net/url"
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

const (
	model     = "model"
	companies = "companies"
	caller    = "caller"
	author    = "author"
)

// ask reads something that belongs to the account.
func ask(path string) func(*connector.Call, string) (connector.Request, error) {
	return func(*connector.Call, string) (connector.Request, error) {
		return connector.Request{Method: "GET", Path: path}, nil
	}
}

// filtered lists what meets a filter of the form "name==value". Any other
// query parameter would be ignored, and everything listed.
func filtered(path, filter string) connector.Request {
	return connector.Request{Method: "GET", Path: path, Query: url.Values{"filter": {filter}}}
}

func needsModel(c *connector.Call) []string {
	if len(c.Input.CustomFields) == 0 {
		return nil
	}
	return []string{""}
}

// learnModel gives the custom fields twice: a name in the API goes before a
// label. Older accounts tell the labels alone.
func learnModel(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	answer, err := connector.DecodeJSON[struct {
		Fields []struct {
			ID      id     `json:"id"`
			Label   string `json:"label"`
			Name    string `json:"field_name"`
			Type    string `json:"field_type"`
			Options []struct {
				Label string `json:"label"`
			} `json:"options"`
		} `json:"custom_fields"`
	}](r)
	var named, labelled []shape.Definition
	for _, f := range answer.Fields {
		d := shape.Definition{Key: string(f.ID), Label: f.Label, Kind: kindOf(f.Type)}
		for _, o := range f.Options {
			d.Options = append(d.Options, shape.Option{Value: o.Label})
		}
		labelled = append(labelled, d)
		if d.Label = f.Name; d.Label != "" {
			named = append(named, d)
		}
	}
	return append(named, labelled...), err
}

// kindOf takes the types of version 1 as well: "WholeNumber". Values of types
// whose form is not documented stay as they are.
func kindOf(fieldType string) shape.Kind {
	return map[string]shape.Kind{
		"TEXT": shape.KindText, "TEXTAREA": shape.KindText, "NAME": shape.KindText, "EMAIL": shape.KindText, "PHONENUMBER": shape.KindText,
		"SOCIALSECURITYNUMBER": shape.KindText, "STATE": shape.KindText, "WEBSITE": shape.KindText,
		"WHOLENUMBER": shape.KindNumber, "DECIMALNUMBER": shape.KindNumber, "CURRENCY": shape.KindNumber, "PERCENT": shape.KindNumber,
		"DATE": shape.KindDay, "DROPDOWN": shape.KindChoice, "RADIO": shape.KindChoice, "LISTBOX": shape.KindChoices,
	}[strings.ToUpper(strings.ReplaceAll(fieldType, "_", ""))]
}

func definitions(c *connector.Call) []shape.Definition {
	return connector.Prepared[[]shape.Definition](c, model, "")
}

func namedCompany(c *connector.Call) []string {
	if a := c.Input.Account; a != nil && a.ID == "" {
		return []string{a.Name}
	}
	return nil
}

func askCompany(_ *connector.Call, name string) (connector.Request, error) {
	return filtered("/companies", "company_name=="+name), nil
}

func learnCompany(_ *connector.Call, name string, r connector.Reply) (any, error) {
	answer, err := connector.DecodeJSON[struct {
		Companies []company `json:"companies"`
	}](r)
	at := slices.IndexFunc(answer.Companies, func(co company) bool { return contact.SameText(co.Name, name) })
	if at < 0 {
		return id(""), err
	}
	return answer.Companies[at].ID, err
}

func companyOf(c *connector.Call) *company {
	a := c.Input.Account
	if a == nil {
		return nil
	}
	co := company{ID: id(a.ID)}
	if a.ID == "" {
		co.ID = connector.Prepared[id](c, companies, a.Name)
	}
	if co.ID == "" {
		c.Warn(string(contact.Account), shape.Unresolved, "Keap has no company of that name")
		return nil
	}
	return &co
}

// needsAuthor: a note is somebody's.
func needsAuthor(c *connector.Call) []string {
	if c.Input.Description == "" || c.Input.Owner != nil && c.Input.Owner.ID != "" {
		return nil
	}
	return []string{""}
}

// learnCaller gives the e-mail address of the credentials' user.
func learnCaller(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	who, err := connector.DecodeJSON[struct {
		Email string `json:"email"`
	}](r)
	return who.Email, err
}

// learnAuthor gives the id of the caller among the users, else of the first.
func learnAuthor(c *connector.Call, _ string, r connector.Reply) (any, error) {
	answer, err := connector.DecodeJSON[struct {
		Users []struct {
			ID     id      `json:"id"`
			Email  string  `json:"email_address"`
			Emails []email `json:"email_addresses"`
		} `json:"users"`
	}](r)
	wanted := connector.Prepared[string](c, caller, "")
	for _, u := range answer.Users {
		if slices.ContainsFunc(append(u.Emails, email{Address: u.Email}), func(e email) bool { return contact.SameEmail(e.Address, wanted) }) {
			return string(u.ID), err
		}
	}
	if len(answer.Users) == 0 {
		return "", err
	}
	return string(answer.Users[0].ID), err
}

func authorOf(c *connector.Call) string {
	if owner := c.Input.Owner; owner != nil && owner.ID != "" {
		return owner.ID
	}
	return connector.Prepared[string](c, author, "")
}
