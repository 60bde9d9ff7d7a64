package shape

import (
	"slices"
	"strings"
	"unicode"

	"crmferry/internal/contact"
)

// Head is the first n entries of a list; the others are reported.
func Head[T any](list []T, n int, field contact.Field, warn Warn) []T {
	for i := n; i < len(list); i++ {
		warn.report(At(field, i), NoRoom, notHeldText)
	}
	return list[:min(n, len(list))]
}

// Choice is the one of a CRM's types that a type is, else fallback; an empty
// type is the CRM's first.
func Choice(kind, fallback string, choices ...string) string {
	switch {
	case kind == "":
		return choices[0]
	case slices.Contains(choices, kind):
		return kind
	default:
		return fallback
	}
}

// Words are the runs of letters, digits and underscores of a vendor's message,
// as it writes them and in lower case: some CRMs name fields there alone.
func Words(text string) []string {
	var words []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		words = append(words, word)
		if lower := strings.ToLower(word); lower != word {
			words = append(words, lower)
		}
	}
	return words
}
