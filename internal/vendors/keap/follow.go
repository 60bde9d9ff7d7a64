package keap

import (
	"net/url"
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// Tags are applied by their ids: a name is looked up, and made where there is
// none.
const (
	tags     = "tags"
	newTags  = "new tags"
	lateTags = "late tags"
)

type tag struct {
	ID   id     `json:"id,omitempty"`
	Name string `json:"name"`
}

func namedTags(c *connector.Call) []string {
	var names []string
	for _, t := range c.Input.Tags {
		if t.ID == "" {
			names = append(names, t.Name)
		}
	}
	return names
}

// missing lists the names for which earlier discoveries gave no id.
func missing(discoveries ...string) func(c *connector.Call) []string {
	return func(c *connector.Call) []string {
		return slices.DeleteFunc(namedTags(c), func(name string) bool { return foundTag(c, name, discoveries...) != "" })
	}
}

func foundTag(c *connector.Call, name string, discoveries ...string) string {
	for _, discovery := range discoveries {
		if found := connector.Prepared[id](c, discovery, name); found != "" {
			return string(found)
		}
	}
	return ""
}

func askTag(_ *connector.Call, name string) (connector.Request, error) {
	return filtered("/tags", "name=="+name), nil
}

func learnTag(_ *connector.Call, name string, r connector.Reply) (any, error) {
	answer, err := connector.DecodeJSON[struct {
		Tags []tag `json:"tags"`
	}](r)
	at := slices.IndexFunc(answer.Tags, func(t tag) bool { return contact.SameText(t.Name, name) })
	if at < 0 {
		return id(""), err
	}
	return answer.Tags[at].ID, err
}

func makeTag(_ *connector.Call, name string) (connector.Request, error) {
	return connector.Request{Method: "POST", Path: "/tags", Body: tag{Name: name}}, nil
}

func learnMade(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	made, err := connector.DecodeJSON[tag](r)
	return made.ID, err
}

func tagID(c *connector.Call, t contact.Tag) string {
	if t.ID != "" {
		return t.ID
	}
	return foundTag(c, t.Name, tags, newTags, lateTags)
}

func warnOfTags(c *connector.Call) {
	for i, t := range c.Input.Tags {
		if tagID(c, t) == "" {
			c.Warn(shape.At(contact.Tags, i), shape.Unresolved, "Keap has no tag of that name, and let none be made")
		}
	}
}

func warnOfNote(c *connector.Call) {
	if c.Input.Description != "" && authorOf(c) == "" {
		c.Warn(string(contact.Description), shape.Unresolved, "Keap names no user in whose name the note could be written")
	}
}

// follow writes the note and applies the tags.
func follow(c *connector.Call, created contact.Contact) []connector.Step {
	steps := note(c, created.ID)
	for i, t := range c.Input.Tags {
		tagID := tagID(c, t)
		if tagID == "" {
			continue
		}
		steps = append(steps, connector.Step{
			ID: shape.At(contact.Tags, i), Path: shape.At(contact.Tags, i), Idempotent: true, Read: applied(created.ID),
			Request: connector.Request{
				Method: "POST", Path: "/tags/" + shape.Segment(tagID) + "/contacts:applyTags", Body: map[string][]string{"contact_ids": {created.ID}},
			},
			Done: func(out *contact.Contact) {
				out.Tags = append(out.Tags, shape.NewTags([]contact.Tag{{ID: tagID, Name: t.Name}}, out.Tags)...)
			},
		})
	}
	return steps
}

// applied looks for the contact among the results, which come with a success
// even if nothing was done. Their words are not documented.
func applied(contactID string) func(connector.Reply) error {
	return func(r connector.Reply) error {
		answer, err := connector.DecodeJSON[struct {
			Results map[string]string `json:"results"`
		}](r)
		word, told := answer.Results[contactID]
		if err != nil || len(answer.Results) == 0 || told && !negative(word) {
			return nil
		}
		return &connector.VendorError{Code: word, Message: "Keap did not apply the tag"}
	}
}

func negative(word string) bool {
	return slices.ContainsFunc([]string{"not", "fail", "error", "invalid", "denied", "unable"}, func(sign string) bool {
		return strings.Contains(strings.ToLower(word), sign)
	})
}

const noteTitle = "Description"

// note holds the description, for which a contact has no other place:
// https://github.com/infusionsoft/keap-sdk/blob/main/sdks/v2/python/docs/NoteApi.md
func note(c *connector.Call, contactID string) []connector.Step {
	in, path := c.Input, recordPath(contactID)+"/notes"
	if in.Description == "" || authorOf(c) == "" {
		return nil
	}
	return []connector.Step{{
		ID: "note", Path: string(contact.Description),
		Request: connector.Request{Method: "POST", Path: path, Body: map[string]string{
			"title": noteTitle, "text": in.Description, "user_id": authorOf(c),
		}},
		Check: &connector.Check{
			Request: connector.Request{Method: "GET", Path: path, Query: url.Values{"filter": {"title==" + noteTitle}}},
			Applied: func(r connector.Reply) (bool, error) { return noted(r, in.Description) },
		},
		Done: func(out *contact.Contact) { out.Description = in.Description },
	}}
}

func noted(r connector.Reply, text string) (bool, error) {
	answer, err := connector.DecodeJSON[struct {
		Notes []struct {
			Text string `json:"text"`
		} `json:"notes"`
	}](r)
	for _, n := range answer.Notes {
		if contact.SameText(n.Text, text) {
			return true, err
		}
	}
	return false, err
}
