package keap

import (
	"maps"
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// Keap's lists have numbered seats. An entry that was read bears the name of
// its seat as its id, or as its type.

// seat gives entries free seats, and reports those of the input for which none
// is left.
func seat[T comparable](c *connector.Call, f contact.Field, input, fresh []T, kind func(T) string, free []shape.Slot) map[string]T {
	placed, left := shape.Fill(shape.Each(fresh, kind), free)
	for _, i := range left {
		c.Warn(shape.At(f, slices.Index(input, fresh[i])), shape.NoRoom, "all of Keap's places for it are taken")
	}
	seated := map[string]T{}
	for name, i := range placed {
		seated[name] = fresh[i]
	}
	return seated
}

// free are the seats that no entry of a record has.
func free[T any](seats []shape.Slot, held []T, seatOf func(T) string) []shape.Slot {
	return slices.DeleteFunc(seats, func(s shape.Slot) bool {
		return slices.ContainsFunc(held, func(entry T) bool { return seatOf(entry) == s.Name })
	})
}

// whole is a list with fresh entries among those that the record has, in the
// seats whose names begin in the same way; nil when there are no fresh ones.
func whole[T, U any](held []T, fresh map[string]T, prefix string, seatOf func(T) string, write func(seat string, entry T) U) []U {
	all, none := map[string]T{}, true
	for _, entry := range held {
		if name := seatOf(entry); name != "" && strings.HasPrefix(name, prefix) {
			all[name] = entry
		}
	}
	for name, entry := range fresh {
		if strings.HasPrefix(name, prefix) {
			all[name], none = entry, false
		}
	}
	if none {
		return nil
	}
	return shape.Each(slices.Sorted(maps.Keys(all)), func(name string) U { return write(name, all[name]) })
}

func anyOf(names ...string) []shape.Slot {
	return shape.Each(names, func(name string) shape.Slot { return shape.Slot{Name: name, Types: []string{shape.Any}} })
}

type email struct {
	Address string `json:"email"`
	Seat    string `json:"field,omitempty"`
	Reason  string `json:"opt_in_reason,omitempty"`
}

func seatEmails(c *connector.Call) map[string]contact.Email {
	sent, held := c.Input.EmailAddresses, c.Existing.EmailAddresses
	seats := free(anyOf("EMAIL1", "EMAIL2", "EMAIL3"), held, slotOfEmail)
	return seat(c, contact.EmailAddresses, sent, shape.NewEmails(sent, held), func(contact.Email) string { return "" }, seats)
}

func slotOfEmail(e contact.Email) string { return e.ID }

func emailIn(seat string, e contact.Email) email { return email{Address: e.Email, Seat: seat} }

// because gives the reason for which an address may be written to.
func because(reason string) func(email) email {
	return func(e email) email {
		e.Reason = reason
		return e
	}
}

func (e email) unified() contact.Email {
	return contact.Email{ID: e.Seat, Email: e.Address, Type: strings.ToLower(e.Seat)}
}
