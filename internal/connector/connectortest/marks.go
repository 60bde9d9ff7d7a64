package connectortest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"crmferry/internal/contact"
)

// mark is a value that is known again on the wire, and the path of the input
// that carries it.
type mark struct {
	path string
	on   func(wire) bool
}

// text is a mark that shows under one of several spellings.
func text(path string, spellings ...string) mark {
	return mark{path, func(w wire) bool { return slices.ContainsFunc(spellings, w.has) }}
}

// marked gives a field values that are known again, alone in a contact. Linked
// records, tags and custom fields are those of an example.
func marked(f contact.Field, example contact.Contact) (contact.Contact, []mark) {
	switch f {
	case contact.FirstName:
		return contact.Contact{FirstName: "Zarathustra"}, []mark{text("first_name", "Zarathustra")}
	case contact.LastName:
		return contact.Contact{LastName: "Ypsilanti"}, []mark{text("last_name", "Ypsilanti")}
	case contact.Name:
		both := func(w wire) bool { return w.has("Xenophon") && w.has("Wittgenstein") }
		return contact.Contact{Name: "Xenophon Wittgenstein"}, []mark{{"name", both}}
	case contact.Title:
		return contact.Contact{Title: "Zauberlehrling"}, []mark{text("title", "Zauberlehrling")}
	case contact.Description:
		return contact.Contact{Description: "Quokkaforscher"}, []mark{text("description", "Quokkaforscher")}
	case contact.CreatedAt:
		at := time.Date(2001, time.February, 3, 4, 5, 6, 0, time.UTC)
		return contact.Contact{CreatedAt: &at}, []mark{text("created_at", "2001-02-03", "2001/02/03", fmt.Sprint(at.Unix()))}
	case contact.Account:
		return contact.Contact{Account: example.Account}, []mark{text("account", spellings(*example.Account)...)}
	case contact.Owner:
		return contact.Contact{Owner: example.Owner}, []mark{text("owner", example.Owner.ID)}
	case contact.Tags:
		return contact.Contact{Tags: example.Tags}, tagMarks(example.Tags)
	case contact.CustomFields:
		return contact.Contact{CustomFields: example.CustomFields}, customMarks(example.CustomFields)
	case contact.Addresses:
		return markedAddress(example.Addresses[0])
	default:
		return markedLists(f)
	}
}

// spellings are the id of a company and, for CRMs that have none, its name.
func spellings(r contact.Reference) []string {
	return slices.DeleteFunc([]string{r.ID, r.Name}, func(text string) bool { return text == "" })
}

func markedLists(f contact.Field) (contact.Contact, []mark) {
	all, marks := crowd()
	marks = slices.DeleteFunc(marks, func(m mark) bool { return !strings.HasPrefix(m.path, string(f)) })
	return set(contact.Contact{}, f, all), marks
}

// markedAddress keeps the place of an address, which a CRM may look up, and
// marks the rest.
func markedAddress(a contact.Address) (contact.Contact, []mark) {
	a.Street1, a.Street2 = "Zebragasse 1a", "Yakstiege 2b"
	country := func(w wire) bool { return w.country(a.Country) }
	marks := []mark{
		text("addresses/0/street_1", a.Street1), text("addresses/0/street_2", a.Street2), text("addresses/0/city", a.City),
		text("addresses/0/state", a.State), text("addresses/0/postal_code", a.PostalCode), {"addresses/0/country", country},
	}
	return contact.Contact{Addresses: []contact.Address{a}}, marks
}

func tagMarks(tags []contact.Tag) []mark {
	var marks []mark
	for i, tag := range tags {
		marks = append(marks, mark{entry(contact.Tags, i), func(w wire) bool {
			return tag.Name != "" && w.has(tag.Name) || w.word(tag.ID)
		}})
	}
	return marks
}

// customMarks are the names and values of custom fields.
func customMarks(custom map[string]any) []mark {
	var marks []mark
	for _, name := range slices.Sorted(maps.Keys(custom)) {
		marks = append(marks, mark{entryOf(contact.CustomFields, name), func(w wire) bool {
			var value wire
			value.tree(custom[name])
			return w.has(name) || slices.ContainsFunc(value, w.word)
		}})
	}
	return marks
}

// crowd is more e-mails, phones and web addresses than most CRMs hold.
func crowd() (contact.Contact, []mark) {
	var c contact.Contact
	var marks []mark
	for i := range 7 {
		email := fmt.Sprintf("zaphod%d@example.com", i)
		c.EmailAddresses = append(c.EmailAddresses, contact.Email{Email: email, Type: []string{"work", "home", "other"}[i%3]})
		marks = append(marks, text(entry(contact.EmailAddresses, i), email))
	}
	for i, kind := range []string{"work", "mobile", "home", "fax", "assistant", "other", "pager", "", "work", "mobile", "home"} {
		number := fmt.Sprintf("+4420794612%02d", i)
		c.PhoneNumbers = append(c.PhoneNumbers, contact.Phone{Number: number, Type: kind})
		marks = append(marks, mark{entry(contact.PhoneNumbers, i), func(w wire) bool { return w.phone(number) }})
	}
	c.PhoneNumbers[0].Extension = "8765"
	marks = append(marks, text("phone_numbers/0/extension", "8765"))
	for i, place := range []string{"zebra.example.com", "linkedin.com/in/zebra", "x.com/zebra", "facebook.com/zebra", "zebra.example.org", "zebra.example.net"} {
		c.URLs = append(c.URLs, contact.URL{URL: "https://" + place})
		handle := place[strings.LastIndexByte(place, '/')+1:]
		marks = append(marks, mark{entry(contact.URLs, i), func(w wire) bool { return w.has(place) || w.word(handle) }})
	}
	return c, marks
}

// abroad adds addresses of all types to the marked one.
func abroad(first contact.Address) (contact.Contact, []mark) {
	c, marks := markedAddress(first)
	for i, kind := range []string{"home", "mailing", "other", ""} {
		street := fmt.Sprintf("Wombatweg %d", i+3)
		c.Addresses = append(c.Addresses, contact.Address{Street1: street, City: first.City, Country: first.Country, Type: kind})
		marks = append(marks, text(entry(contact.Addresses, i+1), street))
	}
	return c, marks
}

func entry(f contact.Field, i int) string { return entryOf(f, fmt.Sprint(i)) }

func entryOf(f contact.Field, name string) string { return string(f) + "/" + name }
