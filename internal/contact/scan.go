package contact

import (
	"fmt"
	"strconv"
	"strings"
)

// maxDepth is how many objects and arrays may stand inside each other.
const maxDepth = 32

// manyMembers is the size from which an object's keys are looked up in a set
// and no longer one by one.
const manyMembers = 16

// scan parses one JSON text by RFC 8259, depth being the number of containers
// around it. Beyond the grammar it refuses repeated keys, deep nesting and
// lone surrogates, which parsers are known to read differently. src must be
// valid UTF-8.
func scan(src string, depth int) (value, *Problem) {
	s := scanner{src: src}
	s.space()
	v, p := s.value(depth)
	if p != nil {
		return value{}, p
	}
	s.space()
	if s.pos < len(s.src) {
		return value{}, &Problem{
			Code:    CodeTrailingData,
			Message: fmt.Sprintf("must end after one JSON value; more follows at byte %d", s.pos),
		}
	}
	return v, nil
}

type scanner struct {
	src string
	pos int
}

func (s *scanner) fault(expected string) *Problem {
	if s.pos >= len(s.src) {
		return &Problem{Code: CodeInvalidJSON, Message: "ends too early; expected " + expected}
	}
	return &Problem{
		Code:    CodeInvalidJSON,
		Message: fmt.Sprintf("is not JSON; expected %s at byte %d", expected, s.pos),
	}
}

func (s *scanner) space() {
	for s.pos < len(s.src) {
		switch s.src[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the next byte, or 0 at the end; no JSON token begins with 0.
func (s *scanner) peek() byte {
	if s.pos < len(s.src) {
		return s.src[s.pos]
	}
	return 0
}

func (s *scanner) value(depth int) (v value, p *Problem) {
	start := s.pos
	switch c := s.peek(); {
	case c == '"':
		v.kind = stringKind
		v.text, p = s.str()
	case c == '{':
		v.kind = objectKind
		v.members, p = s.object(depth + 1)
	case c == '[':
		v.kind = arrayKind
		v.items, p = s.array(depth + 1)
	case c == '-' || isDigit(c):
		v.kind = numberKind
		p = s.number()
	case c == 't':
		v.kind = boolKind
		p = s.word("true")
	case c == 'f':
		v.kind = boolKind
		p = s.word("false")
	case c == 'n':
		p = s.word("null")
	default:
		p = s.fault("a value")
	}
	if p != nil {
		return value{}, p
	}
	v.raw = s.src[start:s.pos]
	return v, nil
}

func (s *scanner) word(word string) *Problem {
	if !strings.HasPrefix(s.src[s.pos:], word) {
		return s.fault("a value")
	}
	s.pos += len(word)
	return nil
}

func tooDeep() *Problem {
	return &Problem{Code: CodeTooDeep, Message: fmt.Sprintf("is nested deeper than %d levels", maxDepth)}
}

func (s *scanner) array(depth int) ([]value, *Problem) {
	if depth > maxDepth {
		return nil, tooDeep()
	}
	s.pos++
	s.space()
	if s.peek() == ']' {
		s.pos++
		return nil, nil
	}
	var items []value
	for {
		v, p := s.value(depth)
		if p != nil {
			return nil, p.within(strconv.Itoa(len(items)))
		}
		items = append(items, v)
		if more, p := s.next(']'); p != nil || !more {
			return items, p
		}
	}
}

func (s *scanner) object(depth int) ([]member, *Problem) {
	if depth > maxDepth {
		return nil, tooDeep()
	}
	s.pos++
	s.space()
	if s.peek() == '}' {
		s.pos++
		return nil, nil
	}
	members := make([]member, 0, 4)
	var seen map[string]bool
	for {
		key, p := s.key()
		if p != nil {
			return nil, p
		}
		if len(members) == manyMembers {
			seen = keys(members)
		}
		if repeated(members, seen, key) {
			p := &Problem{Code: CodeDuplicateKey, Message: "appears more than once"}
			return nil, p.within(key)
		}
		v, p := s.value(depth)
		if p != nil {
			return nil, p.within(key)
		}
		members = append(members, member{key, v})
		if seen != nil {
			seen[key] = true
		}
		if more, p := s.next('}'); p != nil || !more {
			return members, p
		}
	}
}

func (s *scanner) key() (string, *Problem) {
	if s.peek() != '"' {
		return "", s.fault("a key in quotes")
	}
	key, p := s.str()
	if p != nil {
		return "", p
	}
	s.space()
	if s.peek() != ':' {
		return "", s.fault("a colon")
	}
	s.pos++
	s.space()
	return key, nil
}

// next moves past the comma, or the bracket that ends a container, behind one
// of its values.
func (s *scanner) next(end byte) (more bool, p *Problem) {
	s.space()
	switch s.peek() {
	case ',':
		s.pos++
		s.space()
		return true, nil
	case end:
		s.pos++
		return false, nil
	default:
		return false, s.fault("a comma or " + string(end))
	}
}

func keys(members []member) map[string]bool {
	seen := make(map[string]bool, 4*len(members))
	for i := range members {
		seen[members[i].key] = true
	}
	return seen
}

func repeated(members []member, seen map[string]bool, key string) bool {
	if seen != nil {
		return seen[key]
	}
	for i := range members {
		if members[i].key == key {
			return true
		}
	}
	return false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (s *scanner) digits() *Problem {
	if !isDigit(s.peek()) {
		return s.fault("a digit")
	}
	for isDigit(s.peek()) {
		s.pos++
	}
	return nil
}

func (s *scanner) number() *Problem {
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if p := s.digits(); p != nil {
		return p
	}
	if s.peek() == '.' {
		s.pos++
		if p := s.digits(); p != nil {
			return p
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		return s.digits()
	}
	return nil
}
