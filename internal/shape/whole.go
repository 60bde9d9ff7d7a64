package shape

import (
	"time"

	"crmferry/internal/contact"
)

// FullName is the full name for CRMs that part it by themselves. First and
// last name that say something else are reported.
func FullName(c contact.Contact, warn Warn) string {
	if contact.SameText(c.Name, contact.JoinName(c.FirstName, c.LastName)) {
		return c.Name
	}
	for _, f := range c.Present() {
		if f == contact.FirstName || f == contact.LastName {
			warn.report(string(f), Conflict, "the CRM makes it from the full name")
		}
	}
	return c.Name
}

// MadeAt is when a record was made, by the CRM's own clock, as far as it can
// be told: a creation time that was sent says nothing, and the last change
// must do. nil when nothing tells.
func MadeAt(sent, created, updated *time.Time) *time.Time {
	if sent == nil || created == nil || !created.Truncate(time.Second).Equal(sent.Truncate(time.Second)) {
		return created
	}
	return updated
}
