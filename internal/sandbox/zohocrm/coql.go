package zohocrm

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"crmferry/internal/sandbox/kit"
)

// coql answers "select a, b from Contacts where .. [order by c [desc]] [limit
// [offset,] n]" from the database, without the index's lag.
func coql(c *kit.Call) kit.Reply {
	in, err := c.Object()
	text := kit.Text(in, "select_query")
	if err != nil || text == "" {
		return failure(http.StatusBadRequest, "MANDATORY_NOT_FOUND", "required field not found", located(c, map[string]any{"api_name": "select_query"}, "$.select_query"))
	}
	q, err := parse(text)
	if err != nil {
		return *badQuery(err.Error())
	}
	var found []map[string]any
	for _, r := range c.Account.Contacts.All() {
		if row := show(c, r); q.where(row) {
			found = append(found, row)
		}
	}
	if q.orderBy != "" {
		slices.SortStableFunc(found, func(a, b map[string]any) int {
			order := strings.Compare(plain(a[q.orderBy]), plain(b[q.orderBy]))
			if q.descending {
				return -order
			}
			return order
		})
	}
	to := min(q.offset+q.limit, len(found))
	list := []any{}
	for _, row := range found[min(q.offset, len(found)):to] {
		list = append(list, selected(row, strings.Join(q.columns, ",")))
	}
	return rows(list, q.limit, 1, to < len(found))
}

type query struct {
	columns       []string
	where         condition
	orderBy       string
	descending    bool
	offset, limit int
}

var tokenForm = regexp.MustCompile(`'(?:[^'\\]|\\.)*'|[A-Za-z_][A-Za-z0-9_.]*|[0-9.]+|<=|>=|!=|[=<>(),]|\S`)

// parser takes a query apart, token by token.
type parser struct{ tokens []string }

func (p *parser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) next() string {
	token := p.peek()
	if token != "" {
		p.tokens = p.tokens[1:]
	}
	return token
}

// take takes the words, if all of them come next.
func (p *parser) take(words ...string) bool {
	for i, word := range words {
		if i >= len(p.tokens) || !strings.EqualFold(p.tokens[i], word) {
			return false
		}
	}
	p.tokens = p.tokens[len(words):]
	return true
}

func (p *parser) column() (string, error) {
	name := p.next()
	if _, known := fields()[name]; !known {
		return "", fmt.Errorf("column given seems to be invalid: %s", name)
	}
	return name, nil
}

// value is a quoted text or a bare number or word.
func (p *parser) value() string {
	token := p.next()
	if text, quoted := strings.CutPrefix(token, "'"); quoted {
		return strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(strings.TrimSuffix(text, "'"))
	}
	return token
}

func parse(text string) (query, error) {
	p := &parser{tokenForm.FindAllString(text, -1)}
	q := query{limit: maxPage}
	if !p.take("select") {
		return q, fmt.Errorf("select is missing")
	}
	for more := true; more; more = p.take(",") {
		name, err := p.column()
		if err != nil {
			return q, err
		}
		q.columns = append(q.columns, name)
	}
	if !p.take("from", "Contacts") || !p.take("where") {
		return q, fmt.Errorf("from Contacts and where are missing")
	}
	var err error
	if q.where, err = p.either(); err == nil && p.take("order", "by") {
		q.orderBy, err = p.column()
		q.descending = p.take("desc")
		p.take("asc")
	}
	if err == nil && p.take("limit") {
		q.limit = int(kit.Int(p.next()))
		if p.take(",") {
			q.offset, q.limit = q.limit, int(kit.Int(p.next()))
		}
	}
	if err == nil && (p.peek() != "" || q.limit < 1 || q.offset < 0) {
		err = fmt.Errorf("syntax error near %s", p.peek())
	}
	return q, err
}

func (p *parser) either() (condition, error) {
	left, err := p.both()
	for err == nil && p.take("or") {
		first := left
		var second condition
		second, err = p.both()
		left = func(row map[string]any) bool { return first(row) || second(row) }
	}
	return left, err
}

func (p *parser) both() (condition, error) {
	left, err := p.term()
	for err == nil && p.take("and") {
		first := left
		var second condition
		second, err = p.term()
		left = func(row map[string]any) bool { return first(row) && second(row) }
	}
	return left, err
}

func (p *parser) term() (condition, error) {
	if p.take("(") {
		inner, err := p.either()
		if err == nil && !p.take(")") {
			err = fmt.Errorf("a parenthesis is missing")
		}
		return inner, err
	}
	name, err := p.column()
	switch {
	case err != nil:
		return nil, err
	case p.take("is", "null"):
		return func(row map[string]any) bool { return row[name] == nil }, nil
	case p.take("is", "not", "null"):
		return func(row map[string]any) bool { return row[name] != nil }, nil
	}
	operator := strings.ToLower(p.next())
	values := []string{}
	if operator == "in" && p.take("(") {
		for more := true; more; more = p.take(",") {
			values = append(values, p.value())
		}
		operator = "="
		if !p.take(")") {
			return nil, fmt.Errorf("a parenthesis is missing")
		}
	} else {
		values = append(values, p.value())
	}
	if !slices.Contains([]string{"=", "!=", "<", "<=", ">", ">=", "like"}, operator) {
		return nil, fmt.Errorf("operator given seems to be invalid: %s", operator)
	}
	for _, value := range values {
		if fields()[name].kind == "datetime" && fields()[name].judge(value) != nil {
			return nil, fmt.Errorf("value given seems to be invalid for the column %s", name)
		}
	}
	return func(row map[string]any) bool {
		return slices.ContainsFunc(values, func(v string) bool { return compare(plain(row[name]), operator, v) })
	}, nil
}
