package insightly

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

// customType is what a custom field holds.
type customType struct {
	kind    string // the vendor's FIELD_TYPE
	options []string
}

func customTypes() map[string]customType {
	return map[string]customType{
		"Hobby__c": {kind: "TEXT"}, "Sync_Key__c": {kind: "TEXT"},
		"Tier__c":      {kind: "DROPDOWN", options: []string{"Gold", "Silver"}},
		"Interests__c": {kind: "MULTISELECT", options: []string{"Music", "Travel", "Chess"}},
		"Score__c":     {kind: "NUMERIC"}, "Vip__c": {kind: "BIT"}, "Since__c": {kind: "DATE"}, "Serial__c": {kind: "AUTONUMBER"},
	}
}

func judgeCustom(name string, value any) string {
	field, known := customTypes()[name]
	switch {
	case !known:
		return "CUSTOMFIELDS: " + name + " is not a custom field of Contact."
	case field.kind == "AUTONUMBER":
		return "CUSTOMFIELDS: " + name + " is read only."
	case value != nil && !field.takes(value):
		return fmt.Sprintf("CUSTOMFIELDS: the value of %s is not a valid %s.", name, field.kind)
	}
	return ""
}

func (t customType) takes(value any) bool {
	switch v := value.(type) {
	case bool:
		return t.kind == "BIT"
	case json.Number:
		return t.kind == "NUMERIC"
	case string:
		switch t.kind {
		case "TEXT":
			return true
		case "DROPDOWN":
			return slices.Contains(t.options, v)
		case "MULTISELECT":
			return !slices.ContainsFunc(strings.Split(v, ";"), func(one string) bool { return !slices.Contains(t.options, one) })
		case "DATE":
			_, err := time.Parse(stamp, v)
			return err == nil
		}
	}
	return false
}

// showCustom lists the fields that are set.
func showCustom(values map[string]any) []any {
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if values[name] != nil {
			list = append(list, map[string]any{"FIELD_NAME": name, "FIELD_VALUE": values[name], "CUSTOM_FIELD_ID": name})
		}
	}
	return list
}

// customFields lists the fields of an object, or of all when the object is
// unknown.
func customFields(c *kit.Call) kit.Reply {
	rows := []any{}
	row := func(name, object string, t customType) {
		options := []any{}
		for i, option := range t.options {
			options = append(options, map[string]any{"OPTION_ID": i + 1, "OPTION_VALUE": option, "OPTION_DEFAULT": false})
		}
		rows = append(rows, map[string]any{
			"FIELD_NAME": name, "FIELD_LABEL": strings.TrimSuffix(name, "__c"), "FIELD_FOR": object, "FIELD_TYPE": t.kind,
			"FIELD_ORDER": len(rows) + 1, "FIELD_HELP_TEXT": nil, "DEFAULT_VALUE": nil, "VISIBLE": true,
			"EDITABLE": t.kind != "AUTONUMBER", "CUSTOM_FIELD_OPTIONS": options, "DEPENDENCY": nil, "JOIN_OBJECT": nil,
		})
	}
	if c.Var("object") != "Contacts" {
		row("Region__c", "ORGANISATION", customType{kind: "TEXT"})
	}
	if c.Var("object") == "Organisations" {
		return kit.JSON(http.StatusOK, rows)
	}
	types := customTypes()
	for _, name := range slices.Sorted(maps.Keys(types)) {
		row(name, "CONTACT", types[name])
	}
	return kit.JSON(http.StatusOK, rows)
}

// attach puts a tag on a contact.
func attach(c *kit.Call, r *kit.Record, tag string) {
	id := r.ID + " " + strings.ToLower(tag)
	if c.Account.Table("tags").Get(id) == nil {
		c.Account.Table("tags").Put(&kit.Record{ID: id, Data: map[string]any{"TAG_NAME": tag}, CreatedAt: c.Now}, r.ID)
	}
}

// attachAll heeds the tags in a contact's body, where the account does.
func attachAll(c *kit.Call, r *kit.Record, body map[string]any) {
	if strings.HasPrefix(c.Account.Name, "tags") {
		for _, tag := range kit.Objects(body, "TAGS") {
			attach(c, r, kit.Text(tag, "TAG_NAME"))
		}
	}
}

func showTags(c *kit.Call, r *kit.Record) []any {
	list := []any{}
	for _, tag := range c.Account.Table("tags").ByKey(r.ID) {
		list = append(list, tag.Data)
	}
	return list
}

func addTag(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return unknown(c.Var("id"))
	}
	body, err := c.Object()
	if err != nil {
		return kit.Empty(http.StatusBadRequest)
	}
	if issues := schema()["TAGS"].Of.Check(body, false); len(issues) > 0 {
		return text(http.StatusBadRequest, sentence(issues[0]))
	}
	attach(c, r, kit.Text(body, "TAG_NAME"))
	c.FollowUp("tag")
	return kit.JSON(http.StatusCreated, body)
}

func tagsOf(c *kit.Call) kit.Reply {
	if r := c.Account.Contacts.Get(c.Var("id")); r != nil {
		return kit.JSON(http.StatusOK, showTags(c, r))
	}
	return unknown(c.Var("id"))
}

func allTags(c *kit.Call) kit.Reply {
	if c.Query("record_type") == "" {
		return text(http.StatusBadRequest, "record_type is required.")
	}
	names := []string{"VIP", "Newsletter"}
	for _, tag := range c.Account.Table("tags").All() {
		names = append(names, tag.Text("TAG_NAME"))
	}
	slices.Sort(names)
	list := []any{}
	for _, name := range slices.Compact(names) {
		list = append(list, map[string]any{"TAG_NAME": name})
	}
	return kit.JSON(http.StatusOK, list)
}

func addLink(c *kit.Call) kit.Reply {
	r := c.Account.Contacts.Get(c.Var("id"))
	if r == nil {
		return unknown(c.Var("id"))
	}
	body, err := c.Object()
	if err != nil {
		return kit.Empty(http.StatusBadRequest)
	}
	rules := kit.Schema{
		"LINK_OBJECT_NAME": {Required: true, OneOf: []string{"Contact", "Organisation", "Opportunity", "Project", "Lead"}},
		"LINK_OBJECT_ID":   {Type: kit.Integer, Required: true}, "ROLE": {}, "DETAILS": {}, "RELATIONSHIP_ID": {Type: kit.Integer},
	}
	if issues := rules.Check(body, false); len(issues) > 0 {
		return text(http.StatusBadRequest, sentence(issues[0]))
	}
	if id := kit.ID(body["LINK_OBJECT_ID"]); kit.Missing(id) {
		return text(http.StatusBadRequest, fmt.Sprintf("No %s with ID = %s", body["LINK_OBJECT_NAME"], id))
	}
	id := c.Account.NextID()
	body["LINK_ID"], body["OBJECT_NAME"], body["OBJECT_ID"] = id, "Contact", kit.Int(r.ID)
	c.Account.Table("links").Put(&kit.Record{ID: fmt.Sprint(id), Data: body, CreatedAt: c.Now}, r.ID)
	c.FollowUp("link")
	return kit.JSON(http.StatusCreated, body)
}

func showLinks(c *kit.Call, r *kit.Record) []any {
	list := []any{}
	for _, link := range c.Account.Table("links").ByKey(r.ID) {
		list = append(list, link.Data)
	}
	return list
}
