package nutshell

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"crmferry/internal/sandbox/kit"
)

func addressParts() []string {
	return []string{"address_1", "address_2", "address_3", "city", "state", "postalCode", "country"}
}

// schema are the attributes that a create takes.
func schema() kit.Schema {
	parts := kit.Schema{}
	for _, name := range addressParts() {
		parts[name] = kit.Field{}
	}
	address := labelled(kit.Field{Type: kit.Map, Of: parts})
	for name := range parts {
		address[name] = kit.Field{}
	}
	custom := kit.Schema{}
	for _, name := range customNames() {
		custom[name] = kit.Field{}
	}
	return kit.Schema{
		"name": {Required: true}, "description": {}, "customFields": {Type: kit.Map, Of: custom},
		"emails":    {Type: kit.List, Of: labelled(kit.Field{Type: kit.Email, Required: true})},
		"phones":    {Type: kit.List, Of: labelled(kit.Field{Type: kit.Any, Required: true})},
		"urls":      {Type: kit.List, Of: labelled(kit.Field{Required: true})},
		"addresses": {Type: kit.List, Of: address},
		"links": {Type: kit.Map, Of: kit.Schema{
			"accounts": {Type: kit.List}, "tags": {Type: kit.List}, "emAudiences": {Type: kit.List},
			"owner": {Type: kit.Any}, "territory": {Type: kit.Any},
		}},
	}
}

// patchable adds the attributes that only a PATCH takes.
func patchable() kit.Schema {
	s := schema()
	for _, name := range []string{"firstName", "lastName", "jobTitle"} {
		s[name] = kit.Field{}
	}
	delete(s, "links")
	return s
}

func labelled(value kit.Field) kit.Schema {
	return kit.Schema{"value": value, "name": {}, "isPrimary": {Type: kit.Bool}}
}

// judge tells what is wrong with a contact's attributes; nil when nothing is.
func judge(c *kit.Call, s kit.Schema, given map[string]any, partial bool) *fault {
	if issues := s.Check(given, partial); len(issues) > 0 {
		return blame(issues[0])
	}
	for _, phone := range kit.Objects(given, "phones") {
		if !phoneFits(phone["value"]) {
			return &fault{"Invalid contacts", "a phone is a string, or countryCode, number (digits) and extension", "phones"}
		}
	}
	for _, address := range kit.Objects(given, "addresses") {
		for _, at := range []map[string]any{address, kit.Object(address, "value")} {
			if country := kit.Text(at, "country"); country != "" && !twoLetters(country) {
				return &fault{"Invalid contacts", "country must be a two-letter code", "addresses"}
			}
		}
	}
	return judgeLinks(c, kit.Object(given, "links"))
}

func blame(issue kit.Issue) *fault {
	field, _, _ := strings.Cut(issue.Path, ".")
	detail := map[kit.Problem]string{
		kit.Unknown: "is not an attribute of contacts", kit.Absent: "is required", kit.BadEmail: "is not a valid email address",
	}[issue.Problem]
	if detail == "" {
		detail = "has the wrong type"
	}
	return &fault{"Invalid contacts", issue.Path + " " + detail, field}
}

func twoLetters(text string) bool {
	return len(text) == 2 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func phoneFits(value any) bool {
	if text, ok := value.(string); ok {
		return kit.OnlyDigits(text) != ""
	}
	object, ok := value.(map[string]any)
	s := kit.Schema{"countryCode": {}, "number": {Required: true}, "extension": {}}
	if !ok || len(s.Check(object, false)) > 0 {
		return false
	}
	country, extension := kit.Text(object, "countryCode"), kit.Text(object, "extension")
	return kit.Digits(kit.Text(object, "number")) && (country == "" || kit.Digits(country)) && (extension == "" || kit.Digits(extension))
}

// linkKinds are the types of the ids that a contact links to.
func linkKinds() map[string]string {
	return map[string]string{"accounts": "accounts", "tags": "tags", "emAudiences": "emAudiences", "owner": "users", "territory": "territories"}
}

func judgeLinks(c *kit.Call, links map[string]any) *fault {
	for _, name := range slices.Sorted(maps.Keys(links)) {
		ids, many := links[name].([]any)
		if many && (name == "owner" || name == "territory") {
			return &fault{"Invalid links", name + ": one id is expected", name}
		}
		if !many && links[name] != nil {
			ids = []any{links[name]}
		}
		for _, one := range ids {
			id, ok := reference(one, linkKinds()[name])
			if ok && name == "tags" {
				tag := tags(c).Get(id)
				ok = tag != nil && tag.Text("tagType") == "contacts"
			}
			if !ok {
				return &fault{"Invalid links", name + ": no such resource", name}
			}
		}
	}
	return nil
}

func identity(data map[string]any) kit.Identity {
	i := kit.Identity{Name: kit.Text(data, "name")}
	for _, email := range kit.Objects(data, "emails") {
		i.Emails = append(i.Emails, kit.Text(email, "value"))
	}
	return i
}

func seed(_ *kit.Account, p kit.Person) map[string]any {
	data := blank()
	setName(data, kit.Join(" ", p.FirstName, p.LastName))
	if p.Email != "" {
		data["emails"] = primary([]any{map[string]any{"value": p.Email}}, "email")
	}
	if p.Phone != "" {
		data["phones"] = phones([]any{map[string]any{"value": p.Phone}})
	}
	if p.Title != "" {
		data["jobTitle"] = p.Title
	}
	return data
}

// blank is a contact without anything.
func blank() map[string]any {
	data := map[string]any{"customFields": map[string]any{}, "links": map[string]any{}}
	for _, text := range []string{"description", "jobTitle", "firstName", "lastName"} {
		data[text] = nil
	}
	for _, list := range []string{"emails", "phones", "urls", "addresses"} {
		data[list] = []any{}
	}
	return data
}

// setName stores a full name, split at its last space.
func setName(data map[string]any, full string) {
	full = strings.TrimSpace(full)
	data["name"], data["firstName"], data["lastName"] = full, full, nil
	if at := strings.LastIndex(full, " "); at > 0 {
		data["firstName"], data["lastName"] = full[:at], full[at+1:]
	}
}

func create(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return page(http.StatusForbidden)
	}
	given := single(c, "contacts")
	if given == nil {
		return onlyOne(c, "contacts")
	}
	if f := judge(c, schema(), given, false); f != nil {
		return refuse(c, "contacts", *f)
	}
	data := blank()
	lay(c, data, given)
	data["links"] = links(c, kit.Object(given, "links"))
	if is(c, "noaddress") {
		data["addresses"] = []any{}
	}
	return envelope(c, c.Create("create", data))
}

// lay puts given attributes over stored ones.
func lay(c *kit.Call, data, given map[string]any) {
	for key, value := range given {
		list, _ := value.([]any)
		switch key {
		case "name":
			setName(data, kit.Text(given, key))
		case "emails":
			data[key] = primary(list, "email")
		case "urls":
			data[key] = primary(list, "url")
		case "phones":
			data[key] = phones(list)
		case "addresses":
			data[key] = addresses(list, is(c, "flat"))
		case "description", "jobTitle", "firstName", "lastName":
			data[key] = value
			if value == "" {
				data[key] = nil
			}
		case "customFields":
			custom := map[string]any{}
			maps.Copy(custom, kit.Object(data, key))
			maps.Copy(custom, kit.Object(given, key))
			data[key] = custom
		}
	}
	if given["firstName"] != nil || given["lastName"] != nil {
		data["name"] = kit.Join(" ", kit.Text(data, "firstName"), kit.Text(data, "lastName"))
	}
}

func links(c *kit.Call, given map[string]any) map[string]any {
	stored := map[string]any{
		"accounts": []any{}, "emAudiences": []any{}, "creator": "1-users", "owner": "1-users", "territory": nil, "tags": []any{},
		"files": []any{}, "relatedFiles": []any{}, "followup": nil, "recurringTask": nil,
	}
	for name, value := range given {
		ids, many := value.([]any)
		switch {
		case value == nil:
		case many:
			list := []any{}
			for _, one := range ids {
				id, _ := reference(one, linkKinds()[name])
				list = append(list, id)
			}
			stored[name] = list
		default:
			stored[name], _ = reference(value, linkKinds()[name])
		}
	}
	return stored
}

// primary gives every entry a label, and the first one the mark of the
// primary when none has it.
func primary(list []any, label string) []any {
	stored, marked := []any{}, false
	for _, item := range list {
		given, _ := item.(map[string]any)
		entry := map[string]any{"isPrimary": given["isPrimary"] == true, "name": label, "value": given["value"]}
		if text := kit.Text(given, "name"); text != "" {
			entry["name"] = text
		}
		marked = marked || entry["isPrimary"] == true
		stored = append(stored, entry)
	}
	if len(stored) > 0 && !marked {
		stored[0].(map[string]any)["isPrimary"] = true
	}
	return stored
}

// phones formats North American numbers; a text of another form stays as it
// is.
func phones(list []any) []any {
	stored := primary(list, "phone")
	for _, item := range stored {
		entry := item.(map[string]any)
		entry["isOptedOut"] = false
		country, number, extension := "1", "", any(nil)
		switch value := entry["value"].(type) {
		case string:
			digits := kit.OnlyDigits(value)
			if len(digits) != 11 || digits[0] != '1' {
				continue
			}
			number = digits[1:]
		case map[string]any:
			number, extension = kit.Text(value, "number"), value["extension"]
			if given := kit.Text(value, "countryCode"); given != "" {
				country = given
			}
		}
		formatted := number
		if country == "1" && len(number) == 10 {
			formatted = number[:3] + "-" + number[3:6] + "-" + number[6:]
		}
		entry["value"] = map[string]any{
			"countryCode": country, "number": number, "extension": extension, "numberFormatted": formatted,
			"E164": "+" + country + number, "countryCodeAndNumber": "+" + country + " " + formatted,
		}
	}
	return stored
}

// addresses keeps the parts from inside value, or from beside it; an address
// without parts there is lost.
func addresses(list []any, beside bool) []any {
	var kept []any
	for _, item := range list {
		given, _ := item.(map[string]any)
		from := kit.Object(given, "value")
		if beside {
			from = given
		}
		parts := map[string]any{"location": nil, "locationAccuracy": nil, "timezone": nil}
		for _, name := range addressParts() {
			parts[name] = nil
			if text := kit.Text(from, name); text != "" {
				parts[name] = text
			}
		}
		if slices.ContainsFunc(addressParts(), func(name string) bool { return parts[name] != nil }) {
			kept = append(kept, map[string]any{"isPrimary": given["isPrimary"], "name": given["name"], "value": parts})
		}
	}
	return primary(kept, "address")
}
