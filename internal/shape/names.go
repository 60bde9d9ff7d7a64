package shape

import "crmferry/internal/contact"

// SameFirstAndLast is SameName for CRMs that hold first and last name alone: a
// full name that says more is never theirs.
func SameFirstAndLast(sent, found contact.Contact) bool {
	name := contact.JoinName(sent.FirstName, sent.LastName)
	return name != "" && contact.SameText(name, contact.JoinName(found.FirstName, found.LastName))
}
