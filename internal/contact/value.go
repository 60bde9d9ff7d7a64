package contact

import (
	"encoding/json"
	"strings"
)

type kind uint8

const (
	nullKind kind = iota
	boolKind
	numberKind
	stringKind
	objectKind
	arrayKind
)

// value is one JSON value of a document that has been found well formed.
type value struct {
	kind    kind
	text    string   // what a string says, unescaped
	raw     string   // the value as it stands in the document
	members []member // of an object, in the order of the document
	items   []value  // of an array
}

type member struct {
	key string
	value
}

// absent reports whether the value says nothing: null, a blank string, an
// empty object or an empty array.
func (v *value) absent() bool {
	switch v.kind {
	case nullKind:
		return true
	case stringKind:
		return strings.TrimSpace(v.text) == ""
	case objectKind:
		return len(v.members) == 0
	case arrayKind:
		return len(v.items) == 0
	default:
		return false
	}
}

// free returns the value as encoding/json would decode it into an any with
// UseNumber.
func (v *value) free() any {
	switch v.kind {
	case boolKind:
		return v.raw == "true"
	case numberKind:
		return json.Number(v.raw)
	case stringKind:
		return v.text
	case objectKind:
		object := make(map[string]any, len(v.members))
		for i := range v.members {
			object[v.members[i].key] = v.members[i].free()
		}
		return object
	case arrayKind:
		array := make([]any, len(v.items))
		for i := range v.items {
			array[i] = v.items[i].free()
		}
		return array
	default:
		return nil
	}
}
