package parse

import (
	"slices"
	"strconv"
	"strings"
)

// place is where the text of a column goes: a field of the contact; an entry of
// a list and its part; or a name inside a free object.
//
//	first_name                   the field
//	email_addresses/0/email      part of a numbered entry
//	phone_numbers/mobile/number  part of the entry of that type
//	phone_numbers/mobile         what such an entry is about
//	email_addresses              an entry without a type
//	addresses/city               part of the entry without a type
//	custom_fields/Shoe size      a custom field
type place struct {
	field string
	entry string // number or type
	part  string
}

// The places that are no fields of a contact.
const (
	middlePlace = "name/middle" // composed into the full name
	suffixPlace = "name/suffix"
	clientRef   = "client_ref"
	metadata    = "metadata"
	customField = "custom_fields"
	tags        = "tags"

	// formatted is an address in one piece, for files without its parts.
	formatted = "formatted"
)

// scalars are the fields that hold one text, with what they may also be called.
var scalars = map[string]string{
	"first_name": "first_name", "last_name": "last_name", "name": "name", "title": "title", "job_title": "title",
	"description": "description", "created_at": "created_at", clientRef: clientRef,
	middlePlace: middlePlace, suffixPlace: suffixPlace,
	"account": "account/name", "account/name": "account/name", "account/id": "account/id",
	"owner": "owner/name", "owner/name": "owner/name", "owner/id": "owner/id",
}

// parts are the parts of a list's entries, what the entry is about first.
var parts = map[string][]string{
	"email_addresses": {"email", "type", "id"},
	"phone_numbers":   {"number", "extension", "type", "id"},
	"addresses":       {"street_1", "street_2", "city", "state", "postal_code", "country", "type", "id", formatted},
	"urls":            {"url", "type"},
	tags:              {"name", "id"},
}

// parsePlace reads a path.
func parsePlace(path string) (place, bool) {
	if field, ok := scalars[path]; ok {
		return place{field: field}, true
	}
	field, rest, _ := strings.Cut(path, "/")
	if field == customField || field == metadata {
		return place{field: field, part: rest}, rest != ""
	}
	known, ok := parts[field]
	if !ok {
		return place{}, false
	}
	entry, part, inside := strings.Cut(rest, "/")
	switch {
	case inside:
	case slices.Contains(known, entry):
		entry, part = "", entry
	default:
		part = known[0]
	}
	return place{field, entry, part}, slices.Contains(known, part)
}

// numbered says whether the entry is told by its number rather than its type.
func (p place) numbered() (int, bool) {
	n, err := strconv.Atoi(p.entry)
	return n, err == nil
}

// String is the path that a Mapping shows.
func (p place) String() string {
	path := p.field
	for _, step := range []string{p.entry, p.part} {
		if step != "" {
			path += "/" + step
		}
	}
	return path
}
