package salesforce

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

// selection is the part of SOQL that is understood:
// SELECT f, .. FROM t [WHERE f op v [AND ..]] [ORDER BY f [ASC|DESC]] [LIMIT n].
type selection struct {
	fields     []string
	from       string
	where      []condition
	orderBy    string
	descending bool
	limit      int
}

type condition struct {
	field, operator string
	values          []literal
}

type literal struct {
	text   string
	quoted bool
}

// token is a word, a sign or a literal; quoted ones are unescaped.
type token struct {
	text   string
	quoted bool
}

var tokenForm = regexp.MustCompile(`^(?:'(?:[^'\\]|\\.)*'|[A-Za-z_][\w.]*|[0-9+-][\w:.+-]*|>=|<=|!=|<>|[=<>(),])`)

var escapes = strings.NewReplacer(`\\`, `\`, `\'`, `'`, `\"`, `"`, `\n`, "\n", `\r`, "\r", `\t`, "\t", `\b`, "\b", `\f`, "\f", `\_`, "_", `\%`, "%")

func tokens(text string) ([]token, error) {
	var list []token
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		found := tokenForm.FindString(text)
		if found == "" {
			return nil, fmt.Errorf("unexpected token: %s", quoted(text[:1]))
		}
		text = text[len(found):]
		if found[0] == '\'' {
			list = append(list, token{escapes.Replace(found[1 : len(found)-1]), true})
			continue
		}
		list = append(list, token{found, false})
	}
	return list, nil
}

// parser walks over tokens. The first mistake sticks.
type parser struct {
	tokens []token
	err    error
}

func (p *parser) peek() token {
	if len(p.tokens) == 0 {
		return token{}
	}
	return p.tokens[0]
}

func (p *parser) next() token {
	t := p.peek()
	if t == (token{}) {
		p.fail("unexpected end of query")
		return t
	}
	p.tokens = p.tokens[1:]
	return t
}

func (p *parser) fail(message string) {
	if p.err == nil {
		p.err = fmt.Errorf("%s", message)
	}
	p.tokens = nil
}

// accept takes the words if they come next.
func (p *parser) accept(words ...string) bool {
	if len(p.tokens) < len(words) {
		return false
	}
	for i, word := range words {
		if p.tokens[i].quoted || !strings.EqualFold(p.tokens[i].text, word) {
			return false
		}
	}
	p.tokens = p.tokens[len(words):]
	return true
}

func (p *parser) expect(word string) {
	if !p.accept(word) {
		p.fail("expecting " + word + ", found " + quoted(p.peek().text))
	}
}

func parseSOQL(text string) (selection, error) {
	list, err := tokens(text)
	p := &parser{tokens: list, err: err}
	s := selection{limit: 2000}
	p.expect("SELECT")
	s.fields = append(s.fields, p.next().text)
	for p.accept(",") {
		s.fields = append(s.fields, p.next().text)
	}
	p.expect("FROM")
	s.from = p.next().text
	if p.accept("WHERE") {
		s.where = append(s.where, p.condition())
		for p.accept("AND") {
			s.where = append(s.where, p.condition())
		}
	}
	if p.accept("ORDER", "BY") {
		s.orderBy = p.next().text
		s.descending = p.accept("DESC")
		_ = s.descending || p.accept("ASC")
	}
	if p.accept("LIMIT") {
		s.limit, err = strconv.Atoi(p.next().text)
		if err != nil || s.limit < 0 {
			p.fail("LIMIT must be a number")
		}
	}
	if len(p.tokens) > 0 {
		p.fail("unexpected token: " + quoted(p.peek().text))
	}
	return s, p.err
}

func (p *parser) condition() condition {
	c := condition{field: p.next().text, operator: strings.ToUpper(p.next().text)}
	switch c.operator {
	case "=", "!=", "<>", "<", "<=", ">", ">=", "LIKE":
		c.values = append(c.values, literal(p.next()))
	case "IN":
		p.expect("(")
		c.values = append(c.values, literal(p.next()))
		for p.accept(",") {
			c.values = append(c.values, literal(p.next()))
		}
		p.expect(")")
	default:
		p.fail("unexpected token: " + quoted(c.operator))
	}
	return c
}

func query(c *kit.Call) kit.Reply {
	s, err := parseSOQL(c.Query("q"))
	if err != nil {
		return bad("MALFORMED_QUERY", err.Error()).reply()
	}
	rows, fields, refused := s.table(c)
	if refused == nil {
		refused = s.judge(fields)
	}
	if refused != nil {
		return refused.reply()
	}
	hits := slices.DeleteFunc(rows, func(row map[string]any) bool { return !s.matches(fields, row) })
	if s.orderBy != "" {
		order := canonical(fields, s.orderBy)
		slices.SortStableFunc(hits, func(a, b map[string]any) int {
			if s.descending {
				a, b = b, a
			}
			return compare(a[order], literal{text: fmt.Sprint(b[order])})
		})
	}
	records := s.project(c, fields, hits[:min(s.limit, len(hits))])
	return kit.JSON(http.StatusOK, map[string]any{"totalSize": len(records), "done": true, "records": records})
}

func (s selection) project(c *kit.Call, fields kit.Schema, hits []map[string]any) []any {
	records := []any{}
	for _, hit := range hits {
		record := map[string]any{"attributes": map[string]any{"type": s.from, "url": base(c) + "/sobjects/" + s.from + "/" + kit.Text(hit, "Id")}}
		for _, name := range s.fields {
			name = canonical(fields, name)
			if parent, child, nested := strings.Cut(name, "."); nested {
				record[parent] = map[string]any{child: hit[name]}
				continue
			}
			record[name] = hit[name]
		}
		records = append(records, record)
	}
	return records
}

// table lists the rows that s is about, and the types of its fields.
func (s selection) table(c *kit.Call) ([]map[string]any, kit.Schema, *refusal) {
	var rows []map[string]any
	switch strings.ToLower(s.from) {
	case "contact":
		for _, r := range s.candidates(c) {
			rows = append(rows, row(c, r))
		}
		return rows, schema(), nil
	case "topicassignment":
		for _, r := range c.Account.Table("topic assignments").All() {
			data := maps.Clone(r.Data)
			data["Id"], data["CreatedDate"] = r.ID, stamp(r.CreatedAt)
			rows = append(rows, data)
		}
		return rows, kit.Schema{"Id": {}, "TopicId": {}, "Topic.Name": {}, "EntityId": {}, "CreatedDate": {Type: kit.DateTime}}, nil
	}
	return nil, nil, bad("INVALID_TYPE", fmt.Sprintf("sObject type '%s' is not supported.", s.from))
}

// candidates narrows the contacts by the database's indexes.
func (s selection) candidates(c *kit.Call) []*kit.Record {
	for _, w := range s.where {
		switch {
		case w.operator != "=":
		case strings.EqualFold(w.field, "Email"):
			return c.Account.ByEmail(w.values[0].text)
		case strings.EqualFold(w.field, externalID):
			return c.Account.Contacts.ByKey(externalKey(w.values[0].text))
		}
	}
	return c.Account.Contacts.All()
}

func (s selection) judge(fields kit.Schema) *refusal {
	names := slices.Clone(s.fields)
	if s.orderBy != "" {
		names = append(names, s.orderBy)
	}
	for _, w := range s.where {
		names = append(names, w.field)
	}
	for _, name := range names {
		if canonical(fields, name) == "" {
			return bad("INVALID_FIELD", fmt.Sprintf("No such column '%s' on entity '%s'.", name, s.from))
		}
	}
	for _, w := range s.where {
		for _, v := range w.values {
			if reason := misfit(fields[canonical(fields, w.field)], v); reason != "" {
				return bad("INVALID_FIELD", fmt.Sprintf("value of filter criterion for field '%s' must be of type %s", w.field, reason))
			}
		}
	}
	return nil
}

// misfit tells what a literal should be that does not fit a field.
func misfit(f kit.Field, v literal) string {
	switch {
	case !v.quoted && strings.EqualFold(v.text, "null"):
		return ""
	case f.Type == kit.DateTime && (v.quoted || !isTime(v.text)):
		return "dateTime and should not be enclosed in quotes"
	case (f.Type == kit.String || f.Type == kit.Email) && !v.quoted:
		return "string and should be enclosed in quotes"
	}
	return ""
}

func isTime(text string) bool {
	_, ok := instant(text)
	return ok
}

// instant reads a time with or without a colon in its offset.
func instant(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.999-0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// canonical is the spelling of a field's name; names are not case-sensitive.
func canonical(fields kit.Schema, name string) string {
	for known := range fields {
		if strings.EqualFold(known, name) {
			return known
		}
	}
	return ""
}

func (s selection) matches(fields kit.Schema, row map[string]any) bool {
	for _, w := range s.where {
		if !w.matches(row[canonical(fields, w.field)]) {
			return false
		}
	}
	return true
}

func (w condition) matches(value any) bool {
	v := w.values[0]
	if !v.quoted && strings.EqualFold(v.text, "null") {
		return (value == nil) == (w.operator == "=")
	}
	if value == nil {
		return w.operator == "!=" || w.operator == "<>"
	}
	order := compare(value, v)
	switch w.operator {
	case "=":
		return order == 0
	case "!=", "<>":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "LIKE":
		return like(fmt.Sprint(value), v.text)
	}
	return slices.ContainsFunc(w.values, func(v literal) bool { return compare(value, v) == 0 })
}

func like(value, pattern string) bool {
	quoted := regexp.QuoteMeta(pattern)
	form, err := regexp.Compile("(?is)^" + strings.NewReplacer("%", ".*", "_", ".").Replace(quoted) + "$")
	return err == nil && form.MatchString(value)
}

// compare orders times as times, numbers as numbers and texts without regard
// to case.
func compare(value any, v literal) int {
	if n, ok := value.(json.Number); ok {
		a, _ := n.Float64()
		b, _ := strconv.ParseFloat(v.text, 64)
		return cmp.Compare(a, b)
	}
	text := fmt.Sprint(value)
	if at, ok := instant(text); ok {
		if other, ok := instant(v.text); ok {
			return at.Compare(other)
		}
	}
	return strings.Compare(strings.ToLower(text), strings.ToLower(v.text))
}
