package planhat

import (
	"net/url"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

const (
	definitions = "custom fields"
	companies   = "companies"
)

func needsDefinitions(c *connector.Call) []string {
	if len(c.Input.CustomFields) == 0 {
		return nil
	}
	return []string{""}
}

// https://www.planhat.com/developers/api/customfield
func askDefinitions(*connector.Call, string) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/customfields", Query: url.Values{"limit": {"2000"}}}, nil
}

// learnDefinitions keeps the fields of end users.
func learnDefinitions(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	list, err := connector.DecodeJSON[[]struct {
		Parent  string `json:"parent"`
		Name    string `json:"name"`
		Type    string `json:"type"`
		Options []any  `json:"listValues"`
	}](r)
	var all []shape.Definition
	for _, d := range list {
		if d.Parent == "" || strings.EqualFold(d.Parent, "enduser") {
			all = append(all, shape.Definition{
				Key: d.Name, Label: d.Name, Kind: kinds()[strings.ToLower(d.Type)],
				Options: shape.Each(d.Options, func(v any) shape.Option { return shape.Option{Value: shape.Text(v)} }),
			})
		}
	}
	return all, err
}

func kinds() map[string]shape.Kind {
	return map[string]shape.Kind{
		"text": shape.KindText, "rich text": shape.KindText, "phone": shape.KindText, "number": shape.KindNumber, "rating": shape.KindNumber,
		"checkbox": shape.KindBoolean, "list": shape.KindChoice, "multipicklist": shape.KindChoices,
	}
}

func known(c *connector.Call) []shape.Definition {
	return connector.Prepared[[]shape.Definition](c, definitions, "")
}

// company is the one that the contact or the account's settings name; "" for none.
func company(c *connector.Call) string {
	if in := c.Input.Account; in != nil && in.ID != "" {
		return in.ID
	}
	return c.Settings[defaultCompany]
}

// employer is the company of a new end user. Without one Planhat would guess
// by the e-mail's domain, and drop whom it cannot place.
func employer(c *connector.Call) (string, error) {
	shape.RefID(c.Input.Account, contact.Account, c.Warn)
	id := resolved(c, company(c))
	if _, given := c.Input.RemoteData["companyId"]; id == "" && !given {
		f := fault.New(fault.Invalid, shape.NeedsID, "account.id must name a company, unless the account has a default_company_id")
		f.Fields = []string{string(contact.Account)}
		return "", f
	}
	return id, nil
}

// needsCompany asks for companies that are named by another key than their id:
// end users show the id alone.
func needsCompany(c *connector.Call) []string {
	key := company(c)
	if !strings.HasPrefix(key, "extid-") && !strings.HasPrefix(key, "srcid-") {
		return nil
	}
	return []string{key}
}

func askCompany(_ *connector.Call, key string) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/companies/" + shape.Segment(key)}, nil
}

func learnCompany(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	found, err := connector.DecodeJSON[struct {
		ID string `json:"_id"`
	}](r)
	return found.ID, err
}

// resolved is the id of a company, or its key where that could not be looked up.
func resolved(c *connector.Call, key string) string {
	if id := connector.Prepared[string](c, companies, key); id != "" {
		return id
	}
	return key
}
