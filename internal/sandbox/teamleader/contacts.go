package teamleader

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"crmferry/internal/sandbox/kit"
)

func schema() kit.Schema {
	kinds := func(names ...string) kit.Field { return kit.Field{Required: true, OneOf: names} }
	s := kit.Schema{
		"last_name": {Required: true}, "birthdate": {Type: kit.Date}, "marketing_mails_consent": {Type: kit.Bool}, "tags": {Type: kit.List},
		"gender":        {OneOf: []string{"female", "male", "non_binary", "prefers_not_to_say", "unknown"}},
		"emails":        {Type: kit.List, Of: kit.Schema{"type": kinds("primary"), "email": {Type: kit.Email, Required: true}}},
		"telephones":    {Type: kit.List, Of: kit.Schema{"type": kinds("phone", "mobile", "fax"), "number": {Required: true}}},
		"addresses":     {Type: kit.List, Of: kit.Schema{"type": kinds("primary", "invoicing", "delivery", "visiting"), "address": {Type: kit.Map, Required: true}}},
		"custom_fields": {Type: kit.List, Of: kit.Schema{"id": {Required: true}, "value": {Type: kit.Any}}},
	}
	for _, name := range []string{"first_name", "salutation", "website", "language", "iban", "bic", "national_identification_number", "remarks", "price_list_id"} {
		s[name] = kit.Field{}
	}
	return s
}

// judgeContact holds a contact against the rules that a schema cannot say.
func judgeContact(c *kit.Call, object map[string]any, partial bool) []problem {
	var problems []problem
	if len(kit.Objects(object, "emails")) > 1 {
		problems = append(problems, problem{"emails must hold one of each type", "emails"})
	}
	tags, _ := object["tags"].([]any)
	if len(kit.Texts(object, "tags")) != len(tags) {
		problems = append(problems, problem{"tags must be strings", "tags"})
	}
	seen := map[string]bool{}
	for i, entry := range kit.Objects(object, "addresses") {
		kind := kit.Text(entry, "type")
		if seen[kind] {
			problems = append(problems, problem{"addresses must hold one of each type", "addresses"})
		}
		seen[kind] = true
		for _, text := range judgeAddress(kind, kit.Object(entry, "address")) {
			problems = append(problems, problem{"addresses." + strconv.Itoa(i) + ".address." + text, "oneOf"})
		}
	}
	return append(problems, judgeCustom(c, object, partial)...)
}

// judgeAddress demands the keys of an address even where they are null.
func judgeAddress(kind string, address map[string]any) []string {
	var texts []string
	for _, name := range []string{"line_1", "postal_code", "city", "country"} {
		value, there := address[name]
		if _, isText := value.(string); !there || (value != nil && !isText) {
			texts = append(texts, name+" must be present")
		}
	}
	if country, known := kit.CountryOf(kit.Text(address, "country")); !known || country.Alpha2 != address["country"] {
		texts = append(texts, "country must be an ISO 3166-1 alpha-2 code")
	}
	for _, name := range slices.Sorted(maps.Keys(address)) {
		switch name {
		case "line_1", "postal_code", "city", "country", "area_level_two_id":
		case "addressee":
			if kind == "primary" {
				texts = append(texts, "addressee is not allowed")
			}
		default:
			texts = append(texts, name+" is not a known attribute")
		}
	}
	id := address["area_level_two_id"]
	if id != nil && !slices.ContainsFunc(areas(), func(a area) bool { return a.ID == id && a.Country == address["country"] }) {
		texts = append(texts, "area_level_two_id is not an area of the country")
	}
	return texts
}

func identity(data map[string]any) kit.Identity {
	id := kit.Identity{Name: kit.Join(" ", kit.Text(data, "first_name"), kit.Text(data, "last_name"))}
	for _, entry := range kit.Objects(data, "emails") {
		id.Emails = append(id.Emails, kit.Text(entry, "email"))
	}
	return id
}

func seed(_ *kit.Account, p kit.Person) map[string]any {
	data := map[string]any{"first_name": p.FirstName, "last_name": p.LastName}
	if p.Email != "" {
		data["emails"] = []any{map[string]any{"type": "primary", "email": p.Email}}
	}
	if p.Phone != "" {
		data["telephones"] = []any{map[string]any{"type": "phone", "number": p.Phone}}
	}
	return data
}

func add(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return plain(http.StatusForbidden, "You are not allowed to access this resource")
	}
	object, no := body(c, schema(), false)
	if no != nil {
		return *no
	}
	if problems := judgeContact(c, object, false); len(problems) > 0 {
		return refuse(problems...)
	}
	r := c.Create("create", object)
	return kit.JSON(http.StatusCreated, map[string]any{"data": map[string]any{"type": "contact", "id": r.ID}})
}

// update replaces lists, and custom fields too unless told otherwise.
func update(c *kit.Call) kit.Reply {
	s := schema()
	s["id"], s["custom_fields_update_strategy"] = kit.Field{Required: true}, kit.Field{OneOf: []string{"partial", "replace"}}
	object, no := body(c, s, true)
	if no != nil {
		return *no
	}
	r, no := target(c, object)
	if no != nil {
		return *no
	}
	if problems := judgeContact(c, object, true); len(problems) > 0 {
		return refuse(problems...)
	}
	if object["custom_fields_update_strategy"] == "partial" {
		fields, _ := object["custom_fields"].([]any)
		for _, old := range kit.Objects(r.Data, "custom_fields") {
			if !slices.ContainsFunc(kit.Objects(object, "custom_fields"), func(f map[string]any) bool { return f["id"] == old["id"] }) {
				fields = append(fields, old)
			}
		}
		object["custom_fields"] = fields
	}
	delete(object, "custom_fields_update_strategy")
	delete(object, "id")
	c.Update(r, object)
	return kit.Empty(http.StatusNoContent)
}

func info(c *kit.Call) kit.Reply {
	object, no := body(c, kit.Schema{"id": {Required: true}, "includes": {}}, false)
	if no != nil {
		return *no
	}
	r, no := target(c, object)
	if no != nil {
		return *no
	}
	shown := show(c, r)
	maps.Copy(shown, map[string]any{
		"vat_number": nil, "remarks": r.Data["remarks"], "addresses": showAddresses(r.Data), "companies": companies(c, r),
		"custom_fields": showCustom(r.Data),
	})
	return kit.JSON(http.StatusOK, map[string]any{"data": shown})
}

// show is what lists and single reads have in common.
func show(c *kit.Call, r *kit.Record) map[string]any {
	shown := map[string]any{
		"id": r.ID, "status": "active", "gender": "unknown", "emails": []any{}, "telephones": []any{}, "marketing_mails_consent": false,
		"payment_term": nil, "invoicing_preferences": map[string]any{"electronic_invoicing_address": nil}, "price_list": nil,
		"added_at": r.CreatedAt.UTC().Format(stamp), "updated_at": r.UpdatedAt.UTC().Format(stamp),
		"web_url": "https://focus.teamleader.eu/contact_detail.php?id=" + r.ID,
	}
	for _, name := range []string{"first_name", "last_name", "salutation", "website", "birthdate", "iban", "bic", "national_identification_number", "language"} {
		shown[name] = r.Data[name]
	}
	for _, name := range []string{"gender", "emails", "telephones", "marketing_mails_consent"} {
		if r.Data[name] != nil {
			shown[name] = r.Data[name]
		}
	}
	if id := r.Data["price_list_id"]; id != nil {
		shown["price_list"] = map[string]any{"type": "priceList", "id": id}
	}
	tags := append([]string{}, kit.Texts(r.Data, "tags")...)
	if version(c) < "2022-09-15" {
		for i := range tags {
			tags[i] = strings.ToLower(tags[i])
		}
	}
	shown["tags"] = tags
	return shown
}

const stamp = "2006-01-02T15:04:05-07:00"

func showAddresses(data map[string]any) []any {
	list := []any{}
	for _, entry := range kit.Objects(data, "addresses") {
		address := maps.Clone(kit.Object(entry, "address"))
		delete(address, "area_level_two_id")
		address["area_level_two"] = nil
		if id := kit.Object(entry, "address")["area_level_two_id"]; id != nil {
			address["area_level_two"] = map[string]any{"type": "levelTwoArea", "id": id}
		}
		list = append(list, map[string]any{"type": entry["type"], "address": address})
	}
	return list
}

func companies(c *kit.Call, r *kit.Record) []any {
	list := []any{}
	for _, link := range c.Account.Table("links").ByKey(r.ID) {
		shown := map[string]any{"position": nil, "secondary_position": nil, "division": nil, "decision_maker": false}
		maps.Copy(shown, link.Data)
		list = append(list, shown)
	}
	return list
}

func tag(c *kit.Call) kit.Reply {
	object, no := body(c, kit.Schema{"id": {Required: true}, "tags": {Type: kit.List, Required: true}}, false)
	if no != nil {
		return *no
	}
	r, no := target(c, object)
	if no != nil {
		return *no
	}
	tags, _ := r.Data["tags"].([]any)
	tags = slices.Clone(tags)
	for _, name := range kit.Texts(object, "tags") {
		if !slices.ContainsFunc(tags, func(t any) bool { return strings.EqualFold(t.(string), name) }) {
			tags = append(tags, name)
		}
	}
	c.Update(r, map[string]any{"tags": tags})
	return kit.Empty(http.StatusNoContent)
}

func link(c *kit.Call) kit.Reply { return setLink(c, false) }

func updateLink(c *kit.Call) kit.Reply { return setLink(c, true) }

// setLink makes the link to a company, or changes one that is there.
func setLink(c *kit.Call, there bool) kit.Reply {
	object, no := body(c, kit.Schema{
		"id": {Required: true}, "company_id": {Required: true}, "position": {}, "secondary_position": {}, "division": {}, "decision_maker": {Type: kit.Bool},
	}, false)
	if no != nil {
		return *no
	}
	r, no := target(c, object)
	if no != nil {
		return *no
	}
	company := kit.Text(object, "company_id")
	switch known := c.Account.Table("links").Get(r.ID + " " + company); {
	case !uuidForm.MatchString(company):
		return refuse(problem{"company_id invalid uuid", "company_id"})
	case !isCompany(company):
		return refuse(problem{title: "Company not found"})
	case there && known == nil:
		return refuse(problem{title: "Contact is not linked to the company"})
	case !there && known != nil:
		return refuse(problem{title: "Contact is already linked to the company"})
	case there:
		known.Data = linked(known.Data, object)
	default:
		data := map[string]any{"company": map[string]any{"type": "company", "id": company}}
		c.Account.Table("links").Put(&kit.Record{ID: r.ID + " " + company, Data: linked(data, object), CreatedAt: c.Now}, r.ID)
	}
	c.FollowUp("company")
	return kit.Empty(http.StatusNoContent)
}

func linked(data, object map[string]any) map[string]any {
	changed := maps.Clone(data)
	for _, name := range []string{"position", "secondary_position", "division", "decision_maker"} {
		if value, given := object[name]; given {
			changed[name] = value
		}
	}
	return changed
}
