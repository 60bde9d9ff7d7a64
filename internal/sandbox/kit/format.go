package kit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/mail"
	"strconv"
	"strings"
	"time"
)

// Hash is a number that depends on nothing but the texts.
func Hash(texts ...string) uint64 {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return binary.BigEndian.Uint64(sum[:8])
}

// NumericID is the n-th of an account's numeric ids: eleven digits, different
// from account to account.
func NumericID(account string, n uint64) int64 {
	const first, perAccount, accounts = 10_000_000_000, 1_000_000, 80_000
	return int64(first + Hash(account)%accounts*perAccount + n)
}

// DecimalID is NumericID as text.
func DecimalID(account string, n uint64) string { return strconv.FormatInt(NumericID(account, n), 10) }

// UUID is the n-th of an account's UUIDs.
func UUID(account string, n uint64) string {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(account), n))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// Missing tells whether a well-formed id of a company or user names nothing.
// An imitation keeps none of them: those that end in 404 are missing, all
// others exist.
func Missing(id string) bool { return strings.HasSuffix(id, "404") }

// Digits tells whether text is one or more decimal digits.
func Digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// OnlyDigits keeps the digits of a text.
func OnlyDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// ValidEmail tells whether text is one bare address with a dotted domain.
func ValidEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text || address.Name != "" {
		return false
	}
	_, domain, _ := strings.Cut(text, "@")
	return strings.Contains(strings.Trim(domain, "."), ".")
}

// Millis is a time as most vendors write it: UTC, milliseconds, Z.
func Millis(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Seconds is a time in UTC without a fraction.
func Seconds(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// Text is a top-level string; empty when it is none.
func Text(object map[string]any, name string) string {
	text, _ := object[name].(string)
	return text
}

// Texts are the strings in a top-level list.
func Texts(object map[string]any, name string) []string {
	list, _ := object[name].([]any)
	var texts []string
	for _, item := range list {
		if text, ok := item.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// Objects are the objects in a top-level list.
func Objects(object map[string]any, name string) []map[string]any {
	list, _ := object[name].([]any)
	var objects []map[string]any
	for _, item := range list {
		if o, ok := item.(map[string]any); ok {
			objects = append(objects, o)
		}
	}
	return objects
}

// Object is a top-level object; nil when it is none.
func Object(object map[string]any, name string) map[string]any {
	o, _ := object[name].(map[string]any)
	return o
}

// ID is an id given as a JSON number or string, as text; empty when it is
// neither.
func ID(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// Join puts the texts that are not empty together.
func Join(separator string, texts ...string) string {
	var kept []string
	for _, text := range texts {
		if text != "" {
			kept = append(kept, text)
		}
	}
	return strings.Join(kept, separator)
}

// Int is a decimal text as a number; 0 when it is none.
func Int(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}
