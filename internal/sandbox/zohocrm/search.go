package zohocrm

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const maxPage = 200

// condition is true for the rows that it selects.
type condition func(row map[string]any) bool

func badQuery(reason string) *kit.Reply {
	no := failure(http.StatusBadRequest, "INVALID_QUERY", "invalid query formed", map[string]any{"reason": reason})
	return &no
}

// search reads the index, which hides what waits for approval.
func search(c *kit.Call) kit.Reply {
	size, page := int(kit.Int(c.Query("per_page"))), 1
	if text := c.Query("page"); text != "" {
		page = int(kit.Int(text))
	}
	switch {
	case c.Query("per_page") == "":
		return lacking("per_page")
	case size < 1 || size > maxPage || page < 1:
		return *badQuery("per_page or page is out of range")
	}
	wanted, no := wanted(c)
	if no != nil {
		return *no
	}
	found := []any{}
	for _, r := range c.Account.Contacts.All() {
		pending := approval(r) != "approved"
		visible := map[string]bool{"": !pending, "true": !pending, "false": pending, "both": true}[c.Query("approved")]
		if row := show(c, r); visible && c.Searchable(r) && wanted(row) {
			found = append(found, selected(row, c.Query("fields")))
		}
	}
	from, to := min((page-1)*size, len(found)), min(page*size, len(found))
	return rows(found[from:to], size, page, to < len(found))
}

// rows is a page of records; an empty one is no content.
func rows(list []any, size, page int, more bool) kit.Reply {
	if len(list) == 0 {
		return kit.Empty(http.StatusNoContent)
	}
	return kit.JSON(http.StatusOK, map[string]any{"data": list, "info": info(size, len(list), page, more)})
}

// wanted is what a search looks for, in exactly one of four ways.
func wanted(c *kit.Call) (condition, *kit.Reply) {
	var ways []string
	for _, name := range []string{"email", "phone", "word", "criteria"} {
		if c.Request.URL.Query().Has(name) {
			ways = append(ways, name)
		}
	}
	if len(ways) != 1 {
		return nil, badQuery("exactly one of criteria, email, phone and word must be given")
	}
	text := c.Query(ways[0])
	among := func(names []string, same func(value string) bool) condition {
		return func(row map[string]any) bool {
			return slices.ContainsFunc(names, func(name string) bool { return same(kit.Text(row, name)) })
		}
	}
	switch ways[0] {
	case "email":
		return among([]string{"Email", "Secondary_Email"}, func(v string) bool { return v != "" && strings.EqualFold(v, text) }), nil
	case "phone":
		return among(phones(), func(v string) bool { return v != "" && kit.OnlyDigits(v) == kit.OnlyDigits(text) }), nil
	case "word":
		return among([]string{"First_Name", "Last_Name", "Email", "Title"}, func(v string) bool {
			return strings.Contains(strings.ToLower(v), strings.ToLower(text))
		}), nil
	}
	p := &criteria{text: text}
	holds, err := p.group()
	if err == nil && p.at != len(p.text) {
		err = fmt.Errorf("text after the criteria")
	}
	if err != nil {
		return nil, badQuery(err.Error())
	}
	return holds, nil
}

// criteria reads "((Field:operator:value)and(...))".
type criteria struct {
	text string
	at   int
}

func (p *criteria) take(token string) bool {
	if !strings.HasPrefix(p.text[p.at:], token) {
		return false
	}
	p.at += len(token)
	return true
}

// group reads one criterion, or several of them, in parentheses.
func (p *criteria) group() (condition, error) {
	if !p.take("(") {
		return nil, fmt.Errorf("a parenthesis is missing")
	}
	if !strings.HasPrefix(p.text[p.at:], "(") {
		return p.single()
	}
	holds, err := p.group()
	for err == nil && !p.take(")") {
		left, both := holds, p.take("and")
		if !both && !p.take("or") {
			return nil, fmt.Errorf("and, or or a parenthesis is missing")
		}
		var right condition
		right, err = p.group()
		holds = func(row map[string]any) bool {
			if both {
				return left(row) && right(row)
			}
			return left(row) || right(row)
		}
	}
	return holds, err
}

// single reads "Field:operator:value)"; in the value a backslash goes before
// parentheses, commas and itself.
func (p *criteria) single() (condition, error) {
	var value strings.Builder
	name, rest, ok := strings.Cut(p.text[p.at:], ":")
	operator, rest, ok2 := strings.Cut(rest, ":")
	if _, known := fields()[name]; !ok || !ok2 || !known {
		return nil, fmt.Errorf("a field is unknown")
	}
	p.at = len(p.text) - len(rest)
	for ; p.at < len(p.text) && p.text[p.at] != ')'; p.at++ {
		switch p.text[p.at] {
		case '(', ',':
			return nil, fmt.Errorf("a special character is not escaped")
		case '\\':
			if p.at++; p.at == len(p.text) {
				return nil, fmt.Errorf("an escape is open")
			}
		}
		value.WriteByte(p.text[p.at])
	}
	if !p.take(")") {
		return nil, fmt.Errorf("a parenthesis is missing")
	}
	operators := map[string]string{"equals": "=", "not_equal": "!=", "starts_with": "like", "greater_equal": ">=", "less_equal": "<="}
	if operators[operator] == "" {
		return nil, fmt.Errorf("an operator is unknown")
	}
	operand := strings.ToLower(value.String())
	if operator == "starts_with" {
		operand += "%"
	}
	return func(row map[string]any) bool {
		return compare(strings.ToLower(plain(row[name])), operators[operator], operand)
	}, nil
}

// plain is a value as text; that of an object is its id.
func plain(value any) string {
	switch v := value.(type) {
	case map[string]any:
		return kit.Text(v, "id")
	case bool:
		return fmt.Sprint(v)
	}
	return kit.ID(value)
}

// compare compares times as times and all else as texts.
func compare(value, operator, operand string) bool {
	order := strings.Compare(value, operand)
	if a, err := time.Parse(time.RFC3339, strings.ToUpper(value)); err == nil {
		if b, err := time.Parse(time.RFC3339, strings.ToUpper(operand)); err == nil {
			order = a.Compare(b)
		}
	}
	switch operator {
	case "=":
		return order == 0
	case "!=":
		return order != 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	}
	text, open := strings.CutSuffix(operand, "%")
	if text, within := strings.CutPrefix(text, "%"); within {
		return strings.Contains(value, text)
	}
	return (open && strings.HasPrefix(value, text)) || value == text
}
