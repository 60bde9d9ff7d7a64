package affinity

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"crmferry/internal/sandbox/kit"
)

const maxPage = 500

// personSchema judges what version 1 documents; other keys are let pass.
func personSchema() kit.Schema {
	return kit.Schema{
		"first_name": {}, "last_name": {}, "emails": {Type: kit.List}, "organization_ids": {Type: kit.List},
	}
}

// judge lists what is wrong with the body of a create, or of an update of
// self.
func judge(c *kit.Call, body map[string]any, self *kit.Record) []string {
	var wrong []string
	for _, name := range []string{"first_name", "last_name", "emails"} {
		value, there := body[name]
		if (self == nil && !there) || (there && value == nil) {
			wrong = append(wrong, "Missing "+name+".")
		}
	}
	for _, issue := range personSchema().Check(body, true) {
		if issue.Problem == kit.WrongType {
			wrong = append(wrong, "Invalid type for "+issue.Path+".")
		}
	}
	emails, _ := body["emails"].([]any)
	for _, value := range emails {
		email, _ := value.(string)
		if !kit.ValidEmail(email) {
			wrong = append(wrong, "Invalid email address in emails.")
			continue
		}
		for _, other := range c.Account.ByEmail(email) {
			if other != self {
				wrong = append(wrong, "An email address in emails is already in use by another person.")
			}
		}
	}
	organizations, _ := body["organization_ids"].([]any)
	for _, id := range organizations {
		if problem := judgeOrganization(id); problem != "" {
			wrong = append(wrong, problem)
		}
	}
	return wrong
}

func judgeOrganization(value any) string {
	_, isText := value.(string)
	id := kit.ID(value)
	switch {
	case isText || !kit.Digits(id):
		return "Invalid type for organization_ids."
	case kit.Missing(id):
		return "organization_id: " + id + " does not exist"
	case strings.HasSuffix(id, "301"):
		return fmt.Sprintf("organization_id: %s no longer exists as it has been merged into %d", id, kit.Int(id)+1)
	}
	return ""
}

// fields picks what a person holds from a body.
func fields(body map[string]any) map[string]any {
	data := map[string]any{}
	for name := range personSchema() {
		if value := body[name]; value != nil {
			data[name] = value
		}
	}
	return data
}

func identity(data map[string]any) kit.Identity {
	return kit.Identity{
		Name:   kit.Join(" ", kit.Text(data, "first_name"), kit.Text(data, "last_name")),
		Emails: kit.Texts(data, "emails"),
	}
}

// show is a person; searches leave the organizations out.
func show(r *kit.Record, whole bool) map[string]any {
	person := map[string]any{"id": kit.Int(r.ID), "type": 0, "primary_email": nil}
	maps.Copy(person, r.Data)
	if emails := kit.Texts(r.Data, "emails"); len(emails) > 0 {
		person["primary_email"] = emails[0]
	}
	if !whole {
		delete(person, "organization_ids")
	}
	return person
}

func create(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return failure(http.StatusForbidden, "authorization", "You are not authorized to do this")
	}
	body, err := c.Object()
	if err != nil {
		return failure(http.StatusBadRequest, "bad-request", "The body is not valid JSON")
	}
	if wrong := judge(c, body, nil); len(wrong) > 0 {
		return invalid(wrong...)
	}
	data := fields(body)
	if data["organization_ids"] == nil {
		data["organization_ids"] = []any{}
	}
	return kit.JSON(http.StatusOK, show(c.Create("create", data), true))
}

func read(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return notFound()
	}
	person := show(r, true)
	person["list_entries"] = []any{}
	if c.Query("with_interaction_dates") == "true" {
		person["interaction_dates"] = map[string]any{"first_email_date": nil, "last_email_date": nil, "last_interaction_date": nil}
	}
	return kit.JSON(http.StatusOK, person)
}

func update(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return notFound()
	}
	body, err := c.Object()
	if err != nil {
		return failure(http.StatusBadRequest, "bad-request", "The body is not valid JSON")
	}
	if wrong := judge(c, body, r); len(wrong) > 0 {
		return invalid(wrong...)
	}
	c.Update(r, fields(body))
	return kit.JSON(http.StatusOK, show(r, true))
}

// search matches the term with any part of an e-mail or of the names.
func search(c *kit.Call) kit.Reply {
	size := maxPage
	if text := c.Query("page_size"); text != "" {
		size = int(kit.Int(text))
	}
	if size < 1 || size > maxPage {
		return invalid("page_size must be between 1 and 500.")
	}
	skip := int(kit.Int(c.Query("page_token")))
	term := strings.ToLower(c.Query("term"))
	persons := []any{}
	var next any
	for _, r := range c.Account.Contacts.All() {
		if !c.Searchable(r) || !matches(r, term) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if len(persons) == size {
			next = strconv.Itoa(int(kit.Int(c.Query("page_token"))) + size)
			break
		}
		persons = append(persons, show(r, false))
	}
	return kit.JSON(http.StatusOK, map[string]any{"persons": persons, "next_page_token": next})
}

func matches(r *kit.Record, term string) bool {
	for _, text := range append(kit.Texts(r.Data, "emails"), r.Text("first_name"), r.Text("last_name"), identity(r.Data).Name) {
		if strings.Contains(strings.ToLower(text), term) {
			return true
		}
	}
	return false
}

func note(c *kit.Call) kit.Reply {
	var in struct {
		PersonIDs []int64 `json:"person_ids"`
		Content   string  `json:"content"`
	}
	if c.Decode(&in) != nil || in.Content == "" {
		return invalid("Missing content.")
	}
	keys := []string{}
	for _, id := range in.PersonIDs {
		key := strconv.FormatInt(id, 10)
		if c.Account.Contacts.Get(key) == nil {
			return invalid("person_ids: a person does not exist")
		}
		keys = append(keys, key)
	}
	id := kit.NumericID(c.Account.Name, c.Account.NextID())
	made := &kit.Record{ID: strconv.FormatInt(id, 10), CreatedAt: c.Now, Data: map[string]any{"content": in.Content}}
	c.Account.Table("notes").Put(made, keys...)
	c.FollowUp("note")
	return kit.JSON(http.StatusOK, map[string]any{
		"id": id, "creator_id": tenantID(c) + 1, "person_ids": in.PersonIDs, "associated_person_ids": in.PersonIDs,
		"organization_ids": []any{}, "opportunity_ids": []any{}, "parent_id": nil, "content": in.Content, "type": 0,
		"created_at": stamp(c.Now), "updated_at": nil,
	})
}
