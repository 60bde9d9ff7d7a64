package nutshell

import (
	"net/url"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// Tags are linked by their ids: a name is looked up, and made where there is
// none. A tag that somebody else makes meanwhile is seen within a minute.
const (
	tags    = "tags"
	newTags = "new tags"
)

type tag struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
	Type string `json:"tagType,omitempty"`
}

type tagDocument struct {
	Tags []tag `json:"tags"`
}

// ofContacts is the type of contact tags: written as the number, told as the word.
const ofContacts = "2"

func namedTags(c *connector.Call) []string {
	var names []string
	for _, t := range c.Input.Tags {
		if t.ID == "" {
			names = append(names, t.Name)
		}
	}
	return names
}

func missingTags(c *connector.Call) []string {
	var names []string
	for _, name := range namedTags(c) {
		if connector.Prepared[string](c, tags, name) == "" {
			names = append(names, name)
		}
	}
	return names
}

func askTag(_ *connector.Call, name string) (connector.Request, error) {
	return connector.Request{Method: "GET", Path: "/tags", Query: url.Values{"q": {name}, "filter[tagType]": {"contacts"}}}, nil
}

func makeTag(_ *connector.Call, name string) (connector.Request, error) {
	return connector.Request{Method: "POST", Path: "/tags", Body: tagDocument{[]tag{{Name: name, Type: ofContacts}}}}, nil
}

// learnTag finds the very name: the search is loose, and other kinds of
// records have tags of the same names.
func learnTag(_ *connector.Call, name string, r connector.Reply) (any, error) {
	answer, err := connector.DecodeJSON[tagDocument](r)
	for _, t := range answer.Tags {
		if contact.SameText(t.Name, name) && (t.Type == "" || t.Type == "contacts" || t.Type == ofContacts) {
			return t.ID, err
		}
	}
	return "", err
}

func tagID(c *connector.Call, t contact.Tag) string {
	if t.ID != "" {
		return reference(t.ID, "tags")
	}
	if id := connector.Prepared[string](c, tags, t.Name); id != "" {
		return id
	}
	return connector.Prepared[string](c, newTags, t.Name)
}

func tagIDs(c *connector.Call) []string {
	var ids []string
	for i, t := range c.Input.Tags {
		id := tagID(c, t)
		if id == "" {
			c.Warn(shape.At(contact.Tags, i), shape.Unresolved, "Nutshell has no tag of that name, and let none be made")
			continue
		}
		ids = append(ids, id)
	}
	return ids
}

// tagList names those tags that the caller named.
func tagList(c *connector.Call, ids []string) []contact.Tag {
	names := map[string]string{}
	for _, t := range c.Input.Tags {
		names[tagID(c, t)] = t.Name
	}
	return shape.Each(ids, func(id string) contact.Tag { return contact.Tag{ID: id, Name: names[id]} })
}
