package salesflare

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const tier = "tier"

func names() []string {
	return []string{"name", "email", "prefix", "firstname", "middle", "lastname", "suffix"}
}

func schema() kit.Schema {
	address := kit.Schema{
		"street": {}, "city": {}, "state_region": {}, "region": {}, "zip": {}, "country": {Max: 50}, "type": {},
	}
	position := kit.Schema{"organisation": {}, "role": {}}
	positions := maps.Clone(position)
	maps.Copy(positions, kit.Schema{
		"start_date": {Type: kit.DateTime}, "end_date": {Type: kit.DateTime}, "current": {Type: kit.Bool}, "primary": {Type: kit.Bool},
	})
	s := kit.Schema{
		"account": {Type: kit.Integer}, "owner": {Type: kit.Integer}, "email": {Max: 1000}, "domain": {}, "picture": {Max: 500},
		"address": {Type: kit.Map, Of: address}, "addresses": {Type: kit.List, Of: address},
		"phone_numbers": {Type: kit.List, Of: kit.Schema{"number": {Required: true}, "type": {}}},
		"position":      {Type: kit.Map, Of: position}, "positions": {Type: kit.List, Of: positions},
		"social_profiles": {Type: kit.List}, "tags": {Type: kit.List}, "files": {Type: kit.List},
		"birth_date": {Type: kit.DateTime}, "opt-out": {Type: kit.Bool}, "opt-out_date": {Type: kit.DateTime}, "opt-out_campaign": {Type: kit.Integer},
		"bounced": {Type: kit.Bool}, "bounced_date": {Type: kit.DateTime},
		"custom": {Type: kit.Map, Of: kit.Schema{
			"favourite_number": {Type: kit.Number}, "lead_origin": {}, tier: {OneOf: []string{"Gold", "Silver"}},
			"subscribed": {Type: kit.Bool}, "met_on": {Type: kit.DateTime},
		}},
	}
	for _, name := range append(phones(), "prefix", "firstname", "middle", "lastname", "suffix", "name") {
		s[name] = kit.Field{}
	}
	return s
}

func phones() []string {
	return []string{"phone_number", "mobile_phone_number", "home_phone_number", "fax_number"}
}

// judge tells the first thing that is wrong with a body.
func judge(s kit.Schema, body map[string]any, partial bool) *fault {
	for _, issue := range s.Check(body, partial) {
		return blame(issue)
	}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if body[name] == "" {
			return &fault{name, "any/empty", "is not allowed to be empty"}
		}
	}
	return nil
}

func blame(issue kit.Issue) *fault {
	f := &fault{path: issue.Path}
	switch issue.Problem {
	case kit.Unknown:
		f.rule, f.text = "object/allowUnknown", "is not allowed"
	case kit.Absent:
		f.rule, f.text = "any/required", "is required"
	case kit.TooLong:
		f.rule, f.text = "string/max", "length must be less than or equal to "+strconv.Itoa(issue.Field.Max)+" characters long"
	case kit.NotAllowed:
		f.rule, f.text = "any/allowOnly", "must be one of ["+strings.Join(issue.Field.OneOf, ", ")+"]"
	case kit.BadValue:
		f.rule, f.text = "date/base", "must be a number of milliseconds or valid date string"
	default:
		kind := map[kit.Type]string{
			kit.Number: "number", kit.Integer: "number", kit.Bool: "boolean", kit.Map: "object", kit.List: "array",
		}[issue.Field.Type]
		if kind == "" {
			kind = "string"
		}
		f.rule, f.text = kind+"/base", "must be a "+kind
	}
	return f
}

// judgeContact holds a contact against the rules that a schema cannot say.
func judgeContact(c *kit.Call, body map[string]any, partial bool) *fault {
	if f := judge(schema(), body, partial); f != nil {
		return f
	}
	named := slices.ContainsFunc(names(), func(name string) bool { return body[name] != nil })
	email := strings.TrimSpace(kit.Text(body, "email"))
	switch {
	case !named && !partial:
		return &fault{"", "object/missing", "must contain at least one of [" + strings.Join(names(), ", ") + "]"}
	case email != "" && !kit.ValidEmail(email+".x"): // one label is enough of a domain
		return &fault{"email", "string/email", "must be a valid email"}
	case body["address"] != nil && body["addresses"] != nil:
		return &fault{"", "object/oxor", "contains a conflict between optional exclusive peers [address, addresses]"}
	}
	for _, name := range []string{"account", "owner"} {
		if kit.Missing(kit.ID(body[name])) {
			return &fault{name, "any/invalid", "does not exist"}
		}
	}
	if f := judgeMixed(body, "social_profiles", kit.Schema{"type": {}, "url": {}, "username": {}}); f != nil {
		return f
	}
	return judgeTags(c, body)
}

// judgeMixed judges a list of texts and objects.
func judgeMixed(body map[string]any, name string, of kit.Schema) *fault {
	list, _ := body[name].([]any)
	for i, item := range list {
		path := name + "." + strconv.Itoa(i)
		switch v := item.(type) {
		case string:
			if v == "" {
				return &fault{path, "any/empty", "is not allowed to be empty"}
			}
		case map[string]any:
			if f := judge(of, v, false); f != nil {
				f.path = path + "." + f.path
				return f
			}
		default:
			return &fault{path, "string/base", "must be a string"}
		}
	}
	return nil
}

func judgeTags(c *kit.Call, body map[string]any) *fault {
	of := kit.Schema{"id": {Type: kit.Integer}, "name": {}, "_deleted": {Type: kit.Bool}, "_dirty": {Type: kit.Any}}
	if f := judgeMixed(body, "tags", of); f != nil {
		return f
	}
	for _, tag := range kit.Objects(body, "tags") {
		id := kit.ID(tag["id"])
		if (id == "" && tag["name"] == nil) || (id != "" && tagTable(c).Get(id) == nil) {
			return &fault{"tags", "any/invalid", "does not exist"}
		}
	}
	return nil
}

// stored is a body in the form in which it is kept: the e-mail in lower case,
// tags as ids beside those that the contact has.
func stored(c *kit.Call, body map[string]any, had []any) map[string]any {
	data := maps.Clone(body)
	if email := kit.Text(body, "email"); email != "" {
		data["email"] = strings.ToLower(strings.TrimSpace(email))
	}
	if address := kit.Object(body, "address"); address != nil {
		data["addresses"] = []any{address}
		delete(data, "address")
	}
	tags, _ := body["tags"].([]any)
	if len(tags) == 0 {
		return data
	}
	ids := slices.Clone(had)
	for _, item := range tags {
		tag, _ := item.(map[string]any)
		id := kit.ID(tag["id"])
		if name, ok := item.(string); ok {
			id = tagNamed(c, name).ID
		} else if id == "" {
			id = tagNamed(c, kit.Text(tag, "name")).ID
		}
		ids = slices.DeleteFunc(ids, func(other any) bool { return other == id })
		if tag["_deleted"] != true {
			ids = append(ids, id)
		}
	}
	data["tags"] = ids
	return data
}

func seed(_ *kit.Account, p kit.Person) map[string]any {
	data := map[string]any{}
	for name, value := range map[string]string{
		"firstname": p.FirstName, "lastname": p.LastName, "email": strings.ToLower(p.Email), "phone_number": p.Phone,
	} {
		if value != "" {
			data[name] = value
		}
	}
	if p.Title != "" {
		data["position"] = map[string]any{"role": p.Title}
	}
	return data
}

func identity(data map[string]any) kit.Identity {
	id := kit.Identity{Name: fullName(data)}
	if email := kit.Text(data, "email"); email != "" {
		id.Emails = []string{email}
	}
	return id
}

func fullName(data map[string]any) string {
	if name := kit.Text(data, "name"); name != "" {
		return name
	}
	var parts []string
	for _, name := range names()[2:] {
		parts = append(parts, kit.Text(data, name))
	}
	return kit.Join(" ", parts...)
}

// objects reads a body that is one object or a list of them.
func objects(c *kit.Call) (list []map[string]any, many bool, err error) {
	if strings.HasPrefix(strings.TrimSpace(string(c.Body)), "[") {
		err = c.Decode(&list)
		return list, true, err
	}
	object, err := c.Object()
	return []map[string]any{object}, false, err
}

func create(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return forbidden()
	}
	if f := strange(c, "force"); f != nil {
		return f.reply("query")
	}
	list, many, err := objects(c)
	if err != nil {
		return malformed()
	}
	if len(list) == 0 {
		return fault{"", "array/min", "must contain at least 1 items"}.reply("payload")
	}
	for i, body := range list {
		if f := judgeContact(c, body, false); f != nil {
			if many {
				f.path = strings.TrimSuffix(strconv.Itoa(i)+"."+f.path, ".")
			}
			return f.reply("payload")
		}
	}
	answers := []any{}
	for _, body := range list {
		answers = append(answers, write(c, body, many))
	}
	if len(answers) == 1 {
		return kit.JSON(http.StatusOK, answers[0])
	}
	return kit.JSON(http.StatusOK, answers)
}

// write stores a contact; with force=false an e-mail is taken once.
func write(c *kit.Call, body map[string]any, many bool) map[string]any {
	data := stored(c, body, nil)
	maps.DeleteFunc(data, func(_ string, value any) bool { return value == nil })
	if c.Query("force") == "false" && len(c.Account.ByEmail(kit.Text(data, "email"))) > 0 {
		return map[string]any{}
	}
	op := "create"
	if many {
		op = "batch_create"
	}
	return map[string]any{"id": kit.Int(c.Create(op, data).ID)}
}

func read(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return notFound()
	}
	return kit.JSON(http.StatusOK, show(c, r))
}

func update(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return notFound()
	}
	body, err := c.Object()
	if err != nil {
		return malformed()
	}
	if f := judgeContact(c, body, true); f != nil {
		return f.reply("payload")
	}
	had, _ := r.Data["tags"].([]any)
	c.Update(r, stored(c, body, had))
	return kit.JSON(http.StatusOK, map[string]any{"id": kit.Int(r.ID)})
}

// list filters contacts, oldest first, by parts of what they hold.
func list(c *kit.Call) kit.Reply {
	if f := strange(c, "id", "email", "name", "phone_number", "search", "account", "creation_after", "modification_after",
		"includeArchived", "limit", "offset"); f != nil {
		return f.reply("query")
	}
	limit, offset := 20, int(kit.Int(c.Query("offset")))
	if text := c.Query("limit"); text != "" {
		limit = int(kit.Int(text))
	}
	for _, name := range []string{"creation_after", "modification_after"} {
		if text := c.Query(name); text != "" && instant(text).IsZero() {
			return fault{name, "date/base", "must be a number of milliseconds or valid date string"}.reply("query")
		}
	}
	found := []any{}
	for _, r := range c.Account.Contacts.All() {
		if id := c.Query("id"); (id == r.ID || id == "" && c.Searchable(r)) && matches(c, r) {
			found = append(found, show(c, r))
		}
	}
	found = found[min(max(offset, 0), len(found)):]
	return kit.JSON(http.StatusOK, found[:min(max(limit, 0), len(found))])
}

func matches(c *kit.Call, r *kit.Record) bool {
	part := func(name, text string) bool {
		return strings.Contains(strings.ToLower(text), strings.ToLower(c.Query(name)))
	}
	var numbers []string
	for _, number := range lists(c, r)["phone_numbers"].([]any) {
		numbers = append(numbers, kit.Text(number.(map[string]any), "number"))
	}
	return part("email", r.Text("email")) && part("name", fullName(r.Data)) && part("phone_number", strings.Join(numbers, " ")) &&
		part("search", r.Text("email")+" "+fullName(r.Data)) &&
		(c.Query("account") == "" || c.Query("account") == kit.ID(r.Data["account"])) &&
		!r.CreatedAt.Before(instant(c.Query("creation_after"))) && !r.UpdatedAt.Before(instant(c.Query("modification_after")))
}

func instant(text string) time.Time {
	t, _ := time.Parse(time.RFC3339, text)
	return t
}
