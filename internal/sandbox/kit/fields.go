package kit

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Type is what a field holds.
type Type int

// The types of fields.
const (
	String  Type = iota
	Email        // a string that must be one address
	Number       // a JSON number
	Integer      // a JSON number without a fraction
	Bool
	Date     // a string YYYY-MM-DD
	DateTime // a string in RFC 3339
	Map      // an object
	List
	Any
)

// Field is a rule for one key of a vendor's object.
type Field struct {
	Type     Type
	Max      int // characters, 0 is without bound
	Required bool
	ReadOnly bool
	OneOf    []string
	// Of are the keys of a Map, or of every Map in a List; nil lets all pass.
	Of Schema
}

// Schema are the keys that an object may have.
type Schema map[string]Field

// Problem says what is wrong with a field.
type Problem string

// The problems.
const (
	Unknown    Problem = "unknown"
	Absent     Problem = "absent" // required, and missing, null or empty
	WrongType  Problem = "wrong_type"
	TooLong    Problem = "too_long"
	BadEmail   Problem = "bad_email"
	BadValue   Problem = "bad_value" // a date that is none
	NotAllowed Problem = "not_allowed"
	NotWrite   Problem = "not_writable"
)

// Issue is one finding. Path has dots and list indices: "phones.0.value".
type Issue struct {
	Path    string
	Problem Problem
	Field   Field
	Value   any
}

// Check compares an object with the schema, in the order of the field names.
// A null is an absent value. With partial, required fields may be missing,
// as in an update, but not be emptied.
func (s Schema) Check(object map[string]any, partial bool) []Issue {
	return s.check("", object, partial)
}

func (s Schema) check(prefix string, object map[string]any, partial bool) []Issue {
	names := maps.Clone(object)
	for name, field := range s {
		if _, there := object[name]; !there && field.Required && !partial {
			if names == nil {
				names = map[string]any{}
			}
			names[name] = nil
		}
	}
	var issues []Issue
	for _, name := range slices.Sorted(maps.Keys(names)) {
		field, known := s[name]
		path, value := prefix+name, object[name]
		switch {
		case !known:
			issues = append(issues, Issue{path, Unknown, field, value})
		case field.ReadOnly:
			issues = append(issues, Issue{path, NotWrite, field, value})
		case value == nil || value == "":
			if field.Required {
				issues = append(issues, Issue{path, Absent, field, value})
			}
		default:
			issues = append(issues, field.check(path, value)...)
		}
	}
	return issues
}

func (f Field) check(path string, value any) []Issue {
	problem := f.problem(value)
	if problem != "" {
		return []Issue{{path, problem, f, value}}
	}
	if f.Of == nil {
		return nil
	}
	if object, ok := value.(map[string]any); ok {
		return f.Of.check(path+".", object, false)
	}
	var issues []Issue
	list, _ := value.([]any)
	for i, item := range list {
		at := path + "." + strconv.Itoa(i)
		object, ok := item.(map[string]any)
		if !ok {
			issues = append(issues, Issue{at, WrongType, Field{Type: Map}, item})
			continue
		}
		issues = append(issues, f.Of.check(at+".", object, false)...)
	}
	return issues
}

func (f Field) problem(value any) Problem {
	switch f.Type {
	case Any:
		return ""
	case Number, Integer:
		n, ok := value.(json.Number)
		if !ok || (f.Type == Integer && strings.ContainsAny(n.String(), ".eE")) {
			return WrongType
		}
		return f.allowed(n.String())
	case Bool:
		return typed[bool](value)
	case Map:
		return typed[map[string]any](value)
	case List:
		return typed[[]any](value)
	}
	text, ok := value.(string)
	switch {
	case !ok:
		return WrongType
	case f.Max > 0 && utf8.RuneCountInString(text) > f.Max:
		return TooLong
	case f.Type == Email && !ValidEmail(text):
		return BadEmail
	case f.Type == Date && !parses(time.DateOnly, text),
		f.Type == DateTime && !parses(time.RFC3339, text):
		return BadValue
	}
	return f.allowed(text)
}

func (f Field) allowed(text string) Problem {
	if f.OneOf != nil && !slices.Contains(f.OneOf, text) {
		return NotAllowed
	}
	return ""
}

func typed[T any](value any) Problem {
	if _, ok := value.(T); !ok {
		return WrongType
	}
	return ""
}

func parses(layout, text string) bool {
	_, err := time.Parse(layout, text)
	return err == nil
}
