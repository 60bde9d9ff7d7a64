package pipeliner

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"crmferry/internal/sandbox/kit"
)

// Tables of what belongs to a contact, keyed by its id.
const (
	accountRelations = "account relations"
	tagRelations     = "tag relations"
	socialRelations  = "social relations"
)

func put(c *kit.Call, table, contact string, data map[string]any) *kit.Record {
	made := &kit.Record{ID: kit.UUID(table+" "+c.Account.Name, c.Account.NextID()), Data: data, CreatedAt: c.Now}
	c.Account.Table(table).Put(made, contact)
	return made
}

func socialSchema() kit.Schema {
	s := kit.Schema{}
	for site := range strings.FieldsSeq("angellist crunchbase disqus facebook flickr foursquare google_plus gravatar klout linkedin pinterest quora " +
		"reddit skype slideshare twitter vimeo wordpress xing yahoo yelp youtube") {
		s[site+"_url"] = kit.Field{}
	}
	return s
}

// tags is the account's table of tags.
func tags(c *kit.Call) *kit.Table {
	table := c.Account.Table("tags")
	if len(table.All()) == 0 {
		for i, name := range []string{"vip club", "vip"} {
			table.Put(&kit.Record{ID: kit.UUID("tag "+c.Account.Name, uint64(i+1)), CreatedAt: c.Now,
				Data: map[string]any{"name": name, "color": json.Number("1"), "supported_entities": json.Number("1")}})
		}
	}
	return table
}

func listTags(c *kit.Call) kit.Reply {
	var rows []map[string]any
	for _, tag := range tags(c).All() {
		rows = append(rows, with(tag.Data, map[string]any{"id": tag.ID, "created": stamp(tag.CreatedAt)}))
	}
	return collection(c, rows, rows[0])
}

// related reads the body of an entity that goes with contacts.
func related(c *kit.Call, s kit.Schema) (map[string]any, *kit.Reply) {
	given, err := c.Object()
	refusal := invalid("Missing or invalid JSON data.")
	if err != nil {
		return nil, &refusal
	}
	var faults []fault
	for _, issue := range s.Check(given, false) {
		if issue.Problem == kit.Absent {
			faults = append(faults, missing(issue.Path, "Missing required field!"))
			continue
		}
		faults = append(faults, wrong(issue.Path, "Value is invalid!"))
	}
	for name, target := range map[string]*kit.Table{"contact_id": &c.Account.Contacts, "tag_id": tags(c)} {
		if id := kit.Text(given, name); id != "" && target.Get(id) == nil {
			faults = append(faults, dangling(name, id, "its target"))
		}
	}
	if id := kit.Text(given, "account_id"); id != "" && !names(id) {
		faults = append(faults, dangling("account_id", id, "Account"))
	}
	if len(faults) > 0 {
		refusal = unprocessable(c, faults, nil)
		return nil, &refusal
	}
	return given, nil
}

func createTag(c *kit.Call) kit.Reply {
	given, refusal := related(c, kit.Schema{"name": {Required: true}, "color": {Type: kit.Integer, Required: true}, "supported_entities": {Type: kit.Any}})
	if refusal != nil {
		return *refusal
	}
	id := kit.UUID("tag "+c.Account.Name, c.Account.NextID()+100)
	tags(c).Put(&kit.Record{ID: id, Data: given, CreatedAt: c.Now})
	c.FollowUp("tag")
	return done(http.StatusCreated, with(given, map[string]any{"id": id, "created": stamp(c.Now)}))
}

func tagContact(c *kit.Call) kit.Reply {
	return relation(c, tagRelations, kit.Schema{"contact_id": {Required: true}, "tag_id": {Required: true}})
}

func linkAccount(c *kit.Call) kit.Reply {
	return relation(c, accountRelations, kit.Schema{
		"contact_id": {Required: true}, "account_id": {Required: true}, "is_primary": {Type: kit.Bool, Required: true}, "position": {}, "comment": {},
	})
}

func relation(c *kit.Call, table string, s kit.Schema) kit.Reply {
	given, refusal := related(c, s)
	if refusal != nil {
		return *refusal
	}
	made := put(c, table, kit.Text(given, "contact_id"), given)
	c.FollowUp(strings.ReplaceAll(strings.TrimSuffix(table, "s"), " ", "_"))
	return done(http.StatusCreated, with(given, map[string]any{"id": made.ID}))
}

func linkSocial(c *kit.Call) kit.Reply {
	s := socialSchema()
	s["id"] = kit.Field{Required: true}
	given, refusal := related(c, s)
	if refusal != nil {
		return *refusal
	}
	id := kit.Text(given, "id")
	if c.Account.Contacts.Get(id) == nil {
		return unprocessable(c, []fault{dangling("id", id, "Contact")}, nil)
	}
	data := maps.Clone(given)
	delete(data, "id")
	put(c, socialRelations, id, data)
	c.FollowUp("social_relation")
	return done(http.StatusCreated, given)
}

func clients(c *kit.Call) kit.Reply {
	var rows []map[string]any
	for _, one := range [][2]string{{grace, "Grace"}, {alan, "Alan"}} {
		rows = append(rows, map[string]any{
			"id": one[0], "first_name": one[1], "last_name": "Example", "formatted_name": one[1] + " Example",
			"email": strings.ToLower(one[1]) + "@sandbox.example", "default_unit_id": unit, "is_deleted": false,
		})
	}
	return collection(c, rows, rows[0])
}

// custom is a field of the account's own.
type custom struct {
	name, label, kind string
	rule              kit.Field
}

func customsOf(account string) []custom {
	return []custom{
		{"cf_tier", "Tier", "input", kit.Field{}}, {"cf_score", "Score", "integer", kit.Field{Type: kit.Integer}},
		{"cf_segment", "Segment", "dropdown", kit.Field{OneOf: []string{kit.UUID("option "+account, 1), kit.UUID("option "+account, 2)}}},
		{"cf_rating", "Rating", "float", kit.Field{Type: kit.Number}}, {"cf_since", "Since", "date", kit.Field{Type: kit.Date}},
		{"cf_approved", "Approved", "checkbox", kit.Field{Type: kit.Bool}}, {"loyalty_level", "Loyalty", "input", kit.Field{}},
		{"cf_job_key", "Job key", "input", kit.Field{}},
	}
}

// fields lists the standard fields by name and then the account's own.
func fields(c *kit.Call) kit.Reply {
	var rows []map[string]any
	add := func(entity, name, label, kind string, unique bool, options any) {
		rows = append(rows, map[string]any{
			"id": kit.UUID(slug+" "+name, 1), "entity_name": entity, "api_name": name, "name": label, "type_id": kind,
			"is_unique": unique, "is_published": true, "data_set": options,
		})
	}
	customs := customsOf(c.Account.Name)
	for _, name := range slices.Sorted(maps.Keys(schema(c.Account.Name))) {
		if !slices.ContainsFunc(customs, func(f custom) bool { return f.name == name }) {
			add("Contact", name, name, "input", slices.Contains(uniqueFields(c), name), []any{})
		}
	}
	for _, f := range customs {
		options := []any{}
		for i, id := range f.rule.OneOf {
			options = append(options, map[string]any{"option_id": id, "option_name": fmt.Sprintf("Option %d", i+1)})
		}
		add("Contact", f.name, f.label, f.kind, slices.Contains(uniqueFields(c), f.name), options)
	}
	add("Account", "cf_region", "Region", "input", false, []any{})
	return collection(c, rows, rows[0])
}
