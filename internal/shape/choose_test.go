package shape

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
)

func TestHead(t *testing.T) {
	t.Parallel()
	var r reports
	list := []contact.URL{{URL: "a"}, {URL: "b"}, {URL: "c"}}
	if got := Head(list, 2, contact.URLs, r.warn); len(got) != 2 || got[1].URL != "b" {
		t.Errorf("Head = %v", got)
	}
	if got := Head(list, 5, contact.URLs, r.warn); len(got) != 3 {
		t.Errorf("Head of fewer = %v", got)
	}
	r.expect(t, "Head", "urls/2 no_room")
}

func TestChoice(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{"": "work", "home": "home", "pager": "other"} {
		if got := Choice(kind, "other", "work", "home"); got != want {
			t.Errorf("Choice(%q) = %q, want %q", kind, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	want := []string{"Name", "name", "must", "be", "given", "custom_fields", "d4de"}
	if diff := cmp.Diff(want, Words("Name must be given: custom_fields.d4de!")); diff != "" {
		t.Error(diff)
	}
}

func TestFullName(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		c    contact.Contact
		want []string
	}{
		"the same":    {contact.Contact{FirstName: "Ada", LastName: "Lovelace", Name: "Ada Lovelace"}, nil},
		"another":     {contact.Contact{FirstName: "Ada", LastName: "King", Name: "Ada Lovelace"}, []string{"first_name conflict", "last_name conflict"}},
		"beside one":  {contact.Contact{FirstName: "Ada", Name: "Ada Lovelace"}, []string{"first_name conflict"}},
		"nothing set": {contact.Contact{}, nil},
	} {
		var r reports
		if got := FullName(tt.c, r.warn); got != tt.c.Name {
			t.Errorf("%s: %q", name, got)
		}
		r.expect(t, name, tt.want...)
	}
}

func TestMadeAt(t *testing.T) {
	t.Parallel()
	old, now := time.Date(2020, 1, 2, 3, 4, 5, 600, time.UTC), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	seconds := old.Truncate(time.Second)
	for name, tt := range map[string]struct{ sent, created, updated, want *time.Time }{
		"ours is not told":       {nil, &old, &now, &old},
		"ours came back":         {&old, &seconds, &now, &now},
		"ours was left aside":    {&old, &now, &now, &now},
		"no time of last change": {&old, &seconds, nil, nil},
		"no time":                {&old, nil, &now, nil},
	} {
		got := MadeAt(tt.sent, tt.created, tt.updated)
		if (got == nil) != (tt.want == nil) || got != nil && !got.Equal(*tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestDialParts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ number, country, code, digits string }{
		{"+44 20 7946 0018", "", "44", "2079460018"},
		{"(415) 555-0101", "US", "1", "4155550101"},
		{"+39 06 698 12345", "", "39", "0669812345"},
		{"555", "", "", ""},
	} {
		code, digits, ok := DialParts(tt.number, tt.country)
		if code != tt.code || digits != tt.digits || ok != (tt.code != "") {
			t.Errorf("DialParts(%q) = %q, %q, %v", tt.number, code, digits, ok)
		}
	}
	for number, want := range map[string]string{"+44 20 7946 0018": "2079460018", "555-0101": "5550101"} {
		if got := LocalDigits(number, ""); got != want {
			t.Errorf("LocalDigits(%q) = %q, want %q", number, got, want)
		}
	}
}

func TestKnownCountry(t *testing.T) {
	t.Parallel()
	var r reports
	list := []contact.Address{{Country: "Germany"}, {Country: "Atlantis"}, {}}
	var got []string
	for _, a := range KnownCountries(list, r.warn) {
		got = append(got, a.Country)
	}
	if diff := cmp.Diff([]string{"DE", "", ""}, got); diff != "" || list[0].Country != "Germany" {
		t.Error(diff, list)
	}
	r.expect(t, "KnownCountries", "addresses/1/country unusable")
}
