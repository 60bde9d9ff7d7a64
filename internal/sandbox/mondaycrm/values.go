package mondaycrm

import (
	"encoding/json"
	"fmt"
	"strings"

	"crmferry/internal/sandbox/kit"
)

// valueTypes are the schema's types of column values.
var valueTypes = map[string]string{
	"name": "NameValue", "people": "PeopleValue", "email": "EmailValue", "phone": "PhoneValue", "text": "TextValue",
	"board_relation": "BoardRelationValue", "location": "LocationValue", "country": "CountryValue", "tags": "TagsValue",
	"long_text": "LongTextValue", "link": "LinkValue", "numbers": "NumbersValue", "date": "DateValue",
	"checkbox": "CheckboxValue", "rating": "RatingValue", "formula": "FormulaValue", "last_updated": "FormulaValue",
	"status": "StatusValue", "dropdown": "DropdownValue",
}

// show is a column value as the API answers it; tagName names a tag.
func (c column) show(l layout, kept map[string]any, tagName func(id string) string) map[string]any {
	shown := map[string]any{
		"__typename": valueTypes[c.kind], "id": c.id, "type": c.kind, "column": l.showColumn(c),
		"text": c.text(kept, tagName), "value": c.raw(kept),
	}
	for name, value := range c.own(kept, tagName) {
		shown[name] = value
	}
	if c.kind == "board_relation" {
		shown["text"], shown["value"] = nil, nil // as the vendor has it
	}
	return shown
}

// raw is the JSON text in which a column value is handed out.
func (c column) raw(kept map[string]any) any {
	if kept == nil {
		return nil
	}
	var value any = kept
	switch c.kind {
	case "text", "numbers":
		value = kit.Text(kept, "plain")
	case "tags":
		value = map[string]any{"tag_ids": numbers(kit.Texts(kept, "tag_ids"))}
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return string(text)
}

func numbers(ids []string) []any {
	list := []any{}
	for _, id := range ids {
		list = append(list, json.Number(id))
	}
	return list
}

// text is how a column value reads; empty when it is unset.
func (c column) text(kept map[string]any, tagName func(id string) string) string {
	switch c.kind {
	case "text", "numbers":
		return kit.Text(kept, "plain")
	case "email", "long_text":
		return kit.Text(kept, "text")
	case "phone":
		return kit.Text(kept, "phone")
	case "status", "dropdown":
		return strings.Join(labelsOf(kept), ", ")
	case "date":
		return kit.Join(" ", kit.Text(kept, "date"), kit.Text(kept, "time"))
	case "link":
		return kit.Join(" - ", kit.Text(kept, "text"), kit.Text(kept, "url"))
	case "location":
		return kit.Text(kept, "address")
	case "country":
		return kit.Text(kept, "countryName")
	case "rating":
		return kit.ID(kept["rating"])
	}
	var names []string
	for _, id := range kit.Texts(kept, "tag_ids") {
		names = append(names, tagName(id))
	}
	for _, person := range kit.Objects(kept, "personsAndTeams") {
		names = append(names, "User "+kit.ID(person["id"]))
	}
	if fmt.Sprint(kept["checked"]) == "true" {
		names = append(names, "v")
	}
	return strings.Join(names, ", ")
}

func labelsOf(kept map[string]any) []string {
	labels, _ := kept["labels"].([]string)
	return labels
}

// own are the fields that only this type of column value has.
func (c column) own(kept map[string]any, tagName func(id string) string) map[string]any {
	get := func(name string) any { return kept[name] }
	switch c.kind {
	case "email":
		return map[string]any{"email": get("email"), "label": get("text")}
	case "phone":
		return map[string]any{"phone": get("phone"), "country_short_name": get("countryShortName")}
	case "link":
		return map[string]any{"url": get("url"), "url_text": get("text")}
	case "date":
		return map[string]any{"date": get("date"), "time": get("time")}
	case "numbers":
		return map[string]any{"number": plainNumber(kept)}
	case "rating":
		return map[string]any{"rating": get("rating")}
	case "checkbox":
		return map[string]any{"checked": fmt.Sprint(get("checked")) == "true"}
	case "country":
		return map[string]any{"country": map[string]any{"code": get("countryCode"), "name": get("countryName")}}
	case "location":
		return map[string]any{
			"address": get("address"), "lat": get("lat"), "lng": get("lng"),
			"city": nil, "street": nil, "country": nil, "country_short": nil,
		}
	case "board_relation":
		return map[string]any{"linked_item_ids": list(kit.Texts(kept, "item_ids")), "display_value": ""}
	}
	return c.ownLists(kept, tagName)
}

func (c column) ownLists(kept map[string]any, tagName func(id string) string) map[string]any {
	switch c.kind {
	case "status":
		var label any
		for _, text := range labelsOf(kept) {
			label = text
		}
		return map[string]any{"label": label, "index": nil}
	case "people":
		people := []any{}
		for _, person := range kit.Objects(kept, "personsAndTeams") {
			people = append(people, map[string]any{"id": kit.ID(person["id"]), "kind": kit.Text(person, "kind")})
		}
		return map[string]any{"persons_and_teams": people}
	case "tags":
		ids := kit.Texts(kept, "tag_ids")
		tags := []any{}
		for _, id := range ids {
			tags = append(tags, map[string]any{"id": id, "name": tagName(id), "color": "#037f4c"})
		}
		return map[string]any{"tag_ids": numbers(ids), "tags": tags}
	}
	return nil
}

func plainNumber(kept map[string]any) any {
	if kept == nil {
		return nil
	}
	return json.Number(kit.Text(kept, "plain"))
}

func list(texts []string) []any {
	all := []any{}
	for _, text := range texts {
		all = append(all, text)
	}
	return all
}
