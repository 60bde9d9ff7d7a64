package connectortest

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"crmferry/internal/contact"
)

// wire is what went to a CRM: the texts of all requests, taken out of URLs and
// JSON (also JSON inside strings), in lower case.
type wire []string

// read collects the texts of requests.
func read(lines []line) wire {
	var w wire
	for _, l := range lines {
		w.address(l.request.URL)
		w.body(l.request.Body)
	}
	return w
}

func (w *wire) add(text string) { *w = append(*w, strings.ToLower(text)) }

func (w *wire) address(text string) {
	u, err := url.Parse(text)
	if err != nil {
		w.add(text)
		return
	}
	for _, segment := range strings.Split(u.EscapedPath(), "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			plain = segment
		}
		w.add(plain)
	}
	for name, values := range u.Query() {
		w.add(name)
		for _, value := range values {
			w.add(value)
		}
	}
}

func (w *wire) body(body []byte) {
	if len(body) > 0 {
		w.tree(tree(body))
	}
}

func (w *wire) tree(v any) {
	switch node := v.(type) {
	case map[string]any:
		for key, value := range node {
			w.add(key)
			w.tree(value)
		}
	case []any:
		for _, value := range node {
			w.tree(value)
		}
	case json.Number:
		w.add(node.String())
	case bool:
		w.add(map[bool]string{true: "true", false: "false"}[node])
	case string:
		w.add(node)
		if inner := tree([]byte(node)); isTree(inner) {
			w.tree(inner)
		}
	}
}

func isTree(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	default:
		return false
	}
}

// without is what of w is not in base.
func (w wire) without(base wire) wire {
	return slices.DeleteFunc(slices.Clone(w), func(text string) bool { return slices.Contains(base, text) })
}

// has says whether a text stands somewhere, be it inside of another.
func (w wire) has(text string) bool {
	return slices.ContainsFunc(w, func(part string) bool { return strings.Contains(part, strings.ToLower(text)) })
}

// word says whether a text stands alone.
func (w wire) word(text string) bool { return text != "" && slices.Contains(w, strings.ToLower(text)) }

// phone looks for the last digits of a number: CRMs take it with and without
// the country's, and in many spellings.
func (w wire) phone(number string) bool {
	const local = 7
	want := digits(number)
	want = want[max(0, len(want)-local):]
	return slices.ContainsFunc(w, func(part string) bool { return strings.Contains(digits(part), want) })
}

// country looks for a country under its name and its ISO codes.
func (w wire) country(text string) bool {
	name, named := contact.CountryName(text)
	alpha2, ok2 := contact.CountryAlpha2(text)
	alpha3, ok3 := contact.CountryAlpha3(text)
	return w.has(text) || named && w.has(name) || ok2 && w.word(alpha2) || ok3 && w.word(alpha3)
}

func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}
