package telemetry

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maskedRunes = 300  // of the result
	maskedBytes = 4096 // of the text that is looked at
)

var (
	secretPair = regexp.MustCompile(`(?i)([\w-]*(?:token|secret|passw(?:or)?d|api[_-]?key|authorization|cookie|credential)[\w-]*["']?\s*[:=]\s*["']?)([^\s"',;&]+)`)
	bearer     = regexp.MustCompile(`(?i)(\b(?:bearer|basic)\s+)([A-Za-z0-9._~+/=-]+)`)
	email      = regexp.MustCompile(`(?i)(?:"[^"@]+"|[^\s@<>()\[\]{}",;:=|/\\]+)(?:@|%40)[\p{L}\p{N}.-]*[\p{L}\p{N}]`)
	opaqueRun  = regexp.MustCompile(`[A-Za-z0-9+/_=.~%-]{20,}`)
	number     = regexp.MustCompile(`\+?\(?\p{Nd}(?:[ \t\x{00a0}().\-/]{0,3}\p{Nd}){6,}`)
)

// Mask makes a vendor's free text fit for a log. E-mail addresses become
// [email], runs of seven digits and more (with the separators of a phone
// number) [number], tokens and other long opaque strings [secret]; the rest
// stays readable. The result is valid UTF-8 and at most 300 runes long.
func Mask(s string) string {
	s = strings.ToValidUTF8(head(s), "\uFFFD")
	s = maskPairs(bearer, s)
	s = maskPairs(secretPair, s)
	s = email.ReplaceAllString(s, "[email]")
	s = opaqueRun.ReplaceAllStringFunc(s, maskRun)
	s = number.ReplaceAllString(s, "[number]")
	return clip(s)
}

// head bounds the work. It cuts at a space, so that no half of an address is
// left that no pattern knows any more.
func head(s string) string {
	if len(s) <= maskedBytes {
		return s
	}
	s = s[:maskedBytes]
	if i := strings.LastIndexAny(s, " \t\n"); i >= 0 {
		return s[:i]
	}
	return s
}

// maskPairs hides the second group, unless it is a mere word: "token: expired"
// stays.
func maskPairs(pattern *regexp.Regexp, s string) string {
	return pattern.ReplaceAllStringFunc(s, func(match string) string {
		parts := pattern.FindStringSubmatch(match)
		if value := parts[2]; len(value) >= 16 || strings.ContainsAny(value, "0123456789") {
			return parts[1] + "[secret]"
		}
		return match
	})
}

func maskRun(run string) string {
	for _, piece := range strings.FieldsFunc(run, func(r rune) bool { return r == '/' || r == '.' }) {
		if opaque(piece) {
			return "[secret]"
		}
	}
	if strings.ContainsAny(run, "+=") && strings.ContainsAny(run, "0123456789") {
		return "[secret]"
	}
	return run
}

// opaque tells a token from words: of twenty characters and more, with letters
// and digits mixed within a word (so not crm-v3-objects-contacts-batch), or of
// letters alone but longer than a word.
func opaque(s string) bool {
	if len(s) < 20 {
		return false
	}
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == '_' }) {
		letters := strings.ContainsFunc(word, unicode.IsLetter)
		digits := strings.ContainsFunc(word, unicode.IsDigit)
		if len(word) > 3 && letters && digits || len(word) >= 40 && letters {
			return true
		}
	}
	return false
}

func clip(s string) string {
	if utf8.RuneCountInString(s) <= maskedRunes {
		return s
	}
	return string([]rune(s)[:maskedRunes-1]) + "…"
}
