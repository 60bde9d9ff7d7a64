package telemetry

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMask(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"nothing to hide", "Property values were not valid", "Property values were not valid"},
		{"short ids stay", "No owner 123456 on board 99 (status 400)", "No owner 123456 on board 99 (status 400)"},
		{"e-mail", "Contact jane.o'neil+x@mail.example.co.uk exists.", "Contact [email] exists."},
		{"e-mail in angles", "Jane <jane@example.com>, bad", "Jane <[email]>, bad"},
		{"e-mail, quoted local part", `"jane doe"@example.com`, "[email]"},
		{"e-mail, international", "jürgen@bücher.example ist da", "[email] ist da"},
		{"e-mail, escaped", "GET /contacts?email=jane%40example.com", "GET /contacts?email=[email]"},
		{"two e-mails", "a@b.de,c@d.fr", "[email],[email]"},
		{"a handle is none", "ask @support", "ask @support"},
		{"vendor's id", "Contact already exists. Existing ID: 37765128953", "Contact already exists. Existing ID: [number]"},
		{"phone", "phone +49 (0)30 901820-12 is invalid", "phone [number] is invalid"},
		{"phone, dotted", "call 415.555.0132 now", "call [number] now"},
		{"phone, other digits", "رقم ٠١٢٣٤٥٦٧", "رقم [number]"},
		{"bearer", "Authorization: Bearer abc123 refused", "Authorization: Bearer [secret] refused"},
		{"bearer as a word", "Bearer token is missing", "Bearer token is missing"},
		{"pair in a query", "/x?access_token=s3cr3t&limit=5", "/x?access_token=[secret]&limit=5"},
		{"pair in JSON", `{"api_key":"k3y","x":1}`, `{"api_key":"[secret]","x":1}`},
		{"a word after token", "Invalid token: expired", "Invalid token: expired"},
		{"JWT", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P is bad", "[secret] is bad"},
		{"vendor token", "key pat-na1-5f0c4b1a-22aa-4d3e-9c1b-aa00bb11cc22 revoked", "key [secret] revoked"},
		{"hex", "d41d8cd98f00b204e9800998ecf8427e", "[secret]"},
		{"base64", "blob YWJjZGVm/Z2hpamts+bW5vcHFy/c3R1dnd4eQ==1", "blob [secret]"},
		{"letters alone", strings.Repeat("aBcD", 11), "[secret]"},
		{"a code of words", "CONTACT_PROPERTY_VALIDATION_FAILED_FOR_PORTAL", "CONTACT_PROPERTY_VALIDATION_FAILED_FOR_PORTAL"},
		{"a URL", "see https://developers.example.com/docs/crm-v3-objects-contacts-batch", "see https://developers.example.com/docs/crm-v3-objects-contacts-batch"},
		{"broken UTF-8", "a\xffb", "a\uFFFDb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Mask(tt.in); got != tt.want {
				t.Errorf("Mask = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMaskCapsOnARuneBoundary(t *testing.T) {
	t.Parallel()
	exact := strings.Repeat("ü ", 150)
	for in, want := range map[string]string{
		exact:                        exact,
		exact + "ü":                  exact[:len(exact)-1] + "…",
		strings.Repeat("é, ", 9_000): strings.Repeat("é, ", 99) + "é,…",
	} {
		if got := Mask(in); got != want {
			t.Errorf("Mask of %d bytes = %q, want %q", len(in), got, want)
		}
	}
}

// A cut through the middle of an address must not let its first half through.
func TestMaskOfALongTextShowsNoHalves(t *testing.T) {
	t.Parallel()
	for pad := maskedBytes - 40; pad < maskedBytes+5; pad++ {
		in := strings.Repeat("0", pad) + " jane.doe@example.com"
		if got := Mask(in); strings.Contains(got, "jane") {
			t.Fatalf("with %d digits before: %q", pad, got)
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add("Existing ID: 37765128953 of jane@example.com")
	f.Add("\xff\xfe Bearer abc")
	f.Fuzz(func(t *testing.T, s string) {
		got := Mask(s)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > maskedRunes {
			t.Errorf("Mask(%q) = %q", s, got)
		}
		if number.MatchString(got) {
			t.Errorf("Mask(%q) = %q still holds a number", s, got)
		}
	})
}
