package parse

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
)

var update = flag.Bool("update", false, "write the golden files anew")

// seenRow is a row as the golden files show it.
type seenRow struct {
	Line      int               `json:"line"`
	ClientRef string            `json:"client_ref,omitempty"`
	Metadata  json.RawMessage   `json:"metadata,omitempty"`
	Contact   *contact.Input    `json:"contact,omitempty"`
	Problems  []contact.Problem `json:"problems,omitempty"`
	Warnings  []contact.Warning `json:"warnings,omitempty"`
}

func samples(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.csv", "*.vcf", "*.ndjson", "*.json"} {
		found, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	if len(all) < 10 {
		t.Fatalf("only %d samples", len(all))
	}
	return all
}

// TestSamples reads each sample, and compares its mapping and its rows with
// what stands beside it.
func TestSamples(t *testing.T) {
	t.Parallel()
	for _, name := range samples(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := shown(t, name, data, Options{})
			golden := name + ".golden"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// shown is a file as it has been understood.
func shown(t *testing.T, name string, data []byte, o Options) []byte {
	t.Helper()
	in, err := Open(bytes.NewReader(data), "", name, o)
	if err != nil {
		t.Fatal(err)
	}
	rows := show(collect(t, in))
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(map[string]any{"mapping": in.Mapping(), "rows": rows}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func show(rows []Row) []seenRow {
	var out []seenRow
	for _, r := range rows {
		s := seenRow{Line: r.Line, ClientRef: r.ClientRef, Metadata: r.Metadata, Warnings: r.Warnings}
		if r.Invalid != nil {
			s.Problems = r.Invalid.Problems
		} else {
			s.Contact = &r.Input
		}
		out = append(out, s)
	}
	return out
}

func collect(t *testing.T, in *Reader) []Row {
	t.Helper()
	var rows []Row
	for row, err := range in.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// TestPostback: the rows that a post-back is made of come back as they were,
// all of them and only the invalid ones.
func TestPostback(t *testing.T) {
	t.Parallel()
	for _, name := range samples(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			in, err := Open(bytes.NewReader(data), "", name, Options{})
			if err != nil {
				t.Fatal(err)
			}
			rows := collect(t, in)
			var invalid []Row
			for _, r := range rows {
				if r.Invalid != nil {
					invalid = append(invalid, r)
				}
			}
			again(t, in, rows, Options{})
			if len(invalid) > 0 {
				again(t, in, invalid, Options{})
			}
		})
	}
}

// TestPostbackInAnotherEncoding: the options of the first upload fit the
// post-back too, although that is in UTF-8.
func TestPostbackInAnotherEncoding(t *testing.T) {
	t.Parallel()
	o := Options{Encoding: "windows-1252"}
	for media, text := range map[string]string{
		csvMedia: "name\nM\xfcller\n", ndjsonMedia: "{\"name\":\"M\xfcller\"}\n", jsonMedia: "[{\"name\":\"M\xfcller\"}]", vcardMedia: "BEGIN:VCARD\nFN:M\xfcller\nEND:VCARD\n",
	} {
		in, err := Open(strings.NewReader(text), media, "", o)
		if err != nil {
			t.Fatal(err)
		}
		rows := collect(t, in)
		if len(rows) != 1 || rows[0].Input.Name != "Müller" {
			t.Errorf("%s: %+v", media, rows)
		}
		again(t, in, rows, o)
		var empty strings.Builder
		if err := NewPostback(&empty, in.Format(), in.Preamble()).Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := read(media, empty.String(), o); !is(err, CodeEmptyFile) && !is(err, CodeHeaderOnly) {
			t.Errorf("%s: %q: %v", media, empty.String(), err)
		}
	}
}

func again(t *testing.T, in *Reader, rows []Row, o Options) {
	t.Helper()
	var file bytes.Buffer
	p := NewPostback(&file, in.Format(), in.Preamble())
	for _, r := range rows {
		if err := p.Add(r.Raw); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	back, err := Open(&file, in.Format().MediaType(), "", o)
	if err != nil {
		t.Fatal(err)
	}
	got := collect(t, back)
	for i := range got {
		if i > 0 && got[i].Line <= got[i-1].Line && in.Format() != JSON {
			t.Errorf("line %d follows line %d", got[i].Line, got[i-1].Line)
		}
	}
	strip := func(rows []Row) string {
		list := show(rows)
		for i := range list {
			list[i].Line, list[i].Warnings = 0, nil
		}
		text, err := json.MarshalIndent(list, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if diff := cmp.Diff(strip(rows), strip(got)); diff != "" {
		t.Error(diff)
	}
	if a, b := in.Mapping(), back.Mapping(); strings.Join(headersOf(a), "\n") != strings.Join(headersOf(b), "\n") && in.Format() == CSV {
		t.Error("the header has changed")
	}
}

func headersOf(m Mapping) []string {
	var out []string
	for _, c := range m.Columns {
		out = append(out, c.Header+"\t"+c.Field)
	}
	return out
}
