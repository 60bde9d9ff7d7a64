package mondaycrm

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// message is an error in the vendor's words.
type message string

func (m message) Error() string { return string(m) }

func says(format string, values ...any) error { return message(fmt.Sprintf(format, values...)) }

// document is one GraphQL operation. Named fragments, directives and several
// operations in one document are not understood.
type document struct {
	kind       string // query or mutation
	variables  []variableDef
	selections []selection
}

type variableDef struct {
	name, typ string
	value     any // the default
	defaulted bool
}

// selection is a field, or an inline fragment when on is set.
type selection struct {
	alias, name string
	on          string
	arguments   map[string]any
	selections  []selection
}

func (s selection) key() string {
	if s.alias != "" {
		return s.alias
	}
	return s.name
}

// Values that JSON does not have. The others are nil, bool, json.Number,
// string, []any and map[string]any.
type (
	variable string
	enum     string
)

type token struct {
	text   string
	isText bool // a string literal, unescaped
}

var (
	tokenForm  = regexp.MustCompile(`^(?:"""(?s:.*?)"""|"(?:[^"\\\n]|\\.)*"|\.\.\.|[{}()\[\]:!=$|&@]|[A-Za-z_]\w*|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)`)
	ignoreForm = regexp.MustCompile(`^(?:[\s,\x{feff}]|#[^\n]*)+`)
)

func tokens(text string) ([]token, error) {
	var list []token
	for {
		text = text[len(ignoreForm.FindString(text)):]
		if text == "" {
			return list, nil
		}
		found := tokenForm.FindString(text)
		if found == "" {
			return nil, says("Syntax Error: Unexpected character: %q.", text[:1])
		}
		text = text[len(found):]
		t, err := literal(found)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
}

func literal(text string) (token, error) {
	if block, ok := strings.CutPrefix(text, `"""`); ok {
		return token{strings.TrimSpace(strings.TrimSuffix(block, `"""`)), true}, nil
	}
	if !strings.HasPrefix(text, `"`) {
		return token{text, false}, nil
	}
	var unescaped string
	if json.Unmarshal([]byte(text), &unescaped) != nil {
		return token{}, says("Syntax Error: Invalid character escape sequence.")
	}
	return token{unescaped, true}, nil
}

// parser walks over tokens. The first mistake sticks and ends the walk.
type parser struct {
	tokens []token
	err    error
}

func parse(text string) (document, error) {
	list, err := tokens(text)
	p := &parser{tokens: list, err: err}
	d := document{kind: "query"}
	if !p.at("{") {
		d.kind = p.name()
		if d.kind != "query" && d.kind != "mutation" {
			p.fail()
		}
		if !p.at("{") && !p.at("(") {
			p.name()
		}
		d.variables = p.variables()
	}
	d.selections = p.selections()
	if len(p.tokens) > 0 {
		p.fail()
	}
	return d, p.err
}

func (p *parser) at(sign string) bool {
	return len(p.tokens) > 0 && !p.tokens[0].isText && p.tokens[0].text == sign
}

func (p *parser) accept(sign string) bool {
	if !p.at(sign) {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *parser) expect(sign string) {
	if !p.accept(sign) {
		p.fail()
	}
}

func (p *parser) fail() {
	found := "<EOF>"
	if len(p.tokens) > 0 {
		found = strconv.Quote(p.tokens[0].text)
	}
	if p.err == nil {
		p.err = says("Syntax Error: Unexpected %s.", found)
	}
	p.tokens = nil
}

func (p *parser) name() string {
	if len(p.tokens) == 0 || p.tokens[0].isText || !isName(p.tokens[0].text) {
		p.fail()
		return ""
	}
	text := p.tokens[0].text
	p.tokens = p.tokens[1:]
	return text
}

func isName(text string) bool {
	return strings.Trim(text[:1], "0123456789-{}()[]:!=$|&@.") != ""
}

func (p *parser) variables() []variableDef {
	var list []variableDef
	if !p.accept("(") {
		return nil
	}
	for !p.accept(")") && p.err == nil {
		p.expect("$")
		v := variableDef{name: p.name()}
		p.expect(":")
		v.typ = p.typ()
		if v.defaulted = p.accept("="); v.defaulted {
			v.value = p.value()
		}
		list = append(list, v)
	}
	return list
}

func (p *parser) typ() string {
	text := ""
	if p.accept("[") {
		text = "[" + p.typ() + "]"
		p.expect("]")
	} else {
		text = p.name()
	}
	if p.accept("!") {
		text += "!"
	}
	return text
}

func (p *parser) selections() []selection {
	var list []selection
	p.expect("{")
	for !p.accept("}") && p.err == nil {
		list = append(list, p.selection())
	}
	if len(list) == 0 {
		p.fail()
	}
	return list
}

func (p *parser) selection() selection {
	var s selection
	if p.accept("...") {
		p.expect("on")
		s.on = p.name()
		s.selections = p.selections()
		return s
	}
	s.name = p.name()
	if p.accept(":") {
		s.alias, s.name = s.name, p.name()
	}
	if p.accept("(") {
		s.arguments = map[string]any{}
		for !p.accept(")") && p.err == nil {
			name := p.name()
			p.expect(":")
			s.arguments[name] = p.value()
		}
	}
	if p.at("{") {
		s.selections = p.selections()
	}
	return s
}

func (p *parser) value() any {
	switch {
	case p.accept("$"):
		return variable(p.name())
	case p.accept("["):
		list := []any{}
		for !p.accept("]") && p.err == nil {
			list = append(list, p.value())
		}
		return list
	case p.accept("{"):
		object := map[string]any{}
		for !p.accept("}") && p.err == nil {
			name := p.name()
			p.expect(":")
			object[name] = p.value()
		}
		return object
	}
	return p.scalar()
}

func (p *parser) scalar() any {
	if len(p.tokens) == 0 {
		p.fail()
		return nil
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	switch {
	case t.isText:
		return t.text
	case t.text == "true", t.text == "false":
		return t.text == "true"
	case t.text == "null":
		return nil
	case isName(t.text):
		return enum(t.text)
	case strings.Trim(t.text[:1], "-0123456789") == "":
		return json.Number(t.text)
	}
	p.fail()
	return nil
}
