package contact_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
)

func TestNormalizeNames(t *testing.T) {
	t.Parallel()
	type names struct{ First, Last, Full string }
	for _, test := range []struct{ in, want names }{
		{names{}, names{}},
		{names{Full: "Ada Lovelace"}, names{"Ada", "Lovelace", "Ada Lovelace"}},
		{names{First: "Ada", Last: "Lovelace"}, names{"Ada", "Lovelace", "Ada Lovelace"}},
		{names{First: "Ada"}, names{"Ada", "", "Ada"}},
		{names{Last: "Lovelace"}, names{"", "Lovelace", "Lovelace"}},
		{names{Full: "Madonna"}, names{"Madonna", "", "Madonna"}},
		{names{Full: "  Ada   King  Lovelace "}, names{"Ada King", "Lovelace", "Ada   King  Lovelace"}},
		{names{Full: "Ludwig van Beethoven"}, names{"Ludwig", "van Beethoven", "Ludwig van Beethoven"}},
		{names{Full: "Vincent Van Gogh"}, names{"Vincent", "Van Gogh", "Vincent Van Gogh"}},
		{names{Full: "Rutger van der Berg"}, names{"Rutger", "van der Berg", "Rutger van der Berg"}},
		{names{Full: "Juan Carlos de la Cruz"}, names{"Juan Carlos", "de la Cruz", "Juan Carlos de la Cruz"}},
		{names{Full: "Maria del Carmen García"}, names{"Maria del Carmen", "García", "Maria del Carmen García"}},
		{names{Full: "José Ortega y Gasset"}, names{"José", "Ortega y Gasset", "José Ortega y Gasset"}},
		{names{Full: "Van Morrison"}, names{"Van", "Morrison", "Van Morrison"}},
		{names{Full: "John Ben Smith"}, names{"John Ben", "Smith", "John Ben Smith"}},
		{names{Full: "Martin Luther King Jr."}, names{"Martin Luther", "King Jr.", "Martin Luther King Jr."}},
		{names{Full: "John Smith, Jr."}, names{"John", "Smith, Jr.", "John Smith, Jr."}},
		{names{Full: "Lovelace, Ada"}, names{"Ada", "Lovelace", "Ada Lovelace"}},
		{names{Full: "van der Berg ,  Rutger Jan"}, names{"Rutger Jan", "van der Berg", "Rutger Jan van der Berg"}},
		{names{Full: "Lovelace,"}, names{"Lovelace", "", "Lovelace"}},
		{names{First: "Ada", Full: "Lovelace, Ada"}, names{"Ada", "Lovelace", "Ada Lovelace"}},
		{
			names{First: "Maria del Carmen", Full: "maria del carmen García López"},
			names{"Maria del Carmen", "García López", "maria del carmen García López"},
		},
		{names{Full: "Hans zu Sayn"}, names{"Hans", "zu Sayn", "Hans zu Sayn"}},
		{names{Last: "King Lovelace", Full: "Ada King Lovelace"}, names{"Ada", "King Lovelace", "Ada King Lovelace"}},
		{names{First: "Augusta", Full: "Ada Lovelace"}, names{"Augusta", "Lovelace", "Ada Lovelace"}},
		{names{Last: "Byron", Full: "Ada Lovelace"}, names{"Ada", "Byron", "Ada Lovelace"}},
		{names{First: "Ada", Full: "Ada"}, names{"Ada", "", "Ada"}},
		{names{First: "Lovelace, Ada", Full: "Lovelace, Ada"}, names{"Lovelace, Ada", "", "Lovelace, Ada"}},
		{names{"Augusta", "King", "Ada Lovelace"}, names{"Augusta", "King", "Ada Lovelace"}},
	} {
		in := contact.Input{Contact: contact.Contact{FirstName: test.in.First, LastName: test.in.Last, Name: test.in.Full}}
		once := contact.Normalize(in)
		if got := (names{once.FirstName, once.LastName, once.Name}); got != test.want {
			t.Errorf("%+v: got %+v, want %+v", test.in, got, test.want)
		}
		if diff := cmp.Diff(once, contact.Normalize(once)); diff != "" {
			t.Errorf("%+v: a second time changes\n%s", test.in, diff)
		}
	}
}

func TestNormalizeEntries(t *testing.T) {
	t.Parallel()
	in := contact.Input{Contact: contact.Contact{
		Title: " Analyst ",
		EmailAddresses: []contact.Email{
			{Email: " Ada@Example.com ", Type: " WORK "}, {Email: "ada@example.COM", Type: "home"}, {Email: "b@example.com"}, {Type: "x"},
		},
		PhoneNumbers: []contact.Phone{
			{Number: "+1 (555) 010-9999 x123", Type: "Mobile"},
			{Number: "0015550109999", Extension: "123"},
			{Number: "+1 555 010 9999"},
			{Number: "tel:+44-20-7946-0018;ext=12"},
			{Number: "1-800-FLOWERS"}, {Number: "1-800-FRIENDS"},
			{Number: "555 0100 ext. 5", Extension: "6"},
			{Number: "555 0101 x7 x7"},
			{Number: " "},
		},
		Addresses: []contact.Address{{Type: "Home", City: "London"}, {Type: "work", ID: "1"}, {Type: "home", City: "London"}},
		URLs:      []contact.URL{{URL: "example.com", Type: "Blog"}, {URL: "example.com"}, {}},
		Tags:      []contact.Tag{{Name: "vip"}, {}, {Name: "vip"}, {ID: "1", Name: "vip"}},
		Account:   &contact.Reference{}, Owner: &contact.Reference{ID: "1"},
		CustomFields: map[string]any{"a": json.Number("1")},
	}}
	before, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	want := contact.Input{Contact: contact.Contact{
		Title:          "Analyst",
		EmailAddresses: []contact.Email{{Email: "Ada@Example.com", Type: "work"}, {Email: "b@example.com"}},
		PhoneNumbers: []contact.Phone{
			{Number: "+1 (555) 010-9999", Extension: "123", Type: "mobile"},
			{Number: "+1 555 010 9999"},
			{Number: "+44-20-7946-0018", Extension: "12"},
			{Number: "1-800-FLOWERS"}, {Number: "1-800-FRIENDS"},
			{Number: "555 0100 ext. 5", Extension: "6"},
			{Number: "555 0101", Extension: "7"},
		},
		Addresses:    []contact.Address{{Type: "home", City: "London"}},
		URLs:         []contact.URL{{URL: "example.com", Type: "blog"}},
		Tags:         []contact.Tag{{Name: "vip"}, {ID: "1", Name: "vip"}},
		Owner:        &contact.Reference{ID: "1"},
		CustomFields: map[string]any{"a": json.Number("1")},
	}}
	got := contact.Normalize(in)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(got, contact.Normalize(got)); diff != "" {
		t.Errorf("a second time changes\n%s", diff)
	}
	after, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Errorf("the argument has changed from\n%s\nto\n%s", before, after)
	}
}

func TestInputKeepsLongNumbers(t *testing.T) {
	t.Parallel()
	in := contact.Input{
		Contact:     contact.Contact{Name: "Ada", CustomFields: map[string]any{"n": json.Number("9007199254740993")}},
		RemoteData:  map[string]any{"m": []any{json.Number("12345678901234567890")}},
		RemoteQuery: map[string][]string{"a": {"b"}},
		Workspace:   "w",
	}
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var got contact.Input
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
