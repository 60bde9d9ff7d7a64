package shape

import (
	"slices"
	"strings"
	"time"

	"crmferry/internal/contact"
)

// Definition is a custom field as an account defines it.
type Definition struct {
	Key     string // its name in the API
	Label   string // its name in the app
	Kind    Kind
	Options []Option
}

// Option is a value that a field allows.
type Option struct{ Value, Label string }

// Kind is the form of a field's values; "" leaves them as they are.
type Kind string

// The kinds.
const (
	KindText    Kind = "text"
	KindNumber  Kind = "number"
	KindBoolean Kind = "boolean"
	KindDay     Kind = "day"     // 2026-11-23
	KindInstant Kind = "instant" // 2026-11-23T09:30:00+00:00
	KindURL     Kind = "url"
	KindChoice  Kind = "choice"  // the value of one option
	KindChoices Kind = "choices" // a list of them
	KindRecord  Kind = "record"  // {"id": ".."} of another record
)

// Defined finds a custom field by its key, or else by its label.
func Defined(name string, all []Definition) (Definition, bool) {
	for _, same := range []func(d Definition) bool{
		func(d Definition) bool { return d.Key == name },
		func(d Definition) bool { return contact.SameText(d.Label, name) },
	} {
		if i := slices.IndexFunc(all, same); i >= 0 {
			return all[i], true
		}
	}
	return Definition{}, false
}

// Value writes a custom value in the form of its field: spreadsheets give all
// of them as text. What cannot be written so stays as it is, for the CRM to
// tell what is wrong with it.
func (d Definition) Value(v any) any {
	switch d.Kind {
	case KindText:
		return Text(v)
	case KindNumber:
		return Number(v)
	case KindBoolean:
		return Boolean(v)
	case KindDay:
		return day(v)
	case KindInstant:
		return instant(v)
	case KindURL:
		return Absolute(Text(v))
	case KindChoice:
		return d.choice(Text(v))
	case KindChoices:
		return d.choices(v)
	case KindRecord:
		return record(v)
	default:
		return v
	}
}

// choice is the value of the option that a text means: by value, or by label.
func (d Definition) choice(text string) string {
	for _, of := range []func(o Option) string{
		func(o Option) string { return o.Value }, func(o Option) string { return o.Label },
	} {
		for _, o := range d.Options {
			if contact.SameText(of(o), text) {
				return o.Value
			}
		}
	}
	return text
}

// choices parts a text at its semicolons, unless it is an option as a whole.
func (d Definition) choices(v any) any {
	list := TextList(v)
	if text, isText := v.(string); isText {
		whole := d.choice(text)
		if slices.ContainsFunc(d.Options, func(o Option) bool { return o.Value == whole }) {
			return []string{whole}
		}
		list = strings.Split(text, ";")
	}
	return Each(list, func(text string) string { return d.choice(strings.TrimSpace(text)) })
}

func record(v any) any {
	if _, isObject := v.(map[string]any); isObject {
		return v
	}
	return map[string]any{"id": Text(v)}
}

// day is the date of a time, in the zone in which it was written.
func day(v any) any {
	text := strings.TrimSpace(Text(v))
	if _, err := time.Parse(time.RFC3339, text); err != nil {
		return v
	}
	return text[:len(time.DateOnly)]
}

// instant is a time in whole seconds with its offset; a date is its midnight
// in UTC.
func instant(v any) any {
	text := strings.TrimSpace(Text(v))
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Format("2006-01-02T15:04:05-07:00")
		}
	}
	return v
}

// CustomValues writes custom fields under their keys and in the form of their
// definitions. One that is not defined is reported; it is sent as it is where
// asIs says so of its name (nil: always), and silently so when the CRM did not
// tell its definitions.
func CustomValues(custom map[string]any, all []Definition, asIs func(name string) bool, warn Warn) map[string]any {
	out := map[string]any{}
	for _, name := range Keys(custom) {
		path := string(contact.CustomFields) + "/" + name
		d, known := Defined(name, all)
		_, taken := out[d.Key]
		switch {
		case known && taken:
			warn.report(path, Conflict, "another custom field goes by the same name")
		case known:
			out[d.Key] = d.Value(custom[name])
		case asIs != nil && !asIs(name):
			warn.report(path, Unresolved, "the account has no such field")
		default:
			out[name] = custom[name]
			if len(all) > 0 {
				warn.report(path, Unresolved, "the account lists no such field; the CRM may have ignored it")
			}
		}
	}
	return out
}

// SentValues gives those of a record's custom values that were sent, under the
// names by which they were sent; nil when there are none.
func SentValues(values, sent map[string]any, all []Definition) map[string]any {
	var out map[string]any
	for name := range sent {
		key := name
		if d, known := Defined(name, all); known {
			key = d.Key
		}
		if v := values[key]; v != nil {
			if out == nil {
				out = map[string]any{}
			}
			out[name] = v
		}
	}
	return out
}
