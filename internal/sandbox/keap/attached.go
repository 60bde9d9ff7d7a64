package keap

import (
	"net/http"
	"strconv"
	"strings"

	"crmferry/internal/sandbox/kit"
)

// tags are the account's, by id in the order of their making.
func tags(c *kit.Call) []map[string]any {
	tag := func(id, name string) map[string]any {
		return map[string]any{"id": id, "name": name, "description": nil, "category": nil, "create_time": "2025-01-01T00:00:00Z"}
	}
	list := []map[string]any{tag("101", "VIP"), tag("103", "Newsletter")}
	for _, r := range c.Account.Table("tags").All() {
		list = append(list, r.Data)
	}
	return list
}

func listTags(c *kit.Call) kit.Reply {
	filter, refusal := parseFilter(c, "name", "category_id")
	if refusal != nil {
		return *refusal
	}
	list := []any{}
	for _, tag := range tags(c) {
		if filter.accepts("name", kit.Text(tag, "name")) && filter.accepts("category_id") {
			list = append(list, tag)
		}
	}
	return kit.JSON(http.StatusOK, map[string]any{"tags": list, "next_page_token": nil})
}

func createTag(c *kit.Call) kit.Reply {
	object, err := c.Object()
	if err != nil {
		return *invalid("JSON parse error")
	}
	rules := kit.Schema{"name": {Required: true, Max: 100}, "description": {}, "category": {Type: kit.Map}}
	if issues := rules.Check(object, false); len(issues) > 0 {
		return *invalid(sentence(issues[0]))
	}
	for _, tag := range tags(c) {
		if strings.EqualFold(kit.Text(tag, "name"), kit.Text(object, "name")) {
			return failure(http.StatusConflict, "ALREADY_EXISTS", "A tag of this name exists already")
		}
	}
	id := strconv.FormatUint(1000+c.Account.NextID(), 10)
	made := map[string]any{"id": id, "name": object["name"], "description": object["description"], "category": object["category"], "create_time": stamp(c, c.Now)}
	c.Account.Table("tags").Put(&kit.Record{ID: id, Data: made, CreatedAt: c.Now})
	c.FollowUp("new_tag")
	return kit.JSON(http.StatusCreated, made)
}

func tagByID(c *kit.Call, id string) map[string]any {
	for _, tag := range tags(c) {
		if tag["id"] == id {
			return tag
		}
	}
	return nil
}

// applyTag tells of each contact by itself, always with status 200.
func applyTag(c *kit.Call) kit.Reply {
	object, err := c.Object()
	if err != nil {
		return *invalid("JSON parse error")
	}
	list, _ := object["contact_ids"].([]any)
	ids := kit.Texts(object, "contact_ids")
	switch {
	case len(object) != 1 || len(ids) == 0 || len(ids) != len(list):
		return *invalid("contact_ids must be a list of strings")
	case tagByID(c, c.Var("tag")) == nil:
		return *notFound("Tag")
	}
	results := map[string]any{}
	for _, id := range ids {
		key := id + " " + c.Var("tag")
		switch {
		case c.Account.Contacts.Get(id) == nil:
			results[id] = "CONTACT_DOES_NOT_EXIST"
		case strings.HasPrefix(c.Account.Name, "untaggable"):
			results[id] = "FAILURE"
		default:
			results[id] = "SUCCESS"
			if c.Account.Table("applied").Get(key) == nil {
				c.Account.Table("applied").Put(&kit.Record{ID: key, Data: map[string]any{"tag": c.Var("tag")}, CreatedAt: c.Now}, id)
			}
			c.FollowUp("tag")
		}
	}
	return kit.JSON(http.StatusOK, map[string]any{"results": results})
}

func tagsOf(c *kit.Call) kit.Reply {
	if c.Account.Contacts.Get(c.Var("id")) == nil {
		return *notFound("Contact")
	}
	list := []any{}
	for _, applied := range c.Account.Table("applied").ByKey(c.Var("id")) {
		list = append(list, tagByID(c, applied.Text("tag")))
	}
	return kit.JSON(http.StatusOK, map[string]any{"tags": list, "next_page_token": nil})
}

func addNote(c *kit.Call) kit.Reply {
	if c.Account.Contacts.Get(c.Var("id")) == nil {
		return *notFound("Contact")
	}
	object, err := c.Object()
	if err != nil {
		return *invalid("JSON parse error")
	}
	rules := kit.Schema{
		"title": {}, "text": {}, "user_id": {Required: true}, "type": {OneOf: []string{"APPOINTMENT", "CALL", "EMAIL", "FAX", "LETTER", "OTHER"}},
	}
	issues := rules.Check(object, false)
	user := kit.Text(object, "user_id")
	switch {
	case len(issues) > 0:
		return *invalid(sentence(issues[0]))
	case kit.Text(object, "title")+kit.Text(object, "type") == "":
		return *invalid("title or type must not be blank")
	case !kit.Digits(user) || kit.Missing(user):
		return *notFound("User")
	}
	id := strconv.FormatUint(c.Account.NextID(), 10)
	object["id"], object["contact_id"], object["create_time"] = id, c.Var("id"), stamp(c, c.Now)
	c.Account.Table("notes").Put(&kit.Record{ID: id, Data: object, CreatedAt: c.Now}, c.Var("id"))
	c.FollowUp("note")
	return kit.JSON(http.StatusCreated, object)
}

// listNotes shows the notes of a contact that meet the filter.
func listNotes(c *kit.Call) kit.Reply {
	if c.Account.Contacts.Get(c.Var("id")) == nil {
		return *notFound("Contact")
	}
	filter, refusal := parseFilter(c, "title")
	if refusal != nil {
		return *refusal
	}
	list := []any{}
	for _, note := range c.Account.Table("notes").ByKey(c.Var("id")) {
		if filter.accepts("title", note.Text("title")) {
			list = append(list, note.Data)
		}
	}
	return kit.JSON(http.StatusOK, map[string]any{"notes": list, "next_page_token": nil})
}
