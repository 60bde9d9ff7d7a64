package dynamics365sales

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

// options refuses parameters that the call does not know.
func options(c *kit.Call, known ...string) *refusal {
	for name := range c.Request.URL.Query() {
		if !slices.Contains(known, name) {
			return syntax("The query parameter " + name + " is not supported")
		}
	}
	return nil
}

// selected reads $select of a call for one record; none means all columns.
func selected(c *kit.Call) ([]string, *refusal) {
	if no := options(c, "$select", "$expand"); no != nil {
		return nil, no
	}
	return columnsOf(c)
}

func columnsOf(c *kit.Call) ([]string, *refusal) {
	var columns []string
	for _, name := range strings.FieldsFunc(c.Query("$select"), func(r rune) bool { return r == ',' }) {
		if _, known := schema()[name]; !known {
			return nil, unknownColumn(name)
		}
		columns = append(columns, name)
	}
	return columns, nil
}

func unknownColumn(name string) *refusal {
	return syntax("Could not find a property named '" + name + "' on type 'Microsoft.Dynamics.CRM.contact'.")
}

// query lists contacts. It reads the table itself, not an index.
func query(c *kit.Call) kit.Reply {
	no := options(c, "$select", "$filter", "$orderby", "$top", "$expand", "$count")
	if no != nil {
		return no.reply(c)
	}
	columns, no := columnsOf(c)
	if no != nil {
		return no.reply(c)
	}
	match, no := parseFilter(c.Query("$filter"))
	if no != nil {
		return no.reply(c)
	}
	top := 5000
	if given := c.Query("$top"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 {
			return syntax("Invalid value '" + given + "' for $top query option found.").reply(c)
		}
		top = n
	}
	hits := slices.DeleteFunc(slices.Clone(c.Account.Contacts.All()), func(r *kit.Record) bool { return !match(row(c, r)) })
	if no := order(c, hits); no != nil {
		return no.reply(c)
	}
	values := []any{}
	for _, r := range hits[:min(top, len(hits))] {
		values = append(values, shown(c, r, columns))
	}
	body := map[string]any{"@odata.context": base(c) + "$metadata#contacts" + listed(columns), "value": values}
	if c.Query("$count") == "true" {
		body["@odata.count"] = len(hits)
	}
	return kit.JSON(http.StatusOK, body)
}

// order sorts by $orderby.
func order(c *kit.Call, hits []*kit.Record) *refusal {
	keys := strings.FieldsFunc(c.Query("$orderby"), func(r rune) bool { return r == ',' })
	for _, key := range slices.Backward(keys) {
		words := strings.Fields(key)
		if len(words) == 0 || len(words) > 2 || (len(words) == 2 && words[1] != "asc" && words[1] != "desc") {
			return syntax("Syntax error in '" + key + "'.")
		}
		if _, known := schema()[words[0]]; !known {
			return unknownColumn(words[0])
		}
		slices.SortStableFunc(hits, func(a, b *kit.Record) int {
			by := compare(row(c, a)[words[0]], row(c, b)[words[0]])
			if len(words) == 2 && words[1] == "desc" {
				return -by
			}
			return by
		})
	}
	return nil
}

// compare orders numbers as numbers, times as times and all else without
// regard to case.
func compare(a, b any) int {
	left, right := fmt.Sprint(a), fmt.Sprint(b)
	if x, err := strconv.ParseFloat(left, 64); err == nil {
		if y, err := strconv.ParseFloat(right, 64); err == nil {
			return cmp.Compare(x, y)
		}
	}
	if x, err := time.Parse(time.RFC3339, left); err == nil {
		if y, err := time.Parse(time.RFC3339, right); err == nil {
			return x.Compare(y)
		}
	}
	return cmp.Compare(strings.ToLower(left), strings.ToLower(right))
}

// predicate tells whether a row passes a filter.
type predicate func(row map[string]any) bool

var tokenForm = regexp.MustCompile(`'(?:[^']|'')*'|[()]|[^\s()']+|\S`)

// filter is a parser of $filter: comparisons of a column with a literal,
// joined by and, or and parentheses. The first mistake sticks.
type filter struct {
	tokens []string
	no     *refusal
}

func parseFilter(text string) (predicate, *refusal) {
	if text == "" {
		return func(map[string]any) bool { return true }, nil
	}
	f := &filter{tokens: tokenForm.FindAllString(text, -1)}
	match := f.either()
	if len(f.tokens) > 0 {
		f.fail(syntax("Syntax error at '" + f.tokens[0] + "' in '" + text + "'."))
	}
	return match, f.no
}

func (f *filter) fail(no *refusal) {
	if f.no == nil {
		f.no = no
	}
	f.tokens = nil
}

func (f *filter) next() string {
	if len(f.tokens) == 0 {
		f.fail(syntax("Expression expected at the end of the filter."))
		return ""
	}
	token := f.tokens[0]
	f.tokens = f.tokens[1:]
	return token
}

func (f *filter) accept(word string) bool {
	if len(f.tokens) > 0 && f.tokens[0] == word {
		f.tokens = f.tokens[1:]
		return true
	}
	return false
}

func (f *filter) either() predicate {
	left := f.both()
	for f.accept("or") {
		a, b := left, f.both()
		left = func(row map[string]any) bool { return a(row) || b(row) }
	}
	return left
}

func (f *filter) both() predicate {
	left := f.one()
	for f.accept("and") {
		a, b := left, f.one()
		left = func(row map[string]any) bool { return a(row) && b(row) }
	}
	return left
}

func (f *filter) one() predicate {
	if f.accept("(") {
		inner := f.either()
		if !f.accept(")") {
			f.fail(syntax("')' or operator expected in the filter."))
		}
		return inner
	}
	name, operator, literal := f.next(), f.next(), f.next()
	if f.no == nil {
		f.no = judgeComparison(name, operator, literal)
	}
	return func(row map[string]any) bool { return holds(row[name], operator, literal) }
}

func quoted(literal string) bool {
	return len(literal) > 1 && literal[0] == '\'' && literal[len(literal)-1] == '\''
}

func holds(value any, operator, literal string) bool {
	if value == nil || literal == "null" {
		both := value == nil && literal == "null"
		return (operator == "eq" && both) || (operator == "ne" && !both)
	}
	if quoted(literal) {
		literal = strings.ReplaceAll(literal[1:len(literal)-1], "''", "'")
	}
	by := compare(value, literal)
	switch operator {
	case "eq":
		return by == 0
	case "ne":
		return by != 0
	case "gt":
		return by > 0
	case "ge":
		return by >= 0
	case "lt":
		return by < 0
	}
	return by <= 0
}

// judgeComparison holds texts to be quoted, and all else not to be.
func judgeComparison(name, operator, literal string) *refusal {
	column, known := schema()[name]
	textual := column.Type == kit.String || column.Type == kit.Email
	switch {
	case !known:
		return unknownColumn(name)
	case !slices.Contains([]string{"eq", "ne", "gt", "ge", "lt", "le"}, operator):
		return syntax("Syntax error: '" + operator + "' is not an operator.")
	case literal != "null" && textual != quoted(literal):
		return syntax("A binary operator with incompatible types was detected for the property '" + name + "'.")
	}
	return nil
}
