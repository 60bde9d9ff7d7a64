package parse

import (
	"bufio"
	"errors"
	"io"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-vcard"
	"golang.org/x/text/encoding/htmlindex"
)

var errNoCard = errors.New("no card")

// decodeCard parses the text of one card. The decoder knows versions 3 and 4;
// what older programs write is put into their form before. lost counts lines
// that are no properties. r is there to be used again and again.
func decodeCard(raw string, r *bufio.Reader) (card vcard.Card, lost int, err error) {
	var b strings.Builder
	b.Grow(len(raw) + len(raw)/8)
	lines := logical(raw)
	for _, line := range lines {
		// The decoder removes a layer of backslashes without telling "\," from
		// ","; a second layer leaves the values as they were written.
		b.WriteString(strings.ReplaceAll(modern(line), `\`, `\\`))
		b.WriteByte('\n')
	}
	r.Reset(strings.NewReader(b.String()))
	card, err = vcard.NewDecoder(r).Decode() // which takes a bufio.Reader as its own
	if err == nil && card == nil {
		err = errNoCard
	}
	const frame = 2 // BEGIN and END are no fields of the card
	lost = len(lines) - frame
	for _, fields := range card {
		lost -= len(fields)
	}
	return card, lost, err
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// logical unfolds the lines of a card, and leaves cards inside it out.
func logical(raw string) []string {
	var lines []string
	depth, soft := 0, false
	for line := range strings.Lines(lineEnds.Replace(raw)) {
		line = strings.TrimRight(line, "\n")
		last := len(lines) - 1
		switch {
		case soft:
			lines[last] = strings.TrimSuffix(lines[last], "=") + line
		case line == "":
			continue
		case (line[0] == ' ' || line[0] == '\t') && last >= 0:
			lines[last] += line[1:]
			continue
		default:
			if strings.EqualFold(strings.TrimSpace(line), "BEGIN:VCARD") {
				depth++
			}
			inner := depth > 1
			if strings.EqualFold(strings.TrimSpace(line), "END:VCARD") {
				depth--
			}
			if inner {
				continue
			}
			lines = append(lines, line)
			last++
		}
		soft = strings.HasSuffix(line, "=") && quotedPrintable(lines[last])
	}
	return lines
}

func quotedPrintable(line string) bool {
	head, _, _ := property(line)
	return strings.Contains(strings.ToUpper(head), "QUOTED-PRINTABLE")
}

// property divides a line at the colon that ends its parameters.
func property(line string) (head, value string, ok bool) {
	quoted := false
	for i := range len(line) {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case line[i] == ':' && !quoted:
			return line[:i], line[i+1:], true
		}
	}
	return "", "", false
}

// modern rewrites a line of version 2.1 in the way of 3.0: parameters without
// a name get one, and quoted-printable is decoded. It is "" for no property.
func modern(line string) string {
	head, value, ok := property(line)
	if !ok || head == "" {
		return ""
	}
	steps := splitOutside(head, ';')
	charset, quoted := "", false
	params := steps[:1]
	for _, param := range steps[1:] {
		name, setting, named := strings.Cut(param, "=")
		name = strings.ToUpper(strings.TrimSpace(name))
		switch {
		case name == "QUOTED-PRINTABLE", name == "ENCODING" && strings.EqualFold(setting, "QUOTED-PRINTABLE"):
			quoted = true
		case name == "CHARSET":
			charset = strings.Trim(setting, `"`)
		case name == "ENCODING" || name == "BASE64" || name == "8BIT" || name == "7BIT" || name == "":
		case !named:
			params = append(params, "TYPE="+name)
		default:
			params = append(params, param)
		}
	}
	if quoted {
		value = unquote(value, charset)
	}
	return strings.Join(params, ";") + ":" + value
}

// splitOutside splits at a separator that stands in no quotes.
func splitOutside(s string, separator byte) []string {
	var out []string
	from, quoted := 0, false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == separator && !quoted:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}

// unquote decodes quoted-printable and its charset; line breaks become escapes.
// What cannot be decoded stays as it is written.
func unquote(value, charset string) string {
	decoded, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(value)))
	if err != nil {
		return value
	}
	if charset != "" && !strings.EqualFold(charset, utf8Name) || !utf8.Valid(decoded) {
		if charset == "" || strings.EqualFold(charset, utf8Name) {
			charset = windows1252Name
		}
		encoding, err := htmlindex.Get(charset)
		if err != nil {
			return value
		}
		if decoded, err = encoding.NewDecoder().Bytes(decoded); err != nil {
			return value
		}
	}
	return strings.ReplaceAll(lineEnds.Replace(string(decoded)), "\n", `\n`)
}

// components splits a structured value at the separators that no backslash
// stands before, and unescapes each part.
func components(value string, separator byte) []string {
	var out []string
	from := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case separator:
			out = append(out, unescape(value[from:i]))
			from = i + 1
		}
	}
	return append(out, unescape(value[from:]))
}

var escapes = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\:`, ":")

func unescape(value string) string {
	if strings.IndexByte(value, '\\') >= 0 {
		value = escapes.Replace(value)
	}
	return strings.TrimSpace(value)
}
