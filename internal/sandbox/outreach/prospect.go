package outreach

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"crmferry/internal/sandbox/kit"
)

const customFields = 150

func phoneLists() []string {
	return []string{"workPhones", "mobilePhones", "homePhones", "otherPhones", "voipPhones"}
}

func schema() kit.Schema {
	s := kit.Schema{
		"firstName": {Max: 50}, "lastName": {Max: 50}, "emails": {Type: kit.List}, "tags": {Type: kit.List},
		"addedAt": {Type: kit.DateTime}, "optedOut": {Type: kit.Bool}, "personalNote1": {Max: 65535}, "personalNote2": {Max: 65535},
		"accountName": {Max: 255}, "timeZone": {Max: 255}, "gender": {Max: 255}, "availableAt": {Type: kit.DateTime},
	}
	for _, name := range phoneLists() {
		s[name] = kit.Field{Type: kit.List}
	}
	for _, name := range []string{"title", "occupation", "company", "source", "externalId", "nickname", "middleName", "preferredContact",
		"addressStreet", "addressStreet2", "addressCity", "addressState", "addressZip", "addressCountry"} {
		s[name] = kit.Field{Max: 255}
	}
	for _, name := range urls() {
		s[name] = kit.Field{Max: 1000}
	}
	for i := range customFields {
		s["custom"+strconv.Itoa(i+1)] = kit.Field{Max: 32000}
	}
	s["custom2"], s["custom3"] = kit.Field{Type: kit.Date}, kit.Field{OneOf: tiers()}
	for _, name := range []string{"name", "createdAt", "updatedAt", "touchedAt", "engagedAt", "externalSource", "emailContacts", "stageName", "personaName"} {
		s[name] = kit.Field{ReadOnly: true}
	}
	return s
}

func urls() []string {
	return []string{"linkedInUrl", "twitterUrl", "facebookUrl", "githubUrl", "stackOverflowUrl", "quoraUrl", "angelListUrl", "googlePlusUrl",
		"websiteUrl1", "websiteUrl2", "websiteUrl3"}
}

// resource is the data of a request's body.
type resource struct {
	Type          string
	ID            any
	Attributes    map[string]any
	Relationships map[string]struct{ Data *reference }
}

type reference struct {
	Type string `json:"type"`
	ID   any    `json:"id"`
}

// sent reads the envelope of a write; id is that of the path, if any.
func sent(c *kit.Call, id string) (resource, *kit.Reply) {
	var body struct{ Data *resource }
	var no kit.Reply
	switch err := c.Decode(&body); {
	case err != nil || body.Data == nil:
		no = failure(http.StatusBadRequest, "malformedRequest", "Malformed Request", "The request body is not a JSON:API document.")
	case body.Data.Type != "prospect":
		no = refuse(http.StatusUnprocessableEntity, invalid("/data/type", "Type must be 'prospect'."))
	case id == "" && body.Data.ID != nil, id != "" && body.Data.ID != json.Number(id):
		no = refuse(http.StatusUnprocessableEntity, invalid("/data/id", "Id is invalid."))
	default:
		return *body.Data, nil
	}
	return resource{}, &no
}

// judge lists what is wrong with a prospect as sent, new or to be written over
// self.
func (p resource) judge(c *kit.Call, self *kit.Record) []refusal {
	var refusals []refusal
	for _, issue := range schema().Check(p.Attributes, true) {
		pointer := "/data/attributes/" + issue.Path
		if issue.Problem == kit.TooLong {
			refusals = append(refusals, refusal{"validationDataTooLongError", "Validation Data Too Long Error", "Data provided is too long.", pointer})
			continue
		}
		detail := map[kit.Problem]string{kit.Unknown: "is not an attribute of prospects", kit.NotWrite: "is read-only"}[issue.Problem]
		if detail == "" {
			detail = "is invalid"
		}
		refusals = append(refusals, invalid(pointer, issue.Path+" "+detail+"."))
	}
	for _, name := range append(phoneLists(), "emails", "tags") {
		rows, _ := p.Attributes[name].([]any)
		if len(kit.Texts(p.Attributes, name)) != len(rows) || slices.Contains(rows, any("")) {
			refusals = append(refusals, invalid("/data/attributes/"+name, name+" must be strings."))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Relationships)) {
		if detail := judgeReference(name, p.Relationships[name].Data); detail != "" {
			refusals = append(refusals, invalid("/data/relationships/"+name, detail))
		}
	}
	for _, email := range kit.Texts(p.Attributes, "emails") {
		if no := judgeEmail(c, email, self); no != nil {
			refusals = append(refusals, *no)
		}
	}
	return refusals
}

func judgeReference(name string, to *reference) string {
	kind := map[string]string{"account": "account", "owner": "user", "stage": "stage", "persona": "persona"}[name]
	switch {
	case kind == "":
		return name + " cannot be written."
	case to == nil:
		return ""
	}
	id, isNumber := to.ID.(json.Number)
	switch {
	case to.Type != kind:
		return name + " must be of type '" + kind + "'."
	case !isNumber || !kit.Digits(id.String()):
		return name + " must have an integer id."
	case kit.Missing(id.String()):
		return strings.ToUpper(name[:1]) + name[1:] + " must exist."
	}
	return ""
}

// judgeEmail tells what bars an e-mail, which is the prospect's as a whole to
// the vendor.
func judgeEmail(c *kit.Call, email string, self *kit.Record) *refusal {
	no := invalid("/data", "")
	isOther := func(r *kit.Record) bool { return r != self }
	switch {
	case !kit.ValidEmail(email):
		no.detail = "Contacts email is invalid."
	case strings.HasSuffix(strings.ToLower(email), "@excluded.example"):
		no.detail = "Contacts contact is using an excluded email address."
	case !strings.EqualFold(email, userEmail) && !slices.ContainsFunc(c.Account.ByEmail(email), isOther):
		return nil
	case self != nil:
		no.id, no.title, no.detail = "validationDuplicateValueError", "Validation Duplicate Value Error", "A Contact with this email_hash already exists."
	default:
		no.detail = "Contacts email hash has already been taken."
	}
	return &no
}

// stored is what a prospect is to hold for what was sent. An account by name
// is linked as one by id is, and either overwrites the company.
func (p resource) stored() map[string]any {
	data := map[string]any{}
	maps.Copy(data, p.Attributes)
	for name, to := range p.Relationships {
		data["@"+name] = nil
		if to.Data != nil {
			data["@"+name] = map[string]any{"type": to.Data.Type, "id": to.Data.ID}
		}
	}
	if name := kit.Text(data, "accountName"); name != "" && data["@account"] == nil {
		data["@account"] = map[string]any{"type": "account", "id": kit.Hash(slug, name)%90_000 + 10_000}
	}
	if to := kit.Object(data, "@account"); to != nil {
		if kit.Text(data, "accountName") == "" {
			data["accountName"] = fmt.Sprintf("Account %v", to["id"])
		}
		data["company"] = data["accountName"]
	}
	return data
}

func create(c *kit.Call) kit.Reply {
	if no := forbidden(c); no != nil {
		return *no
	}
	p, no := sent(c, "")
	if no != nil {
		return *no
	}
	if refusals := p.judge(c, nil); len(refusals) > 0 {
		return refuse(http.StatusUnprocessableEntity, refusals...)
	}
	return answer(http.StatusCreated, map[string]any{"data": show(c.Create("create", p.stored()))})
}

func read(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return noProspect(c)
	}
	return answer(http.StatusOK, map[string]any{"data": selected(c, show(r))})
}

func noProspect(c *kit.Call) kit.Reply {
	return failure(http.StatusNotFound, "resourceNotFound", "Resource Not Found", "Could not find 'prospect' with ID '"+c.Var("id")+"'.")
}

func update(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return noProspect(c)
	}
	if no := forbidden(c); no != nil {
		return *no
	}
	p, no := sent(c, r.ID)
	if no != nil {
		return *no
	}
	if refusals := p.judge(c, r); len(refusals) > 0 {
		return refuse(http.StatusUnprocessableEntity, refusals...)
	}
	c.Update(r, p.stored())
	return answer(http.StatusOK, map[string]any{"data": show(r)})
}

// show is a prospect with every attribute, null or an empty list where unset.
func show(r *kit.Record) map[string]any {
	attributes := map[string]any{}
	for name, f := range schema() {
		attributes[name] = nil
		if f.Type == kit.List {
			attributes[name] = []any{}
		}
	}
	relationships := map[string]any{"creator": map[string]any{"data": map[string]any{"type": "user", "id": 2}}}
	for _, name := range []string{"account", "owner", "stage", "persona"} {
		relationships[name] = map[string]any{"data": r.Data["@"+name]}
	}
	for name, value := range r.Data {
		if value != nil && !strings.HasPrefix(name, "@") {
			attributes[name] = value
		}
	}
	if attributes["optedOut"] == nil {
		attributes["optedOut"] = false
	}
	maps.Copy(attributes, map[string]any{
		"name": identity(r.Data).Name, "createdAt": kit.Millis(r.CreatedAt), "updatedAt": kit.Millis(r.UpdatedAt),
		"externalSource": "outreach-api", "emailContacts": []any{},
	})
	relationships["emailAddresses"] = many(r, "emailAddress", "emailAddresses", len(kit.Texts(r.Data, "emails")))
	relationships["phoneNumbers"] = many(r, "phoneNumber", "phoneNumbers", len(phonesOf(r)))
	relationships["tasks"] = map[string]any{"links": map[string]any{"related": base + "/tasks?filter%5Bprospect%5D%5Bid%5D=" + r.ID}}
	return map[string]any{
		"type": "prospect", "id": kit.Int(r.ID), "attributes": attributes, "relationships": relationships,
		"links": map[string]any{"self": base + "/prospects/" + r.ID},
	}
}

// subID is the id of the n-th e-mail or phone of a prospect.
func subID(r *kit.Record, n int) int64 { return kit.Int(r.ID)*100 + int64(n) + 1 }

func many(r *kit.Record, kind, path string, count int) map[string]any {
	data := []any{}
	for i := range count {
		data = append(data, map[string]any{"type": kind, "id": subID(r, i)})
	}
	return map[string]any{
		"data": data, "links": map[string]any{"related": base + "/" + path + "?filter%5Bprospect%5D%5Bid%5D=" + r.ID}, "meta": map[string]any{"count": count},
	}
}

// selected keeps the attributes that the query names.
func selected(c *kit.Call, prospect map[string]any) map[string]any {
	names := c.Query("fields[prospect]")
	if names == "" {
		return prospect
	}
	maps.DeleteFunc(kit.Object(prospect, "attributes"), func(name string, _ any) bool {
		return !slices.Contains(strings.Split(names, ","), name)
	})
	return prospect
}

func identity(data map[string]any) kit.Identity {
	return kit.Identity{
		Name: kit.Join(" ", kit.Text(data, "firstName"), kit.Text(data, "lastName")), Emails: kit.Texts(data, "emails"),
	}
}

func seed(_ *kit.Account, p kit.Person) map[string]any {
	data := map[string]any{}
	for name, value := range map[string]string{"firstName": p.FirstName, "lastName": p.LastName, "title": p.Title} {
		if value != "" {
			data[name] = value
		}
	}
	for name, value := range map[string]string{"emails": p.Email, "workPhones": p.Phone} {
		if value != "" {
			data[name] = []any{value}
		}
	}
	return data
}
