package pipedrive

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

// syncFields exist in accounts with contact sync alone.
func syncFields() []string {
	return []string{"birthday", "im", "job_title", "notes", "postal_address"}
}

// schema are the keys of a create.
func schema() kit.Schema {
	entry := func(value kit.Field) kit.Field {
		value.Required = true
		return kit.Field{Type: kit.List, Of: kit.Schema{"value": value, "primary": {Type: kit.Bool}, "label": {}}}
	}
	address := kit.Schema{"value": {}}
	for _, part := range addressParts() {
		address[part] = kit.Field{}
	}
	return kit.Schema{
		"name": {Required: true}, "owner_id": {Type: kit.Integer}, "org_id": {Type: kit.Integer}, "add_time": {Type: kit.DateTime},
		"emails": entry(kit.Field{Type: kit.Email}), "phones": entry(kit.Field{}), "label_ids": {Type: kit.List},
		"visible_to":       {Type: kit.Integer, OneOf: []string{"1", "3", "5", "7"}},
		"marketing_status": {OneOf: []string{"no_consent", "unsubscribed", "subscribed", "archived"}},
		"job_title":        {}, "notes": {Max: 10_000}, "im": entry(kit.Field{}), "birthday": {Type: kit.Date},
		"postal_address": {Type: kit.Map, Of: address}, "custom_fields": {Type: kit.Map},
	}
}

func addressParts() []string {
	return []string{
		"country", "admin_area_level_1", "admin_area_level_2", "locality", "sublocality", "route", "street_number", "subpremise", "postal_code",
	}
}

// judge tells why a person cannot have the given values; nil when it can.
func judge(c *kit.Call, given map[string]any, partial bool) *kit.Reply {
	refuse := func(reply kit.Reply) *kit.Reply { return &reply }
	for _, name := range syncFields() {
		if _, there := given[name]; there && !is(c, "sync") {
			return refuse(failure(http.StatusForbidden, "Field "+name+" requires contact sync to be enabled"))
		}
	}
	if _, there := given["add_time"]; there && is(c, "nonadmin") {
		return refuse(failure(http.StatusForbidden, "Only admin users can set add_time"))
	}
	if issues := schema().Check(given, partial); len(issues) > 0 {
		if issues[0].Path == "name" && issues[0].Problem == kit.Absent {
			return refuse(failure(http.StatusBadRequest, "Name must be given."))
		}
		return refuse(schemaFailure(issues[0].Path + ": is invalid"))
	}
	for _, name := range []string{"emails", "phones", "im"} {
		if n := primaries(kit.Objects(given, name)); n > 1 {
			return refuse(schemaFailure(name + ": only one can be primary"))
		}
	}
	if strings.Contains(kit.Text(given, "add_time"), ".") {
		return refuse(schemaFailure("add_time: must not have fractional seconds"))
	}
	if list, _ := given["label_ids"].([]any); slices.ContainsFunc(list, func(id any) bool { return id != json.Number("5") && id != json.Number("6") }) {
		return refuse(schemaFailure("label_ids: must be ids of labels"))
	}
	for name, what := range map[string]string{"owner_id": "User", "org_id": "Organization"} {
		if id := kit.ID(given[name]); id != "" && (kit.Missing(id) || !kit.Digits(id)) {
			return refuse(failure(http.StatusBadRequest, what+" not found"))
		}
	}
	return judgeCustoms(c, kit.Object(given, "custom_fields"))
}

func primaries(entries []map[string]any) int {
	n := 0
	for _, entry := range entries {
		n += one(entry["primary"] == true)
	}
	return n
}

func judgeCustoms(c *kit.Call, given map[string]any) *kit.Reply {
	var refusal kit.Reply
	if _, nested := given["custom_fields"]; nested {
		refusal = kit.JSON(http.StatusInternalServerError, map[string]any{"success": false, "error": "Internal Server Error", "code": "ERR_UNKNOWN"})
		return &refusal
	}
	fields := customsOf(c.Account.Name)
	for _, key := range slices.Sorted(maps.Keys(given)) {
		at := slices.IndexFunc(fields, func(f custom) bool { return f.Key == key })
		if at < 0 {
			refusal = schemaFailure("custom_fields." + key + ": is not a known field")
			return &refusal
		}
		if value := given[key]; value != nil && !fields[at].fits(value) {
			refusal = schemaFailure("custom_fields." + key + ": is not a valid " + fields[at].Type)
			return &refusal
		}
	}
	return nil
}

func (f custom) fits(value any) bool {
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	object, _ := value.(map[string]any)
	optionOf := func(id any) bool {
		return slices.ContainsFunc(f.Options, func(o any) bool {
			n, ok := id.(json.Number)
			return ok && n.String() == strconv.Itoa(o.(map[string]any)["id"].(int))
		})
	}
	switch f.Type {
	case "double":
		return isNumber
	case "enum":
		return isNumber && optionOf(number)
	case "set":
		list, _ := value.([]any)
		return len(list) > 0 && !slices.ContainsFunc(list, func(id any) bool { return !optionOf(id) })
	case "date":
		_, err := time.Parse(time.DateOnly, text)
		return err == nil
	case "monetary":
		_, isNumber = object["value"].(json.Number)
		return isNumber && len(kit.Text(object, "currency")) == 3
	case "time":
		_, err := time.Parse(time.TimeOnly, kit.Text(object, "value"))
		return err == nil
	case "address":
		return kit.Text(object, "value") != ""
	}
	return isText
}

func identity(data map[string]any) kit.Identity {
	i := kit.Identity{Name: kit.Text(data, "name")}
	for _, email := range kit.Objects(data, "emails") {
		i.Emails = append(i.Emails, kit.Text(email, "value"))
	}
	return i
}

// blank is a person without anything.
func blank(account string) map[string]any {
	customs := map[string]any{}
	for _, f := range customsOf(account) {
		customs[f.Key] = nil
	}
	return map[string]any{
		"owner_id": userID(account), "org_id": nil, "emails": []any{}, "phones": []any{}, "label_ids": []any{}, "visible_to": 3,
		"picture_id": nil, "is_deleted": false, "custom_fields": customs,
	}
}

func seed(a *kit.Account, p kit.Person) map[string]any {
	data, given := blank(a.Name), map[string]any{"name": kit.Join(" ", p.FirstName, p.LastName)}
	for name, value := range map[string]string{"emails": p.Email, "phones": p.Phone} {
		if value != "" {
			given[name] = []any{map[string]any{"value": value}}
		}
	}
	if p.Title != "" {
		given["job_title"] = p.Title
	}
	lay(data, given)
	return data
}

// lay puts given values over stored ones.
func lay(data, given map[string]any) {
	for name, value := range given {
		list, isList := value.([]any)
		switch {
		case name == "custom_fields":
			customs := maps.Clone(kit.Object(data, name))
			maps.Copy(customs, kit.Object(given, name))
			data[name] = customs
		case name == "emails" || name == "phones" || name == "im":
			data[name] = entries(list)
		case value == nil && slices.Contains([]string{"owner_id", "label_ids", "visible_to", "add_time"}, name):
		case isList || value != "":
			data[name] = value
		default:
			data[name] = nil
		}
	}
	first, last, split := strings.Cut(strings.TrimSpace(kit.Text(data, "name")), " ")
	data["first_name"], data["last_name"] = first, nil
	if split {
		data["last_name"] = last
	}
}

// entries get a label, and the first one the mark of the primary when none
// has it.
func entries(given []any) []any {
	stored := []any{}
	for _, item := range given {
		entry := map[string]any{"primary": false, "label": "work"}
		object, _ := item.(map[string]any)
		for name, value := range object {
			if value != nil && value != "" {
				entry[name] = value
			}
		}
		stored = append(stored, entry)
	}
	if len(stored) > 0 && primaries(kit.Objects(map[string]any{"": stored}, "")) == 0 {
		stored[0].(map[string]any)["primary"] = true
	}
	return stored
}

// show is a person as version 2 shows it.
func show(c *kit.Call, r *kit.Record) map[string]any {
	shown := maps.Clone(r.Data)
	for _, name := range syncFields() {
		_, held := shown[name]
		switch {
		case !is(c, "sync"):
			delete(shown, name)
		case !held && name == "im":
			shown[name] = []any{}
		case !held:
			shown[name] = nil
		}
	}
	if given := kit.Object(r.Data, "postal_address"); given != nil && is(c, "sync") {
		address := map[string]any{}
		for _, part := range addressParts() {
			address[part] = nil
		}
		maps.Copy(address, given)
		shown["postal_address"] = address
	}
	shown["id"], shown["add_time"], shown["update_time"] = kit.Int(r.ID), kit.Seconds(addTime(r)), kit.Seconds(r.UpdatedAt)
	return shown
}

// body reads and judges the body of a write.
func body(c *kit.Call, partial bool) (map[string]any, *kit.Reply) {
	given, err := c.Object()
	if err != nil {
		refusal := schemaFailure("body: must be a JSON object")
		return nil, &refusal
	}
	return given, judge(c, given, partial)
}

func create(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return forbidden(c)
	}
	given, refusal := body(c, false)
	if refusal != nil {
		return *refusal
	}
	data := blank(c.Account.Name)
	lay(data, given)
	r := c.Create("create", data)
	if isOAuth(c) {
		return done(http.StatusOK, show(c, r), nil)
	}
	return done(http.StatusCreated, show(c, r), nil)
}

func read(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return failure(http.StatusNotFound, "Person not found")
	}
	shown := show(c, r)
	if c.Query("include_labels") == "true" {
		names := []any{}
		for _, option := range labels(false) {
			label := option.(map[string]any)
			if ids, _ := r.Data["label_ids"].([]any); slices.Contains(ids, any(json.Number(strconv.Itoa(label["id"].(int))))) {
				names = append(names, label)
			}
		}
		shown["labels"] = names
	}
	return done(http.StatusOK, shown, nil)
}

func update(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return failure(http.StatusNotFound, "Person not found")
	}
	given, refusal := body(c, true)
	if refusal != nil {
		return *refusal
	}
	data := maps.Clone(r.Data)
	lay(data, given)
	c.Update(r, data)
	return done(http.StatusOK, show(c, r), nil)
}

func note(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return forbidden(c)
	}
	given, err := c.Object()
	person, _ := given["person_id"].(json.Number)
	switch {
	case err != nil || kit.Text(given, "content") == "":
		return failure(http.StatusBadRequest, "Content must be given.")
	case c.Account.Contacts.Get(person.String()) == nil:
		return failure(http.StatusBadRequest, "Person not found")
	}
	id := kit.NumericID(c.Account.Name, c.Account.NextID())
	c.Account.Table("notes").Put(&kit.Record{ID: strconv.FormatInt(id, 10), Data: given, CreatedAt: c.Now}, person.String())
	c.FollowUp("note")
	return done(http.StatusCreated, map[string]any{
		"id": id, "content": given["content"], "person_id": person, "org_id": nil, "deal_id": nil, "user_id": userID(c.Account.Name),
		"add_time": c.Now.UTC().Format(time.DateTime), "update_time": c.Now.UTC().Format(time.DateTime), "active_flag": true,
	}, nil)
}
