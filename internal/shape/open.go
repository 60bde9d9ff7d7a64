package shape

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"crmferry/internal/contact"
)

// Open is a JSON object with known members, the fields of the struct T, and
// any others beside them.
type Open[T any] struct {
	Known T
	More  map[string]any
}

// Beside puts custom fields beside the known members of an object. One that
// has the name of a member which is set is left out and reported.
func Beside[T any](known T, custom map[string]any, warn Warn) Open[T] {
	if len(custom) == 0 {
		return Open[T]{Known: known}
	}
	taken := members(known)
	more := map[string]any{}
	for _, key := range Keys(custom) {
		if _, clash := taken[key]; clash {
			warn.report(string(contact.CustomFields)+"/"+key, Conflict, "another field of the contact sets it")
			continue
		}
		more[key] = custom[key]
	}
	return Open[T]{Known: known, More: more}
}

// MarshalJSON writes all members in one object.
func (o Open[T]) MarshalJSON() ([]byte, error) {
	if len(o.More) == 0 {
		return marshal(o.Known)
	}
	all := map[string]any{}
	maps.Copy(all, o.More)
	for key, raw := range members(o.Known) {
		all[key] = raw
	}
	return marshal(all)
}

// UnmarshalJSON reads the known members, and all others but nulls into More,
// numbers as json.Number.
func (o *Open[T]) UnmarshalJSON(data []byte) error {
	*o = Open[T]{}
	if err := decode(data, &o.Known); err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	for _, key := range Members[T]() {
		delete(all, key)
	}
	o.More = make(map[string]any, len(all))
	for key, raw := range all {
		v, err := value(raw)
		if err != nil {
			return err
		}
		if v != nil {
			o.More[key] = v
		}
	}
	return nil
}

// value decodes one member. Answers are mostly nulls and plain texts, which
// need no decoder.
func value(raw json.RawMessage) (any, error) {
	switch {
	case raw[0] == 'n':
		return nil, nil
	case raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw):
		return string(raw[1 : len(raw)-1]), nil
	}
	var v any
	err := decode(raw, &v)
	return v, err
}

// members are what v writes as a JSON object; nil when it is none.
func members(v any) map[string]json.RawMessage {
	raw, err := marshal(v)
	if err != nil {
		return nil
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

// Members lists the JSON names of the fields of the struct T.
func Members[T any]() []string {
	t := reflect.TypeFor[T]()
	var list []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		list = append(list, name)
	}
	return list
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func decode(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return dec.Decode(v)
}

// Keys lists the names of custom fields in order.
func Keys(custom map[string]any) []string { return slices.Sorted(maps.Keys(custom)) }

// Pick gives those members that bear the name of a custom field that was
// sent: CRMs answer with many more than anybody asked for. nil when none does.
func Pick(more, sent map[string]any) map[string]any {
	var out map[string]any
	for key := range sent {
		if v, ok := more[key]; ok && v != nil {
			if out == nil {
				out = map[string]any{}
			}
			out[key] = v
		}
	}
	return out
}

// Text writes a custom value as text: a list joined by ";", an object as JSON,
// null as "".
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = Text(item)
		}
		return strings.Join(parts, ";")
	default:
		raw, err := marshal(v)
		if err != nil {
			return ""
		}
		return string(raw)
	}
}

// Texts writes all custom values as text.
func Texts(custom map[string]any) map[string]any {
	out := make(map[string]any, len(custom))
	for key, v := range custom {
		out[key] = Text(v)
	}
	return out
}

// Joined writes lists as text joined by ";", the form of multi-select values,
// and leaves all else as it is.
func Joined(custom map[string]any) map[string]any {
	out := make(map[string]any, len(custom))
	for key, v := range custom {
		if list, ok := v.([]any); ok {
			v = Text(list)
		}
		out[key] = v
	}
	return out
}

// Without leaves the custom field of that name out and reports it: we set it
// ourselves.
func Without(custom map[string]any, name string, warn Warn) map[string]any {
	if _, there := custom[name]; there {
		custom = maps.Clone(custom)
		delete(custom, name)
		warn.report(string(contact.CustomFields)+"/"+name, Conflict, "the account's settings reserve this field")
	}
	return custom
}

// TextList writes a custom value as a list of texts; one that is no list is
// its only member.
func TextList(v any) []string {
	list, ok := v.([]any)
	if !ok {
		return []string{Text(v)}
	}
	texts := make([]string, len(list))
	for i, item := range list {
		texts[i] = Text(item)
	}
	return texts
}
