package copper

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"crmferry/internal/sandbox/kit"
)

const (
	maxBulk  = 10
	maxPage  = 200
	maxPages = 1_000_000
)

// stored is the form in which what was sent is kept.
func stored(body map[string]any) map[string]any {
	data := maps.Clone(body)
	if _, sent := body["custom_fields"]; sent {
		values := map[string]any{}
		for _, field := range kit.Objects(body, "custom_fields") {
			values[kit.ID(field["custom_field_definition_id"])], _ = customValue(field)
		}
		data["custom_fields"] = values
	}
	return data
}

// split takes a name apart as far as words tell.
func split(name string) map[string]any {
	parts := map[string]any{"prefix": nil, "first_name": nil, "middle_name": nil, "last_name": nil, "suffix": nil}
	words := strings.Fields(name)
	if len(words) > 1 && slices.Contains([]string{"Mr.", "Mrs.", "Ms.", "Dr.", "Prof."}, words[0]) {
		parts["prefix"], words = words[0], words[1:]
	}
	if last := len(words) - 1; last > 0 && slices.Contains([]string{"Jr.", "Sr.", "II", "III", "PhD"}, words[last]) {
		parts["suffix"], words = words[last], words[:last]
	}
	if len(words) > 0 {
		parts["first_name"] = words[0]
	}
	if last := len(words) - 1; last > 0 {
		parts["last_name"] = words[last]
		if middle := strings.Join(words[1:last], " "); middle != "" {
			parts["middle_name"] = middle
		}
	}
	return parts
}

func show(c *kit.Call, r *kit.Record) map[string]any {
	person := map[string]any{
		"title": nil, "details": nil, "address": nil, "company_id": nil, "company_name": nil, "assignee_id": nil, "contact_type_id": contactTypes()[0],
		"emails": []any{}, "phone_numbers": []any{}, "socials": []any{}, "tags": []any{}, "websites": []any{},
		"date_last_contacted": nil, "interaction_count": 0, "leads_converted_from": []any{}, "date_lead_created": nil,
	}
	maps.Copy(person, r.Data)
	maps.Copy(person, split(r.Text("name")))
	delete(person, "hidden")
	person["id"], person["date_created"], person["date_modified"] = kit.Int(r.ID), r.CreatedAt.Unix(), r.UpdatedAt.Unix()
	if id := kit.ID(person["company_id"]); id != "" {
		person["company_name"] = "Company " + id
	}
	if address := kit.Object(r.Data, "address"); address != nil {
		whole := map[string]any{"street": nil, "city": nil, "state": nil, "postal_code": nil, "country": nil}
		maps.Copy(whole, address)
		person["address"] = whole
	}
	fields := []any{}
	for _, d := range definitions() {
		value := kit.Object(r.Data, "custom_fields")[strconv.FormatInt(d.id, 10)]
		if value == nil && d.kind == "Connect" {
			value = []any{}
		}
		fields = append(fields, map[string]any{"custom_field_definition_id": d.id, "value": value})
	}
	person["custom_fields"] = fields
	if strings.HasPrefix(c.Account.Name, "sparse") {
		for _, name := range []string{"date_last_contacted", "interaction_count", "leads_converted_from", "date_lead_created"} {
			delete(person, name)
		}
		if person["address"] == nil {
			person["address"] = map[string]any{"street": "", "city": "", "state": "", "postal_code": "", "country": ""}
		}
	}
	return person
}

func create(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return forbidden()
	}
	body, err := c.Object()
	if err != nil {
		return *unreadable()
	}
	if faults := judge(c, body, nil); len(faults) > 0 {
		return *refuse(faults)
	}
	return kit.JSON(http.StatusOK, show(c, c.Create("create", stored(body))))
}

func read(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil || r.Data["hidden"] == true {
		return notFound()
	}
	return kit.JSON(http.StatusOK, show(c, r))
}

func update(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	switch {
	case r == nil || r.Data["hidden"] == true:
		return notFound()
	case c.NoScope():
		return forbidden()
	}
	body, err := c.Object()
	if err != nil {
		return *unreadable()
	}
	if faults := judge(c, body, r); len(faults) > 0 {
		return *refuse(faults)
	}
	changes := stored(body)
	if values := kit.Object(changes, "custom_fields"); values != nil {
		all := map[string]any{}
		maps.Copy(all, kit.Object(r.Data, "custom_fields"))
		maps.Copy(all, values)
		changes["custom_fields"] = all
	}
	c.Update(r, changes)
	return kit.JSON(http.StatusOK, show(c, r))
}

// createMany judges its people one by one; those that fail are answered in
// their places.
func createMany(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return forbidden()
	}
	body, err := c.Object()
	list, ok := body["people"].([]any)
	sent := kit.Objects(body, "people")
	switch {
	case err != nil || !ok || len(body) != 1 || len(sent) != len(list) || len(sent) == 0:
		return *unreadable()
	case len(sent) > maxBulk:
		return kit.JSON(http.StatusUnprocessableEntity, map[string]any{"error": "Request size too large, limit is 10"})
	case repeats(sent):
		return *refuse([]fault{{"email", "is already in use by another person"}})
	}
	results := []any{}
	for _, person := range sent {
		faults := judge(c, person, nil)
		if len(faults) == 0 {
			results = append(results, show(c, c.Create("batch_create", stored(person))))
			continue
		}
		messages := map[string][]any{}
		for _, f := range faults {
			messages[f.field] = append(messages[f.field], map[string]any{"error": f.message})
		}
		results = append(results, map[string]any{"success": false, "message": messages})
	}
	return kit.JSON(http.StatusOK, results)
}

// repeats tells whether an e-mail belongs to two of the people.
func repeats(people []map[string]any) bool {
	of := map[string]int{}
	for i, person := range people {
		for _, row := range kit.Objects(person, "emails") {
			email := strings.ToLower(kit.Text(row, "email"))
			if j, seen := of[email]; seen && j != i {
				return true
			}
			of[email] = i
		}
	}
	return false
}

func visible(c *kit.Call, r *kit.Record) bool { return c.Searchable(r) && r.Data["hidden"] != true }

func fetchByEmail(c *kit.Call) kit.Reply {
	body, err := c.Object()
	if err != nil {
		return *unreadable()
	}
	for _, r := range c.Account.ByEmail(kit.Text(body, "email")) {
		if visible(c, r) {
			return kit.JSON(http.StatusOK, show(c, r))
		}
	}
	return failure(http.StatusNotFound, "Resource not found")
}

func searchSchema() kit.Schema {
	number := kit.Field{Type: kit.Integer}
	return kit.Schema{
		"emails": {Type: kit.List}, "phone_number": {}, "name": {}, "minimum_created_date": number, "maximum_created_date": number, "age": number,
		"page_size": number, "page_number": number, "sort_by": {OneOf: []string{"name", "date_created", "date_modified"}},
		"sort_direction": {OneOf: []string{"asc", "desc"}},
	}
}

// search lists the people who meet all criteria.
func search(c *kit.Call) kit.Reply {
	body, err := c.Object()
	if err != nil {
		return *unreadable()
	}
	var faults []fault
	for _, issue := range searchSchema().Check(body, false) {
		if issue.Problem == kit.Unknown {
			faults = append(faults, fault{"base", "Unrecognized attributes specified: " + issue.Path})
			continue
		}
		faults = append(faults, fault{issue.Path, "Invalid value " + text(issue.Value)})
	}
	if len(faults) > 0 {
		return *refuse(faults)
	}
	size, number := 20, 1
	for name, n := range map[string]*int{"page_size": &size, "page_number": &number} {
		if value := kit.ID(body[name]); value != "" {
			*n = int(kit.Int(value))
		}
	}
	if size < 1 || size > maxPage || number < 1 || number > maxPages {
		return *refuse([]fault{{"page_size", "Invalid value"}})
	}
	var hits []*kit.Record
	for _, r := range c.Account.Contacts.All() {
		if visible(c, r) && matches(c, r, body) {
			hits = append(hits, r)
		}
	}
	sortHits(hits, kit.Text(body, "sort_by"), kit.Text(body, "sort_direction") == "desc")
	hits = hits[min((number-1)*size, len(hits)):]
	page := []any{}
	for _, r := range hits[:min(size, len(hits))] {
		page = append(page, show(c, r))
	}
	return kit.JSON(http.StatusOK, page)
}

func sortHits(hits []*kit.Record, by string, descending bool) {
	slices.SortStableFunc(hits, func(a, b *kit.Record) int {
		order := strings.Compare(strings.ToLower(a.Text("name")), strings.ToLower(b.Text("name")))
		switch by {
		case "date_created":
			order = a.CreatedAt.Compare(b.CreatedAt)
		case "date_modified":
			order = a.UpdatedAt.Compare(b.UpdatedAt)
		}
		if descending {
			return -order
		}
		return order
	})
}

func matches(c *kit.Call, r *kit.Record, criteria map[string]any) bool {
	has := func(list, key string, is func(string) bool) bool {
		return slices.ContainsFunc(kit.Objects(r.Data, list), func(row map[string]any) bool { return is(kit.Text(row, key)) })
	}
	wanted := kit.Texts(criteria, "emails")
	oneOf := func(email string) bool {
		return slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(w, email) })
	}
	phone, name := kit.Text(criteria, "phone_number"), kit.Text(criteria, "name")
	made := r.CreatedAt.Unix()
	bound := func(key string) (int64, bool) { text := kit.ID(criteria[key]); return kit.Int(text), text != "" }
	minimum, hasMinimum := bound("minimum_created_date")
	maximum, hasMaximum := bound("maximum_created_date")
	age, hasAge := bound("age")
	return (len(wanted) == 0 || has("emails", "email", oneOf)) &&
		(phone == "" || has("phone_numbers", "number", func(number string) bool { return number == phone })) &&
		(name == "" || strings.EqualFold(name, r.Text("name"))) &&
		(!hasMinimum || made >= minimum) && (!hasMaximum || made <= maximum) && (!hasAge || made >= c.Now.Unix()-age)
}

func identity(data map[string]any) kit.Identity {
	id := kit.Identity{Name: kit.Text(data, "name")}
	for _, row := range kit.Objects(data, "emails") {
		id.Emails = append(id.Emails, kit.Text(row, "email"))
	}
	return id
}

func seed(a *kit.Account, p kit.Person) map[string]any {
	data := map[string]any{"name": kit.Join(" ", p.FirstName, p.LastName), "hidden": strings.HasPrefix(a.Name, "team")}
	if p.Title != "" {
		data["title"] = p.Title
	}
	if p.Email != "" {
		data["emails"] = []any{map[string]any{"email": p.Email, "category": "work"}}
	}
	if p.Phone != "" {
		data["phone_numbers"] = []any{map[string]any{"number": p.Phone, "category": "work"}}
	}
	return data
}
