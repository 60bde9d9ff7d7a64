package capsule

import (
	"net/http"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

// read answers for one party, or for up to ten with commas between their ids.
func read(c *kit.Call) kit.Reply {
	ids := strings.Split(c.Var("id"), ",")
	if len(ids) > 10 {
		return failure(http.StatusBadRequest, "At most 10 ids may be given")
	}
	found := []any{}
	for _, id := range ids {
		if r := c.Account.Contacts.Get(id); r != nil {
			found = append(found, show(c, r))
		}
	}
	switch {
	case len(ids) > 1:
		return kit.JSON(http.StatusOK, map[string]any{"parties": found})
	case len(found) == 0:
		return notFound()
	}
	return kit.JSON(http.StatusOK, map[string]any{"party": found[0]})
}

// answer lists the searchable parties that match.
func answer(c *kit.Call, matches func(*kit.Record) bool) kit.Reply {
	rows := []any{}
	for _, r := range c.Account.Contacts.All() {
		if c.Searchable(r) && matches(r) {
			rows = append(rows, show(c, r))
		}
	}
	return page(c, "parties", rows)
}

func list(c *kit.Call) kit.Reply {
	since := time.Time{}
	if text := c.Query("since"); text != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, text); err != nil {
			return failure(http.StatusBadRequest, "since is not a date")
		}
	}
	return answer(c, func(r *kit.Record) bool { return !r.UpdatedAt.Before(since) })
}

func search(c *kit.Call) kit.Reply {
	q := strings.ToLower(c.Query("q"))
	if q == "" {
		return failure(http.StatusBadRequest, "q is required")
	}
	return answer(c, func(r *kit.Record) bool {
		for _, name := range []string{"name", "email", "phone"} {
			for _, text := range values(r, name) {
				if strings.Contains(strings.ToLower(text), q) {
					return true
				}
			}
		}
		return false
	})
}

// values are what a filter's field holds in a record; nil for a field that
// does not exist.
func values(r *kit.Record, field string) []string {
	texts := []string{}
	each := func(list, key string) []string {
		for _, row := range kit.Objects(r.Data, list) {
			texts = append(texts, kit.Text(row, key))
		}
		return texts
	}
	switch field {
	case "email":
		return each("emailAddresses", "address")
	case "phone":
		return each("phoneNumbers", "number")
	case "name":
		return append(texts, identity(r.Data).Name)
	case "firstName", "lastName", "jobTitle":
		return append(texts, r.Text(field))
	case "type":
		return append(texts, "person")
	case "addedOn":
		return append(texts, r.CreatedAt.UTC().Format(time.DateOnly))
	case "updatedOn":
		return append(texts, r.UpdatedAt.UTC().Format(time.DateOnly))
	}
	return nil
}

type condition struct{ Field, Operator, Value string }

func filter(c *kit.Call) kit.Reply {
	var in struct {
		Filter struct{ Conditions []condition }
	}
	if c.Decode(&in) != nil || len(in.Filter.Conditions) == 0 {
		return *malformed()
	}
	for _, one := range in.Filter.Conditions {
		if values(&kit.Record{}, one.Field) == nil {
			return *invalid("filter", "field", "invalid field name")
		}
		if !one.valid() {
			return *invalid("filter", "operator", "invalid operator or value")
		}
	}
	return answer(c, func(r *kit.Record) bool {
		for _, one := range in.Filter.Conditions {
			if !one.holds(r) {
				return false
			}
		}
		return true
	})
}

func (o condition) isDate() bool { return strings.HasSuffix(o.Field, "On") }

func (o condition) valid() bool {
	switch o.Operator {
	case "is", "is not", "starts with", "ends with", "contains":
		return !o.isDate()
	case "is after", "is before":
		_, err := time.Parse(time.DateOnly, o.Value)
		return o.isDate() && err == nil
	}
	return false
}

func (o condition) holds(r *kit.Record) bool {
	want := strings.ToLower(o.Value)
	for _, text := range values(r, o.Field) {
		have := strings.ToLower(text)
		if map[string]bool{
			"is": have == want, "is not": have != want, "contains": strings.Contains(have, want),
			"starts with": strings.HasPrefix(have, want), "ends with": strings.HasSuffix(have, want),
			"is after": have > want, "is before": have < want,
		}[o.Operator] {
			return true
		}
	}
	return false
}
