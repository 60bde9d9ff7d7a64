package parse

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

// TestEncodings: the same file in whatever encoding is the same file.
func TestEncodings(t *testing.T) {
	t.Parallel()
	const latin, kanji = "name;email\r\nMüßig Ñandú €;a@example.com\r\n", "name;email\r\n佐藤;a@example.com\r\n"
	for name, c := range map[string]struct {
		text    string
		by      encoding.Encoding
		prefix  string
		options Options
		want    string
	}{
		"utf-8":              {latin, encoding.Nop, "", Options{}, utf8Name},
		"utf-8 with mark":    {latin, encoding.Nop, byteOrderMark, Options{}, utf8BOMName},
		"windows-1252":       {latin, charmap.Windows1252, "", Options{}, windows1252Name},
		"utf-16le with mark": {latin, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "\xff\xfe", Options{}, "utf-16le"},
		"utf-16be with mark": {latin, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "\xfe\xff", Options{}, "utf-16be"},
		"utf-16le":           {latin, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "", Options{}, "utf-16le"},
		"utf-16be":           {latin, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "", Options{}, "utf-16be"},
		"mac":                {latin, charmap.Macintosh, "", Options{Encoding: "macintosh"}, "macintosh"},
		"shift_jis":          {kanji, japanese.ShiftJIS, "", Options{Encoding: "Shift_JIS"}, "shift_jis"},
		"a mark overrules":   {kanji, encoding.Nop, byteOrderMark, Options{Encoding: "windows-1252"}, utf8BOMName},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := c.by.NewEncoder().String(c.text)
			if err != nil {
				t.Fatal(err)
			}
			in, err := Open(strings.NewReader(c.prefix+file), csvMedia, "", c.options)
			if err != nil {
				t.Fatal(err)
			}
			rows := collect(t, in)
			want, _, _ := strings.Cut(strings.Split(c.text, "\r\n")[1], ";")
			if len(rows) != 1 || rows[0].Input.Name != want || in.Mapping().Encoding != c.want {
				t.Errorf("%+v in %s", rows, in.Mapping().Encoding)
			}
			if raw := want + ";a@example.com"; rows[0].Raw != raw {
				t.Errorf("raw %q", rows[0].Raw)
			}
		})
	}
}

// TestLateUmlaut: the first byte that tells the encoding may be far into the
// file.
func TestLateUmlaut(t *testing.T) {
	t.Parallel()
	ascii := "title\n" + strings.Repeat("Ada "+strings.Repeat("x", 400)+"\n", 500)
	for last, want := range map[string]string{"M\xfcller\n": windows1252Name, "Müller\n": utf8Name} {
		in, err := Open(strings.NewReader(ascii+last), csvMedia, "", Options{})
		if err != nil {
			t.Fatal(err)
		}
		rows := collect(t, in)
		if got := rows[len(rows)-1].Input.Title; got != "Müller" || in.Mapping().Encoding != want {
			t.Errorf("%q in %s", got, in.Mapping().Encoding)
		}
	}
}

// TestDamagedUTF8: one damaged row is that row's fault, and not another
// encoding.
func TestDamagedUTF8(t *testing.T) {
	t.Parallel()
	rows, err := read(csvMedia, "name\nMüller\nJos\xe9\nÑandú\n", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if rows[0].Input.Name != "Müller" || firstCode(rows[1]) != "invalid_utf8" || rows[2].Input.Name != "Ñandú" {
		t.Errorf("%+v", rows)
	}
	rows, err = read(ndjsonMedia, "{\"name\":\"Jos\xe9\"}\n{\"name\":\"Müller\"}\n", Options{})
	if err != nil || firstCode(rows[0]) != "invalid_utf8" || rows[1].Input.Name != "Müller" {
		t.Errorf("%+v, %v", rows, err)
	}
}
