package shape

import (
	"testing"

	"crmferry/internal/contact"
)

func TestMatching(t *testing.T) {
	t.Parallel()
	sent := contact.Contact{
		Name: "Ada Lovelace", EmailAddresses: []contact.Email{{Email: "ada@x.example"}, {Email: "b@x.example"}},
		PhoneNumbers: []contact.Phone{{Number: "020 7946 0018"}},
	}
	found := []contact.Contact{
		{ID: "1", Name: "ADA  Lovelace", EmailAddresses: []contact.Email{{Email: "b@x.example"}}},
		{ID: "2", EmailAddresses: []contact.Email{{Email: "c@x.example"}, {Email: "Ada@x.example"}}, PhoneNumbers: []contact.Phone{{Number: "1"}, {Number: "+442079460018"}}},
	}
	for name, tt := range map[string]struct {
		same func(a, b contact.Contact) bool
		sent contact.Contact
		want string
	}{
		"e-mail": {SameEmail, sent, "2"}, "phone": {SamePhone, sent, "2"}, "name": {SameName, sent, "1"},
		"no e-mail": {SameEmail, contact.Contact{}, ""}, "no phone": {SamePhone, contact.Contact{}, ""}, "no name": {SameName, contact.Contact{}, ""},
	} {
		ids := ""
		for _, m := range Matching(tt.same, tt.sent, found) {
			ids += m.ID
		}
		if ids != tt.want {
			t.Errorf("%s: %q, want %q", name, ids, tt.want)
		}
	}
}
