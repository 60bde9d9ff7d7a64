package parse

import (
	"regexp"
	"strings"
	"unicode"
)

// listMark is how Google puts several values into one cell.
const listMark = ":::"

// several takes the values of one cell apart, as the programs join them that
// export lists into one column.
func several(field, text string) []string {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return nil
	case strings.Contains(text, listMark):
		return split(text, func(s string) []string { return strings.Split(s, listMark) })
	case field == tags:
		separator := ","
		if strings.Contains(text, ";") {
			separator = ";"
		}
		return split(text, func(s string) []string { return strings.Split(s, separator) })
	case field == "email_addresses" && strings.ContainsAny(text, ";,\n"):
		return split(text, func(s string) []string { return strings.FieldsFunc(s, separates) })
	case field == "phone_numbers" && strings.ContainsAny(text, ";,\n"):
		if all := split(text, func(s string) []string { return strings.FieldsFunc(s, separates) }); allNumbers(all) {
			return all
		}
	}
	return []string{text}
}

func separates(r rune) bool { return r == ';' || r == ',' || r == '\n' }

func split(text string, by func(string) []string) []string {
	var out []string
	for _, part := range by(text) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// allNumbers tells a list of phone numbers from a number with a comma in it,
// such as "+1 415 555 0100, ext. 5".
func allNumbers(list []string) bool {
	const enough = 7 // digits of a whole number
	for _, text := range list {
		digits := 0
		for _, r := range text {
			if unicode.IsLetter(r) {
				return false
			}
			if unicode.IsDigit(r) {
				digits++
			}
		}
		if digits < enough {
			return false
		}
	}
	return true
}

// rounded is a phone number that a spreadsheet has made a decimal of: its last
// digits are lost.
var rounded = regexp.MustCompile(`^\d([.,]\d+)?E\+\d{1,2}$`)

// tagNames takes the system groups out of a list of Google's groups: the star
// marks them, and "* myContacts" says only that somebody is a contact.
func tagNames(list []string) []string {
	var out []string
	for _, name := range list {
		if !strings.HasPrefix(name, "*") {
			out = append(out, name)
		}
	}
	return out
}
