package contact_test

import (
	"testing"

	"crmferry/internal/contact"
)

func TestE164(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ number, country, want string }{
		{"+44 20 7946 0018", "", "+442079460018"},
		{"+44 (0)20 7946 0018", "", "+442079460018"},
		{"0044 20 7946 0018", "", "+442079460018"},
		{"0044 20 7946 0018", "US", "+442079460018"},
		{"020 7946 0018", "GB", "+442079460018"},
		{"020 7946 0018", "United Kingdom", "+442079460018"},
		{"020 7946 0018", "gbr", "+442079460018"},
		{"020 7946 0018", "", ""},
		{"020 7946 0018", "Atlantis", ""},
		{"(555) 010-9999", "USA", "+15550109999"},
		{"15550109999", "US", "+15550109999"},
		{"010-9999", "US", ""},
		{"+1 555 010 9999 ext. 12", "", "+15550109999"},
		{"tel:+1-201-555-0123;ext=5", "", "+12015550123"},
		{"+39 06 1234567", "", "+39061234567"},
		{"8 (912) 345-67-89", "Russia", "+79123456789"},
		{"1-800-356-9377", "US", "+18003569377"},
		{"\u202a+1 (201) 555‑0123\u202c", "", "+12015550123"},
		{"+٤٤٢٠٧٩٤٦٠٠١٨", "", "+442079460018"},
		{"+44", "", ""},
		{"+999 123 456 789", "", ""},
		{"+44 20 7946 0018 0018 0018", "", ""},
		{"", "GB", ""},
		{"x", "GB", ""},
	} {
		got, ok := contact.E164(test.number, test.country)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("E164(%q, %q) = %q, %v; want %q", test.number, test.country, got, ok, test.want)
		}
	}
}

func TestPhoneRegion(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ number, country, want string }{
		{"+44 20 7946 0018", "", "GB"},
		{"+44 20 7946 0018", "US", "GB"},
		{"020 7946 0018", "England", "GB"},
		{"+1 416 555 0123", "", "CA"},
		{"+1 555 010 9999", "", "US"},
		{"+1 555 010 9999", "Canada", "CA"},
		{"+1 555 010 9999", "Germany", "US"},
		{"+800 1234 5678", "", ""},
		{"020 7946 0018", "", ""},
	} {
		got, ok := contact.PhoneRegion(test.number, test.country)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("PhoneRegion(%q, %q) = %q, %v; want %q", test.number, test.country, got, ok, test.want)
		}
	}
}

func TestSplitExtension(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ in, base, extension string }{
		{"+1 555 010 9999", "+1 555 010 9999", ""},
		{"555 010 9999x12", "555 010 9999", "12"},
		{"555 010 9999 X 12", "555 010 9999", "12"},
		{"555 010 9999, ext. 12", "555 010 9999", "12"},
		{"555 010 9999 Extension: 12", "555 010 9999", "12"},
		{"555 010 9999 #12", "555 010 9999", "12"},
		{"+1-201-555-0123;ext=5", "+1-201-555-0123", "5"},
		{"1-800-FLEX 123", "1-800-FLEX 123", ""},
		{"1-800-ÉX 123", "1-800-ÉX 123", ""},
		{"ext. 12", "ext. 12", ""},
		{"x12345", "x12345", ""},
		{"555 010 9999 x12345678901", "555 010 9999 x12345678901", ""},
		{"", "", ""},
	} {
		base, extension := contact.SplitExtension(test.in)
		if base != test.base || extension != test.extension {
			t.Errorf("SplitExtension(%q) = %q, %q; want %q, %q", test.in, base, extension, test.base, test.extension)
		}
	}
}

func TestSamePhone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"+44 20 7946 0018", "+442079460018", true},
		{"+44 20 7946 0018", "0044-20-7946-0018", true},
		{"+44 20 7946 0018", "020 7946 0018", true},
		{"+44 (0)20 7946 0018", "+44 20 7946 0018", true},
		{"+44 20 7946 0018", "7946 0018", true},
		{"+39 06 1234567", "06 1234567", true},
		{"+7 912 345 67 89", "8 (912) 345-67-89", true},
		{"15550109999", "+1 (555) 010-9999", true},
		{"555-0109", "555-0109 x5", true},
		{"555-0109 x4", "555-0109 x5", false},
		{"+44 20 7946 0018", "+49 20 7946 0018", false},
		{"212-555-0109", "646-555-0109", false},
		{"+44 20 7946 0018", "+44 20 7946 0019", false},
		{"+44 20 7946 0018", "0018", false},
		{"112", "112", true},
		{"112", "+44 20 112", false},
		{"1-800-FLOWERS", "1-800-FRIENDS", false},
		{"", "", false},
		{"+", "+", false},
	} {
		if got := contact.SamePhone(test.a, test.b); got != test.want {
			t.Errorf("SamePhone(%q, %q) = %v", test.a, test.b, got)
		}
		if got := contact.SamePhone(test.b, test.a); got != test.want {
			t.Errorf("SamePhone(%q, %q) = %v", test.b, test.a, got)
		}
	}
}

func TestSameEmailAndText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		same func(a, b string) bool
		a, b string
		want bool
	}{
		{"email", contact.SameEmail, " Ada@Example.com", "ada@example.COM\n", true},
		{"email", contact.SameEmail, "ada@example.com", "bob@example.com", false},
		{"email", contact.SameEmail, "", " ", false},
		{"text", contact.SameText, " Ada  Lovelace ", "ada\tlovelace", true},
		{"text", contact.SameText, "Jose\u0301", "JOSÉ", true},
		{"text", contact.SameText, "Ada", "Adam", false},
		{"text", contact.SameText, "", " ", true},
	} {
		if got := test.same(test.a, test.b); got != test.want {
			t.Errorf("%s: %q and %q: %v, want %v", test.name, test.a, test.b, got, test.want)
		}
	}
}
