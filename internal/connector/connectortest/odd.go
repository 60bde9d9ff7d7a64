package connectortest

import (
	"net/http"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

// odd hands a connector answers of any shape. It may refuse them, but neither
// panic nor take them for a record.
func odd(t testing.TB, s *connector.Spec) {
	t.Helper()
	for _, body := range []string{
		``, `null`, `true`, `7`, `"text"`, `[]`, `[null]`, `[[]]`, `["text"]`, `[{}]`, `{}`, `<html></html>`, "\xff\xfe", `{"id":`,
		`{"data":null}`, `{"data":[]}`, `{"data":{}}`, `{"errors":null}`, `{"errors":["text"]}`, `{"errors":[null]}`, `{"errors":{}}`,
		`{"error":{"message":[{}]}}`, `{"message":{"a":1}}`, `{"results":[null]}`, `{"records":[null]}`, `{"persons":[null]}`,
	} {
		r := connector.Reply{Status: 200, Header: http.Header{}, Body: []byte(body)}
		c := &connector.Call{Settings: connector.Settings{}, Input: contact.Normalize(contact.Input{Contact: somebody()}), Key: Key, At: At()}
		for name, o := range map[string]*connector.Operation{"create": &s.Create, "read": s.Read} {
			if o == nil {
				continue
			}
			if out, err := o.Decode(c, r); err == nil && out.ID != "" {
				t.Errorf("%s takes %q for the record %s", name, body, out.ID)
			}
		}
		for _, f := range s.Find {
			matches, err := f.Decode(c, r)
			for _, m := range matches {
				if err == nil && m.ID != "" {
					t.Errorf("find takes %q for the record %s", body, m.ID)
				}
			}
		}
		if s.Batch != nil {
			_, _ = s.Batch.Decode([]*connector.Call{c, c}, r)
		}
		if s.Probe.Identity != nil {
			_, _ = s.Probe.Identity(r)
		}
		if r.Status = 400; s.Errors.Parse != nil {
			s.Errors.Parse(r)
		}
	}
}

func somebody() contact.Contact {
	return contact.Contact{
		FirstName: "Ada", LastName: "Lovelace", EmailAddresses: []contact.Email{{Email: "ada@example.com"}},
		Account: &contact.Reference{ID: "1"}, Owner: &contact.Reference{ID: "1"},
		CustomFields: map[string]any{"x": "y"},
	}
}
