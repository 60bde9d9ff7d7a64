package shape

import (
	"encoding/json"
	"strings"

	"crmferry/internal/contact"
)

// Number writes a custom value as a JSON number if it says one, and leaves all
// else as it is: spreadsheets give every value as text.
func Number(v any) any {
	text, isText := v.(string)
	if text = strings.TrimSpace(text); !isText || text == "" {
		return v
	}
	var n json.Number
	if err := json.Unmarshal([]byte(text), &n); err != nil || n.String() != text {
		return v
	}
	return n
}

// Boolean writes a custom value as true or false if it says so, and leaves all
// else as it is.
func Boolean(v any) any {
	switch strings.ToLower(strings.TrimSpace(Text(v))) {
	case "true", "yes", "1":
		return true
	case "false", "no", "0":
		return false
	default:
		return v
	}
}

// Integer is an id as the whole number that some CRMs want, 0 for "". The
// error is a *fault.Error that names the field.
func Integer(id string, field contact.Field) (int64, error) {
	list, err := Integers(id, field)
	if len(list) == 0 {
		return 0, err
	}
	return list[0], err
}

// CountryCode is the ISO 3166-1 alpha-2 code of a country given by name or
// code; what is no known country stays as it is.
func CountryCode(text string) string {
	if code, ok := contact.CountryAlpha2(text); ok {
		return code
	}
	return text
}

// NameParts fills whichever of first, last and full name a CRM leaves out.
func NameParts(first, last, full string) (string, string, string) {
	if first == "" && last == "" {
		first, last = contact.SplitName(full)
	}
	if full == "" {
		full = contact.JoinName(first, last)
	}
	return first, last, full
}
