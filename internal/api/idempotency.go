package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"crmferry/internal/contact"
	"crmferry/internal/job"
)

const (
	idempotencyHeader = "Idempotency-Key"
	maxIdempotencyKey = 255
)

// idempotencyKey reads the key, "" for none: a structured-field string as the
// IETF draft has it, or the bare text that most callers send. Both spellings
// of a key are the same key.
func idempotencyKey(headers []string) (string, *Problem) {
	if len(headers) == 0 {
		return "", nil
	}
	refuse := func(code, message string) (string, *Problem) {
		return "", problem(problemMalformed, "The Idempotency-Key cannot be used.",
			FieldProblem{Pointer: "header." + idempotencyHeader, Code: code, Message: message})
	}
	if len(headers) > 1 {
		return refuse("repeated", "may be given once")
	}
	key := strings.TrimSpace(headers[0])
	if strings.HasPrefix(key, `"`) {
		var ok bool
		if key, ok = unquote(key); !ok {
			return refuse(codeMalformed, "must be a quoted string (RFC 9651) or bare text")
		}
	}
	switch {
	case key == "":
		return refuse(codeRequired, "is empty")
	case len(key) > maxIdempotencyKey:
		return refuse(contact.CodeTooLong, "may have at most 255 characters")
	case strings.IndexFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) >= 0:
		return refuse(codeMalformed, "must be printable ASCII")
	}
	return key, nil
}

// unquote reads a string of RFC 9651 section 3.3.3.
func unquote(s string) (string, bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), i == len(s)-1
		case '\\':
			if i++; i == len(s) || s[i] != '"' && s[i] != '\\' {
				return "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", false
}

// fingerprint is a digest of what a create asks to be done. How its result is
// to look and how long it may take are not part of it, so that a repetition
// may change them.
func fingerprint(in contact.Input, b job.Base) (string, error) {
	// Maps are written in the order of their keys, so equal contents have equal bytes.
	raw, err := json.Marshal(struct {
		Input       contact.Input   `json:"input"`
		OnDuplicate job.OnDuplicate `json:"on_duplicate"`
		ClientRef   string          `json:"client_ref"`
		Metadata    json.RawMessage `json:"metadata"`
		CallbackURL string          `json:"callback_url,omitempty"`
	}{in, b.OnDuplicate, b.ClientRef, b.Metadata, b.CallbackURL})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}
