package onepagecrm

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

func typed(types ...string) kit.Field {
	return kit.Field{Type: kit.List, Of: kit.Schema{"type": {OneOf: types}, "value": {Required: true}}}
}

// schema are the keys that a contact can be given.
func schema() kit.Schema {
	emails := typed("work", "home", "other")
	emails.Of["value"] = kit.Field{Type: kit.Email, Required: true}
	return kit.Schema{
		"first_name": {Max: 25}, "last_name": {Max: 25}, "job_title": {Max: 1000}, "title": {OneOf: []string{"Mr", "Mrs", "Ms"}},
		"company_name": {Max: 55}, "owner_id": {}, "status_id": {}, "lead_source_id": {}, "background": {Max: 10_240},
		"starred": {Type: kit.Bool}, "tags": {Type: kit.List}, "emails": emails,
		"phones": typed("work", "mobile", "home", "direct", "fax", "company", "other"),
		"urls":   typed("website", "blog", "twitter", "linkedin", "xing", "facebook", "google_plus", "other"),
		"address_list": {Type: kit.List, Of: kit.Schema{
			"type":    {OneOf: []string{"work", "home", "billing", "delivery", "other"}},
			"address": {}, "city": {}, "state": {}, "zip_code": {}, "country_code": {},
		}},
		"custom_fields": {Type: kit.List, Of: kit.Schema{"custom_field": {Type: kit.Map, Required: true}, "value": {Type: kit.Any}}},
	}
}

// known picks the keys that mean something.
func known(body map[string]any) map[string]any {
	s := schema()
	kept := maps.Clone(body)
	maps.DeleteFunc(kept, func(name string, _ any) bool { _, ok := s[name]; return !ok })
	return kept
}

// judge lists what is wrong with given values, by the vendor's own words for
// the keys. Self is the contact that is to have them, if there is one.
func judge(c *kit.Call, given map[string]any, self *kit.Record) map[string]string {
	faults := map[string]string{}
	blame := func(path, text string) {
		name, _, _ := strings.Cut(path, ".")
		if name == "company_name" {
			name = "company"
		}
		faults[strings.ReplaceAll(name, "_", "")] = text
	}
	for _, issue := range schema().Check(given, true) {
		switch issue.Problem {
		case kit.TooLong:
			blame(issue.Path, "is too long")
		case kit.Absent:
			blame(issue.Path, "can't be blank")
		default:
			blame(issue.Path, "is invalid")
		}
	}
	if owner := kit.Text(given, "owner_id"); owner != "" && !names(owner) {
		blame("owner_id", "does not exist")
	}
	if list, _ := given["tags"].([]any); len(kit.Texts(given, "tags")) != len(list) {
		blame("tags", "must be strings")
	}
	addresses := kit.Objects(given, "address_list")
	if len(addresses) > 2 {
		blame("address_list", "at most two addresses")
	}
	for _, address := range addresses {
		if code := kit.Text(address, "country_code"); code != "" && !isCountry(code) {
			blame("address_list", "country_code is invalid")
		}
	}
	for _, value := range kit.Objects(given, "custom_fields") {
		if text := judgeCustom(c, value, self); text != "" {
			blame("custom_fields", text)
		}
	}
	return faults
}

func judgeCustom(c *kit.Call, given map[string]any, self *kit.Record) string {
	id := kit.Text(kit.Object(given, "custom_field"), "id")
	fields := customsOf(c.Account.Name)
	at := slices.IndexFunc(fields, func(f custom) bool { return f.ID == id })
	switch {
	case at < 0:
		return "no such custom field"
	case !fields[at].fits(given["value"]):
		return fields[at].Name + " is invalid"
	case fields[at].Type == "external_id":
		for _, other := range c.Account.Contacts.ByKey(customKey(given)) {
			if other != self {
				return fields[at].Name + " has already been taken"
			}
		}
	}
	return ""
}

func (f custom) fits(value any) bool {
	text, isText := value.(string)
	_, isNumber := value.(json.Number)
	switch f.Type {
	case "section_divider":
		return false
	case "number":
		return isNumber || (isText && json.Unmarshal([]byte(text), new(float64)) == nil)
	case "date", "anniversary":
		_, err := time.Parse(time.DateOnly, text)
		return err == nil
	case "multiple_choice":
		list, isList := value.([]any)
		return isList && !slices.ContainsFunc(list, func(one any) bool { text, _ := one.(string); return !slices.Contains(f.Choices, text) })
	case "select_box":
		return slices.Contains(f.Choices, text)
	}
	return isText
}

func customKey(value map[string]any) string {
	return "custom:" + kit.Text(kit.Object(value, "custom_field"), "id") + ":" + kit.ID(value["value"])
}

func identity(data map[string]any) kit.Identity {
	i := kit.Identity{Name: kit.Join(" ", kit.Text(data, "first_name"), kit.Text(data, "last_name"))}
	for _, email := range kit.Objects(data, "emails") {
		i.Emails = append(i.Emails, kit.Text(email, "value"))
	}
	for _, value := range kit.Objects(data, "custom_fields") {
		i.Keys = append(i.Keys, customKey(value))
	}
	return i
}

// blank is a contact without anything.
func blank(account, owner string) map[string]any {
	data := map[string]any{"starred": false, "owner_id": owner, "status": "Lead", "status_id": statusID(account, 1), "company_id": ""}
	for name, field := range schema() {
		if _, there := data[name]; there {
			continue
		}
		data[name] = ""
		if field.Type == kit.List {
			data[name] = []any{}
		}
	}
	return data
}

func seed(a *kit.Account, p kit.Person) map[string]any {
	data := blank(a.Name, newID("user "+a.Name, 1))
	data["first_name"], data["last_name"], data["job_title"] = p.FirstName, p.LastName, p.Title
	if p.Email != "" {
		data["emails"] = []any{map[string]any{"type": "work", "value": p.Email}}
	}
	if p.Phone != "" {
		data["phones"] = []any{map[string]any{"type": "work", "value": p.Phone}}
	}
	return data
}

// acting is the user that the credential names.
func acting(c *kit.Call) string {
	user, _, _ := c.Request.BasicAuth()
	return user
}

// nameless lists the faults of a contact without a name to go by.
func nameless(data map[string]any) map[string]string {
	if kit.Text(data, "last_name") != "" || kit.Text(data, "company_name") != "" {
		return nil
	}
	const text = "Either last name or company name are required to create a Contact."
	return map[string]string{"company": text, "lastname": text}
}

func create(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return failure(http.StatusForbidden, "Forbidden", "forbidden", "You do not have permission to do this.", nil)
	}
	body, err := c.Object()
	if err != nil {
		return invalid(nil)
	}
	given := known(body)
	faults := judge(c, given, nil)
	maps.Copy(faults, nameless(given))
	if len(faults) > 0 {
		return invalid(faults)
	}
	data := blank(c.Account.Name, acting(c))
	lay(c, data, given)
	return contact(c, http.StatusCreated, c.Create("create", data))
}

// lay puts given values over stored ones; a null is none.
func lay(c *kit.Call, data, given map[string]any) {
	for name, value := range given {
		if value != nil && (name != "owner_id" || value != "") {
			data[name] = value
		}
	}
	for _, value := range kit.Objects(given, "custom_fields") {
		for _, f := range customsOf(c.Account.Name) {
			text, isText := value["value"].(string)
			if isText && f.Type == "number" && f.ID == kit.Text(kit.Object(value, "custom_field"), "id") {
				value["value"] = json.Number(strings.TrimSpace(text))
			}
		}
	}
	if name := kit.Text(given, "company_name"); name != "" {
		data["company_id"], data["company_name"] = company(c, name)
	}
}

// update replaces the whole contact, or with partial=true what is given.
func update(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(variable(c, "id"))
	if r == nil {
		return notFound()
	}
	body, err := c.Object()
	if err != nil {
		return invalid(nil)
	}
	given, target := known(body), kit.Text(body, "company_id")
	faults := judge(c, given, r)
	if target != "" && companyName(c, target) == "" {
		faults["companyid"] = "does not exist"
	}
	data := maps.Clone(r.Data)
	if c.Query("partial") != "true" && c.Query("partial") != "1" {
		data = blank(c.Account.Name, r.Text("owner_id"))
	}
	if len(faults) == 0 {
		lay(c, data, given)
		if target != "" {
			data["company_id"], data["company_name"] = target, companyName(c, target)
		}
		maps.Copy(faults, nameless(data))
	}
	if len(faults) > 0 {
		return invalid(faults)
	}
	c.Update(r, data)
	return contact(c, http.StatusOK, r)
}

func assignTag(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return notFound()
	}
	tags := kit.Texts(r.Data, "tags")
	if tag := variable(c, "tag"); !slices.Contains(tags, tag) {
		list, _ := r.Data["tags"].([]any)
		c.Update(r, map[string]any{"tags": append(slices.Clone(list), tag)})
	}
	return contact(c, http.StatusOK, r)
}

func changeOwner(c *kit.Call) kit.Reply {
	r, owner := c.Account.Contacts.Get(c.Var("id")), variable(c, "owner")
	if r == nil || !names(owner) {
		return notFound()
	}
	c.Update(r, map[string]any{"owner_id": owner})
	return contact(c, http.StatusOK, r)
}

func read(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(variable(c, "id"))
	if r == nil {
		return notFound()
	}
	return contact(c, http.StatusOK, r)
}

func contact(c *kit.Call, status int, r *kit.Record) kit.Reply {
	data := map[string]any{"contact": show(c, r), "next_actions": []any{}, "queued_actions": []any{}, "next_action_conflicts": []any{}}
	if id := r.Text("company_id"); id != "" {
		data["company"] = map[string]any{"id": id, "name": r.Text("company_name")}
	}
	return whole(c, status, data)
}

func show(c *kit.Call, r *kit.Record) map[string]any {
	shown, legacy, stamp := maps.Clone(r.Data), is(c, "legacy"), kit.Seconds
	if legacy {
		stamp = kit.Millis
		if shown["company_id"] == "" {
			shown["company_id"] = nil
		}
	}
	shown["id"], shown["created_at"], shown["modified_at"] = r.ID, stamp(r.CreatedAt), stamp(r.UpdatedAt)
	maps.Copy(shown, map[string]any{
		"letter": letter(r.Text("last_name") + r.Text("company_name")), "photo_url": "",
		"pending_deal": false, "total_pendings": 0, "sales_closed_for": []any{}, "closed_sales": []any{},
	})
	addresses := kit.Objects(r.Data, "address_list")
	if len(addresses) == 0 {
		addresses = []map[string]any{{}} // the vendor's placeholder
	}
	list := []any{}
	for _, given := range addresses {
		address := map[string]any{"address": "", "city": "", "state": "", "zip_code": "", "country_code": ""}
		if len(given) > 0 && !legacy {
			address["type"] = "work"
		}
		maps.Copy(address, given)
		if legacy {
			delete(address, "type")
		}
		list = append(list, address)
	}
	shown["address_list"], shown["custom_fields"] = list, showCustoms(c, r)
	return shown
}

func letter(name string) string {
	for _, first := range strings.ToLower(name) {
		return string(first)
	}
	return ""
}

func showCustoms(c *kit.Call, r *kit.Record) []any {
	list := []any{}
	for i, f := range customsOf(c.Account.Name) {
		for _, value := range kit.Objects(r.Data, "custom_fields") {
			if f.ID == kit.Text(kit.Object(value, "custom_field"), "id") {
				list = append(list, map[string]any{"custom_field": f.show(i), "value": value["value"]})
			}
		}
	}
	return list
}
