package parse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
)

func columnsOf(t *testing.T, header string, o Options) []MappedColumn {
	t.Helper()
	in, err := Open(strings.NewReader(header+"\n"), csvMedia, "", o)
	if err != nil {
		t.Fatal(err)
	}
	return in.Mapping().Columns
}

// TestExplicitColumns: what the caller says goes before what is recognised.
func TestExplicitColumns(t *testing.T) {
	t.Parallel()
	o := Options{Columns: map[string]string{
		"Handynummer": "phone_numbers/mobile", " Chef ": "owner/name", "Title": "custom_fields/Anrede", "Nr": clientRef, "email": "",
	}}
	rows, err := read(csvMedia, "Nr,Handynummer,Chef,Title,EMAIL\n17,+49 171 1234567,Eva,Frau,x@example.com\n", o)
	if err != nil {
		t.Fatal(err)
	}
	want := contact.Input{Contact: contact.Contact{
		PhoneNumbers: []contact.Phone{{Number: "+49 171 1234567", Type: "mobile"}},
		Owner:        &contact.Reference{Name: "Eva"}, CustomFields: map[string]any{"Anrede": "Frau"},
	}}
	if diff := cmp.Diff(want, rows[0].Input); diff != "" || rows[0].ClientRef != "17" {
		t.Error(diff, rows[0].ClientRef)
	}
	got := columnsOf(t, "Nr,Handynummer,Chef,Title,EMAIL", o)
	for i, want := range []Status{Mapped, Mapped, Mapped, CustomField, Ignored} {
		if got[i].Status != want || got[i].By != byColumns {
			t.Errorf("%+v", got[i])
		}
	}
	for _, bad := range []map[string]string{{"Nr": "frist_name"}, {"Nowhere": "name"}, {"Nr": "email_addresses/0/colour"}, {"Nr": "custom_fields"}} {
		if _, err := read(csvMedia, "Nr,name\n1,A\n", Options{Columns: bad}); !is(err, CodeBadMapping) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// TestUnknownColumns: each rule for fields that no contact has.
func TestUnknownColumns(t *testing.T) {
	t.Parallel()
	const file = "name,Birthday,Record ID,Shoe size,shoe size\nAda,1815,7,38,\nBob,,,,44\n"
	for rule, want := range map[contact.UnknownFields]string{
		"":                         "mapped ignored ignored unknown unknown",
		contact.UnknownWarn:        "mapped ignored ignored unknown unknown",
		contact.UnknownFail:        "mapped ignored ignored unknown unknown",
		contact.UnknownCustomField: "mapped custom_field ignored custom_field custom_field",
	} {
		var got []string
		for _, c := range columnsOf(t, strings.SplitN(file, "\n", 2)[0], Options{Unknown: rule}) {
			got = append(got, string(c.Status))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %s", rule, s)
		}
		rows, err := read(csvMedia, file, Options{Unknown: rule})
		switch {
		case rule == contact.UnknownFail:
			if !is(err, CodeUnknownColumn) || len(rows) > 0 {
				t.Errorf("%q: %v", rule, err)
			}
		case err != nil:
			t.Error(err)
		case rule == contact.UnknownCustomField:
			if diff := cmp.Diff(map[string]any{"Birthday": "1815", "Shoe size": "38"}, rows[0].Input.CustomFields); diff != "" {
				t.Error(diff)
			}
		case len(rows[0].Input.CustomFields) > 0 || len(rows[0].Warnings) > 0:
			t.Errorf("%q: %+v", rule, rows[0])
		}
	}
}

// TestRecords: how records are told apart, with the line in which each begins.
func TestRecords(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"name,title\nA,B\nC,D\n":                           "2:A|B 3:C|D",
		"name,title\r\nA,B\r\nC,D":                         "2:A|B 3:C|D",
		"name\ttitle\nA\tB\n":                              "2:A|B",
		"name;title\n\"A;x\";\"B\n\"\"x\"\"\"\nC;D\n":      "2:A;x|B\n\"x\" 4:C|D",
		"\n\n name , title ,,\n\nA,B,,\nC,D\nE,F,,,,\n":    "5:A|B 6:C|D 7:E|F",
		"name,title\n\"A\" x,5\" pipe\n":                   "2:A x|5\" pipe",
		"name,title\n\"A\r\nB\",C\r\nD,E\r\n":              "2:A\nB|C 4:D|E",
		"sep=;\nname;title\nA;B\n":                         "3:A|B",
		"\"sep=\t\"\nname\ttitle\nA\tB\n":                  "3:A|B",
		"name,title\n,,\n\"\",\" \"\nA,\n":                 "4:A|",
		"name,title\nA\nB,C,D\nE,F\n":                      "2:ragged_row 3:ragged_row 4:E|F",
		"name,title\n\"\",\"x\n\ny\"\nA,B\n":               "2:|x\n\ny 5:A|B",
		"First name;Title, if any;Job title\nA;B, C;D\n":   "2:A|D",
		"email\na@example.com\n":                           "2:|",
		"name,title,\"\"\nA,B,\n":                          "2:A|B",
		"name,title\nA,B\n\nC,D\n,\n\n":                    "2:A|B 4:C|D",
		"name,title\n" + strings.Repeat("\n", 9) + "A,B\n": "11:A|B",
	} {
		rows, err := read(csvMedia, file, Options{})
		if err != nil {
			t.Errorf("%q: %v", file, err)
			continue
		}
		var got []string
		for _, r := range rows {
			text := r.Input.Name + "|" + r.Input.Title
			if r.Invalid != nil {
				text = firstCode(r)
			}
			got = append(got, fmt.Sprintf("%d:%s", r.Line, text))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %q, want %q", file, s, want)
		}
	}
}

// TestDelimiterOverride: a delimiter that nobody would guess, and its way back.
func TestDelimiterOverride(t *testing.T) {
	t.Parallel()
	in, err := Open(strings.NewReader("name^title\nA,a^B\n"), csvMedia, "", Options{Delimiter: '^'})
	if err != nil {
		t.Fatal(err)
	}
	rows := collect(t, in)
	if len(rows) != 1 || rows[0].Input.Title != "B" {
		t.Fatalf("%+v", rows)
	}
	again(t, in, rows, Options{})
	_, err = read(csvMedia, "name;title\nA;B\n", Options{Delimiter: ','})
	if !is(err, CodeWrongDelimiter) {
		t.Error(err)
	}
	rows, err = read("text/tab-separated-values", "name\ttitle\nA\tB\n", Options{})
	if err != nil || rows[0].Input.Title != "B" {
		t.Error(rows, err)
	}
}

// TestValues: how the cells of lists are taken apart.
func TestValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ field, text, want string }{
		{"email_addresses", "a@x.com; b@x.com,c@x.com\nd@x.com", "a@x.com|b@x.com|c@x.com|d@x.com"},
		{"phone_numbers", "+1 415 555 0100, ext. 5", "+1 415 555 0100, ext. 5"},
		{"phone_numbers", "+1 415 555 0100; +1 415 555 0101", "+1 415 555 0100|+1 415 555 0101"},
		{"phone_numbers", "+1 415 555 0100,5", "+1 415 555 0100,5"},
		{"phone_numbers", "1 ::: 2", "1|2"},
		{tags, "a, b;c, d", "a, b|c, d"},
		{tags, "a, b", "a|b"},
		{"urls", "https://x.example/a;b", "https://x.example/a;b"},
		{"urls", " ::: ", ""},
	} {
		if got := strings.Join(several(c.field, c.text), "|"); got != c.want {
			t.Errorf("%s %q: %q", c.field, c.text, got)
		}
	}
	for given, want := range map[string]string{
		"* Work": "work", "Work Fax": "fax", "_$!<Mobile>!$_": "mobile", "CELL,VOICE": "mobile", "iPhone": "mobile",
		"Chess club": "chess club", "INTERNET": "", "": "", "Privat": "home", "* ": "",
	} {
		if got := typeOf(strings.Split(given, ",")...); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
}

// TestRoundedNumber: a number whose digits a spreadsheet has thrown away is no
// number to write into a CRM.
func TestRoundedNumber(t *testing.T) {
	t.Parallel()
	rows, err := read(csvMedia, "name,phone\nA,4.92E+11\nB,+49 2 11\n", Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []contact.Problem{{Pointer: "/phone_numbers/0/number", Code: contact.CodeInvalidPhone,
		Message: "has been rounded by a spreadsheet (column 2, phone)"}}
	if diff := cmp.Diff(want, rows[0].Invalid.Problems); diff != "" || rows[1].Invalid != nil {
		t.Error(diff, rows[1].Invalid)
	}
}

// TestTables: each line of the header tables can be used and is reached by its
// own header.
func TestTables(t *testing.T) {
	t.Parallel()
	for _, l := range lexicons {
		if l.program.ID == "" || l.program.Name == "" || len(l.program.Columns) < 40 {
			t.Errorf("%+v", l.program)
		}
		seen := map[string]string{}
		for _, c := range l.program.Columns {
			key := headerKey(c.Header)
			if earlier, twice := seen[key]; twice {
				t.Errorf("%s: %q and %q are the same", l.program.ID, earlier, c.Header)
			}
			seen[key] = c.Header
			if c.Field == "" {
				continue
			}
			if _, ok := parsePlace(strings.ReplaceAll(c.Field, "#", "3")); !ok || c.Keep {
				t.Errorf("%s: %q goes to %q", l.program.ID, c.Header, c.Field)
			}
			if strings.Contains(c.Header, "#") != strings.Contains(c.Field, "#") && !strings.HasPrefix(c.Header, "Organization #") {
				t.Errorf("%s: %q has a number, %q not", l.program.ID, c.Header, c.Field)
			}
			got, ok := l.find(strings.ReplaceAll(c.Header, "#", "3"))
			if !ok || got.Field != strings.ReplaceAll(c.Field, "#", "3") {
				t.Errorf("%s: %q is found as %+v", l.program.ID, c.Header, got)
			}
		}
	}
}

// TestNamesOfOurs: a path that a mapping shows can be sent as a header, or in
// columns[...], and means the same.
func TestNamesOfOurs(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"first_name", "email_addresses/0/email", "addresses/city", "addresses/work/city", "phone_numbers/mobile",
		"account", "tags", "custom_fields/A/b", "metadata/x", "name/middle", "owner/id"} {
		p, ok := parsePlace(path)
		if again, ok2 := parsePlace(p.String()); !ok || !ok2 || again != p {
			t.Errorf("%s: %+v, %+v", path, p, again)
		}
	}
	for _, path := range []string{"", "x", "id", "email", "custom_fields", "email_addresses/0/street", "account/colour"} {
		if p, ok := parsePlace(path); ok {
			t.Errorf("%s: %+v", path, p)
		}
	}
}
