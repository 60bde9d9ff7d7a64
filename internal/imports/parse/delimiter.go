package parse

import (
	"bytes"
	"strings"
)

// delimiters are those that programs write, in the order of preference.
const delimiters = ",;\t|"

// separatorLine reads the line "sep=;" with which Excel is told the delimiter.
func separatorLine(line []byte) (byte, bool) {
	rest, ok := bytes.CutPrefix(bytes.ToLower(bytes.Trim(line, `"`)), []byte("sep="))
	if !ok || len(rest) != 1 {
		return 0, false
	}
	return rest[0], true
}

// delimiterOf finds the delimiter by the header alone, so that a file of the
// same header has the same: the one that gives the most known columns, or else
// the most columns.
func delimiterOf(header []byte) byte {
	best, known, count := delimiters[0], 0, 0
	for i := range len(delimiters) {
		fields := cut(header, delimiters[i])
		if k := familiar(fields); k > known || k == known && len(fields) > count {
			best, known, count = delimiters[i], k, len(fields)
		}
	}
	return best
}

// betterDelimiter is the one by which the header has columns that are known,
// where the one in use makes none of it.
func betterDelimiter(header []string, used byte, raw []byte) byte {
	if familiar(header) > 0 {
		return 0
	}
	for _, c := range []byte(delimiters + ":^~\x1f#/\\") {
		if c != used && familiar(cut(trimEnd(raw), c)) > 1 {
			return c
		}
	}
	return 0
}

func cut(line []byte, delimiter byte) []string {
	s := splitter{delimiter: delimiter}
	s.feed(line)
	return s.fields(nil)
}

// familiar counts the headers that mean something.
func familiar(headers []string) int {
	n := 0
	for _, h := range headers[:min(len(headers), maxColumns)] {
		if known(h) {
			n++
		}
	}
	return n
}

func known(header string) bool {
	if _, ok := parsePlace(strings.TrimSpace(header)); ok {
		return true
	}
	for _, l := range lexicons {
		if _, ok := l.find(header); ok {
			return true
		}
	}
	return false
}

// spell names a delimiter in a message.
func spell(c byte) string {
	switch c {
	case ',':
		return "commas"
	case ';':
		return "semicolons"
	case '\t':
		return "tabs"
	case '|':
		return "bars"
	}
	if c < ' ' {
		return "control characters"
	}
	return "the character " + string(c)
}
