package connectortest

import (
	"slices"
	"strings"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

// roundTrip demands that the answers to creates give back every field that the
// connector promises. What only other answers hold is waived, and seen in one
// of them; activity follows later in any CRM.
func roundTrip(t testing.TB, s *connector.Spec, all []Conversation, waived []Waiver) {
	t.Helper()
	var created, later []contact.Field
	for _, c := range all {
		if c.Op == connector.OpCreate {
			created = append(created, gives(c.Want)...)
		} else {
			later = append(later, gives(c.Want)...)
		}
	}
	for _, f := range s.Fields.Returns {
		_, excused := waiver(waived, s.ID, unread+string(f))
		excused = excused || f == contact.LastActivityAt
		switch got := slices.Contains(created, f); {
		case got && excused && f != contact.LastActivityAt:
			t.Errorf("the waiver of %s%s is stale: a create gives it back", unread, f)
		case !got && !excused:
			t.Errorf("%s is promised, but no create gives it back", f)
		case !got && !slices.Contains(later, f):
			t.Errorf("%s is promised, but no conversation gives it back", f)
		}
	}
	for _, w := range waived {
		if f, ok := unreadField(w, s.ID); ok && !slices.Contains(s.Fields.Returns, f) {
			t.Errorf("the waiver of %s is stale: the field is not promised", w.Cell)
		}
	}
}

func unreadField(w Waiver, crm string) (contact.Field, bool) {
	name, ok := strings.CutPrefix(w.Cell, unread)
	return contact.Field(name), ok && w.CRM == crm
}

// gives lists the fields that an outcome holds.
func gives(w Want) []contact.Field {
	var list []contact.Field
	if w.Contact != nil {
		list = readable(*w.Contact)
	}
	if w.Contacts != nil {
		for _, c := range *w.Contacts {
			list = append(list, readable(c)...)
		}
	}
	for _, result := range w.Results {
		list = append(list, gives(result)...)
	}
	return list
}

// readable lists the fields that a contact from a CRM holds.
func readable(c contact.Contact) []contact.Field {
	list := c.Present()
	for f, is := range map[contact.Field]bool{
		contact.ID: c.ID != "", contact.ETag: c.ETag != "", contact.UpdatedAt: c.UpdatedAt != nil,
		contact.LastActivityAt: c.LastActivityAt != nil,
	} {
		if is {
			list = append(list, f)
		}
	}
	return list
}
