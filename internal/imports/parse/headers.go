package parse

import (
	"strconv"
	"strings"
	"unicode"
)

// Program is a program whose exports are recognised.
type Program struct {
	ID, Name string
	Columns  []Column
}

// Column is a column that a program exports. A # in Header stands for a number.
// Field is where its text goes; without one the column has no place in a
// contact: Keep marks those that tell of the person and can become custom
// fields, the others serve that program alone.
type Column struct {
	Header string
	Field  string
	Keep   bool
}

// Recognised lists the programs and their columns, for documents. Headers are
// compared without regard to case, spaces and punctuation.
func Recognised() []Program {
	return []Program{
		plain, google, outlook, hubspot, salesforce, pipedrive,
	}
}

// headerKey is the form in which headers are compared.
func headerKey(header string) string {
	var b strings.Builder
	for _, r := range header {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '#' {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// numberless replaces the digits of a key by #, and returns the first number.
func numberless(key string) (pattern, number string) {
	var b strings.Builder
	for i := 0; i < len(key); {
		end := i
		for end < len(key) && key[end] >= '0' && key[end] <= '9' {
			end++
		}
		if end == i {
			b.WriteByte(key[i])
			i++
			continue
		}
		if number == "" {
			number = key[i:end]
		}
		b.WriteByte('#')
		i = end
	}
	return b.String(), number
}

// lexicon finds the columns of one program by their headers.
type lexicon struct {
	program Program
	byKey   map[string]Column
}

var lexicons = newLexicons()

func newLexicons() []lexicon {
	var all []lexicon
	for _, p := range Recognised() {
		l := lexicon{p, map[string]Column{}}
		for _, c := range p.Columns {
			l.byKey[headerKey(c.Header)] = c
		}
		all = append(all, l)
	}
	return all
}

// find returns the column of a header, its number filled into the field.
func (l lexicon) find(header string) (Column, bool) {
	key := headerKey(header)
	if c, ok := l.byKey[key]; ok && !strings.Contains(c.Field, "#") {
		return c, true
	}
	pattern, number := numberless(key)
	c, ok := l.byKey[pattern]
	if !ok || number == "" {
		return Column{}, false
	}
	if n, err := strconv.Atoi(number); err != nil || n > maxColumns {
		return Column{}, false
	}
	c.Field = strings.ReplaceAll(c.Field, "#", number)
	return c, true
}

// columns makes a table of lines "header: field", the way of writing that can
// be read at a glance. "+" for the field is Keep, and nothing a column that
// serves its program alone.
func columns(table string) []Column {
	var out []Column
	for line := range strings.Lines(table) {
		header, field, _ := strings.Cut(strings.TrimSpace(line), ": ")
		header = strings.TrimSpace(strings.TrimSuffix(header, ":"))
		if field = strings.TrimSpace(field); header == "" {
			continue
		}
		if field == "+" {
			out = append(out, Column{Header: header, Keep: true})
			continue
		}
		out = append(out, Column{Header: header, Field: field})
	}
	return out
}
