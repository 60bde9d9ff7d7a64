package contact

import (
	"fmt"
	"slices"
	"time"
)

// maxEntries bounds each list of a contact.
const maxEntries = 100

// text reads a string; ids may be whole numbers too.
func (d *decoder) text(v *value, at *path, k textKind) string {
	switch {
	case v.absent():
		return ""
	case v.kind == numberKind && k == idText:
		if !wholeNumber(v.raw) || len(v.raw) > maxPlain {
			d.problem(at, CodeInvalidID, "must be a string or a whole number")
		}
		return v.raw
	case v.kind != stringKind && k == idText:
		d.problem(at, CodeWrongType, "must be a string or a whole number")
		return ""
	case v.kind != stringKind:
		d.problem(at, CodeWrongType, "must be a string")
		return ""
	}
	s := k.trim(v.text)
	if code, message := k.fault(s); code != "" && s != "" {
		d.problem(at, code, message)
	}
	return s
}

// slot is a member of a nested object: what it is called and where it goes.
type slot struct {
	name string
	into *string
	kind textKind
}

func (d *decoder) object(v *value, at *path, slots ...slot) {
	for i := range v.members {
		m := &v.members[i]
		inside := at.member(m.key)
		s := slices.IndexFunc(slots, func(s slot) bool { return s.name == m.key })
		if s < 0 {
			d.unknownName(&inside, slotNames(slots))
			continue
		}
		*slots[s].into = d.text(&m.value, &inside, slots[s].kind)
	}
}

func slotNames(slots []slot) []string {
	names := make([]string, len(slots))
	for i, s := range slots {
		names[i] = s.name
	}
	return names
}

// entry reads an object, or a bare string as what the object is about, which
// is the first slot.
func (d *decoder) entry(v *value, at *path, slots ...slot) {
	about := slots[0]
	switch {
	case v.kind == objectKind:
		d.object(v, at, slots...)
	case v.kind == stringKind || v.kind == numberKind && about.kind == idText:
		*about.into = d.text(v, at, about.kind)
	default:
		d.problem(at, CodeWrongType, "must be an object or a string")
	}
}

// list reads the entries of an array, or a single one without its array, and
// drops those that say nothing.
func list[T comparable](d *decoder, v *value, at *path, read func(*decoder, *value, *path) T) []T {
	var empty T
	if v.absent() {
		return nil
	}
	if v.kind != arrayKind {
		if entry := read(d, v, at); entry != empty {
			return []T{entry}
		}
		return nil
	}
	entries := make([]T, 0, min(len(v.items), maxEntries))
	for i := range v.items {
		if v.items[i].absent() {
			continue
		}
		if len(entries) == maxEntries {
			d.problem(at, CodeTooMany, fmt.Sprintf("must have at most %d entries", maxEntries))
			break
		}
		inside := at.item(i)
		if entry := read(d, &v.items[i], &inside); entry != empty {
			entries = append(entries, entry)
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return entries
}

// require reports an entry that says something, but not what it is about.
// before is the number of problems before the entry was read: one that is
// already blamed is not blamed again.
func (d *decoder) require(says bool, about string, name string, at *path, before int) {
	if says && about == "" && len(d.problems) == before {
		inside := at.member(name)
		d.problem(&inside, CodeRequired, "is required")
	}
}

func (d *decoder) email(v *value, at *path) (e Email) {
	before := len(d.problems)
	d.entry(v, at, slot{"email", &e.Email, emailText}, slot{"type", &e.Type, plainText}, slot{"id", &e.ID, idText})
	d.require(e != Email{}, e.Email, "email", at, before)
	return e
}

func (d *decoder) phone(v *value, at *path) (p Phone) {
	before := len(d.problems)
	d.entry(v, at,
		slot{"number", &p.Number, phoneText}, slot{"extension", &p.Extension, plainText},
		slot{"type", &p.Type, plainText}, slot{"id", &p.ID, idText})
	d.require(p != Phone{}, p.Number, "number", at, before)
	return p
}

func (d *decoder) url(v *value, at *path) (u URL) {
	before := len(d.problems)
	d.entry(v, at, slot{"url", &u.URL, urlText}, slot{"type", &u.Type, plainText})
	d.require(u != URL{}, u.URL, "url", at, before)
	return u
}

func (d *decoder) tag(v *value, at *path) (t Tag) {
	d.entry(v, at, slot{"name", &t.Name, plainText}, slot{"id", &t.ID, idText})
	return t
}

func (d *decoder) address(v *value, at *path) (a Address) {
	if v.kind != objectKind {
		d.problem(at, CodeWrongType, "must be an object")
		return a
	}
	d.object(v, at,
		slot{"street_1", &a.Street1, plainText}, slot{"street_2", &a.Street2, plainText},
		slot{"city", &a.City, plainText}, slot{"state", &a.State, plainText},
		slot{"postal_code", &a.PostalCode, plainText}, slot{"country", &a.Country, plainText},
		slot{"type", &a.Type, plainText}, slot{"id", &a.ID, idText})
	return a
}

func (d *decoder) reference(v *value, at *path) *Reference {
	if v.absent() {
		return nil
	}
	var r Reference
	d.entry(v, at, slot{"id", &r.ID, idText}, slot{"name", &r.Name, plainText})
	if r == (Reference{}) {
		return nil
	}
	return &r
}

func (d *decoder) time(v *value, at *path) *time.Time {
	s := d.text(v, at, plainText)
	if s == "" {
		return nil
	}
	t, ok := parseTime(s)
	if !ok {
		d.problem(at, CodeInvalidDateTime, "must be an RFC 3339 date-time or a date such as 2026-01-31")
		return nil
	}
	return &t
}

func (d *decoder) title(v *value, at *path) {
	title := d.text(v, at, nameText)
	earlier := d.doc.Input.Title
	switch {
	case title == "":
	case earlier != "" && earlier != title:
		d.conflict(at, Title)
	default:
		d.doc.Input.Title = title
	}
}

func (d *decoder) phones(v *value, at *path) {
	phones := list(d, v, at, (*decoder).phone)
	earlier := d.doc.Input.PhoneNumbers
	switch {
	case len(phones) == 0:
	case len(earlier) > 0 && !slices.Equal(earlier, phones):
		d.conflict(at, PhoneNumbers)
	default:
		d.doc.Input.PhoneNumbers = phones
	}
}

func (d *decoder) conflict(at *path, f Field) {
	d.problem(at, CodeConflict, "differs from what another name of "+string(f)+" says; send one of them")
}
