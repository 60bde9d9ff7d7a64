package parse

import "bytes"

// splitter takes one CSV record apart, line by line, as a quoted field may
// hold line breaks. It is lenient as spreadsheets are: a quote counts only where
// a field begins, and what follows a closing quote belongs to the field.
type splitter struct {
	delimiter byte
	text      []byte // of all fields, one after another
	ends      []int  // where each field ends in text
	state     splitState
}

type splitState uint8

const (
	fieldStart splitState = iota
	plainField
	quotedField
	afterQuote
)

func (s *splitter) reset() {
	s.text, s.ends, s.state = s.text[:0], s.ends[:0], fieldStart
}

// open reports whether the record goes on in the next line.
func (s *splitter) open() bool { return s.state == quotedField }

// feed takes the next line of the record with its end.
func (s *splitter) feed(line []byte) {
	content := trimEnd(line)
	for rest := content; len(rest) > 0; {
		rest = rest[s.step(rest):]
	}
	if s.state != quotedField {
		s.ends = append(s.ends, len(s.text))
		return
	}
	if len(line) > len(content) {
		s.text = append(s.text, '\n')
	}
}

// step takes as much as one state can, and returns how much.
func (s *splitter) step(rest []byte) int {
	switch s.state {
	case quotedField:
		n := bytes.IndexByte(rest, '"')
		if n < 0 {
			s.text = append(s.text, rest...)
			return len(rest)
		}
		s.text = append(s.text, rest[:n]...)
		s.state = afterQuote
		return n + 1
	case afterQuote:
		if rest[0] == '"' { // two quotes stand for one
			s.text = append(s.text, '"')
			s.state = quotedField
			return 1
		}
		s.state = plainField
	case fieldStart:
		if rest[0] == '"' {
			s.state = quotedField
			return 1
		}
		s.state = plainField
	}
	n := bytes.IndexByte(rest, s.delimiter)
	if n < 0 {
		s.text = append(s.text, rest...)
		return len(rest)
	}
	s.text = append(s.text, rest[:n]...)
	s.ends = append(s.ends, len(s.text))
	s.state = fieldStart
	return n + 1
}

// fields appends the fields of the record to into; they share one string.
func (s *splitter) fields(into []string) []string {
	all, from := string(s.text), 0
	for _, end := range s.ends {
		into = append(into, all[from:end])
		from = end
	}
	return into
}
