package contact

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads a string. Without escapes, as nearly all are, the text is a part
// of the document and nothing is copied.
func (s *scanner) str() (string, *Problem) {
	s.pos++
	start := s.pos
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '"':
			text := s.src[start:s.pos]
			s.pos++
			return text, nil
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			return "", s.fault("an escaped control character")
		}
		s.pos++
	}
	return "", s.fault("a closing quote")
}

func (s *scanner) escaped(start int) (string, *Problem) {
	text := append(make([]byte, 0, 2*(s.pos-start)+16), s.src[start:s.pos]...)
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '"':
			s.pos++
			return string(text), nil
		case c == '\\':
			r, p := s.escape()
			if p != nil {
				return "", p
			}
			text = utf8.AppendRune(text, r)
		case c < ' ':
			return "", s.fault("an escaped control character")
		default:
			text = append(text, c)
			s.pos++
		}
	}
	return "", s.fault("a closing quote")
}

func (s *scanner) escape() (rune, *Problem) {
	const short, means = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	s.pos++
	c := s.peek()
	if c == 'u' {
		return s.unicode()
	}
	i := strings.IndexByte(short, c)
	if i < 0 {
		return 0, s.fault("an escape sequence")
	}
	s.pos++
	return rune(means[i]), nil
}

// unicode reads the rest of a \uXXXX escape, and the one after it where both
// make up one character.
func (s *scanner) unicode() (rune, *Problem) {
	first, p := s.hex()
	if p != nil || !utf16.IsSurrogate(first) {
		return first, p
	}
	if strings.HasPrefix(s.src[s.pos:], `\u`) {
		s.pos++
		second, p := s.hex()
		if p != nil {
			return 0, p
		}
		if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
			return r, nil
		}
	}
	return 0, &Problem{
		Code:    CodeInvalidUTF8,
		Message: fmt.Sprintf("holds half of a surrogate pair before byte %d", s.pos),
	}
}

func (s *scanner) hex() (r rune, p *Problem) {
	s.pos++
	for range 4 {
		c := s.peek()
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, s.fault("four hexadecimal digits")
		}
		s.pos++
	}
	return r, nil
}
