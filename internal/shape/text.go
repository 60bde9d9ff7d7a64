package shape

import (
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// WordAfter is the run of letters and digits that follows mark in a vendor's
// message, spaces and quotes before it passed over: "512" in
// `Contact already exists. Existing ID: 512` after "ID:".
func WordAfter(text, mark string) string {
	_, rest, found := strings.Cut(text, mark)
	if !found {
		return ""
	}
	rest = strings.TrimLeft(rest, " '\"")
	end := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		return rest
	}
	return rest[:end]
}

// HTML writes plain text as HTML, for notes that are rich text.
func HTML(text string) string {
	return strings.ReplaceAll(html.EscapeString(strings.ReplaceAll(text, "\r\n", "\n")), "\n", "<br>")
}

// Clip cuts text to n characters and reports that it did.
func Clip(text string, n int, path string, warn Warn) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	warn.report(path, Truncated, "it is longer than the CRM can hold and was cut")
	return string([]rune(text)[:n])
}

// Segment writes a value as one segment of a path, everything but letters,
// digits and -._~ escaped.
func Segment(value string) string {
	return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
}

// Origin brings the address of a host into its standard form: "https://",
// lower case, nothing after the host.
func Origin(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if text != "" && !strings.Contains(text, "://") {
		text = "https://" + text
	}
	scheme, rest, _ := strings.Cut(text, "://")
	host, _, _ := strings.Cut(rest, "/")
	if host == "" {
		return text
	}
	return scheme + "://" + host
}
