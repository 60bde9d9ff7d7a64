package account

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"crmferry/internal/contact"
)

// kind is the type of a JSON value.
type kind int

const (
	stringKind kind = iota
	numberKind
	boolKind
	nestedKind
)

// member is one member of a flat JSON object. value is a string's content, or
// the literal of a number or boolean.
type member struct {
	key, value string
	kind       kind
}

// members reads a JSON object, in order and without its nulls. repeated are
// keys that stand there more than once; the first of them counts.
func members(o Opaque) (list []member, repeated []string, p *contact.Problem) {
	if !utf8.Valid(o) {
		return nil, nil, &contact.Problem{Code: contact.CodeInvalidUTF8, Message: "is not valid UTF-8"}
	}
	dec := json.NewDecoder(bytes.NewReader(o))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') || !json.Valid(o) {
		return nil, nil, &contact.Problem{Code: contact.CodeWrongType, Message: "must be a JSON object"}
	}
	seen := map[string]bool{}
	for dec.More() {
		m, err := nextMember(dec)
		if err != nil {
			return nil, nil, &contact.Problem{Code: contact.CodeInvalidJSON, Message: "is not JSON"}
		}
		if seen[m.key] {
			repeated = append(repeated, m.key)
		} else if seen[m.key] = true; m.value != "null" || m.kind == stringKind {
			list = append(list, m)
		}
	}
	return list, repeated, nil
}

func nextMember(dec *json.Decoder) (member, error) {
	key, err := dec.Token()
	if err != nil {
		return member{}, err
	}
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return member{}, err
	}
	m := member{key: key.(string), value: string(raw), kind: numberKind}
	switch raw[0] {
	case '"':
		m.kind = stringKind
		err = json.Unmarshal(raw, &m.value)
	case '{', '[':
		m.kind = nestedKind
	case 't', 'f', 'n':
		m.kind = boolKind
	}
	return m, err
}

// showable says whether a member's unknown name may be repeated to the caller:
// a secret that slipped into the place of a name hardly ever looks like one.
func showable(key string) bool {
	const longest = 40
	return len(key) <= longest && strings.IndexFunc(key, func(r rune) bool {
		return r != '_' && r != '-' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}
