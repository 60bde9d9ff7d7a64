package keap

import (
	"cmp"
	"strings"
	"unicode"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

type phone struct {
	Number    string `json:"number,omitempty"`
	Extension string `json:"extension,omitempty"`
	Type      string `json:"type,omitempty"` // free text
	Seat      string `json:"field,omitempty"`
	E164      string `json:"number_e164,omitempty"` // read-only
}

// assistant is the one seat that is no entry of a list.
const (
	assistant    = "ASSISTANT"
	maxAssistant = 15
)

func seatPhones(c *connector.Call) map[string]contact.Phone {
	sent, held := c.Input.PhoneNumbers, c.Existing.PhoneNumbers
	seats := append([]shape.Slot{
		{Name: "FAX1", Types: []string{"fax"}}, {Name: "FAX2", Types: []string{"fax"}}, {Name: assistant, Types: []string{"assistant"}},
	}, anyOf("PHONE1", "PHONE2", "PHONE3", "PHONE4", "PHONE5")...)
	return seat(c, contact.PhoneNumbers, sent, shape.NewPhones(sent, held), kindOfPhone, free(seats, held, slotOfPhone))
}

func kindOfPhone(p contact.Phone) string {
	kind := shape.PhoneType(p.Type)
	if kind == "assistant" && short(p) == "" {
		return "other"
	}
	return kind
}

// short is a number as it fits into the assistant's seat; "" when it does not.
func short(p contact.Phone) string {
	e164, _ := contact.E164(p.Number, "")
	for _, text := range []string{shape.PhoneText(p), e164} {
		if len(text) <= maxAssistant && (text != e164 || p.Extension == "") {
			return text
		}
	}
	return ""
}

func slotOfPhone(p contact.Phone) string { return p.ID }

// phoneIn writes a number into its seat; those of fax have no extension.
func phoneIn(seat string, p contact.Phone) phone {
	if strings.HasPrefix(seat, "FAX") {
		return phone{Number: shape.PhoneText(p), Type: label(p.Type), Seat: seat}
	}
	return phone{Number: p.Number, Extension: p.Extension, Type: label(p.Type), Seat: seat}
}

// label is a type as Keap shows it.
func label(kind string) string {
	if known := shape.PhoneType(kind); known != "other" {
		kind = known
	}
	if kind == "phone" {
		kind = "work"
	}
	first := []rune(cmp.Or(kind, "other"))
	first[0] = unicode.ToUpper(first[0])
	return string(first)
}

func (p person) phones() []contact.Phone {
	list := shape.Each(p.Phones, phone.unified)
	for _, fax := range p.Faxes {
		fax.Type = "fax"
		list = append(list, fax.unified())
	}
	return shape.PhoneList(append(list, contact.Phone{ID: assistant, Number: p.Assistant, Type: "assistant"})...)
}

func (p phone) unified() contact.Phone {
	return contact.Phone{ID: p.Seat, Number: cmp.Or(p.Number, p.E164), Extension: p.Extension, Type: strings.ToLower(p.Type)}
}
