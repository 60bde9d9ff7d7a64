package parse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
)

func card(lines ...string) string {
	return "BEGIN:VCARD\r\nVERSION:3.0\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n"
}

func TestCards(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines []string
		want  contact.Contact
	}{
		"escapes": {[]string{`FN:A\, B\\n\nC`, `N:B\;x;A;;;`},
			contact.Contact{Name: "A, B\\n\nC", FirstName: "A", LastName: "B;x"}},
		"the full name of the parts": {[]string{"N:Lovelace;Ada;Augusta;Dr.;Jr."},
			contact.Contact{Name: "Ada Augusta Lovelace Jr.", FirstName: "Ada", LastName: "Lovelace"}},
		"colons and quotes in parameters": {[]string{"FN:A", `TEL;TYPE="work,voice";X-NOTE="a:b;c":123`},
			contact.Contact{Name: "A", FirstName: "A", PhoneNumbers: []contact.Phone{{Number: "123", Type: "work"}}}},
		"a backslash in a quoted parameter": {[]string{"FN:A", `EMAIL;X-PATH="C:\new":a@example.com`},
			contact.Contact{Name: "A", FirstName: "A", EmailAddresses: []contact.Email{{Email: "a@example.com"}}}},
		"mailto and several notes": {[]string{"FN:A", "EMAIL:mailto:a@example.com", "NOTE:x", "NOTE:", "NOTE:y"},
			contact.Contact{Name: "A", FirstName: "A", Description: "x\n\ny", EmailAddresses: []contact.Email{{Email: "a@example.com"}}}},
		"an address as a label": {[]string{"FN:A", `ADR;LABEL="1 Main St":;;;;;;`},
			contact.Contact{Name: "A", FirstName: "A", Addresses: []contact.Address{{Street1: "1 Main St"}}}},
		"a box and a suite": {[]string{"FN:A", "ADR;TYPE=WORK:PO 1;Suite 2;Street;City"},
			contact.Contact{Name: "A", FirstName: "A", Addresses: []contact.Address{{Street1: "Street", Street2: "PO 1, Suite 2", City: "City", Type: "work"}}}},
		"a company without a person": {[]string{"ORG:Acme;Sales", "TEL:123"},
			contact.Contact{Account: &contact.Reference{Name: "Acme"}, PhoneNumbers: []contact.Phone{{Number: "123"}}}},
	} {
		rows, err := read(vcardMedia, card(c.lines...), Options{})
		if err != nil || len(rows) != 1 || rows[0].Invalid != nil {
			t.Errorf("%s: %+v, %v", name, rows, err)
			continue
		}
		if diff := cmp.Diff(c.want, rows[0].Input.Contact); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestUnknownProperties: each rule for properties that no contact has.
func TestUnknownProperties(t *testing.T) {
	t.Parallel()
	text := card("FN:A", "BDAY:1815-12-10", "X-SHOE-SIZE:38", "UID:u1", "REV:1")
	rows, err := read(vcardMedia, text, Options{Unknown: contact.UnknownFail})
	if err != nil || firstCode(rows[0]) != contact.CodeUnknownField || !strings.Contains(rows[0].Invalid.Problems[0].Message, "X-SHOE-SIZE") {
		t.Errorf("%+v, %v", rows, err)
	}
	rows, err = read(vcardMedia, text, Options{Unknown: contact.UnknownCustomField, UIDAsClientRef: true})
	if err != nil || rows[0].ClientRef != "u1" {
		t.Errorf("%+v, %v", rows, err)
	}
	if diff := cmp.Diff(map[string]any{"BDAY": "1815-12-10", "X-SHOE-SIZE": "38"}, rows[0].Input.CustomFields); diff != "" {
		t.Error(diff)
	}
	if rows, err = read(vcardMedia, text, Options{}); err != nil || rows[0].ClientRef != "" || rows[0].Input.CustomFields != nil {
		t.Errorf("%+v, %v", rows, err)
	}
}

// TestLargePictures: a picture beyond the length of a row is left out.
func TestLargePictures(t *testing.T) {
	t.Parallel()
	for name, picture := range map[string]string{
		"in one line": strings.Repeat("A", 3<<20),
		"folded":      strings.Repeat(strings.Repeat("A", 70)+"\r\n ", 40<<10),
	} {
		rows, err := read(vcardMedia, card("FN:A", "item1.PHOTO;ENCODING=b:"+picture, "TITLE:B"), Options{})
		if err != nil || len(rows) != 1 || rows[0].Input.Title != "B" || len(rows[0].Raw) > 200 {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
	}
}

// TestLinesThatAreNone: what is left out of a card is told.
func TestLinesThatAreNone(t *testing.T) {
	t.Parallel()
	rows, err := read(vcardMedia, card("FN:A", "no property")+"stray\r\n"+card("FN:B"), Options{})
	if err != nil || len(rows) != 3 {
		t.Fatalf("%+v, %v", rows, err)
	}
	if len(rows[0].Warnings) != 1 || firstCode(rows[1]) != CodeMalformedVCard || rows[1].Line != 6 || rows[2].Line != 7 || len(rows[2].Warnings) != 0 {
		t.Errorf("%+v", rows)
	}
}
