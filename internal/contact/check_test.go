package contact_test

import (
	"encoding/json"
	"strings"
	"testing"

	"crmferry/internal/contact"
)

// decodeText decodes a document with one text and reports the code of its
// problem, if there is one.
func decodeText(t *testing.T, field contact.Field, text string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{string(field): text})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = contact.Decode(body); err == nil {
		return ""
	}
	_, found := problems(t, err)
	code, _, _ := strings.Cut(found[0], " ")
	return code
}

func TestValues(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		field     contact.Field
		code      string // of the bad ones
		good, bad []string
	}{
		{
			contact.EmailAddresses, contact.CodeInvalidEmail,
			[]string{
				"ada@example.com", "Ada.Lovelace+crm@mail.example.co.uk", "o'neil@example.com", "a@b.example", "ada@münchen.example",
				"josé@example.com", "用户@例え.テスト", "a!#$%&*-/=?^_`{|}~@x.example", strings.Repeat("a", 64) + "@example.com",
				" \u200eada@example.com\u200b ", "a@" + strings.Repeat("b", 63) + ".example", "a@नमस्ते.भारत",
			},
			[]string{
				"ada", "@example.com", "ada@", "ada@@example.com", "ada@b@example.com", "ada lovelace@example.com", "ada@exam ple.com",
				"ada@localhost", "ada@.example.com", "ada@example..com", "ada@example.com.", "ada@-example.com", "ada@example-.com",
				"Ada <ada@example.com>", "<ada@example.com>", "mailto:ada@example.com", "ada@example.com,bob@example.com",
				"ada\u00a0l@example.com", "a\u200bda@example.com", "ada@exa_mple.com", "ada\n@example.com", `"ada"@example.com`,
				strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat(strings.Repeat("b", 60)+".", 5) + "example",
				"a@" + strings.Repeat("b", 64) + ".example",
			},
		},
		{
			contact.PhoneNumbers, contact.CodeInvalidPhone,
			[]string{
				"+44 20 7946 0018", "(555) 010-9999", "555.010.9999 x12", "+49/30/123456", "1-800-FLOWERS", "112", "tel:+1-201-555-0123",
				"+1 (201) 555‑0123;ext=5", "\u202a+1 201 555 0123\u202c", "٠١٢٣٤٥٦", "*123#", "+44 20 7946 0018 ext. 12",
			},
			[]string{"12", "phone", "call 12345", "+", "ada@example.com", "123\n456", "<123456>", "tel:", "12345$"},
		},
		{
			contact.URLs, contact.CodeInvalidURL,
			[]string{
				"https://example.com", "http://example.com:8080/a?b=c#d", "HTTPS://Example.COM/x", "example.com/x", "www.example.com",
				"example.com:8080/x", "example.com/?next=https://other.example", "https://münchen.example/straße", "http://[2001:db8::1]/",
				"http://localhost/x", "https://my_shop.example.com", "https://example.com/" + strings.Repeat("x", 2_028),
			},
			[]string{
				"javascript:alert(1)", "JavaScript://example.com/%0aalert(1)", "data:text/html,x", "ftp://example.com", "file:///etc/passwd",
				"mailto:ada@example.com", "ada@example.com", "example", "//example.com/x", "https://", "https:///x", "http:/x", "/x",
				"https://exa mple.com", "https://example.com/<x>", "vbscript:x", "foo.bar://x", "https://example.com:port/", "https://example..com",
				"https://example.com/\u200bx", `https://example.com\@evil.example`, "://example.com",
			},
		},
		{
			contact.CreatedAt, contact.CodeInvalidDateTime,
			[]string{"2026-01-31", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456789+05:30", "2024-02-29", "0001-01-01"},
			[]string{
				"2026-02-30", "2026-1-31", "31.01.2026", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-01-31T1:00:00Z",
				"2026-01-31T12:00:00,5Z", "1700000000", "now", "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00", "2026-01-31T24:00:00Z",
			},
		},
	} {
		t.Run(string(test.field), func(t *testing.T) {
			t.Parallel()
			for _, text := range test.good {
				if code := decodeText(t, test.field, text); code != "" {
					t.Errorf("%q: %s", text, code)
				}
			}
			for _, text := range test.bad {
				if code := decodeText(t, test.field, text); code != test.code && code != contact.CodeControlCharacter {
					t.Errorf("%q: code %q, want %s", text, code, test.code)
				}
			}
			if code := decodeText(t, test.field, "a\x00@example.com"); code != contact.CodeControlCharacter {
				t.Errorf("NUL: code %q", code)
			}
		})
	}
	if code := decodeText(t, contact.PhoneNumbers, strings.Repeat("1", 65)); code != contact.CodeTooLong {
		t.Errorf("long phone: code %q", code)
	}
	if code := decodeText(t, contact.URLs, "https://example.com/"+strings.Repeat("x", 2_029)); code != contact.CodeTooLong {
		t.Errorf("long URL: code %q", code)
	}
}
