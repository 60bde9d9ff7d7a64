package shape

import (
	"testing"

	"crmferry/internal/contact"
)

func TestSameFirstAndLast(t *testing.T) {
	t.Parallel()
	ada := contact.Contact{FirstName: "Ada", LastName: "Lovelace", Name: "Ada Lovelace"}
	for name, tt := range map[string]struct {
		sent, found contact.Contact
		want        bool
	}{
		"the same":           {contact.Contact{FirstName: "ada", LastName: "LOVELACE"}, ada, true},
		"a fuller name":      {contact.Contact{FirstName: "Ada", LastName: "Lovelace", Name: "Ada King Lovelace"}, ada, true},
		"another":            {contact.Contact{FirstName: "Ada", LastName: "King", Name: "Ada Lovelace"}, ada, false},
		"first name alone":   {contact.Contact{FirstName: "Ada"}, ada, false},
		"no name on either":  {contact.Contact{}, contact.Contact{}, false},
		"parted differently": {contact.Contact{FirstName: "Ada Lovelace"}, ada, true},
	} {
		if got := SameFirstAndLast(tt.sent, tt.found); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
