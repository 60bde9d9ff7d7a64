package parse

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-vcard"

	"crmferry/internal/contact"
)

// person makes a document of a card.
type person struct {
	document
	card    vcard.Card
	options Options
	seen    *seen
	unknown []string // properties that nobody knows
	group   bool
}

// read takes the properties one by one, in an order that does not depend on
// the card's.
func (p *person) read() {
	kind := cmp.Or(p.card.Value("KIND"), p.card.Value("X-ADDRESSBOOKSERVER-KIND"), "individual")
	p.group = !strings.EqualFold(kind, "individual")
	names := make([]string, 0, len(p.card))
	for name := range p.card {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		what, known := properties[name]
		if !known {
			what = unheard
		}
		if name == vcard.FieldUID && p.options.UIDAsClientRef {
			what = referred
		}
		p.seen.add(name, what, p.options.Unknown)
		switch {
		case what.read != nil:
			for _, f := range preferredFirst(p.card[name]) {
				what.read(p, f)
			}
		case what.keep && p.options.Unknown == contact.UnknownCustomField:
			p.keep(name)
		case !known:
			p.unknown = append(p.unknown, name)
		}
	}
	p.compose()
}

// keep makes a custom field of a property.
func (p *person) keep(name string) {
	var texts []string
	for _, f := range p.card[name] {
		if text := unescape(f.Value); text != "" {
			texts = append(texts, text)
		}
	}
	if len(texts) > 0 {
		p.setFree(place{field: customField, part: name}, strings.Join(texts, ", "))
	}
}

// preferredFirst orders the fields by preference, and else as they stand.
func preferredFirst(fields []*vcard.Field) []*vcard.Field {
	rank := func(f *vcard.Field) int {
		if n, err := strconv.Atoi(f.Params.Get(vcard.ParamPreferred)); err == nil {
			return n
		}
		if slices.ContainsFunc(f.Params[vcard.ParamType], func(t string) bool { return strings.EqualFold(t, "pref") }) {
			return 1
		}
		return 100
	}
	fields = slices.Clone(fields)
	slices.SortStableFunc(fields, func(a, b *vcard.Field) int { return rank(a) - rank(b) })
	return fields
}

// label is the type of a field, by Apple's label for its group first.
func (p *person) label(f *vcard.Field) string {
	given := slices.Clone(f.Params[vcard.ParamType])
	if f.Group != "" {
		for _, l := range p.card["X-ABLABEL"] {
			if strings.EqualFold(l.Group, f.Group) {
				given = append([]string{unescape(l.Value)}, given...)
			}
		}
	}
	return typeOf(given...)
}

func (p *person) n(f *vcard.Field) {
	all := components(f.Value, ';')
	p.LastName, p.FirstName, p.middle, p.suffix = component(all, 0), component(all, 1), component(all, 2), component(all, 4)
}

// component is the i-th component, or "". Several values in one, divided by
// commas, are one text here.
func component(all []string, i int) string {
	if i >= len(all) {
		return ""
	}
	return all[i]
}

func (p *person) fn(f *vcard.Field) {
	if p.Name == "" {
		p.Name = unescape(f.Value)
	}
}

func (p *person) email(f *vcard.Field) {
	address := unescape(f.Value)
	if len(address) > 7 && strings.EqualFold(address[:7], "mailto:") {
		address = address[7:]
	}
	if address != "" {
		p.EmailAddresses = append(p.EmailAddresses, contact.Email{Email: address, Type: p.label(f)})
	}
}

// tel reads a number or a tel: URI, whose parameters may hold the extension.
func (p *person) tel(f *vcard.Field) {
	number, extension := unescape(f.Value), ""
	if len(number) > 4 && strings.EqualFold(number[:4], "tel:") {
		params := strings.Split(number[4:], ";")
		number = params[0]
		for _, param := range params[1:] {
			if name, value, _ := strings.Cut(param, "="); strings.EqualFold(name, "ext") {
				extension = value
			}
		}
	}
	if number != "" {
		p.PhoneNumbers = append(p.PhoneNumbers, contact.Phone{Number: number, Extension: extension, Type: p.label(f)})
	}
}

func (p *person) adr(f *vcard.Field) {
	all := components(f.Value, ';')
	extra := slices.DeleteFunc([]string{component(all, 0), component(all, 1)}, func(s string) bool { return s == "" })
	at := map[string]string{
		"street_1": component(all, 2), "street_2": strings.Join(extra, ", "), "city": component(all, 3),
		"state": component(all, 4), "postal_code": component(all, 5), "country": component(all, 6),
		"type": p.label(f), formatted: unescape(f.Params.Get("LABEL")),
	}
	p.addAddress(func(name string) string { return at[name] })
}

func (p *person) org(f *vcard.Field) {
	if name := component(components(f.Value, ';'), 0); name != "" && p.Account == nil {
		p.Account = &contact.Reference{Name: name}
	}
}

func (p *person) title(f *vcard.Field) {
	if p.Title == "" {
		p.Title = unescape(f.Value)
	}
}

func (p *person) url(f *vcard.Field) {
	if url := unescape(f.Value); url != "" {
		p.URLs = append(p.URLs, contact.URL{URL: url, Type: p.label(f)})
	}
}

// profile takes the addresses of social profiles; Apple writes names of its
// own ("x-apple:ada") for networks without one.
func (p *person) profile(f *vcard.Field) {
	if url := unescape(f.Value); strings.HasPrefix(url, "http") {
		p.URLs = append(p.URLs, contact.URL{URL: url, Type: p.label(f)})
	}
}

func (p *person) note(f *vcard.Field) {
	text := unescape(f.Value)
	if p.Description != "" && text != "" {
		text = p.Description + "\n\n" + text
	}
	p.Description = cmp.Or(text, p.Description)
}

func (p *person) categories(f *vcard.Field) {
	for _, name := range components(f.Value, ',') {
		if name != "" {
			p.Tags = append(p.Tags, contact.Tag{Name: name})
		}
	}
}

func (p *person) uid(f *vcard.Field) { p.ClientRef = unescape(f.Value) }

func (p *person) encode(b *bytes.Buffer) error { return p.document.encode(b) }
