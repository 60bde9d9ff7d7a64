package pipeliner

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"crmferry/internal/sandbox/kit"
)

// slots are the numbered members of a name.
func slots(name string) []string {
	list := []string{}
	for i := 1; i <= 5; i++ {
		list = append(list, name+strconv.Itoa(i))
	}
	return list
}

// schema are the members that a contact can be given, and those that it only
// shows.
func schema(account string) kit.Schema {
	s := kit.Schema{
		"gender": {Type: kit.Integer, OneOf: []string{"0", "1", "2", "3"}}, "share_mode": {Type: kit.Integer, OneOf: []string{"0", "1", "2", "3"}},
		"is_archived": {Type: kit.Bool}, "is_unsubscribed": {Type: kit.Bool}, "social_media": {Type: kit.Map, Of: socialSchema()},
		"account_relations": {Type: kit.List, Of: kit.Schema{
			"account_id": {Required: true}, "is_primary": {Type: kit.Bool}, "position": {}, "comment": {}, "is_assistant": {Type: kit.Bool},
			"is_sibling": {Type: kit.Bool}, "relationship": {Type: kit.Integer, OneOf: []string{"0", "1", "2", "3"}},
		}},
		"tags": {Type: kit.List, Of: kit.Schema{"tag_id": {Required: true}}},
	}
	for _, name := range append(slots("phone"), "first_name", "middle_name", "last_name", "title", "position", "account_position", "quick_account_name",
		"address", "city", "state_province", "zip_code", "country", "comments", "owner_id", "unit_id", "contact_type_id", "created", "picture_id") {
		s[name] = kit.Field{}
	}
	for _, name := range slots("email") {
		s[name] = kit.Field{Type: kit.Email}
	}
	for _, name := range []string{
		"id", "modified", "formatted_name", "primary_account", "primary_account_position", "primary_account_relationship", "primary_account_account_roles",
		"owner", "unit", "contact_type", "revision", "is_deleted", "is_delete_protected", "is_favorite", "picture", "sharing_units", "sharing_clients",
		"documents", "exchange_entity_id", "gapi_entity_id", "o365_entity_id", "modified_by_user", "static_profiles",
		"currency_exchange_rates_list", "currency_exchange_rates_list_id",
	} {
		s[name] = kit.Field{ReadOnly: true}
	}
	for _, f := range customsOf(account) {
		s[f.name] = f.rule
	}
	return s
}

// judge lists what is wrong with given values; self is the contact that is to
// have them, if there is one.
func judge(c *kit.Call, given map[string]any, self *kit.Record) []fault {
	var faults []fault
	for _, issue := range schema(c.Account.Name).Check(given, true) {
		name, _, _ := strings.Cut(issue.Path, ".")
		text := map[kit.Problem]string{kit.Unknown: "Unknown field!", kit.NotWrite: "Field is read-only!"}[issue.Problem]
		if text == "" {
			text = "Value is invalid!"
		}
		faults = append(faults, wrong(name, text))
	}
	if len(faults) > 0 {
		return faults
	}
	whole := given
	if self != nil {
		whole = with(self.Data, given)
	}
	if kit.Text(whole, "owner_id") == "" {
		faults = append(faults, missing("owner_id", "Missing required field!"))
	}
	if kit.Join("", kit.Text(whole, "first_name"), kit.Text(whole, "last_name")) == "" {
		faults = append(faults, missing("", "At least one of the names is required."))
	}
	if is(c, "demanding") && kit.Text(whole, "cf_tier") == "" && c.Query("validation-level") != "4" {
		faults = append(faults, missing("cf_tier", "Missing required field!"))
	}
	if _, ok := instant(kit.Text(given, "created")); !ok && kit.Text(given, "created") != "" {
		faults = append(faults, wrong("created", "Value is invalid!"))
	}
	if country := kit.Text(given, "country"); country != "" && len(country) < 4 {
		faults = append(faults, wrong("country", "Value is not one of the options!"))
	}
	faults = append(faults, judgeRelations(c, given)...)
	return append(faults, judgeUnique(c, given, self)...)
}

func judgeRelations(c *kit.Call, given map[string]any) []fault {
	var faults []fault
	for _, link := range [][2]string{{"owner_id", "Client"}, {"unit_id", "SalesUnit"}, {"contact_type_id", "ContactType"}} {
		if id := kit.Text(given, link[0]); id != "" && !names(id) {
			faults = append(faults, dangling(link[0], id, link[1]))
		}
	}
	primary := 0
	for _, relation := range kit.Objects(given, "account_relations") {
		if id := kit.Text(relation, "account_id"); !names(id) {
			faults = append(faults, dangling("account_relations", id, "Account"))
		}
		if relation["is_primary"] == true {
			primary++
		}
	}
	if primary > 1 {
		faults = append(faults, wrong("account_relations", "Only one can be primary!"))
	}
	for _, relation := range kit.Objects(given, "tags") {
		if id := kit.Text(relation, "tag_id"); tags(c).Get(id) == nil {
			faults = append(faults, dangling("tags", id, "Tag"))
		}
	}
	return faults
}

// uniqueFields are those that an admin has marked so.
func uniqueFields(c *kit.Call) []string {
	if is(c, "strict") {
		return []string{"email1", "cf_job_key"}
	}
	return []string{"cf_job_key"}
}

func uniqueKey(name, value string) string { return name + ":" + strings.ToLower(value) }

func judgeUnique(c *kit.Call, given map[string]any, self *kit.Record) []fault {
	var faults []fault
	for _, name := range uniqueFields(c) {
		value := kit.Text(given, name)
		if value == "" {
			continue
		}
		for _, other := range c.Account.Contacts.ByKey(uniqueKey(name, value)) {
			if other != self {
				faults = append(faults, notUnique(name))
			}
		}
	}
	return faults
}

func identity(data map[string]any) kit.Identity {
	i := kit.Identity{Name: formatted(data)}
	for _, slot := range slots("email") {
		if email := kit.Text(data, slot); email != "" {
			i.Emails = append(i.Emails, email)
		}
	}
	for _, name := range []string{"email1", "cf_job_key"} {
		if value := kit.Text(data, name); value != "" {
			i.Keys = append(i.Keys, uniqueKey(name, value))
		}
	}
	return i
}

func formatted(data map[string]any) string {
	return kit.Join(" ", kit.Text(data, "first_name"), kit.Text(data, "middle_name"), kit.Text(data, "last_name"))
}

func seed(_ *kit.Account, p kit.Person) map[string]any {
	return map[string]any{
		"owner_id": grace, "first_name": p.FirstName, "last_name": p.LastName, "email1": p.Email, "phone1": p.Phone, "account_position": p.Title,
	}
}

func create(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return forbidden()
	}
	given, err := c.Object()
	if err != nil {
		return invalid("Missing or invalid JSON data.")
	}
	if faults := judge(c, given, nil); len(faults) > 0 {
		return unprocessable(c, faults, nil)
	}
	return done(http.StatusCreated, show(c, write(c, "create", given)))
}

// write makes a contact and what is nested in it.
func write(c *kit.Call, op string, given map[string]any) *kit.Record {
	r := c.Create(op, scalars(given))
	relate(c, r, given)
	return r
}

// scalars leaves out what is kept in entities of its own.
func scalars(given map[string]any) map[string]any {
	data := maps.Clone(given)
	for _, name := range []string{"account_relations", "tags", "social_media"} {
		delete(data, name)
	}
	return data
}

func relate(c *kit.Call, r *kit.Record, given map[string]any) {
	for _, relation := range kit.Objects(given, "account_relations") {
		put(c, accountRelations, r.ID, relation)
	}
	for _, relation := range kit.Objects(given, "tags") {
		put(c, tagRelations, r.ID, relation)
	}
	if social := kit.Object(given, "social_media"); social != nil {
		put(c, socialRelations, r.ID, social)
	}
}

func read(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return notFound()
	}
	shown := show(c, r)
	expand := strings.Split(c.Query("expand"), ",")
	if slices.Contains(expand, "tags.tag") {
		list := []any{}
		for _, relation := range c.Account.Table(tagRelations).ByKey(r.ID) {
			tag := tags(c).Get(relation.Text("tag_id"))
			list = append(list, map[string]any{"id": relation.ID, "contact_id": r.ID, "tag_id": tag.ID, "tag": with(tag.Data, map[string]any{"id": tag.ID})})
		}
		shown["tags"] = list
	}
	if social := c.Account.Table(socialRelations).ByKey(r.ID); slices.Contains(expand, "social_media") && len(social) > 0 {
		shown["social_media"] = with(social[len(social)-1].Data, map[string]any{"id": r.ID})
	}
	return done(http.StatusOK, shown)
}

func update(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return notFound()
	}
	given, err := c.Object()
	if err != nil {
		return invalid("Missing or invalid JSON data.")
	}
	if faults := judge(c, given, r); len(faults) > 0 {
		return unprocessable(c, faults, nil)
	}
	c.Update(r, scalars(given))
	relate(c, r, given)
	return done(http.StatusOK, show(c, r))
}

// show is a contact with all members of the schema; what refers to others is
// a URI.
func show(c *kit.Call, r *kit.Record) map[string]any {
	shown := map[string]any{}
	for name := range schema(c.Account.Name) {
		shown[name] = nil
	}
	for name, value := range r.Data {
		if value != "" {
			shown[name] = value
		}
	}
	for _, name := range []string{"sharing_units", "sharing_clients", "documents", "static_profiles", "primary_account_account_roles"} {
		shown[name] = []any{}
	}
	for _, name := range []string{"is_deleted", "is_delete_protected", "is_favorite", "is_archived", "is_unsubscribed"} {
		shown[name] = shown[name] == true
	}
	for name, fallback := range map[string]any{
		"gender": 0, "share_mode": 0, "unit_id": unit, "contact_type_id": kit.UUID(slug+" contact type", 1),
	} {
		if shown[name] == nil {
			shown[name] = fallback
		}
	}
	shown["id"], shown["formatted_name"], shown["modified"], shown["revision"] = r.ID, formatted(r.Data), stamp(r.UpdatedAt), r.UpdatedAt.Unix()%100_000
	shown["created"] = stamp(r.CreatedAt)
	if at, ok := instant(r.Text("created")); ok {
		shown["created"] = stamp(at)
	}
	for name, entity := range map[string]string{"owner": "Clients", "unit": "SalesUnits", "contact_type": "ContactTypes"} {
		shown[name] = uri(c, entity, kit.Text(shown, name+"_id"))
	}
	showRelations(c, r, shown)
	return shown
}

func showRelations(c *kit.Call, r *kit.Record, shown map[string]any) {
	accounts, tagged := []any{}, []any{}
	for _, relation := range c.Account.Table(accountRelations).ByKey(r.ID) {
		accounts = append(accounts, uri(c, "ContactAccountRelations", relation.ID))
		if relation.Data["is_primary"] == true {
			shown["primary_account"], shown["primary_account_position"] = uri(c, "Accounts", relation.Text("account_id")), shown["account_position"]
		}
	}
	for _, relation := range c.Account.Table(tagRelations).ByKey(r.ID) {
		tagged = append(tagged, uri(c, "TagRelations", relation.ID))
	}
	if shown["primary_account"] == nil && shown["position"] == nil {
		shown["position"] = shown["account_position"]
	}
	shown["account_relations"], shown["tags"] = accounts, tagged
	shown["social_media"] = nil
	if len(c.Account.Table(socialRelations).ByKey(r.ID)) > 0 {
		shown["social_media"] = uri(c, "ContactSocialRelations", r.ID)
	}
}
