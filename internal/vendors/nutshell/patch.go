package nutshell

import (
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// operation is one of a JSON Patch, which is Nutshell's way to change a record:
// https://developers.nutshell.com/docs/quickstart
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

func replace(attribute string, value any) operation {
	escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(attribute)
	return operation{Op: "replace", Path: "/contacts/0/" + escaped, Value: value}
}

func patch(id string, ops ...operation) connector.Request {
	return connector.Request{
		Method: "PATCH", Path: recordPath(id), Header: map[string]string{"Content-Type": "application/json-patch+json"}, Body: ops,
	}
}

// follow sets what a create does not take, and puts right what it took in
// another way.
func follow(c *connector.Call, created contact.Contact) []connector.Step {
	var steps []connector.Step
	in := c.Input
	step := func(f contact.Field, done func(*contact.Contact), ops ...operation) {
		steps = append(steps, connector.Step{
			ID: string(f), Path: string(f), Request: patch(created.ID, ops...), Read: refused, Idempotent: true, Done: done,
		})
	}
	if in.Title != "" {
		step(contact.Title, func(out *contact.Contact) { out.Title = in.Title }, replace("jobTitle", in.Title))
	}
	if misparted(in.Contact, created) {
		step(contact.Name, func(out *contact.Contact) { out.FirstName, out.LastName = in.FirstName, in.LastName },
			replace("firstName", in.FirstName), replace("lastName", in.LastName))
	}
	if len(in.Addresses) > 0 && len(created.Addresses) == 0 {
		step(contact.Addresses, func(out *contact.Contact) { out.Addresses = in.Addresses },
			replace("addresses", encodeAddresses(in.Addresses, nil)))
	}
	return steps
}

// misparted says whether Nutshell parted the full name in another place than
// the caller.
func misparted(sent, created contact.Contact) bool {
	return parted(sent) && (!contact.SameText(sent.FirstName, created.FirstName) || !contact.SameText(sent.LastName, created.LastName))
}

func parted(c contact.Contact) bool {
	return contact.SameText(c.Name, contact.JoinName(c.FirstName, c.LastName))
}

// encodeUpdate replaces single values and extends lists. An update that has
// nothing to write reads the record.
func encodeUpdate(c *connector.Call) (connector.Request, error) {
	shape.CreateOnly(c.Input.Contact, c.Warn, contact.Account, contact.Owner, contact.Tags)
	ops := append(append(names(c), texts(c.Input.Contact)...), append(lists(c), customOps(c)...)...)
	if len(ops) == 0 {
		return encodeRead(c)
	}
	return patch(c.RemoteID, ops...), nil
}

func names(c *connector.Call) []operation {
	in := c.Input.Contact
	if !parted(in) {
		return set("name", shape.FullName(in, c.Warn))
	}
	return append(set("firstName", in.FirstName), set("lastName", in.LastName)...)
}

func texts(in contact.Contact) []operation {
	return append(set("jobTitle", in.Title), set("description", in.Description)...)
}

func set(attribute, value string) []operation {
	if value == "" {
		return nil
	}
	return []operation{replace(attribute, value)}
}

// lists keeps the entries that the record has: they are replaced as a whole.
func lists(c *connector.Call) []operation {
	in, old := c.Input, c.Existing
	places := shape.NewAddresses(shape.KnownCountries(in.Addresses, c.Warn), old.Addresses)
	var ops []operation
	if all := shape.Extended(old.EmailAddresses, shape.NewEmails(in.EmailAddresses, old.EmailAddresses)); all != nil {
		ops = append(ops, replace("emails", encodeEmails(all)))
	}
	if all := shape.Extended(old.PhoneNumbers, shape.NewPhones(in.PhoneNumbers, old.PhoneNumbers)); all != nil {
		ops = append(ops, replace("phones", encodePhones(all, in.Addresses)))
	}
	if all := shape.Extended(old.Addresses, places); all != nil {
		ops = append(ops, replace("addresses", encodeAddresses(all, nil)))
	}
	if all := shape.Extended(old.URLs, shape.NewURLs(in.URLs, old.URLs)); all != nil {
		ops = append(ops, replace("urls", encodeURLs(all)))
	}
	return ops
}

func customOps(c *connector.Call) []operation {
	fields := shape.Texts(shape.Without(c.Input.CustomFields, c.Settings[externalIDField], c.Warn))
	return shape.Each(shape.Keys(fields), func(name string) operation { return replace(name, fields[name]) })
}

// decodeUpdated reads an answer with the record, or with nothing.
func decodeUpdated(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	if len(r.Body) == 0 {
		return contact.Contact{ID: c.RemoteID}, nil
	}
	return decode(c, r)
}
