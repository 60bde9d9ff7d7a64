package shape

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// reports keeps what a Warn is told, as "path code".
type reports []string

func (r *reports) warn(path, code, message string) {
	if message == "" {
		path += " (without a message)"
	}
	*r = append(*r, path+" "+code)
}

func (r reports) expect(t *testing.T, name string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(reports(want), r); diff != "" {
		t.Errorf("%s: reports (-want +got):\n%s", name, diff)
	}
}

func TestEmails(t *testing.T) {
	t.Parallel()
	list := []contact.Email{{Email: "a@x.example"}, {Email: "b@x.example"}, {Email: "c@x.example"}}
	tests := []struct {
		name    string
		list    []contact.Email
		n       int
		want    []string
		reports []string
	}{
		{"one of three", list, 1, []string{"a@x.example"}, []string{"email_addresses/1 no_room", "email_addresses/2 no_room"}},
		{"all", list, 3, []string{"a@x.example", "b@x.example", "c@x.example"}, nil},
		{"fewer than places", list[:1], 2, []string{"a@x.example", ""}, nil},
		{"no place", list[:1], 0, []string{}, []string{"email_addresses/0 no_room"}},
		{"none", nil, 1, []string{""}, nil},
	}
	for _, tt := range tests {
		var r reports
		if diff := cmp.Diff(tt.want, Emails(tt.list, tt.n, r.warn)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		r.expect(t, tt.name, tt.reports...)
	}
	if got := FirstEmail(list); got != "a@x.example" {
		t.Errorf("FirstEmail = %q", got)
	}
	if got := WithEmail(WithEmail(list[:1], "A@x.example"), "d@x.example"); len(got) != 2 || got[1].Email != "d@x.example" || list[1].Email != "b@x.example" {
		t.Errorf("WithEmail = %v", got)
	}
	if got := FirstEmail(nil); got != "" {
		t.Errorf("FirstEmail of none = %q", got)
	}
}

func TestCreateOnly(t *testing.T) {
	t.Parallel()
	var r reports
	CreateOnly(contact.Contact{Title: "x", Tags: []contact.Tag{{Name: "t"}}}, r.warn, contact.Tags, contact.Description)
	r.expect(t, "CreateOnly", "tags not_updated")
}

func TestNamed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		c    contact.Contact
		want []string
	}{
		"the same":     {contact.Contact{FirstName: "Ada", LastName: "Lovelace", Name: "ada  lovelace"}, nil},
		"says more":    {contact.Contact{FirstName: "Ada", LastName: "Lovelace", Name: "Countess Ada Lovelace"}, []string{"name no_room"}},
		"says nothing": {contact.Contact{FirstName: "Ada"}, nil},
	} {
		var r reports
		Named(tt.c, r.warn)
		r.expect(t, name, tt.want...)
	}
}

func TestNilWarnSaysNothing(t *testing.T) {
	t.Parallel()
	if got := Emails([]contact.Email{{Email: "a@x.example"}, {Email: "b@x.example"}}, 1, nil); got[0] != "a@x.example" {
		t.Errorf("got %v", got)
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	var r reports
	tests := []struct {
		ref      *contact.Reference
		id, name string
	}{
		{nil, "", ""},
		{&contact.Reference{ID: "7", Name: "Acme"}, "7", "Acme"},
		{&contact.Reference{Name: "Acme"}, "", "Acme"},
	}
	for _, tt := range tests {
		if id := RefID(tt.ref, contact.Account, r.warn); id != tt.id {
			t.Errorf("RefID(%v) = %q", tt.ref, id)
		}
		if name := RefName(tt.ref); name != tt.name {
			t.Errorf("RefName(%v) = %q", tt.ref, name)
		}
		if diff := cmp.Diff(tt.ref, Ref(tt.id, tt.name)); diff != "" {
			t.Error(diff)
		}
	}
	r.expect(t, "a name alone", "account needs_id")
}

func TestIntegers(t *testing.T) {
	t.Parallel()
	for id, want := range map[string][]int64{"": nil, "42": {42}, "9007199254740993": {9007199254740993}} {
		got, err := Integers(id, contact.Account)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("Integers(%q): %v %s", id, err, diff)
		}
	}
	for _, id := range []string{"acme", "0", "-3", "1.5", "99999999999999999999"} {
		_, err := Integers(id, contact.Owner)
		f := fault.From(err)
		if f == nil || f.Kind != fault.Invalid || !cmp.Equal(f.Fields, []string{"owner"}) {
			t.Errorf("Integers(%q): %v", id, err)
		}
	}
	if got := IntegerText(0) + IntegerText(42); got != "42" {
		t.Errorf("IntegerText = %q", got)
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, mark, want string }{
		{"Contact already exists. Existing ID: 512", "ID:", "512"},
		{"No such column 'X__c' on sobject", "No such column", "X__c"},
		{"on record with id: 003D0", "with id:", "003D0"},
		{"reset in 12 seconds", "reset in", "12"},
		{"nothing here", "ID:", ""},
		{"ID:", "ID:", ""},
		{"ID: ...", "ID:", ""},
	} {
		if got := WordAfter(tt.text, tt.mark); got != tt.want {
			t.Errorf("WordAfter(%q, %q) = %q, want %q", tt.text, tt.mark, got, tt.want)
		}
	}
	if got := HTML("a < b & c\r\nd\n\"e\""); got != "a &lt; b &amp; c<br>d<br>&#34;e&#34;" {
		t.Errorf("HTML = %q", got)
	}
	if got := Segment("a+b/ü @x.example"); got != "a%2Bb%2F%C3%BC%20%40x.example" {
		t.Errorf("Segment = %q", got)
	}
	var r reports
	if got := Clip("zoë", 3, "name", r.warn) + Clip("zoës", 3, "title", r.warn); got != "zoëzoë" {
		t.Errorf("Clip = %q", got)
	}
	r.expect(t, "Clip", "title truncated")
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                      "",
		" Acme.my.salesforce.com/ ":             "https://acme.my.salesforce.com",
		"https://acme.my.salesforce.com/home?x": "https://acme.my.salesforce.com",
		"http://acme.example:8080/x":            "http://acme.example:8080",
		"https://":                              "https://",
	} {
		if got := Origin(text); got != want {
			t.Errorf("Origin(%q) = %q, want %q", text, got, want)
		}
	}
}
