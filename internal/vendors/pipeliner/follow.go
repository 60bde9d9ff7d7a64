package pipeliner

import (
	"slices"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// decodeCreated takes what was nested in a create for stored where the answer
// has an address for it.
func decodeCreated(c *connector.Call, r connector.Reply) (contact.Contact, error) {
	rec, err := unwrap[record](r)
	return created(c, rec), err
}

func created(c *connector.Call, rec record) contact.Contact {
	out, sent := contactOf(c, rec), tagged(c, nil)
	if len(rec.Known.Relations) > 0 && rec.Known.PrimaryAccount == "" {
		out.Account = linkedTo(c, out.Account)
	}
	if len(rec.Known.Tags) >= len(sent) {
		out.Tags = bareTags(sent)
	}
	if rec.Known.Social != nil {
		out.URLs = urlList(socialMedia(c, nil))
	}
	return out
}

// linkedTo adds the account that was sent to what the answer says of it.
func linkedTo(c *connector.Call, answered *contact.Reference) *contact.Reference {
	return shape.Ref(shape.RefID(c.Input.Account, contact.Account, nil), shape.RefName(answered))
}

// follow makes up for what a create left out: that it takes nested entities is
// in its schema, but in none of the vendor's examples.
func follow(c *connector.Call, made contact.Contact) []connector.Step {
	var steps []connector.Step
	if id := shape.RefID(c.Input.Account, contact.Account, nil); id != "" && (made.Account == nil || made.Account.ID == "") {
		steps = append(steps, linkAccount(c, made.ID, id))
	}
	if len(made.Tags) == 0 {
		for _, t := range tagged(c, nil) {
			steps = append(steps, linkTag(c, made.ID, t))
		}
	}
	if social := socialMedia(c, nil); social != nil && len(made.URLs) == 0 {
		steps = append(steps, linkSocial(c, made.ID, social))
	}
	return steps
}

func linkAccount(c *connector.Call, id, account string) connector.Step {
	return connector.Step{
		ID: "account", Path: string(contact.Account), Read: success,
		Request: connector.Request{
			Method: "POST", Path: "/ContactAccountRelations",
			Body: relation{ContactID: id, AccountID: account, IsPrimary: true, Position: c.Input.Title},
		},
		Check: check(c, func(f fields) bool { return len(f.Relations) > 0 || f.PrimaryAccount != "" }),
		Done:  func(out *contact.Contact) { out.Account = shape.Ref(account, shape.RefName(out.Account)) },
	}
}

func linkTag(c *connector.Call, id string, tag placedTag) connector.Step {
	return connector.Step{
		ID: tag.path, Path: tag.path, Read: success,
		Request: connector.Request{Method: "POST", Path: "/TagRelations", Body: tagLink{ContactID: id, TagID: tag.ID}},
		Check: check(c, func(f fields) bool {
			return slices.ContainsFunc(tagList(f.Tags), func(t contact.Tag) bool { return t.ID == tag.ID })
		}),
		Done: func(out *contact.Contact) { out.Tags = append(out.Tags, tag.Tag) },
	}
}

// linkSocial makes the entity that has the contact's own id.
func linkSocial(c *connector.Call, id string, social *entity[sites]) connector.Step {
	body := sites{"id": id}
	for member, address := range social.of {
		body[member] = address
	}
	return connector.Step{
		ID: "social_media", Path: string(contact.URLs), Read: success,
		Request: connector.Request{Method: "POST", Path: "/ContactSocialRelations", Body: body},
		Check:   check(c, func(f fields) bool { return f.Social != nil }),
		Done:    func(out *contact.Contact) { out.URLs = urlList(social) },
	}
}

func success(r connector.Reply) error {
	_, err := unwrap[any](r)
	return err
}

// check reads the contact to see whether a link is there.
func check(c *connector.Call, linked func(fields) bool) *connector.Check {
	return &connector.Check{
		Request: readRequest(c.RemoteID),
		Applied: func(r connector.Reply) (bool, error) {
			rec, err := unwrap[record](r)
			return linked(rec.Known), err
		},
	}
}
