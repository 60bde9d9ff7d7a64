package attio

import (
	"net/http"
	"strings"

	"crmferry/internal/sandbox/kit"
)

// attribute is one of the object people.
type attribute struct {
	slug, kind string
	multi      bool
	unique     bool
	required   bool
	readOnly   bool
	custom     bool
	options    []string
}

func attributesOf(account string) []attribute {
	list := []attribute{
		{slug: "record_id", kind: "text", readOnly: true},
		{slug: "name", kind: "personal-name"},
		{slug: "email_addresses", kind: "email-address", multi: true, unique: true},
		{slug: "description", kind: "text"},
		{slug: "company", kind: "record-reference"},
		{slug: "job_title", kind: "text", required: strings.HasPrefix(account, "strict")},
		{slug: "avatar_url", kind: "text", readOnly: true},
		{slug: "phone_numbers", kind: "phone-number", multi: true},
		{slug: "primary_location", kind: "location"},
		{slug: "linkedin", kind: "text"}, {slug: "twitter", kind: "text"}, {slug: "facebook", kind: "text"},
		{slug: "instagram", kind: "text"}, {slug: "angellist", kind: "text"},
		{slug: "first_interaction", kind: "interaction", readOnly: true},
		{slug: "last_interaction", kind: "interaction", readOnly: true},
		{slug: "strongest_connection_strength", kind: "select", readOnly: true},
		{slug: "associated_deals", kind: "record-reference", multi: true},
		{slug: "created_at", kind: "timestamp", readOnly: true},
		{slug: "created_by", kind: "actor-reference", readOnly: true},
		{slug: "loyalty_tier", kind: "select", custom: true, options: []string{"Gold", "Silver"}},
		{slug: "segments", kind: "select", multi: true, custom: true, options: []string{"Investor", "Press"}},
		{slug: "lead_stage", kind: "status", custom: true, options: []string{"New", "Won"}},
		{slug: "score", kind: "number", custom: true}, {slug: "rating", kind: "rating", custom: true},
		{slug: "newsletter", kind: "checkbox", custom: true}, {slug: "birthday", kind: "date", custom: true},
		{slug: "last_meeting", kind: "timestamp", custom: true}, {slug: "annual_spend", kind: "currency", custom: true},
		{slug: "external_key", kind: "text", custom: true},
	}
	if strings.HasPrefix(account, "full") {
		list = append(list,
			attribute{slug: "owner", kind: "actor-reference", custom: true},
			attribute{slug: "tags", kind: "select", multi: true, custom: true, options: []string{"VIP", "Press"}})
	}
	return list
}

// attributeOf finds an attribute by slug or id.
func attributeOf(account, name string) (attribute, bool) {
	for _, a := range attributesOf(account) {
		if a.slug == name || a.id(account) == name {
			return a, true
		}
	}
	return attribute{}, false
}

func (a attribute) id(account string) string { return uuid(account, "attribute "+a.slug) }

func (a attribute) optionID(account, title string) string {
	return uuid(account, "option "+a.slug+" "+title)
}

func (a attribute) idName() string {
	if a.kind == "status" {
		return "status_id"
	}
	return "option_id"
}

// option finds an option by title or id.
func (a attribute) option(account, key string) (map[string]any, bool) {
	for _, title := range a.options {
		if id := a.optionID(account, title); key == title || key == id {
			return map[string]any{"id": a.ids(account, a.idName(), id), "title": title, "is_archived": false}, true
		}
	}
	return nil, false
}

func (a attribute) ids(account, name, id string) map[string]any {
	ids := map[string]any{
		"workspace_id": uuid(account, "workspace"), "object_id": uuid(account, "object"), "attribute_id": a.id(account),
	}
	if name != "" {
		ids[name] = id
	}
	return ids
}

func attributes(c *kit.Call) kit.Reply {
	list := []any{}
	for _, a := range attributesOf(c.Account.Name) {
		list = append(list, map[string]any{
			"id": a.ids(c.Account.Name, "", ""), "title": strings.ToUpper(a.slug[:1]) + strings.ReplaceAll(a.slug[1:], "_", " "), "description": nil,
			"api_slug": a.slug, "type": a.kind, "is_system_attribute": !a.custom, "is_writable": !a.readOnly,
			"is_required": a.required, "is_unique": a.unique, "is_multiselect": a.multi, "is_default_value_enabled": false,
			"is_archived": false, "default_value": nil, "relationship": nil, "created_at": "2024-01-01T00:00:00.000000000Z",
			"config": map[string]any{"currency": map[string]any{"default_currency_code": nil, "display_type": nil},
				"record_reference": map[string]any{"allowed_object_ids": nil}},
		})
	}
	return kit.JSON(http.StatusOK, map[string]any{"data": list})
}

// options lists the options of a select, or the statuses of a status.
func options(c *kit.Call) kit.Reply {
	a, known := attributeOf(c.Account.Name, c.Var("attribute"))
	kind := "select"
	if strings.HasSuffix(c.Request.URL.Path, "/statuses") {
		kind = "status"
	}
	if !known || a.kind != kind {
		return notFound("Could not find " + kind + " attribute with slug/ID \"" + c.Var("attribute") + "\".")
	}
	list := []any{}
	for _, title := range a.options {
		option, _ := a.option(c.Account.Name, title)
		list = append(list, option)
	}
	return kit.JSON(http.StatusOK, map[string]any{"data": list})
}
