package contact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Format is a form in which a stored contact is answered.
type Format string

// The formats of truto_response_format.
const (
	// Unified has the fields that are set, and remote_data.
	Unified Format = "unified"
	// Raw is the CRM's own body as it came.
	Raw Format = "raw"
	// Normalized has every field, null where absent, in canonical spelling.
	Normalized Format = "normalized"
	// Stream is the CRM's own body, streamed.
	Stream Format = "stream"
)

// Render writes a contact as a JSON object with the keys in the order of
// Readable, without those in exclude.
//
// Unified ends with remote_data, the body that the CRM answered: as it is if
// it is JSON, else as a JSON string; without remote it is left out.
// Normalized has phones in E.164 and countries in ISO 3166-1 alpha-2 where
// they can be told, e-mails in lower case, and no remote_data. Raw and Stream
// are no renderings of the contact, and an error.
func Render(c Contact, f Format, remote json.RawMessage, exclude []string) (json.RawMessage, error) {
	switch f {
	case Unified:
	case Normalized:
		c, remote = c.canonical(), nil
	default:
		return nil, fmt.Errorf("contact: format %q is not made from the contact", string(f))
	}
	w := objectWriter{exclude: exclude}
	for _, field := range Readable() {
		value := c.value(field)
		if value == nil && f == Unified {
			continue
		}
		if err := w.add(field, value); err != nil {
			return nil, err
		}
	}
	if len(remote) > 0 {
		if err := w.add(RemoteData, remoteJSON(remote)); err != nil {
			return nil, err
		}
	}
	return w.close(), nil
}

// remoteJSON makes a JSON value of whatever bytes a CRM has sent.
func remoteJSON(remote json.RawMessage) any {
	if utf8.Valid(remote) && json.Valid(remote) {
		return remote
	}
	return strings.ToValidUTF8(string(remote), "\uFFFD")
}

// value returns what c holds in a field, or nil if that is absent.
func (c Contact) value(f Field) any {
	switch f {
	case ID:
		return textOrNil(c.ID)
	case FirstName:
		return textOrNil(c.FirstName)
	case LastName:
		return textOrNil(c.LastName)
	case Name:
		return textOrNil(c.Name)
	case Title:
		return textOrNil(c.Title)
	case Description:
		return textOrNil(c.Description)
	case EmailAddresses:
		return listOrNil(c.EmailAddresses)
	case PhoneNumbers:
		return listOrNil(c.PhoneNumbers)
	case Addresses:
		return listOrNil(c.Addresses)
	case URLs:
		return listOrNil(c.URLs)
	case Account:
		return referenceOrNil(c.Account)
	case Owner:
		return referenceOrNil(c.Owner)
	case Tags:
		return listOrNil(c.Tags)
	case CustomFields:
		if len(c.CustomFields) > 0 {
			return c.CustomFields
		}
	case CreatedAt:
		return timeOrNil(c.CreatedAt)
	case UpdatedAt:
		return timeOrNil(c.UpdatedAt)
	case LastActivityAt:
		return timeOrNil(c.LastActivityAt)
	case ETag:
		return textOrNil(c.ETag)
	}
	return nil
}

func textOrNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func listOrNil[T any](list []T) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

func referenceOrNil(r *Reference) any {
	if r == nil || *r == (Reference{}) {
		return nil
	}
	return r
}

func timeOrNil(t *time.Time) any {
	if t == nil || t.IsZero() {
		return nil
	}
	return t.UTC()
}

// canonical spells e-mails, phones and countries in the one standard way.
func (c Contact) canonical() Contact {
	c.EmailAddresses = slices.Clone(c.EmailAddresses)
	for i := range c.EmailAddresses {
		c.EmailAddresses[i].Email = EmailKey(c.EmailAddresses[i].Email)
	}
	c.Addresses = slices.Clone(c.Addresses)
	home := ""
	for i := range c.Addresses {
		if code, ok := CountryAlpha2(c.Addresses[i].Country); ok {
			c.Addresses[i].Country = code
			if home == "" {
				home = code
			}
		}
	}
	c.PhoneNumbers = slices.Clone(c.PhoneNumbers)
	for i := range c.PhoneNumbers {
		p := &c.PhoneNumbers[i]
		if e164, ok := E164(p.Number, home); ok {
			if _, extension := SplitExtension(p.Number); p.Extension == "" {
				p.Extension = extension
			}
			p.Number = e164
		}
	}
	return c
}

// objectWriter writes a JSON object whose keys keep their order.
type objectWriter struct {
	exclude []string
	body    bytes.Buffer
}

func (w *objectWriter) add(f Field, value any) error {
	if slices.Contains(w.exclude, string(f)) {
		return nil
	}
	separator := byte(',')
	if w.body.Len() == 0 {
		separator = '{'
	}
	w.body.WriteByte(separator)
	fmt.Fprintf(&w.body, "%q:", string(f))
	encoder := json.NewEncoder(&w.body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		// The cause may quote the value.
		return fmt.Errorf("contact: field %s cannot be written as JSON", f)
	}
	w.body.Truncate(w.body.Len() - 1) // Encode ends with a line break
	return nil
}

func (w *objectWriter) close() json.RawMessage {
	if w.body.Len() == 0 {
		return json.RawMessage("{}")
	}
	w.body.WriteByte('}')
	return w.body.Bytes()
}
