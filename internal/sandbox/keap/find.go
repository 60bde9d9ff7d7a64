package keap

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"crmferry/internal/sandbox/kit"
)

// criteria are the parts of a filter: "a==x;b==y*".
type criteria map[string]string

// parseFilter reads the query parameter filter, which may name the given
// fields. All other parameters are ignored.
func parseFilter(c *kit.Call, fields ...string) (criteria, *kit.Reply) {
	parsed := criteria{}
	text := c.Query("filter")
	if text == "" {
		return parsed, nil
	}
	for _, part := range strings.Split(text, ";") {
		name, value, ok := strings.Cut(part, "==")
		if !ok || !slices.Contains(fields, name) {
			return nil, invalid("filter: " + strconv.Quote(part) + " is not a valid criterion")
		}
		parsed[name] = value
	}
	return parsed, nil
}

// accepts tells whether one of the values meets the criterion of the name, if
// there is one.
func (f criteria) accepts(name string, values ...string) bool {
	wanted, asked := f[name]
	if !asked {
		return true
	}
	prefix, open := strings.CutSuffix(strings.ToLower(wanted), "*")
	return slices.ContainsFunc(values, func(value string) bool {
		value = strings.ToLower(value)
		return value == prefix || (open && strings.HasPrefix(value, prefix))
	})
}

// list shows the contacts that meet the filter: all of them without one.
func list(c *kit.Call) kit.Reply {
	names, refusal := asked(c)
	if refusal != nil {
		return *refusal
	}
	filter, refusal := parseFilter(c, "email", "given_name", "family_name", "company_id", "phone_number", "phone_fields")
	if refusal != nil {
		return *refusal
	}
	_, byPhone := filter["phone_number"]
	_, withFields := filter["phone_fields"]
	if byPhone != withFields {
		return *invalid("filter: phone_number and phone_fields go together")
	}
	size, from := 1000, int(kit.Int(c.Query("page_token")))
	if given := c.Query("page_size"); given != "" {
		size = int(kit.Int(given))
	}
	field, direction, _ := strings.Cut(c.Query("order_by"), " ")
	if size < 1 || size > 1000 || !slices.Contains([]string{"", "id", "create_time"}, field) || !slices.Contains([]string{"", "asc", "desc"}, direction) {
		return *invalid("page_size or order_by is invalid")
	}
	hits := slices.DeleteFunc(slices.Clone(c.Account.Contacts.All()), func(r *kit.Record) bool { return !c.Searchable(r) || !meets(r, filter) })
	if direction == "desc" {
		slices.Reverse(hits)
	}
	var next any
	if from+size < len(hits) {
		next = strconv.Itoa(from + size)
	}
	contacts := []any{}
	for _, r := range hits[min(from, len(hits)):min(from+size, len(hits))] {
		contacts = append(contacts, show(c, r, names))
	}
	return kit.JSON(http.StatusOK, map[string]any{"contacts": contacts, "next_page_token": next})
}

func meets(r *kit.Record, filter criteria) bool {
	var numbers []string
	for _, phone := range kit.Objects(r.Data, "phone_numbers") {
		if slices.Contains(strings.Split(filter["phone_fields"], ","), kit.Text(phone, "field")) {
			numbers = append(numbers, national(kit.Text(phone, "number")))
		}
	}
	if wanted, asked := filter["phone_number"]; asked && !slices.Contains(numbers, national(wanted)) {
		return false
	}
	return filter.accepts("email", identity(r.Data).Emails...) && filter.accepts("given_name", r.Text("given_name")) &&
		filter.accepts("family_name", r.Text("family_name")) && filter.accepts("company_id", kit.Text(kit.Object(r.Data, "company"), "id"))
}

// model describes the contacts of the account. Older builds leave out much of
// the custom fields.
func model(c *kit.Call) kit.Reply {
	fields := []any{}
	for _, f := range customFields() {
		row := map[string]any{"id": f.id, "label": f.label, "field_type": f.kind, "field_name": nil, "options": nil, "record_type": nil}
		if !strings.HasPrefix(c.Account.Name, "legacy") {
			options := []any{}
			for i, option := range f.options {
				options = append(options, map[string]any{"id": strconv.Itoa(i + 1), "label": option})
			}
			row["field_name"], row["options"], row["record_type"] = "_"+strings.ReplaceAll(f.label, " ", ""), options, "CONTACT"
		}
		fields = append(fields, row)
	}
	return kit.JSON(http.StatusOK, map[string]any{"custom_fields": fields, "optional_properties": optional()})
}
