package mondaycrm

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"crmferry/internal/sandbox/kit"
)

// read turns what is written to a column into what is kept; nil clears it.
// The error tells the caller what is wrong.
func (c column) read(value any, newLabels bool) (map[string]any, error) {
	if text, ok := value.(string); value == nil || (ok && text == "") {
		return nil, nil
	}
	object, isObject := value.(map[string]any)
	if isObject && len(object) == 0 {
		return nil, nil
	}
	text, isText := value.(string)
	switch c.kind {
	case "text", "numbers", "name":
		return c.readPlain(value)
	case "email":
		return readEmail(object, text)
	case "phone":
		return readPhone(object, text)
	case "long_text":
		if isText {
			object = map[string]any{"text": text}
		}
		return readLongText(object)
	case "status", "dropdown":
		if isText {
			object = map[string]any{"label": text, "labels": []any{text}}
		}
		return c.readLabels(object, newLabels)
	case "date":
		if isText {
			object = map[string]any{"date": text}
		}
		return check(object, kit.Schema{"date": {Type: kit.Date, Required: true}, "time": {}, "icon": {}, "changed_at": {}})
	case "formula", "last_updated":
		return nil, says("column of type %s is not editable", c.kind)
	}
	if !isObject {
		return nil, says("invalid value, an object is expected")
	}
	return c.readObject(object)
}

func (c column) readPlain(value any) (map[string]any, error) {
	text, isText := value.(string)
	if n, ok := value.(json.Number); ok && c.kind == "numbers" {
		text, isText = n.String(), true
	}
	if !isText {
		return nil, says("invalid value, a string is expected")
	}
	if _, err := strconv.ParseFloat(text, 64); c.kind == "numbers" && err != nil {
		return nil, says("invalid value, a number is expected")
	}
	if c.kind == "text" && strings.Contains(text, "<") {
		text = "" // the vendor loses such texts without a word
	}
	return map[string]any{"plain": text}, nil
}

func readEmail(object map[string]any, text string) (map[string]any, error) {
	if object == nil {
		email, label, _ := strings.Cut(text, " ")
		if label == "" {
			label = email
		}
		object = map[string]any{"email": email, "text": label}
	}
	return check(object, kit.Schema{"email": {Type: kit.Email, Required: true}, "text": {Required: true}})
}

// callingCodes are the prefixes of the countries that a phone is checked
// against; of others the digits alone are counted.
const callingCodes = "US1 CA1 GB44 IE353 DE49 AT43 CH41 FR33 BE32 NL31 LU352 ES34 PT351 IT39 DK45 SE46 NO47 FI358 PL48 CZ420 GR30 " +
	"TR90 IL972 IN91 CN86 JP81 KR82 SG65 AU61 NZ64 BR55 MX52 AR54 ZA27 AE971 UA380"

func readPhone(object map[string]any, text string) (map[string]any, error) {
	if object == nil {
		phone, country, _ := strings.Cut(text, " ")
		object = map[string]any{"phone": phone, "countryShortName": country}
	}
	if _, err := check(object, kit.Schema{"phone": {Required: true}, "countryShortName": {Max: 2}}); err != nil {
		return nil, err
	}
	phone, country := kit.Text(object, "phone"), kit.Text(object, "countryShortName")
	number := kit.OnlyDigits(phone)
	prefix := ""
	for _, code := range strings.Fields(callingCodes) {
		if country != "" && strings.HasPrefix(code, country) {
			prefix = code[2:]
		}
	}
	switch {
	case strings.Trim(phone, "+0123456789 ()-./") != "", len(number) < 7, len(number) > 15,
		country != strings.ToUpper(country), strings.HasPrefix(phone, "+") && !strings.HasPrefix(number, prefix):
		return nil, says("invalid value, please check the phone number and its country")
	}
	return map[string]any{"phone": number, "countryShortName": country}, nil
}

func readLongText(object map[string]any) (map[string]any, error) {
	kept, err := check(object, kit.Schema{"text": {Required: true}})
	if err != nil {
		return nil, err
	}
	if runes := []rune(kit.Text(kept, "text")); len(runes) > 2000 {
		return map[string]any{"text": string(runes[:2000])}, nil // cut without a word
	}
	return kept, nil
}

// readLabels knows a label by text, or by number from 1.
func (c column) readLabels(object map[string]any, newLabels bool) (map[string]any, error) {
	labels := append(kit.Texts(object, "labels"), kit.Text(object, "label"))
	numbers, _ := object["ids"].([]any)
	for _, n := range append(numbers, object["index"]) {
		if id := kit.Int(kit.ID(n)); n != nil {
			if id < 1 || int(id) > len(c.labels) {
				return nil, says("this %s label does not exist", c.kind)
			}
			labels = append(labels, c.labels[id-1])
		}
	}
	labels = slices.DeleteFunc(labels, func(label string) bool { return label == "" })
	slices.Sort(labels)
	labels = slices.Compact(labels)
	if len(labels) == 0 || (c.kind == "status" && len(labels) > 1) {
		return nil, says("invalid value for a %s column", c.kind)
	}
	for _, label := range labels {
		if !slices.Contains(c.labels, label) && !newLabels {
			return nil, says("This %s label doesn't exist, possible statuses are: %v", c.kind, c.labels)
		}
	}
	return map[string]any{"labels": labels}, nil
}

func (c column) readObject(object map[string]any) (map[string]any, error) {
	switch c.kind {
	case "link":
		if _, err := check(object, kit.Schema{"url": {Required: true}, "text": {}}); err != nil {
			return nil, err
		}
		if url := kit.Text(object, "url"); !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
			return nil, says("invalid url")
		}
	case "country":
		return check(object, kit.Schema{"countryCode": {Required: true, Max: 2}, "countryName": {Required: true}})
	case "checkbox":
		if checked := fmt.Sprint(object["checked"]); checked != "true" && checked != "false" {
			return nil, says("invalid value for a checkbox column")
		}
	case "rating":
		return check(object, kit.Schema{"rating": {Type: kit.Integer, Required: true, OneOf: []string{"0", "1", "2", "3", "4", "5"}}})
	case "location":
		return readLocation(object)
	case "people":
		return readPeople(object)
	case "tags":
		return readIDs(object, "tag_ids", false)
	case "board_relation":
		return readIDs(object, "item_ids", true)
	}
	return object, nil
}

func readLocation(object map[string]any) (map[string]any, error) {
	for name, bound := range map[string]float64{"lat": 90, "lng": 180} {
		degrees, err := strconv.ParseFloat(kit.ID(object[name]), 64)
		if err != nil || degrees < -bound || degrees > bound {
			return nil, says("invalid value, %s must be a coordinate", name)
		}
	}
	return check(object, kit.Schema{"lat": {Type: kit.Any}, "lng": {Type: kit.Any}, "address": {}})
}

func readPeople(object map[string]any) (map[string]any, error) {
	if _, err := check(object, kit.Schema{"personsAndTeams": {Type: kit.List, Required: true, Of: kit.Schema{
		"id": {Type: kit.Integer, Required: true}, "kind": {Required: true, OneOf: []string{"person", "team"}},
	}}}); err != nil {
		return nil, err
	}
	for _, person := range kit.Objects(object, "personsAndTeams") {
		if kit.Missing(kit.ID(person["id"])) {
			return nil, errUnknownUser
		}
	}
	return object, nil
}

var errUnknownUser = says("User does not exist or cannot see the board")

// readIDs reads a list of ids; texts are accepted for some columns only.
func readIDs(object map[string]any, name string, texts bool) (map[string]any, error) {
	if _, err := check(object, kit.Schema{name: {Type: kit.List, Required: true}}); err != nil {
		return nil, err
	}
	ids := []any{}
	list, _ := object[name].([]any)
	for _, item := range list {
		_, isText := item.(string)
		id := kit.ID(item)
		if !kit.Digits(id) || kit.Missing(id) || (isText && !texts) {
			return nil, says("invalid value, %s holds no such id", name)
		}
		ids = append(ids, id)
	}
	return map[string]any{name: ids}, nil
}

// check compares an object with its schema and says what is wrong with it.
func check(object map[string]any, schema kit.Schema) (map[string]any, error) {
	if issues := schema.Check(object, false); len(issues) > 0 {
		return nil, says("invalid value: %s (%s)", issues[0].Path, issues[0].Problem)
	}
	return object, nil
}
