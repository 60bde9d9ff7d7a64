package contact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

const (
	maxCustomFields = 500
	maxMetadata     = 2_048 // bytes
	maxClientRef    = 128   // bytes
)

// customFields reads an object, or a string that holds the JSON of one: a form
// for test calls cannot send anything else.
func (d *decoder) customFields(v *value, at *path) {
	if v.absent() {
		return
	}
	if v.kind == stringKind {
		inner, p := scan(v.text, 1)
		if p != nil {
			d.problem(at, p.Code, "holds a JSON text that "+p.Message)
			return
		}
		sealed := *at
		sealed.sealed = true
		v, at = &inner, &sealed
	}
	if v.kind != objectKind {
		if !v.absent() {
			d.problem(at, CodeWrongType, "must be an object, or a string that holds one in JSON")
		}
		return
	}
	for i := range v.members {
		m := &v.members[i]
		inside := at.member(m.key)
		if !d.customField(&m.value, &inside) {
			return
		}
	}
}

// customField adds one custom field and reports whether there is room for more.
func (d *decoder) customField(v *value, at *path) bool {
	if v.absent() {
		return true
	}
	fields := d.doc.Input.CustomFields
	_, taken := fields[at.key]
	switch {
	case strings.TrimSpace(at.key) == "":
		d.problem(at, CodeUnknownField, "has no name")
	case tooLong(at.key, maxPlain):
		d.problem(at, CodeTooLong, fmt.Sprintf("must have a name of at most %d characters", maxPlain))
	case taken:
		d.problem(at, CodeConflict, "is also given in "+string(CustomFields))
	case len(fields) == maxCustomFields:
		d.problem(&path{key: string(CustomFields), index: -1}, CodeTooMany,
			fmt.Sprintf("must have at most %d fields", maxCustomFields))
		return false
	default:
		d.checkFree(v, at, maxLong)
		if fields == nil {
			d.doc.Input.CustomFields = map[string]any{}
		}
		d.doc.Input.CustomFields[at.key] = v.free()
	}
	return true
}

// remoteData is passed on as it came, nulls and blanks included: to a CRM they
// may mean something.
func (d *decoder) remoteData(v *value, at *path) map[string]any {
	if !d.isObject(v, at) {
		return nil
	}
	d.checkFree(v, at, 0)
	return v.free().(map[string]any)
}

func (d *decoder) metadata(v *value, at *path) json.RawMessage {
	if !d.isObject(v, at) {
		return nil
	}
	d.checkFree(v, at, 0)
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(v.raw)); err != nil || compact.Len() > maxMetadata {
		d.problem(at, CodeTooLong, fmt.Sprintf("must have at most %d bytes", maxMetadata))
		return nil
	}
	return compact.Bytes()
}

func (d *decoder) clientRef(v *value, at *path) string {
	ref := d.text(v, at, idText)
	if len(ref) > maxClientRef {
		d.problem(at, CodeTooLong, fmt.Sprintf("must have at most %d bytes", maxClientRef))
	}
	return ref
}

func (d *decoder) isObject(v *value, at *path) bool {
	if v.absent() {
		return false
	}
	if v.kind != objectKind {
		d.problem(at, CodeWrongType, "must be an object")
		return false
	}
	return true
}

// checkFree reports control characters in the keys and texts of a value of any
// shape, and texts longer than maxText, if that is not 0.
func (d *decoder) checkFree(v *value, at *path, maxText int) {
	if hasControl(at.key) {
		d.problem(at, CodeControlCharacter, "has a name with a control character")
	}
	switch v.kind {
	case stringKind:
		if maxText > 0 && tooLong(v.text, maxText) {
			d.problem(at, CodeTooLong, fmt.Sprintf("must have at most %d characters", maxText))
		}
		if hasControl(v.text) {
			d.problem(at, CodeControlCharacter, controlMessage)
		}
	case objectKind:
		for i := range v.members {
			inside := at.member(v.members[i].key)
			d.checkFree(&v.members[i].value, &inside, maxText)
		}
	case arrayKind:
		for i := range v.items {
			inside := at.item(i)
			d.checkFree(&v.items[i], &inside, maxText)
		}
	}
}
