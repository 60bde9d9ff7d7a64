// Package shape holds the small pure mappings between the neutral contact and
// the forms that several CRMs share: typed slots, primaries, joined streets,
// objects with custom fields beside known ones.
//
// What finds no place is reported, never dropped in silence: functions that
// may have to leave something out take a Warn.
package shape

import (
	"slices"
	"strconv"

	"crmferry/internal/contact"
)

// Warn takes the report that a part of the input is left out; path is such as
// "phone_numbers/2". It is (*connector.Call).Warn. A nil Warn says nothing.
type Warn func(path, code, message string)

// The codes of reports.
const (
	NoRoom      = "no_room"     // the CRM has no place left
	NeedsID     = "needs_id"    // a name alone cannot be linked
	Unresolved  = "unresolved"  // the CRM has nothing of that name
	Unusable    = "unusable"    // the CRM would refuse the whole contact for it
	Truncated   = "truncated"   // cut to the CRM's length
	Conflict    = "conflict"    // set in two ways; the other one was taken
	NotUpdated  = "not_updated" // can be set on create only
	NotStored   = "not_stored"  // sent, but missing in the CRM's answer
	notHeldText = "the CRM has no place left for it"
)

func (w Warn) report(path, code, message string) {
	if w != nil {
		w(path, code, message)
	}
}

// At is the path of an entry of a list.
func At(list contact.Field, index int) string {
	return string(list) + "/" + strconv.Itoa(index)
}

// CreateOnly reports those of the fields that c sets: they can be written when
// a record is made, but not by an update.
func CreateOnly(c contact.Contact, warn Warn, fields ...contact.Field) {
	for _, present := range c.Present() {
		for _, f := range fields {
			if f == present {
				warn.report(string(f), NotUpdated, "the update of an existing record leaves this field as it is")
			}
		}
	}
}

// Named reports a full name that says more than first and last name together,
// for CRMs that have no other.
func Named(c contact.Contact, warn Warn) {
	if c.Name != "" && !contact.SameText(c.Name, contact.JoinName(c.FirstName, c.LastName)) {
		warn.report(string(contact.Name), NoRoom, "the CRM makes the full name from first and last name")
	}
}

// Emails gives the first n addresses, "" where there are fewer, and reports
// the others.
func Emails(list []contact.Email, n int, warn Warn) []string {
	first := make([]string, n)
	for i, e := range list {
		if i < n {
			first[i] = e.Email
			continue
		}
		warn.report(At(contact.EmailAddresses, i), NoRoom, notHeldText)
	}
	return first
}

// FirstEmail is the first address, "" when there is none.
func FirstEmail(list []contact.Email) string { return Emails(list, 1, nil)[0] }

// EmailList is the addresses as they come from a CRM; empty ones are left out.
func EmailList(emails ...string) []contact.Email {
	var list []contact.Email
	for _, email := range emails {
		if email != "" {
			list = append(list, contact.Email{Email: email})
		}
	}
	return list
}

// WithEmail adds an address to a list that lacks it.
func WithEmail(list []contact.Email, email string) []contact.Email {
	if slices.ContainsFunc(list, func(e contact.Email) bool { return contact.SameEmail(e.Email, email) }) {
		return list
	}
	return append(slices.Clip(list), contact.Email{Email: email})
}
