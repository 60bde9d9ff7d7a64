package shape

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
)

func TestPhones(t *testing.T) {
	t.Parallel()
	slots := []Slot{
		{Name: "phone", Types: []string{"phone", "work", "other", "home"}},
		{Name: "mobile", Types: []string{"mobile"}}, {Name: "fax", Types: []string{"fax"}},
	}
	tests := []struct {
		name    string
		list    []contact.Phone
		want    map[string]string
		reports []string
	}{
		{"none", nil, map[string]string{}, nil},
		{"each in its own", []contact.Phone{{Number: "1", Type: "fax"}, {Number: "2", Type: "cell"}, {Number: "3", Type: "office"}},
			map[string]string{"phone": "3", "mobile": "2", "fax": "1"}, nil},
		{"a better fit goes first", []contact.Phone{{Number: "1", Type: "home"}, {Number: "2"}},
			map[string]string{"phone": "2"}, []string{"phone_numbers/0 no_room"}},
		{"the first of a type", []contact.Phone{{Number: "1", Type: "mobile"}, {Number: "2", Type: "mobile"}},
			map[string]string{"mobile": "1"}, []string{"phone_numbers/1 no_room"}},
		{"free text", []contact.Phone{{Number: "1", Type: "pager", Extension: "9"}}, map[string]string{"phone": "1 ext. 9"}, nil},
		{"no slot for the type", []contact.Phone{{Number: "1", Type: "assistant"}}, map[string]string{}, []string{"phone_numbers/0 no_room"}},
	}
	for _, tt := range tests {
		var r reports
		if diff := cmp.Diff(tt.want, Phones(tt.list, r.warn, slots...)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		r.expect(t, tt.name, tt.reports...)
	}
}

func TestFillIntoAny(t *testing.T) {
	t.Parallel()
	slots := []Slot{{Name: "mailing", Types: []string{"work", Any}}, {Name: "other", Types: []string{"home", Any}}}
	tests := []struct {
		types  []string
		placed map[string]int
		left   []int
	}{
		{[]string{"home", "work"}, map[string]int{"mailing": 1, "other": 0}, nil},
		{[]string{"work", "work", "work"}, map[string]int{"mailing": 0, "other": 1}, []int{2}},
		{[]string{"", "odd"}, map[string]int{"mailing": 0, "other": 1}, nil},
		{[]string{"odd", "home"}, map[string]int{"mailing": 0, "other": 1}, nil},
	}
	for _, tt := range tests {
		placed, left := Fill(tt.types, slots)
		if diff := cmp.Diff(tt.placed, placed) + cmp.Diff(tt.left, left); diff != "" {
			t.Errorf("%v: %s", tt.types, diff)
		}
	}
}

func TestPhoneType(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "phone", " Phone ": "phone", "main": "phone", "Mobile": "mobile", "cell phone": "mobile", "work mobile": "mobile",
		"Work": "work", "office": "work", "home": "home", "home fax": "fax", "Assistant": "assistant", "pager": "other", "other": "other",
	} {
		if got := PhoneType(text); got != want {
			t.Errorf("PhoneType(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestPhoneList(t *testing.T) {
	t.Parallel()
	got := PhoneList(
		contact.Phone{Number: "+44 20 7946 0018 ext. 12", Type: "phone"}, contact.Phone{Type: "fax"},
		contact.Phone{Number: "+44 20 7946 0019 x7", Extension: "8"})
	want := []contact.Phone{{Number: "+44 20 7946 0018", Extension: "12", Type: "phone"}, {Number: "+44 20 7946 0019 x7", Extension: "8"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	list := []contact.URL{
		{URL: "https://blog.example.com", Type: "blog"}, {URL: "uk.linkedin.com/in/ada"}, {URL: "https://ada.example.com", Type: "Website"},
		{URL: "https://notlinkedin.com"},
	}
	var r reports
	got := URLs(list, r.warn, Slot{Name: "linkedin", Types: []string{"linkedin"}}, Slot{Name: "site", Types: []string{"website", Any}})
	want := map[string]string{"linkedin": "uk.linkedin.com/in/ada", "site": "https://ada.example.com"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	r.expect(t, "URLs", "urls/0 no_room", "urls/3 no_room")
	for address, want := range map[string]string{
		"https://x.com/ada": "twitter", "https://www.facebook.com/ada": "facebook", "http://example.com/linkedin.com": "",
	} {
		if kind := URLType(contact.URL{URL: address}); kind != want {
			t.Errorf("URLType(%q) = %q, want %q", address, kind, want)
		}
	}
	if diff := cmp.Diff([]contact.URL{{URL: "x.example"}}, URLList(contact.URL{Type: "site"}, contact.URL{URL: "x.example"})); diff != "" {
		t.Error(diff)
	}
	for address, want := range map[string]string{"": "", "ada.example": "https://ada.example", "http://ada.example": "http://ada.example"} {
		if got := Absolute(address); got != want {
			t.Errorf("Absolute(%q) = %q", address, got)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	work := contact.Address{Street1: "12 St James's Square", Street2: "Flat 2", City: "London", Country: "GB", Type: "work"}
	home := contact.Address{City: "Paris", Type: "Home"}
	var r reports
	got := Addresses([]contact.Address{home, work, {City: "Rome"}}, r.warn,
		Slot{Name: "a", Types: []string{"work"}}, Slot{Name: "b", Types: []string{"home"}})
	if diff := cmp.Diff(map[string]contact.Address{"a": work, "b": home}, got); diff != "" {
		t.Error(diff)
	}
	if first := FirstAddress([]contact.Address{home, work}, r.warn); first != home {
		t.Errorf("first = %v", first)
	}
	if first := FirstAddress(nil, r.warn); first != (contact.Address{}) {
		t.Errorf("first of none = %v", first)
	}
	r.expect(t, "Addresses", "addresses/2 no_room", "addresses/1 no_room")
	if got := Streets(work, "\n"); got != "12 St James's Square\nFlat 2" {
		t.Errorf("Streets = %q", got)
	}
	if got := OneLine(work); got != "12 St James's Square, Flat 2, London, GB" {
		t.Errorf("OneLine = %q", got)
	}
	if diff := cmp.Diff([]contact.Address{work}, AddressList(contact.Address{Type: "other"}, work)); diff != "" {
		t.Error(diff)
	}
	for text, want := range map[string]string{"gb": "United Kingdom", "DEU": "Germany", "Atlantis": "Atlantis", "": ""} {
		if got := CountryName(text); got != want {
			t.Errorf("CountryName(%q) = %q", text, got)
		}
	}
}

func TestDialable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ number, country, e164, alpha2 string }{
		{"020 7946 0018", "United Kingdom", "+442079460018", "GB"},
		{"+1 (415) 555-0101", "", "+14155550101", "US"},
		{"+1 416 555 0101", "US", "+14165550101", "CA"},
		{"+44 20 7946 0018 ext. 12", "", "+442079460018", "GB"},
		{"555-0101", "", "", ""},
		{"555-0101", "GB", "", ""}, // of the right length, but not assigned
		{"12", "GB", "", ""},
	} {
		e164, alpha2, ok := Dialable(tt.number, tt.country)
		if e164 != tt.e164 || alpha2 != tt.alpha2 || ok != (tt.e164 != "") {
			t.Errorf("Dialable(%q, %q) = %q, %q, %v", tt.number, tt.country, e164, alpha2, ok)
		}
	}
}
