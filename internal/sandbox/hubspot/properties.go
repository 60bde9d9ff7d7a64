package hubspot

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

type property struct {
	kind     string // the vendor's type
	readOnly bool
	unique   bool
	options  []string
}

// uniqueKey is the account's own property with hasUniqueValue.
const uniqueKey = "external_key"

func properties() map[string]property {
	text, readOnly := property{kind: "string"}, property{kind: "string", readOnly: true}
	date := property{kind: "datetime", readOnly: true}
	return map[string]property{
		"firstname": text, "lastname": text, "jobtitle": text, "salutation": text, "company": text,
		"email": {kind: "string", unique: true}, "phone": text, "mobilephone": text, "fax": text,
		"address": text, "city": text, "state": text, "zip": text, "country": text,
		"website": text, "hs_linkedin_url": text, "hubspot_owner_id": {kind: "enumeration"},
		"lifecyclestage": {kind: "enumeration", options: []string{
			"subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist", "other",
		}},
		"hs_lead_status": {kind: "enumeration", options: []string{
			"NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "ATTEMPTED_TO_CONTACT", "CONNECTED", "BAD_TIMING",
		}},
		"my_custom_field": text, "lead_score": {kind: "number"},
		"lead_kind":  {kind: "enumeration", options: []string{"inbound", "outbound"}},
		uniqueKey:    {kind: "string", unique: true},
		"createdate": date, "lastmodifieddate": date, "notes_last_updated": date,
		"hs_object_id": readOnly, "hs_additional_emails": readOnly, "hs_object_source": readOnly,
		"hs_full_name_or_email": readOnly, "hs_is_contact": readOnly, "hs_lifecyclestage_lead_date": date,
	}
}

func listProperties(*kit.Call) kit.Reply {
	all := properties()
	results := []any{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		p := all[name]
		options := []any{}
		for i, option := range p.options {
			options = append(options, map[string]any{"label": option, "value": option, "displayOrder": i, "hidden": false})
		}
		results = append(results, map[string]any{
			"name": name, "label": name, "type": p.kind, "fieldType": "text", "groupName": "contactinformation",
			"hasUniqueValue": p.unique, "options": options, "archived": false,
			"modificationMetadata": map[string]any{"readOnlyValue": p.readOnly, "readOnlyDefinition": true, "archivable": false},
		})
	}
	return kit.JSON(http.StatusOK, map[string]any{"results": results})
}

func listOwners(c *kit.Call) kit.Reply {
	owner := map[string]any{
		"id": "1234567", "email": "grace@sandbox.example", "firstName": "Grace", "lastName": "Hopper", "userId": 7654321,
		"createdAt": "2024-01-01T00:00:00.000Z", "updatedAt": "2024-01-01T00:00:00.000Z", "archived": false,
	}
	results := []any{}
	if email := c.Query("email"); email == "" || strings.EqualFold(email, "grace@sandbox.example") {
		results = append(results, owner)
	}
	return kit.JSON(http.StatusOK, map[string]any{"results": results})
}

// fault is one entry of the list inside an error's message.
type fault struct {
	IsValid bool   `json:"isValid"`
	Message string `json:"message"`
	Error   string `json:"error"`
	Name    string `json:"name"`
}

// checkProperties judges values that are already known to be strings.
func checkProperties(values map[string]string) []fault {
	all := properties()
	var faults []fault
	for _, name := range slices.Sorted(maps.Keys(values)) {
		p, known := all[name]
		if !known {
			faults = append(faults, fault{false, fmt.Sprintf("Property %q does not exist", name), "PROPERTY_DOESNT_EXIST", name})
			continue
		}
		if code, message := p.judge(name, values[name]); code != "" {
			faults = append(faults, fault{false, message, code, name})
		}
	}
	return faults
}

func (p property) judge(name, value string) (code, message string) {
	switch {
	case p.readOnly:
		return "READ_ONLY_VALUE", fmt.Sprintf("%q is a read only property; its value cannot be set.", name)
	case value == "":
		return "", ""
	case name == "email" && !kit.ValidEmail(value):
		return "INVALID_EMAIL", fmt.Sprintf("Email address %s is invalid", value)
	case name == "hubspot_owner_id" && (!kit.Digits(value) || kit.Missing(value)):
		return "INVALID_OPTION", fmt.Sprintf("%s was not one of the allowed options", value)
	case p.options != nil && !slices.Contains(p.options, value):
		return "INVALID_OPTION", fmt.Sprintf("%s was not one of the allowed options: %v", value, p.options)
	case p.kind == "number":
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			return "INVALID_LONG", fmt.Sprintf("%s was not a valid long.", value)
		}
	}
	return "", ""
}

// notValid is the answer to faults: the list stands as JSON in the message,
// and again, at most three of it, under errors.
func notValid(faults []fault) refusal {
	list, err := json.Marshal(faults)
	if err != nil {
		list = []byte("[]")
	}
	r := refusal{status: http.StatusBadRequest, category: "VALIDATION_ERROR", message: "Property values were not valid: " + string(list)}
	for _, f := range faults[:min(3, len(faults))] {
		r.errors = append(r.errors, map[string]any{
			"message": f.Message, "code": f.Error, "context": map[string]any{"propertyName": []string{f.Name}},
		})
	}
	return r
}

// stored is the form in which values are kept: no empty ones, the e-mail in
// lower case.
func stored(values map[string]any) map[string]any {
	data := map[string]any{}
	for name, value := range values {
		if value != "" {
			data[name] = value
		}
	}
	if email := kit.Text(data, "email"); email != "" {
		data["email"] = strings.ToLower(email)
	}
	return data
}

// shown are all properties of a record that have a value.
func shown(r *kit.Record) map[string]any {
	all := map[string]any{
		"createdate": kit.Millis(r.CreatedAt), "lastmodifieddate": kit.Millis(r.UpdatedAt), "hs_object_id": r.ID,
		"lifecyclestage": "lead", "hs_lifecyclestage_lead_date": kit.Millis(r.CreatedAt),
		"hs_object_source": "INTEGRATION", "hs_is_contact": "true",
	}
	for name, value := range r.Data {
		if value != "" {
			all[name] = value
		}
	}
	all["hs_full_name_or_email"] = kit.Join(" ", r.Text("firstname"), r.Text("lastname"))
	if all["hs_full_name_or_email"] == "" {
		all["hs_full_name_or_email"] = r.Text("email")
	}
	return all
}

// selected are the named properties and those that always come, null where
// unset.
func selected(r *kit.Record, names []string) map[string]any {
	all, some := shown(r), map[string]any{}
	always := []string{"createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"}
	known := properties()
	for _, name := range append(always, names...) {
		if _, ok := known[name]; ok {
			some[name] = all[name]
		}
	}
	return some
}

func identity(data map[string]any) kit.Identity {
	id := kit.Identity{Name: kit.Join(" ", kit.Text(data, "firstname"), kit.Text(data, "lastname"))}
	for _, email := range append([]string{kit.Text(data, "email")}, strings.Split(kit.Text(data, "hs_additional_emails"), ";")...) {
		if email != "" {
			id.Emails = append(id.Emails, email)
		}
	}
	if key := kit.Text(data, uniqueKey); key != "" {
		id.Keys = append(id.Keys, "unique:"+key)
	}
	return id
}

// instant reads a property value or a filter as a time: ISO 8601 or epoch
// milliseconds.
func instant(value string) (time.Time, bool) {
	if ms, err := strconv.ParseInt(value, 10, 64); err == nil {
		return time.UnixMilli(ms), true
	}
	t, err := time.Parse(time.RFC3339, value)
	return t, err == nil
}
