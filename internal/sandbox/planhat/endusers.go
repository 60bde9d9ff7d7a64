package planhat

import (
	"crypto/md5" // the vendor's own choice for emailMd5
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const (
	maxPage   = 5000
	maxOffset = 1_000_000_000
)

// schema are the keys that an end user can be given.
func schema() kit.Schema {
	return kit.Schema{
		"email": {Type: kit.Email}, "otherEmails": {Type: kit.List}, "firstName": {}, "lastName": {}, "name": {}, "position": {}, "phone": {},
		"companyId": {}, "tags": {Type: kit.List}, "externalId": {}, "sourceId": {}, "createDate": {Type: kit.DateTime}, "lastActive": {Type: kit.DateTime},
		"custom": {Type: kit.Map}, "featured": {Type: kit.Bool}, "primary": {Type: kit.Bool}, "archived": {Type: kit.Bool},
	}
}

// known picks the keys that mean something.
func known(given map[string]any) map[string]any {
	keep := func(object map[string]any, s kit.Schema) map[string]any {
		kept := maps.Clone(object)
		maps.DeleteFunc(kept, func(name string, _ any) bool { _, ok := s[name]; return !ok })
		return kept
	}
	kept := keep(given, schema())
	if custom := kit.Object(kept, "custom"); custom != nil {
		kept["custom"] = keep(custom, customTypes())
	}
	return kept
}

// judge tells what is wrong with known keys; empty when nothing is.
func judge(given map[string]any) string {
	issues := append(schema().Check(given, true), customTypes().Check(kit.Object(given, "custom"), true)...)
	if len(issues) > 0 {
		return issues[0].Path + " is invalid"
	}
	for _, name := range []string{"tags", "otherEmails"} {
		if list, _ := given[name].([]any); len(kit.Texts(given, name)) != len(list) {
			return name + " must be strings"
		}
	}
	return ""
}

// locate puts the company's id and name into an end user; false when it maps
// to no company.
func locate(c *kit.Call, data map[string]any) (mapped bool, problem string) {
	key := kit.Text(data, "companyId")
	if _, host, _ := strings.Cut(kit.Text(data, "email"), "@"); key == "" && strings.EqualFold(host, "customer.example") {
		key = companyID(c.Account.Name, 1)
	}
	if key == "" {
		return false, ""
	}
	id, name, ok := company(c.Account.Name, key)
	if !ok {
		return false, "companyId is invalid"
	}
	data["companyId"], data["companyName"] = id, name
	return id != "", ""
}

func externalKey(id string) string { return "external:" + id }
func sourceKey(id string) string   { return "source:" + id }

// clashes names the keys that another end user has already.
func clashes(c *kit.Call, data map[string]any, self *kit.Record) []string {
	var taken []string
	differs := func(other *kit.Record, name string) bool {
		mine, theirs := kit.Text(data, name), other.Text(name)
		return mine != "" && theirs != "" && mine != theirs
	}
	hit := func(name string, others []*kit.Record, clash func(*kit.Record) bool) {
		if kit.Text(data, name) != "" && slices.ContainsFunc(others, func(other *kit.Record) bool { return other != self && clash(other) }) {
			taken = append(taken, name)
		}
	}
	neighbour := func(other *kit.Record) bool { return other.Text("companyId") == kit.Text(data, "companyId") }
	contacts := &c.Account.Contacts
	hit("externalId", contacts.ByKey(externalKey(kit.Text(data, "externalId"))), neighbour)
	hit("sourceId", contacts.ByKey(sourceKey(kit.Text(data, "sourceId"))), func(*kit.Record) bool { return true })
	hit("email", c.Account.ByEmail(kit.Text(data, "email")), func(other *kit.Record) bool {
		return neighbour(other) && !differs(other, "externalId") && !differs(other, "sourceId")
	})
	return taken
}

func identity(data map[string]any) kit.Identity {
	i := kit.Identity{Name: kit.Text(data, "name")}
	if email := kit.Text(data, "email"); email != "" {
		i.Emails = []string{email}
	}
	if id := kit.Text(data, "externalId"); id != "" {
		i.Keys = append(i.Keys, externalKey(id))
	}
	if id := kit.Text(data, "sourceId"); id != "" {
		i.Keys = append(i.Keys, sourceKey(id))
	}
	return i
}

func seed(a *kit.Account, p kit.Person) map[string]any {
	data := map[string]any{"companyId": companyID(a.Name, 1), "companyName": "Acme", "custom": map[string]any{}, "tags": []any{}, "otherEmails": []any{}}
	for name, value := range map[string]string{"firstName": p.FirstName, "lastName": p.LastName, "email": p.Email, "phone": p.Phone, "position": p.Title} {
		if value != "" {
			data[name] = value
		}
	}
	compose(data)
	return data
}

// compose makes the name of first and last name, where there is one.
func compose(data map[string]any) {
	if name := kit.Join(" ", kit.Text(data, "firstName"), kit.Text(data, "lastName")); name != "" {
		data["name"] = name
	}
}

// prepare turns a body into what is stored; the problem is why it cannot be,
// and unmapped end users are not to be stored.
func prepare(c *kit.Call, body map[string]any, self *kit.Record) (data map[string]any, mapped bool, problem string) {
	given := known(body)
	if problem = judge(given); problem != "" {
		return nil, false, problem
	}
	data = map[string]any{"custom": map[string]any{}, "tags": []any{}, "otherEmails": []any{}, "featured": false}
	if self != nil {
		data = maps.Clone(self.Data)
	}
	for name, value := range given {
		if value != nil && (name != "otherEmails" || !is(c, "legacy")) {
			data[name] = value
		}
	}
	if custom := kit.Object(given, "custom"); custom != nil && self != nil {
		merged := maps.Clone(kit.Object(self.Data, "custom"))
		maps.Copy(merged, custom)
		data["custom"] = merged
	}
	compose(data)
	if kit.Join("", kit.Text(data, "email"), kit.Text(data, "externalId"), kit.Text(data, "sourceId")) == "" {
		return nil, false, "email is required"
	}
	if mapped, problem = locate(c, data); problem != "" || !mapped {
		return data, false, problem
	}
	if taken := clashes(c, data, self); len(taken) > 0 {
		return nil, true, strings.Join(taken, ",") + " duplicated"
	}
	return data, true, ""
}

// refuse answers a problem; a duplicate as a text, anything else as an object.
func refuse(problem string) kit.Reply {
	if strings.HasSuffix(problem, "duplicated") {
		return text(http.StatusBadRequest, problem)
	}
	return bad(problem)
}

func create(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return kit.Raw(http.StatusForbidden, "application/json", `"Forbidden"`)
	}
	body, err := c.Object()
	if err != nil {
		return bad("Invalid JSON")
	}
	data, mapped, problem := prepare(c, body, nil)
	switch {
	case problem != "":
		return refuse(problem)
	case !mapped:
		return kit.JSON(http.StatusOK, known(body))
	}
	return kit.JSON(http.StatusOK, show(c.Create("create", data)))
}

// show is the stored document with what the vendor computes.
func show(r *kit.Record) map[string]any {
	shown := maps.Clone(r.Data)
	maps.Copy(shown, map[string]any{
		"_id": r.ID, "personas": []any{}, "relatedEndusers": []any{}, "beats": 0, "beatsTotal": 0, "beatTrend": 0, "convs14": 0, "convsTotal": 0,
		"experience": 0, "npsUnsubscribed": false, "createDate": kit.Millis(createDate(r)), "updatedAt": kit.Millis(r.UpdatedAt), "__v": 0,
		"sharedNotificationsPrefs": map[string]any{"enabled": []any{}, "disabled": []any{}, "disabledEvents": []any{}},
	})
	if email := r.Text("email"); email != "" {
		shown["emailMd5"] = fmt.Sprintf("%x", md5.Sum([]byte(email)))
	}
	return shown
}

func createDate(r *kit.Record) time.Time {
	if at, err := time.Parse(time.RFC3339, r.Text("createDate")); err == nil {
		return at
	}
	return r.CreatedAt
}

// find looks an end user up by its id or a prefixed key.
func find(c *kit.Call, key string) *kit.Record {
	var found []*kit.Record
	if id, ok := strings.CutPrefix(key, "extid-"); ok {
		found = c.Account.Contacts.ByKey(externalKey(id))
	} else if id, ok := strings.CutPrefix(key, "srcid-"); ok {
		found = c.Account.Contacts.ByKey(sourceKey(id))
	} else {
		return c.Account.Contacts.Get(key)
	}
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

func read(c *kit.Call) kit.Reply {
	r := find(c, c.Var("id"))
	if r == nil {
		return kit.Empty(http.StatusNotFound)
	}
	return kit.JSON(http.StatusOK, show(r))
}

func update(c *kit.Call) kit.Reply {
	r := find(c, c.Var("id"))
	if r == nil {
		return kit.Empty(http.StatusNotFound)
	}
	body, err := c.Object()
	if err != nil {
		return bad("Invalid JSON")
	}
	data, mapped, problem := prepare(c, body, r)
	switch {
	case problem != "":
		return refuse(problem)
	case !mapped:
		return kit.JSON(http.StatusOK, known(body))
	}
	c.Update(r, data)
	return kit.JSON(http.StatusOK, show(r))
}

// list answers a page of end users. Of the filters it knows email, which it
// takes as a search, and companyId; others are ignored.
func list(c *kit.Call) kit.Reply {
	limit, offset := 100, int(kit.Int(c.Query("offset")))
	if given := c.Query("limit"); given != "" {
		limit = int(kit.Int(given))
	}
	if limit < 1 || limit > maxPage || offset < 0 || offset > maxOffset {
		return bad("limit or offset is out of range")
	}
	email, ids := strings.ToLower(c.Query("email")), c.Query("companyId")
	var found []*kit.Record
	for _, r := range c.Account.Contacts.All() {
		fits := strings.Contains(strings.ToLower(r.Text("email")), email) && (ids == "" || slices.Contains(strings.Split(ids, ","), r.Text("companyId")))
		if fits && c.Searchable(r) && r.Data["archived"] != true {
			found = append(found, r)
		}
	}
	if field, descending := strings.CutPrefix(c.Query("sort"), "-"); field != "" {
		slices.SortStableFunc(found, func(a, b *kit.Record) int {
			order := strings.Compare(fmt.Sprint(show(a)[field]), fmt.Sprint(show(b)[field]))
			if descending {
				return -order
			}
			return order
		})
	}
	rows := []any{}
	for _, r := range found[min(offset, len(found)):min(offset+limit, len(found))] {
		row := show(r)
		if only := c.Query("select"); only != "" {
			maps.DeleteFunc(row, func(name string, _ any) bool {
				return name != "_id" && !slices.Contains(strings.Split(only, ","), name)
			})
		}
		if email != "" {
			row["relevance"] = 1
		}
		rows = append(rows, row)
	}
	return kit.JSON(http.StatusOK, rows)
}
