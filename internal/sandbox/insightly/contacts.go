package insightly

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const stamp = "2006-01-02 15:04:05" // UTC, and no zone mark

func schema() kit.Schema {
	s := kit.Schema{
		"FIRST_NAME": {Max: 255, Required: true}, "SALUTATION": {Max: 50}, "BACKGROUND": {Max: 4000},
		"EMAIL_ADDRESS": {Type: kit.Email, Max: 255}, "EMAIL_OPTED_OUT": {Type: kit.Bool}, "DATE_OF_BIRTH": {Max: 30},
		"ORGANISATION_ID": {Type: kit.Integer}, "OWNER_USER_ID": {Type: kit.Integer},
		"CUSTOMFIELDS": {Type: kit.List, Of: kit.Schema{"FIELD_NAME": {Required: true}, "FIELD_VALUE": {Type: kit.Any}, "CUSTOM_FIELD_ID": {}}},
		"TAGS":         {Type: kit.List, Of: kit.Schema{"TAG_NAME": {Max: 255, Required: true}}},
	}
	for _, name := range []string{
		"LAST_NAME", "TITLE", "ASSISTANT_NAME", "PHONE", "PHONE_HOME", "PHONE_MOBILE", "PHONE_OTHER", "PHONE_ASSISTANT", "PHONE_FAX",
		"SOCIAL_LINKEDIN", "SOCIAL_FACEBOOK", "SOCIAL_TWITTER",
	} {
		s[name] = kit.Field{Max: 255}
	}
	for _, kind := range []string{"MAIL", "OTHER"} {
		for _, part := range []string{"STREET", "CITY", "STATE", "COUNTRY"} {
			s["ADDRESS_"+kind+"_"+part] = kit.Field{Max: 255}
		}
		s["ADDRESS_"+kind+"_POSTCODE"] = kit.Field{Max: 128}
	}
	for _, name := range []string{
		"CONTACT_ID", "DATE_CREATED_UTC", "DATE_UPDATED_UTC", "LAST_ACTIVITY_DATE_UTC", "NEXT_ACTIVITY_DATE_UTC", "CREATED_USER_ID",
		"IMAGE_URL", "VISIBLE_TO", "VISIBLE_TEAM_ID", "DATES", "LINKS",
	} {
		s[name] = kit.Field{ReadOnly: true}
	}
	return s
}

// judge tells what the vendor would blame first; nil when it takes the body.
func (api imitation) judge(body map[string]any, partial bool) *kit.Reply {
	no := func(reply kit.Reply) *kit.Reply { return &reply }
	if issues := schema().Check(body, partial); len(issues) > 0 {
		return no(text(http.StatusBadRequest, sentence(issues[0])))
	}
	if id := kit.ID(body["ORGANISATION_ID"]); id != "" && (!kit.Digits(id) || kit.Missing(id)) {
		return no(text(http.StatusBadRequest, "No Organisation with ID = "+id))
	}
	if id := kit.ID(body["OWNER_USER_ID"]); id != "" && (!kit.Digits(id) || kit.Missing(id) || kit.Int(id) > math.MaxInt32) {
		return no(text(http.StatusBadRequest, "No User with ID = "+id))
	}
	for _, name := range []string{"ADDRESS_MAIL_COUNTRY", "ADDRESS_OTHER_COUNTRY"} {
		if country := kit.Text(body, name); country != "" && !api.countries[country] {
			return no(text(http.StatusBadRequest, name+" is not a valid country."))
		}
	}
	for _, field := range kit.Objects(body, "CUSTOMFIELDS") {
		if wrong := judgeCustom(kit.Text(field, "FIELD_NAME"), field["FIELD_VALUE"]); wrong != "" {
			return no(message(http.StatusBadRequest, wrong))
		}
	}
	return nil
}

func sentence(issue kit.Issue) string {
	switch issue.Problem {
	case kit.Absent:
		return issue.Path + " is required."
	case kit.TooLong:
		return fmt.Sprintf("%s must be at most %d characters.", issue.Path, issue.Field.Max)
	case kit.BadEmail:
		return issue.Path + " is not a valid e-mail address."
	case kit.Unknown:
		return issue.Path + " is not a field of Contact."
	case kit.NotWrite:
		return issue.Path + " cannot be set."
	}
	return issue.Path + " has an invalid value."
}

// stored is the form in which a body is kept, laid over what was kept before:
// custom fields by name, and no tags.
func stored(body, kept map[string]any) map[string]any {
	data := map[string]any{}
	for name, value := range body {
		if value == "" {
			value = nil
		}
		data[name] = value
	}
	delete(data, "TAGS")
	delete(data, "CUSTOMFIELDS")
	if fields := kit.Objects(body, "CUSTOMFIELDS"); len(fields) > 0 {
		custom := maps.Clone(kit.Object(kept, "custom"))
		if custom == nil {
			custom = map[string]any{}
		}
		for _, field := range fields {
			custom[kit.Text(field, "FIELD_NAME")] = field["FIELD_VALUE"]
		}
		data["custom"] = custom
	}
	return data
}

func identity(data map[string]any) kit.Identity {
	id := kit.Identity{Name: kit.Join(" ", kit.Text(data, "FIRST_NAME"), kit.Text(data, "LAST_NAME"))}
	if email := kit.Text(data, "EMAIL_ADDRESS"); email != "" {
		id.Emails = []string{email}
	}
	return id
}

// show is a contact with every key. A brief one lacks what hangs on it.
func show(c *kit.Call, r *kit.Record, brief bool) map[string]any {
	contact := map[string]any{}
	for name := range schema() {
		contact[name] = r.Data[name]
	}
	maps.Copy(contact, map[string]any{
		"CONTACT_ID": kit.Int(r.ID), "VISIBLE_TO": "EVERYONE", "CREATED_USER_ID": userID(c.Account.Name),
		"DATE_CREATED_UTC": r.CreatedAt.UTC().Format(stamp), "DATE_UPDATED_UTC": r.UpdatedAt.UTC().Format(stamp), "DATES": []any{},
		"CUSTOMFIELDS": showCustom(kit.Object(r.Data, "custom")), "TAGS": showTags(c, r), "LINKS": showLinks(c, r),
	})
	if contact["OWNER_USER_ID"] == nil {
		contact["OWNER_USER_ID"] = userID(c.Account.Name)
	}
	if contact["EMAIL_OPTED_OUT"] == nil {
		contact["EMAIL_OPTED_OUT"] = false
	}
	if brief {
		for _, name := range []string{"CUSTOMFIELDS", "TAGS", "LINKS"} {
			delete(contact, name)
		}
	}
	return contact
}

func single(c *kit.Call, r *kit.Record) kit.Reply {
	tag := strconv.FormatUint(kit.Hash(r.ID, strconv.FormatInt(r.UpdatedAt.UnixNano(), 10)), 36)
	return kit.JSON(http.StatusOK, show(c, r, false)).With("ETag", strconv.Quote(tag))
}

func (api imitation) create(c *kit.Call) kit.Reply {
	switch {
	case c.NoScope():
		return text(http.StatusForbidden, "API User does not have access to Contacts.")
	case strings.HasPrefix(c.Account.Name, "noplan"):
		return text(http.StatusNotFound, "API User does not have access to Contacts.")
	case strings.HasPrefix(c.Account.Name, "full"):
		return kit.Empty(http.StatusPaymentRequired)
	}
	body, err := c.Object()
	if err != nil {
		return kit.Empty(http.StatusBadRequest)
	}
	if refusal := api.judge(body, false); refusal != nil {
		return *refusal
	}
	r := c.Create("create", stored(body, nil))
	attachAll(c, r, body)
	return single(c, r)
}

func (api imitation) update(c *kit.Call) kit.Reply {
	body, err := c.Object()
	if err != nil {
		return kit.Empty(http.StatusBadRequest)
	}
	id := kit.ID(body["CONTACT_ID"])
	r := c.Account.Contacts.Get(id)
	if r == nil {
		return unknown(id)
	}
	delete(body, "CONTACT_ID")
	if refusal := api.judge(body, true); refusal != nil {
		return *refusal
	}
	c.Update(r, stored(body, r.Data))
	attachAll(c, r, body)
	return single(c, r)
}

func unknown(id string) kit.Reply {
	return text(http.StatusNotFound, "No Contact with ID = "+id)
}

func read(c *kit.Call) kit.Reply {
	if r := c.Account.Contacts.Get(c.Var("id")); r != nil {
		return single(c, r)
	}
	return unknown(c.Var("id"))
}

func list(c *kit.Call) kit.Reply { return page(c, func(*kit.Record) bool { return true }) }

// search compares one field, without regard to case.
func search(c *kit.Call) kit.Reply {
	name, value := c.Query("field_name"), c.Query("field_value")
	_, known := schema()[name]
	_, custom := customTypes()[name]
	if !known && !custom && (name != "" || c.Query("updated_after_utc") == "") {
		return text(http.StatusBadRequest, "field_name is not a searchable field of Contact.")
	}
	return page(c, func(r *kit.Record) bool {
		held := r.Data[name]
		if custom {
			held = kit.Object(r.Data, "custom")[name]
		}
		return name == "" || (held != nil && strings.EqualFold(fmt.Sprint(held), value))
	})
}

// page lists what the index shows of the contacts that match.
func page(c *kit.Call, match func(*kit.Record) bool) kit.Reply {
	top, skip, after := 100, int(kit.Int(c.Query("skip"))), time.Time{}
	if given := c.Query("top"); given != "" {
		top = int(kit.Int(given))
	}
	if given := c.Query("updated_after_utc"); given != "" {
		var err error
		if after, err = time.Parse(time.RFC3339, given); err != nil {
			return text(http.StatusBadRequest, "updated_after_utc is not a valid date.")
		}
	}
	if top < 1 || top > 500 || skip < 0 {
		return text(http.StatusBadRequest, "top must be between 1 and 500.")
	}
	hits := slices.DeleteFunc(slices.Clone(c.Account.Contacts.All()), func(r *kit.Record) bool {
		return !c.Searchable(r) || !r.UpdatedAt.After(after) || !match(r)
	})
	contacts := []any{}
	for _, r := range hits[min(skip, len(hits)):min(skip+top, len(hits))] {
		contacts = append(contacts, show(c, r, c.Query("brief") == "true"))
	}
	reply := kit.JSON(http.StatusOK, contacts)
	if c.Query("count_total") == "true" {
		return reply.With("X-Total-Count", strconv.Itoa(len(hits)))
	}
	return reply
}
