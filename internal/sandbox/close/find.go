package close

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

// zoneless is how the event log writes its own times, in UTC.
const zoneless = "2006-01-02T15:04:05.000000"

// record enters an event in the log, which is never late.
func record(c *kit.Call, r *kit.Record, action string) {
	table := c.Account.Table("events")
	table.Put(&kit.Record{ID: newID("ev", c.Account.Name, fmt.Sprint(c.Account.NextID())), CreatedAt: c.Now, Data: map[string]any{
		"action": action, "object_type": "contact", "object_id": r.ID, "lead_id": r.Text("lead_id"), "user_id": userID(c),
		"organization_id": organization(c), "request_id": c.RequestID(), "changed_fields": []any{}, "previous_data": map[string]any{},
		"meta": map[string]any{"request_method": c.Request.Method, "request_path": c.Request.URL.Path}, "data": show(c, r),
	}})
}

// logQuery is what the log is asked for: the filters given, the earliest time
// and the longest page.
func logQuery(c *kit.Call) (given []string, since time.Time, limit int, no *kit.Reply) {
	for name := range c.Request.URL.Query() {
		if !strings.HasPrefix(name, "_") && !strings.HasPrefix(name, "date_updated__") {
			given = append(given, name)
		}
	}
	slices.Sort(given)
	limit = 50
	if text := c.Query("_limit"); text != "" {
		limit = int(kit.Int(text))
	}
	combinations := []string{"", "action,object_type", "action,lead_id,object_type", "action,object_type,user_id", "lead_id", "user_id", "object_type", "request_id"}
	var err error
	if text := c.Query("date_updated__gte"); text != "" {
		since, err = time.Parse(time.RFC3339, text)
	}
	switch {
	case !slices.Contains(combinations, strings.Join(given, ",")):
		no = invalid("This combination of filters is not supported.")
	case limit < 1 || limit > 50 || c.Request.URL.Query().Has("_skip"):
		no = invalid("_limit must be between 1 and 50, and _skip is not supported.")
	case err != nil:
		no = faults{"date_updated__gte": "Invalid ISO 8601 datetime."}.reply()
	}
	return given, since, limit, no
}

// events lists the log, newest first, by one of the combinations of filters
// that the vendor allows.
func events(c *kit.Call) kit.Reply {
	given, since, limit, no := logQuery(c)
	if no != nil {
		return *no
	}
	skip := int(kit.Int(c.Query("_cursor")))
	data := []any{}
	var next any
	for _, e := range slices.Backward(c.Account.Table("events").All()) {
		differs := func(name string) bool { return c.Query(name) != e.Text(name) }
		if e.CreatedAt.Before(since) || slices.ContainsFunc(given, differs) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if len(data) == limit {
			next = fmt.Sprint(kit.Int(c.Query("_cursor")) + int64(limit))
			break
		}
		at := e.CreatedAt.UTC().Format(zoneless)
		shown := map[string]any{"id": e.ID, "date_created": at, "date_updated": at}
		for name, value := range e.Data {
			shown[name] = value
		}
		data = append(data, shown)
	}
	return kit.JSON(http.StatusOK, map[string]any{"data": data, "cursor_next": next, "cursor_previous": nil})
}

// query is one node of a search.
type query struct {
	Type              string
	Queries           []query
	ObjectType        string `json:"object_type"`
	ThisObjectType    string `json:"this_object_type"`
	RelatedObjectType string `json:"related_object_type"`
	RelatedQuery      *query `json:"related_query"`
	Field             struct {
		Type          string
		ObjectType    string `json:"object_type"`
		FieldName     string `json:"field_name"`
		CustomFieldID string `json:"custom_field_id"`
	}
	Condition struct{ Type, Mode, Value string }
}

func search(c *kit.Call) kit.Reply {
	var in struct {
		Query  *query
		Fields map[string][]string `json:"_fields"`
		Limit  *int                `json:"_limit"`
	}
	if c.Decode(&in) != nil || in.Query == nil {
		return *faults{"query": "This field is required."}.reply()
	}
	if message := in.Query.judge("contact"); message != "" {
		return *invalid(message)
	}
	limit := 100
	if in.Limit != nil {
		limit = *in.Limit
	}
	data := []any{}
	for _, r := range slices.Backward(c.Account.Contacts.All()) {
		if len(data) == limit || !c.Searchable(r) || !in.Query.matches(r.Data) {
			continue
		}
		whole, row := show(c, r), map[string]any{"__object_type": "contact", "id": r.ID}
		for _, name := range in.Fields["contact"] {
			if value, there := whole[name]; there {
				row[name] = value
			}
		}
		data = append(data, row)
	}
	return kit.JSON(http.StatusOK, map[string]any{"data": data, "cursor": nil})
}

// judge tells what is wrong with a query about objects of a type.
func (q query) judge(about string) string {
	switch q.Type {
	case "and", "or":
		for _, part := range q.Queries {
			if message := part.judge(about); message != "" {
				return message
			}
		}
		return ""
	case "object_type":
		if q.ObjectType == "contact" {
			return ""
		}
	case "has_related":
		if q.ThisObjectType == about && related(q.RelatedObjectType) != "" && q.RelatedQuery != nil {
			return q.RelatedQuery.judge(q.RelatedObjectType)
		}
	case "field_condition":
		regular := q.Field.Type == "regular_field" && q.Field.ObjectType == about && q.Field.FieldName != ""
		modes := []string{"full_words", "phrase", "exact_value"}
		if (regular || q.Field.Type == "custom_field") && q.Condition.Type == "text" && slices.Contains(modes, q.Condition.Mode) {
			return ""
		}
	}
	return "Invalid query of type " + q.Type
}

// related is the list that holds the related objects of a type.
func related(kind string) string {
	return map[string]string{"contact_email": "emails", "contact_phone": "phones", "contact_url": "urls"}[kind]
}

func (q query) matches(object map[string]any) bool {
	holds := func(part query) bool { return part.matches(object) }
	switch q.Type {
	case "and":
		return !slices.ContainsFunc(q.Queries, func(part query) bool { return !holds(part) })
	case "or":
		return slices.ContainsFunc(q.Queries, holds)
	case "has_related":
		return slices.ContainsFunc(kit.Objects(object, related(q.RelatedObjectType)), q.RelatedQuery.matches)
	case "field_condition":
		name := q.Field.FieldName
		if q.Field.Type == "custom_field" {
			name = "custom." + q.Field.CustomFieldID
		}
		return q.holds(kit.Text(object, name))
	}
	return true
}

// holds compares by words without regard to case, or exactly with a value that
// is kept in lower case.
func (q query) holds(text string) bool {
	have, want := strings.ToLower(text), q.Condition.Value
	if q.Condition.Mode == "exact_value" {
		return have == want
	}
	split := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" @.-_/:", r) })
	}
	words, wanted := split(have), split(want)
	if q.Condition.Mode == "phrase" {
		return strings.Contains(" "+strings.Join(words, " ")+" ", " "+strings.Join(wanted, " ")+" ")
	}
	return len(wanted) > 0 && !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(words, w) })
}
