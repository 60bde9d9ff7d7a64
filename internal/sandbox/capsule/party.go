package capsule

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

// lists are the lists of a party whose rows have ids of their own.
func lists() []string { return []string{"emailAddresses", "phoneNumbers", "addresses", "websites"} }

// singular is the name of a list's rows in refusals.
func singular(list string) string {
	if list == "addresses" || list == "emailAddresses" {
		return strings.TrimSuffix(list, "es")
	}
	return strings.TrimSuffix(list, "s")
}

func partySchema() kit.Schema {
	reference := kit.Field{Type: kit.Map, Of: kit.Schema{"id": {Type: kit.Integer}, "name": {}}}
	rows := func(of kit.Schema, kinds ...string) kit.Field {
		of["id"] = kit.Field{Type: kit.Integer}
		if kinds != nil {
			of["type"] = kit.Field{OneOf: kinds}
		}
		return kit.Field{Type: kit.List, Of: of}
	}
	return kit.Schema{
		"type": {Required: true, OneOf: []string{"person"}}, "name": {}, "firstName": {}, "lastName": {}, "jobTitle": {}, "about": {},
		"title":        {OneOf: []string{"Mr", "Mrs", "Miss", "Ms", "Dr", "Prof", "Master"}},
		"organisation": reference, "owner": {Type: kit.Map, Of: kit.Schema{"id": {Type: kit.Integer, Required: true}}},
		"team":           {Type: kit.Map, Of: kit.Schema{"id": {Type: kit.Integer, Required: true}}},
		"emailAddresses": rows(kit.Schema{"address": {Type: kit.Email, Required: true}}, "Home", "Work"),
		"phoneNumbers":   rows(kit.Schema{"number": {Required: true}}, "Home", "Work", "Mobile", "Fax", "Direct"),
		"addresses": rows(kit.Schema{"street": {}, "city": {}, "state": {}, "zip": {}, "country": {}},
			"Home", "Postal", "Office", "Billing", "Shipping"),
		"websites": rows(kit.Schema{"address": {Required: true}, "type": {OneOf: []string{"Home", "Work"}}, "service": {OneOf: []string{
			"URL", "SKYPE", "TWITTER", "LINKED_IN", "FACEBOOK", "XING", "FEED", "GOOGLE_PLUS", "FLICKR", "GITHUB", "YOUTUBE",
			"INSTAGRAM", "PINTEREST", "TIKTOK", "THREADS", "BLUESKY", "SNAPCHAT",
		}}}),
		"tags": {Type: kit.List, Of: kit.Schema{"id": {Type: kit.Integer}, "name": {}}},
		"fields": {Type: kit.List, Of: kit.Schema{"id": {Type: kit.Integer}, "value": {Type: kit.Any},
			"definition": {Type: kit.Map, Required: true, Of: kit.Schema{"id": {Type: kit.Integer, Required: true}}}}},
	}
}

// judge tells what is wrong with a party as sent.
func judge(party map[string]any, partial bool) *kit.Reply {
	issues := partySchema().Check(party, partial)
	for _, issue := range issues {
		if issue.Problem == kit.WrongType {
			return malformed()
		}
	}
	if len(issues) > 0 {
		return blame(issues[0])
	}
	for _, address := range kit.Objects(party, "addresses") {
		name := kit.Text(address, "country")
		if _, known := country(name); name != "" && !known {
			return invalid("address", "country", "unknown country")
		}
	}
	return nil
}

// blame answers a finding.
func blame(issue kit.Issue) *kit.Reply {
	path := strings.Split(issue.Path, ".")
	resource, field := "party", path[len(path)-1]
	if len(path) > 2 {
		resource = singular(path[0])
	}
	message := map[kit.Problem]string{
		kit.Absent: field + " is required", kit.BadEmail: "invalid email address", kit.NotAllowed: "unknown " + field, kit.Unknown: "unknown field",
	}[issue.Problem]
	return invalid(resource, field, message)
}

// resolve gives what a party is to hold for all that was sent: references,
// tags and custom fields looked up, rows of lists with ids of their own.
func resolve(c *kit.Call, sent map[string]any) (map[string]any, *kit.Reply) {
	data := map[string]any{}
	for _, name := range []string{"title", "firstName", "lastName", "jobTitle", "about"} {
		if value, there := sent[name]; there {
			data[name] = orNull(value)
		}
	}
	for _, name := range lists() {
		data[name] = rows(c, name, kit.Objects(sent, name))
	}
	if no := people(c, sent, data); no != nil {
		return nil, no
	}
	fields := []any{}
	for _, field := range kit.Objects(sent, "fields") {
		row, no := customField(c, field)
		if no != nil {
			return nil, no
		}
		fields = append(fields, row)
	}
	data["fields"] = fields
	attached := []any{}
	for _, given := range kit.Objects(sent, "tags") {
		t := tag(c, given)
		if t == nil {
			return nil, invalid("tag", "id", "tag not found")
		}
		attached = append(attached, t)
	}
	data["tags"] = attached
	return data, nil
}

// people resolves organisation, owner and team.
func people(c *kit.Call, sent, data map[string]any) *kit.Reply {
	if organisation := kit.Object(sent, "organisation"); organisation != nil {
		found := organisationOf(c, kit.ID(organisation["id"]), kit.Text(organisation, "name"))
		if found == nil {
			reply := failure(http.StatusNotFound, "organisation not found")
			return &reply
		}
		data["organisation"] = found
	}
	owner := kit.ID(kit.Object(sent, "owner")["id"])
	if team := kit.ID(kit.Object(sent, "team")["id"]); team != "" {
		switch {
		case team != "31":
			return invalid("party", "team", "team not found")
		case owner != "" && owner != "7":
			return invalid("party", "owner", "owner is not a member of the team")
		}
		data["team"], data["owner"] = map[string]any{"id": 31, "name": "Sales"}, nil
	}
	if kit.Missing(owner) {
		return invalid("party", "owner", "owner not found")
	}
	if owner != "" {
		data["owner"] = user(kit.Int(owner))
	}
	return nil
}

func organisationOf(c *kit.Call, id, name string) map[string]any {
	table := c.Account.Table("organisations")
	switch {
	case id == "" && name == "", id != "" && (kit.Missing(id) || c.Account.Contacts.Get(id) != nil):
		return nil
	case id != "":
		name = "Organisation " + id
		if known := table.Get(id); known != nil {
			name = known.Text("name")
		}
	default:
		if known := table.ByKey(strings.ToLower(name)); len(known) > 0 {
			id, name = known[0].ID, known[0].Text("name")
			break
		}
		id = kit.DecimalID(c.Account.Name, c.Account.NextID())
		table.Put(&kit.Record{ID: id, Data: map[string]any{"name": name}, CreatedAt: c.Now}, strings.ToLower(name))
	}
	return map[string]any{"id": kit.Int(id), "type": "organisation", "name": name, "pictureURL": "https://capsulecrm.com/theme/default/images/org_avatar_70.png"}
}

// customField reads one row of fields; a false boolean is stored as none.
func customField(c *kit.Call, sent map[string]any) (map[string]any, *kit.Reply) {
	id := kit.Int(kit.ID(kit.Object(sent, "definition")["id"]))
	at := slices.IndexFunc(definitions(), func(d definition) bool { return d.id == id })
	if at < 0 {
		return nil, invalid("field", "definition", "field definition not found")
	}
	d, value := definitions()[at], sent["value"]
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	_, isBool := value.(bool)
	_, noDay := time.Parse(time.DateOnly, text)
	ok := map[string]bool{
		"text": isText, "link": isText, "date": isText && noDay == nil, "list": slices.Contains(d.options, value), "boolean": isBool, "number": isNumber,
	}[d.kind]
	switch {
	case !ok && (value != nil || d.kind == "boolean"):
		return nil, invalid("field", "value", "invalid type for field")
	case isNumber:
		value = number.String()
	case value == false:
		value = nil
	}
	row := map[string]any{
		"id": kit.NumericID(c.Account.Name, c.Account.NextID()), "value": value,
		"definition": map[string]any{"id": d.id, "name": d.name}, "tagId": d.tag["id"],
	}
	return row, nil
}

// rows gives each row of a list all its keys and an id.
func rows(c *kit.Call, name string, sent []map[string]any) []any {
	keys := map[string][]string{
		"emailAddresses": {"type", "address"}, "phoneNumbers": {"type", "number"},
		"addresses": {"type", "street", "city", "state", "zip", "country"}, "websites": {"type", "service", "address"},
	}[name]
	list := []any{}
	for _, row := range sent {
		shown := map[string]any{"id": kit.NumericID(c.Account.Name, c.Account.NextID())}
		if id := kit.ID(row["id"]); id != "" {
			shown["id"] = kit.Int(id)
		}
		for _, key := range keys {
			shown[key] = orNull(row[key])
		}
		if name == "addresses" && shown["country"] != nil {
			shown["country"], _ = country(kit.Text(row, "country"))
		}
		if name == "websites" {
			website(shown)
		}
		list = append(list, shown)
	}
	return list
}

// website completes a row: the address is kept as sent, the link made from it.
func website(row map[string]any) {
	if row["service"] == nil {
		row["service"] = "URL"
	}
	address := kit.Text(row, "address")
	row["url"] = address
	if !strings.Contains(address, "://") {
		row["url"] = map[string]string{
			"LINKED_IN": "https://www.linkedin.com/in/", "TWITTER": "https://twitter.com/", "FACEBOOK": "https://www.facebook.com/",
		}[kit.Text(row, "service")] + address
	}
}

func orNull(value any) any {
	if value == "" {
		return nil
	}
	return value
}

// sentParty reads the envelope.
func sentParty(c *kit.Call) (map[string]any, *kit.Reply) {
	body, err := c.Object()
	party := kit.Object(body, "party")
	if err != nil || party == nil || len(body) > 1 {
		return nil, malformed()
	}
	return party, nil
}

func create(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return forbidden()
	}
	sent, no := sentParty(c)
	if no == nil {
		no = judge(sent, false)
	}
	if no == nil && kit.Text(sent, "firstName") == "" && kit.Text(sent, "lastName") == "" {
		no = invalid("party", "firstName", "first name or last name is required")
	}
	if no != nil {
		return *no
	}
	data, no := resolve(c, sent)
	if no != nil {
		return *no
	}
	if _, there := data["owner"]; !there {
		data["owner"] = user(currentUserID)
	}
	r := c.Create("create", data)
	return kit.JSON(http.StatusCreated, map[string]any{"party": show(c, r)}).With("Location", base+parties+"/"+r.ID)
}

// update writes what was sent; rows of lists are added, or deleted by id.
func update(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	switch {
	case c.NoScope():
		return forbidden()
	case r == nil:
		return notFound()
	}
	sent, no := sentParty(c)
	if no != nil {
		return *no
	}
	kept := map[string][]any{}
	for _, name := range lists() {
		kept[name], sent[name] = separate(r, sent, name)
	}
	if no := judge(sent, true); no != nil {
		return *no
	}
	changes, no := resolve(c, sent)
	if no != nil {
		return *no
	}
	for _, name := range lists() {
		changes[name] = append(kept[name], changes[name].([]any)...)
	}
	changes["tags"] = merged(r, changes, "tags", func(row map[string]any) any { return row["id"] })
	changes["fields"] = merged(r, changes, "fields", func(row map[string]any) any { return kit.Object(row, "definition")["id"] })
	c.Update(r, changes)
	return kit.JSON(http.StatusOK, map[string]any{"party": show(c, r)})
}

// separate tells which rows of a record stay as they are and which that were
// sent are to be written; a row with an id takes the place of the old one.
func separate(r *kit.Record, sent map[string]any, name string) (kept, written []any) {
	gone := map[string]bool{}
	written = []any{}
	for _, row := range kit.Objects(sent, name) {
		if id := kit.ID(row["id"]); id != "" {
			gone[id] = true
		}
		if row["_delete"] != true {
			written = append(written, row)
		}
	}
	kept = []any{}
	for _, row := range kit.Objects(r.Data, name) {
		if !gone[fmt.Sprint(row["id"])] {
			kept = append(kept, row)
		}
	}
	return kept, written
}

// merged are the old rows without those that the new ones replace, and the new.
func merged(r *kit.Record, changes map[string]any, name string, key func(map[string]any) any) []any {
	added := kit.Objects(changes, name)
	list := []any{}
	for _, row := range kit.Objects(r.Data, name) {
		if !slices.ContainsFunc(added, func(a map[string]any) bool { return key(a) == key(row) }) {
			list = append(list, row)
		}
	}
	for _, row := range added {
		list = append(list, row)
	}
	return list
}

// show is a party; tags and custom fields come only when the query embeds them.
func show(c *kit.Call, r *kit.Record) map[string]any {
	party := map[string]any{
		"title": nil, "firstName": nil, "lastName": nil, "jobTitle": nil, "about": nil, "organisation": nil, "owner": nil, "team": nil,
		"enrichment": nil, "lastContactedAt": nil, "pictureURL": "https://capsulecrm.com/theme/default/images/person_avatar_70.png",
	}
	maps.Copy(party, r.Data)
	party["id"], party["type"] = kit.Int(r.ID), "person"
	party["createdAt"], party["updatedAt"] = stamp(r.CreatedAt), stamp(r.UpdatedAt)
	embedded := strings.Split(c.Query("embed"), ",")
	filled := []any{}
	for _, row := range kit.Objects(r.Data, "fields") {
		if row["value"] != nil {
			filled = append(filled, row)
		}
	}
	party["fields"] = filled
	for _, name := range []string{"tags", "fields"} {
		if !slices.Contains(embedded, name) {
			delete(party, name)
		}
	}
	return party
}

func identity(data map[string]any) kit.Identity {
	id := kit.Identity{Name: kit.Join(" ", kit.Text(data, "firstName"), kit.Text(data, "lastName"))}
	for _, row := range kit.Objects(data, "emailAddresses") {
		id.Emails = append(id.Emails, kit.Text(row, "address"))
	}
	return id
}

func seed(a *kit.Account, p kit.Person) map[string]any {
	row := func(key, value, kind string) []any {
		if value == "" {
			return []any{}
		}
		return []any{map[string]any{"id": kit.NumericID(a.Name, a.NextID()), key: value, "type": kind}}
	}
	return map[string]any{
		"firstName": orNull(p.FirstName), "lastName": orNull(p.LastName), "jobTitle": orNull(p.Title), "owner": user(currentUserID),
		"emailAddresses": row("address", p.Email, "Work"), "phoneNumbers": row("number", p.Phone, "Work"),
		"addresses": []any{}, "websites": []any{}, "tags": []any{}, "fields": []any{},
	}
}
