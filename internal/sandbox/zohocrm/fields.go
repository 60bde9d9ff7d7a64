package zohocrm

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"crmferry/internal/sandbox/kit"
)

const (
	externalKey = "External_Key"
	maxTag      = 25
)

// field is one of the module's fields; its kind is the vendor's data type.
type field struct {
	kind             string
	max              int
	custom, readOnly bool
	options          []string
}

func fields() map[string]field {
	all := map[string]field{
		"First_Name": {kind: "text", max: 40}, "Last_Name": {kind: "text", max: 80}, "Title": {kind: "text", max: 100}, "Department": {kind: "text", max: 100},
		"Email": {kind: "email", max: 100}, "Secondary_Email": {kind: "email", max: 100}, "Description": {kind: "textarea", max: 32_000},
		"Account_Name": {kind: "lookup"}, "Owner": {kind: "ownerlookup"}, "Tag": {kind: "tags"}, "Date_of_Birth": {kind: "date"},
		"Salutation": {kind: "picklist", options: []string{"Mr.", "Mrs.", "Ms.", "Dr.", "Prof."}}, "Skype_ID": {kind: "text", max: 50}, "Twitter": {kind: "text", max: 50},
		"My_Field": {kind: "text", max: 255, custom: true}, "Favourite_Number": {kind: "integer", custom: true}, "Score": {kind: "double", custom: true},
		"Is_VIP": {kind: "boolean", custom: true}, "Met_On": {kind: "date", custom: true}, "Met_At": {kind: "datetime", custom: true},
		"Tier":      {kind: "picklist", options: []string{"Gold", "Silver"}, custom: true},
		"Interests": {kind: "multiselectpicklist", options: []string{"Engines", "Poetry"}, custom: true},
		"Homepage":  {kind: "website", max: 450, custom: true}, externalKey: {kind: "text", max: 255, custom: true},
		"Full_Name": {kind: "text", readOnly: true}, "id": {kind: "bigint", readOnly: true},
		"Created_By": {kind: "ownerlookup", readOnly: true}, "Modified_By": {kind: "ownerlookup", readOnly: true},
	}
	for _, name := range []string{"Created_Time", "Modified_Time", "Last_Activity_Time"} {
		all[name] = field{kind: "datetime", readOnly: true}
	}
	for _, name := range phones() {
		all[name] = field{kind: "phone", max: 30}
	}
	for _, part := range []string{"Street", "City", "State", "Zip", "Country"} {
		all["Mailing_"+part], all["Other_"+part] = field{kind: "text", max: 250}, field{kind: "text", max: 250}
	}
	return all
}

func phones() []string {
	return []string{"Phone", "Mobile", "Home_Phone", "Other_Phone", "Fax", "Asst_Phone"}
}

func listFields(c *kit.Call) kit.Reply {
	switch c.Query("module") {
	case "":
		return lacking("module")
	case "Contacts":
	default:
		return noModule(c)
	}
	all := fields()
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f := all[name]
		options := []any{}
		for _, option := range f.options {
			label := option
			if f.custom && f.kind == "picklist" {
				label += " level"
			}
			options = append(options, map[string]any{"display_value": label, "actual_value": option, "type": "used"})
		}
		unique := map[string]any{}
		if name == externalKey || (name == "Email" && is(c, "unique")) {
			unique["casesensitive"] = false
		}
		list = append(list, map[string]any{
			"api_name": name, "field_label": strings.ReplaceAll(name, "_", " "), "data_type": f.kind, "length": f.max, "custom_field": f.custom,
			"system_mandatory": name == "Last_Name", "read_only": f.readOnly, "pick_list_values": options, "unique": unique, "visible": true,
		})
	}
	return kit.JSON(http.StatusOK, map[string]any{"fields": list})
}

// judge tells what is wrong with a record; at is its place in the request.
func judge(c *kit.Call, record map[string]any, at string, partial bool) *fault {
	all := fields()
	var faults []fault
	add := func(code, message, name string, more map[string]any) {
		details := map[string]any{"api_name": name}
		maps.Copy(details, more)
		faults = append(faults, fault{code, message, located(c, details, at+"."+name)})
	}
	for _, name := range []string{"Last_Name", "Phone"} {
		value, there := record[name]
		mandatory := name == "Last_Name" || is(c, "layout")
		if mandatory && (value == nil || value == "") && (there || !partial) {
			add("MANDATORY_NOT_FOUND", "required field not found", name, nil)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(record)) {
		f, known := all[name]
		switch more := f.judge(record[name]); {
		case !known || f.readOnly:
			add("INVALID_DATA", "invalid data", name, nil)
		case record[name] == nil || record[name] == "":
		case more != nil:
			add("INVALID_DATA", "invalid data", name, more)
		case (f.kind == "lookup" || f.kind == "ownerlookup") && kit.Missing(kit.Text(kit.Object(record, name), "id")):
			add("INVALID_DATA", "the id given seems to be invalid", name, nil)
		}
	}
	return one(faults)
}

// one puts several faults of a record into one.
func one(faults []fault) *fault {
	switch len(faults) {
	case 0:
		return nil
	case 1:
		return &faults[0]
	}
	rows := []any{}
	for _, f := range faults {
		rows = append(rows, f.row())
	}
	return &fault{"MULTIPLE_OR_MULTI_ERRORS", "multiple errors occurred", map[string]any{"errors": rows}}
}

// located adds the place, which older versions do not know.
func located(c *kit.Call, details map[string]any, at string) map[string]any {
	if c.Var("version") >= "v5" {
		details["json_path"] = at
	}
	return details
}

var phoneForm = regexp.MustCompile(`^[0-9 +\-().,]+$`)

// judge gives the details of what is wrong with a value; nil when it fits.
func (f field) judge(value any) map[string]any {
	wrong := map[string]any{"expected_data_type": f.kind}
	text, isText := value.(string)
	list, isList := value.([]any)
	fits := isText
	switch f.kind {
	case "integer", "double":
		n, ok := value.(json.Number)
		fits = ok && (f.kind == "double" || !strings.ContainsAny(n.String(), ".eE"))
	case "boolean":
		_, fits = value.(bool)
	case "email":
		fits = kit.ValidEmail(text)
	case "phone":
		fits = phoneForm.MatchString(text)
	case "date":
		fits = parses(time.DateOnly, text)
	case "datetime":
		fits = parses("2006-01-02T15:04:05Z07:00", text) && !strings.Contains(text, ".")
	case "website":
		fits = strings.Contains(text, ".") && !strings.Contains(text, " ")
	case "picklist":
		fits, wrong["supported_values"] = slices.Contains(f.options, text), f.options
	case "multiselectpicklist":
		wrong["expected_data_type"] = "jsonarray"
		fits = isList && !slices.ContainsFunc(list, func(item any) bool { option, _ := item.(string); return !slices.Contains(f.options, option) })
	case "lookup", "ownerlookup":
		wrong["expected_data_type"] = "jsonobject"
		object, _ := value.(map[string]any)
		fits = isID(object["id"])
	case "tags":
		return judgeTags(value)
	}
	switch {
	case !fits:
		return wrong
	case f.max > 0 && utf8.RuneCountInString(text) > f.max:
		return map[string]any{"maximum_length": f.max}
	}
	return nil
}

func judgeTags(value any) map[string]any {
	list, ok := value.([]any)
	if !ok {
		return map[string]any{"expected_data_type": "jsonarray"}
	}
	for _, item := range list {
		tag, _ := item.(map[string]any)
		switch name := kit.Text(tag, "name"); {
		case name == "":
			return map[string]any{"expected_data_type": "jsonobject"}
		case utf8.RuneCountInString(name) > maxTag:
			return map[string]any{"maximum_length": maxTag}
		}
	}
	return nil
}

func parses(layout, text string) bool {
	_, err := time.Parse(layout, text)
	return err == nil
}

// isID tells whether a value is an id, which is a text.
func isID(value any) bool {
	id, _ := value.(string)
	return kit.Digits(id) && len(id) >= 15 && len(id) <= 20
}
