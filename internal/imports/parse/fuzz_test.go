package parse

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crmferry/internal/contact"
)

// Each reader takes any bytes without panic, tells lines that never go back,
// keeps rows within their limit, and ends in an Error of its own or in nothing.
func fuzz(f *testing.F, media string, patterns ...string) {
	f.Helper()
	for _, pattern := range patterns {
		names, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data, false)
		}
	}
	f.Add([]byte("name,email\n\"A\r\n"), true)
	f.Add([]byte("sep=,\n\"\"\"\",name\n"), true)
	f.Add([]byte("BEGIN:VCARD\nN;ENCODING=QUOTED-PRINTABLE:=\n=\nTEL;X=\"\nEND:VCARD"), false)
	f.Add([]byte("[[\"\\"), false)
	f.Fuzz(func(t *testing.T, data []byte, custom bool) {
		const limit = 4 << 10
		o := Options{MaxRow: limit, MaxBytes: 1 << 20}
		if custom {
			o.Unknown = contact.UnknownCustomField
		}
		in, err := Open(bytes.NewReader(data), media, "", o)
		if err != nil {
			mustBeOurs(t, err)
			return
		}
		line := 0
		var kept []string
		for row, err := range in.Rows() {
			if err != nil {
				mustBeOurs(t, err)
				break
			}
			if row.Line < line || row.Line == line && media != jsonMedia {
				t.Fatalf("line %d after line %d", row.Line, line)
			}
			if line = row.Line; len(row.Raw) > 4*limit {
				t.Fatalf("a row of %d bytes", len(row.Raw))
			}
			if row.Invalid != nil && len(row.Invalid.Problems) == 0 {
				t.Fatal("invalid without a problem")
			}
			kept = append(kept, row.Raw)
		}
		in.Mapping()
		postback(t, in, kept, o)
	})
}

func mustBeOurs(t *testing.T, err error) {
	t.Helper()
	var own *Error
	if !errors.As(err, &own) || own.Code == "" || own.Message == "" || errors.Is(err, io.EOF) && own.Code != CodeTruncated {
		t.Fatalf("%T: %v", err, err)
	}
}

// postback makes sure that what has been read once can be read again.
func postback(t *testing.T, in *Reader, raws []string, o Options) {
	t.Helper()
	if len(raws) == 0 {
		return
	}
	var file strings.Builder
	p := NewPostback(&file, in.Format(), in.Preamble())
	for _, raw := range raws {
		if err := p.Add(raw); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	o.MaxRow *= 4
	o.Encoding = utf8Name
	back, err := Open(strings.NewReader(file.String()), in.Format().MediaType(), "", o)
	if is(err, CodeNotText) {
		return // rows of control characters were hidden among others before
	}
	if err != nil {
		t.Fatalf("%v: %q", err, file.String())
	}
	n := 0
	for _, err := range back.Rows() {
		if err != nil {
			t.Fatalf("%v: %q", err, file.String())
		}
		n++
	}
	if n != len(raws) {
		t.Fatalf("%d rows of %d: %q", n, len(raws), file.String())
	}
}

func FuzzCSV(f *testing.F)    { fuzz(f, csvMedia, "*.csv") }
func FuzzVCard(f *testing.F)  { fuzz(f, vcardMedia, "*.vcf") }
func FuzzNDJSON(f *testing.F) { fuzz(f, ndjsonMedia, "*.ndjson") }
func FuzzJSON(f *testing.F)   { fuzz(f, jsonMedia, "*.json") }
