package contact

import (
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Document is what a request body or a row of an upload says: the contact and
// what belongs to the job rather than to the contact.
type Document struct {
	Input Input
	// Metadata is the caller's own JSON object, compact, up to 2,048 bytes; nil
	// if there is none.
	Metadata json.RawMessage
	// ClientRef is the caller's own name for this contact, up to 128 bytes.
	ClientRef string
	// Warnings name the fields that were left out.
	Warnings []Warning
}

// UnknownFields says what becomes of fields that no contact has.
type UnknownFields string

const (
	// UnknownFail makes them problems, with the nearest known name.
	UnknownFail UnknownFields = "fail"
	// UnknownWarn leaves them out with a warning.
	UnknownWarn UnknownFields = "warn"
	// UnknownCustomField takes those at the top level for custom fields; inside
	// the entries of a list they are problems.
	UnknownCustomField UnknownFields = "custom_field"
)

// The names that are accepted in place of a field, and those at the top level
// of a document that are no fields of a contact.
const (
	jobTitleAlias      = "job_title"
	phoneNumberAlias   = "phone_number"
	phoneMisspeltAlias = "phone_numbesr"
	metadataKey        = "metadata"
	clientRefKey       = "client_ref"
)

// Decode reads one JSON object into a contact. Absent are null, blank strings,
// {} and [], wherever they stand; texts are trimmed; a list may be given as
// its single entry, and an e-mail, phone, URL, tag, account or owner as a bare
// string. The error is always an *Invalid. The contact is not yet normalised.
func Decode(body []byte) (Document, error) {
	return DecodeWith(body, UnknownFail)
}

// DecodeWith is Decode with another rule for fields that no contact has.
func DecodeWith(body []byte, unknown UnknownFields) (Document, error) {
	const byteOrderMark = "\uFEFF" // RFC 8259 section 8.1 lets parsers ignore it
	src := strings.TrimPrefix(string(body), byteOrderMark)
	if !utf8.ValidString(src) {
		return Document{}, malformed(&Problem{Code: CodeInvalidUTF8, Message: "is not valid UTF-8"})
	}
	root, p := scan(src, 0)
	if p != nil {
		return Document{}, malformed(p)
	}
	if root.kind != objectKind {
		return Document{}, malformed(&Problem{Code: CodeNotAnObject, Message: "must be a JSON object"})
	}
	d := decoder{unknown: unknown}
	for i := range root.members {
		m := &root.members[i]
		at := path{key: m.key, index: -1}
		d.member(Field(m.key), &m.value, &at)
	}
	if len(d.problems) > 0 {
		return Document{}, &Invalid{Status: http.StatusUnprocessableEntity, Problems: d.problems}
	}
	return d.doc, nil
}

// decoder fills a Document from a well-formed tree and goes on after each
// problem, so that the caller learns of all at once.
type decoder struct {
	doc      Document
	unknown  UnknownFields
	problems []Problem
}

func (d *decoder) problem(at *path, code, message string) {
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, Problem{Pointer: at.pointer(), Code: code, Message: message})
	}
}

func (d *decoder) warn(at *path, code, message string) {
	field := strings.TrimPrefix(at.pointer(), "/")
	d.doc.Warnings = append(d.doc.Warnings, Warning{Field: field, Code: code, Message: message})
}

func (d *decoder) member(field Field, v *value, at *path) {
	in := &d.doc.Input
	switch field {
	case FirstName:
		in.FirstName = d.text(v, at, nameText)
	case LastName:
		in.LastName = d.text(v, at, nameText)
	case Name:
		in.Name = d.text(v, at, nameText)
	case Title, jobTitleAlias:
		d.title(v, at)
	case Description:
		in.Description = d.text(v, at, longText)
	case EmailAddresses:
		in.EmailAddresses = list(d, v, at, (*decoder).email)
	case PhoneNumbers, phoneNumberAlias, phoneMisspeltAlias:
		d.phones(v, at)
	case Addresses:
		in.Addresses = list(d, v, at, (*decoder).address)
	case URLs:
		in.URLs = list(d, v, at, (*decoder).url)
	case Account:
		in.Account = d.reference(v, at)
	case Owner:
		in.Owner = d.reference(v, at)
	case Tags:
		in.Tags = list(d, v, at, (*decoder).tag)
	case CustomFields:
		d.customFields(v, at)
	case CreatedAt:
		in.CreatedAt = d.time(v, at)
	case RemoteData:
		in.RemoteData = d.remoteData(v, at)
	case metadataKey:
		d.doc.Metadata = d.metadata(v, at)
	case clientRefKey:
		d.doc.ClientRef = d.clientRef(v, at)
	case ID, UpdatedAt, LastActivityAt, ETag:
		if !v.absent() {
			d.warn(at, CodeIgnored, "is set by the CRM and was left out")
		}
	default:
		d.unknownMember(v, at)
	}
}

func (d *decoder) unknownMember(v *value, at *path) {
	if d.unknown == UnknownCustomField {
		d.customField(v, at)
		return
	}
	names := []string{string(RemoteData), metadataKey, clientRefKey}
	for _, f := range Writable() {
		names = append(names, string(f))
	}
	d.unknownName(at, names)
}

func (d *decoder) unknownName(at *path, known []string) {
	message := "is no known field"
	if name := Nearest(at.key, known); name != "" {
		message += "; did you mean " + name + "?"
	}
	if d.unknown == UnknownWarn {
		d.warn(at, CodeUnknownField, message)
		return
	}
	d.problem(at, CodeUnknownField, message)
}
