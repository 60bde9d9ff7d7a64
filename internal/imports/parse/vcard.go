package parse

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"crmferry/internal/contact"
)

const codeNotAPerson = "not_a_person"

// cards reads vCards one by one.
type cards struct {
	*source
	options Options

	line     int    // of the source's line in ahead
	ahead    []byte // a line that has been read and not used
	raw      []byte
	reader   *bufio.Reader // of one card at a time
	started  bool
	document bytes.Buffer
	seen     seen
}

func (c *cards) next() (Row, error) {
	for {
		line, err := c.take()
		if err != nil {
			return Row{}, err
		}
		text := trimEnd(line)
		switch {
		case len(bytes.TrimSpace(text)) == 0:
			continue
		case isLine(text, "BEGIN:VCARD"):
			c.started = true
			return c.card(c.line)
		case !c.started:
			return Row{}, fail(CodeMalformedVCard, c.line, "The file must begin with BEGIN:VCARD.")
		default:
			return Row{Line: c.line, Raw: string(text), Invalid: invalid(CodeMalformedVCard, "stands between two cards")}, nil
		}
	}
}

// take returns the next line, the one that was put back first.
func (c *cards) take() ([]byte, error) {
	if c.ahead != nil {
		line := c.ahead
		c.ahead = nil
		return line, nil
	}
	c.line = c.source.line
	var err error
	c.raw, err = c.appendLine(c.raw[:0], c.line)
	return c.raw, err
}

func isLine(line []byte, what string) bool {
	return strings.EqualFold(string(bytes.TrimSpace(line)), what)
}

// card reads the card whose first line has been taken. Pictures and keys are
// left out: they are large, and no CRM gets them from here.
func (c *cards) card(start int) (Row, error) {
	raw := append([]byte(nil), "BEGIN:VCARD\r\n"...)
	depth := 1
	for depth > 0 {
		if name := c.peekName(); large(name) {
			c.seen.add(name, placeless, c.options.Unknown)
			if err := c.skipProperty(); err != nil {
				return Row{}, c.cutOff(err, start)
			}
			continue
		}
		before := len(raw)
		at := c.source.line
		var err error
		if raw, err = c.appendLine(raw, start); err != nil {
			return Row{}, c.cutOff(err, start)
		}
		switch line := raw[before:]; {
		case isLine(line, "END:VCARD"):
			depth--
		case isLine(line, "BEGIN:VCARD") && !agent(raw[:before]):
			c.line, c.ahead = at, bytes.Clone(line)
			row, err := c.row(start, c.text(raw[:before])+"\r\nEND:VCARD")
			row.Warnings = append(row.Warnings, contact.Warning{Code: CodeMalformedVCard, Message: "has no END:VCARD"})
			return row, err
		case isLine(line, "BEGIN:VCARD"):
			depth++
		}
	}
	return c.row(start, c.text(raw))
}

// agent reports whether a card may stand here inside another one (vCard 2.1).
func agent(before []byte) bool {
	before = trimEnd(before)
	last := before[bytes.LastIndexByte(before, '\n')+1:]
	return strings.EqualFold(string(trimEnd(last)), "AGENT:")
}

func (c *cards) cutOff(err error, start int) error {
	if errors.Is(err, io.EOF) {
		return fail(CodeTruncated, start, "The card that begins here has no end.")
	}
	return err
}

// peekName returns the name of the property that the next line begins.
func (c *cards) peekName() string {
	const longest = 64
	begin, _ := c.r.Peek(longest)
	end := bytes.IndexAny(begin, ":;\r\n")
	if end < 0 {
		return ""
	}
	return propertyName(string(begin[:end]))
}

// propertyName removes the group of a property.
func propertyName(name string) string {
	return strings.ToUpper(name[strings.LastIndexByte(name, '.')+1:])
}

func large(name string) bool {
	return name == "PHOTO" || name == "LOGO" || name == "SOUND" || name == "KEY"
}

// skipProperty moves past a property and the lines that continue it.
func (c *cards) skipProperty() error {
	for {
		if err := c.skipLine(); err != nil {
			return err
		}
		next, err := c.r.Peek(1)
		if err != nil {
			return readError(err, c.source.line)
		}
		if next[0] != ' ' && next[0] != '\t' {
			return nil
		}
	}
}

func (c *cards) row(line int, raw string) (Row, error) {
	card, lost, err := decodeCard(raw, c.reader)
	if err != nil {
		return Row{Line: line, Raw: raw, Invalid: invalid(CodeMalformedVCard, "is no vCard")}, nil
	}
	p := person{card: card, options: c.options, seen: &c.seen}
	p.read()
	if p.group {
		return Row{Line: line, Raw: raw, Invalid: invalid(codeNotAPerson, "is a group or an organisation")}, nil
	}
	c.document.Reset()
	if err := p.encode(&c.document); err != nil {
		return Row{}, err
	}
	row := rowOf(line, raw, c.document.Bytes(), contact.UnknownFail)
	switch {
	case row.Invalid != nil:
	case len(p.unknown) > 0 && c.options.Unknown == contact.UnknownFail:
		row.Input = contact.Input{}
		row.Invalid = invalid(contact.CodeUnknownField, "holds properties that no contact has: "+strings.Join(p.unknown, ", "))
	case lost > 0:
		row.Warnings = append(row.Warnings, contact.Warning{Code: contact.CodeIgnored, Message: "lines that are no properties were left out"})
	}
	return row, nil
}

func (c *cards) describe(m *Mapping) { m.Columns = c.seen.list() }
func (c *cards) preamble() string    { return "" }
func (c *cards) none() *Error        { return fail(CodeEmptyFile, 0, "The file holds no card.") }
