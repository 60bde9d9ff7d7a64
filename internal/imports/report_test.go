package imports

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
	"crmferry/internal/imports/parse"
)

// needsEmail is a CRM that demands an address and cannot hold tags.
func needsEmail(in contact.Input) Verdict {
	var v Verdict
	if len(in.EmailAddresses) == 0 {
		v.Problems = []contact.Problem{{Pointer: "/email_addresses", Code: contact.CodeRequired, Message: "is required"}}
	}
	for i := range in.Tags {
		v.Warnings = append(v.Warnings, contact.Warning{Field: fmt.Sprintf("tags/%d", i), Code: "unsupported", Message: "cannot be held"})
	}
	v.LookUp = in.FirstName != "Bob"
	return v
}

func reportOf(t *testing.T, media string, file io.Reader) *Report {
	t.Helper()
	in, err := parse.Open(file, media, "", parse.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Check(t.Context(), in, needsEmail)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const people = `{"first_name":"Ada","email_addresses":["Ada@Example.com","ada@example.com"],"client_ref":"a","tags":["x","y"]}
{"first_name":"Bob","email_addresses":["bob@example.com"]}
{"first_name":"hunter2","client_ref":"c"}
{"email_addresses":["ok@example.com","hunter2"],"phone_numbers":[{"number":"hunter2"}]}

{"first_name":"Eve","email_addresses":["eve@example.com"," ADA@example.COM"]}
{"first_name":"Al","email_addresses":["al@example.com"],"client_ref":"a","tags":["z"]}
hunter2
`

func TestReport(t *testing.T) {
	t.Parallel()
	r := reportOf(t, "application/x-ndjson", strings.NewReader(people))
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "hunter2") {
		t.Errorf("a value of an invalid row is told: %s", text)
	}
	var errs, counts []string
	for _, e := range r.Errors {
		errs = append(errs, fmt.Sprint(e.Line, e.Pointer, " ", e.Code, " ", e.ClientRef))
	}
	for _, c := range r.ByCode {
		counts = append(counts, fmt.Sprint(c.Count, c.Pointer, " ", c.Code))
	}
	for what, pair := range map[string][2]any{
		"rows":       {Rows{7, 4, 3}, r.Rows},
		"errors":     {[]string{"3/email_addresses required c", "4/email_addresses/1 invalid_email ", "4/phone_numbers/0/number invalid_phone ", "8 invalid_json "}, errs},
		"by code":    {[]string{"1 invalid_json", "1/email_addresses required", "1/email_addresses/* invalid_email", "1/phone_numbers/*/number invalid_phone"}, counts},
		"warnings":   {[]WarningCount{{"tags/*", "unsupported", "cannot be held", 3}}, r.Warnings},
		"duplicates": {Duplicates{true, 2, []Duplicate{{6, 1, "email_addresses"}, {7, 1, "client_ref"}}}, r.Repeated},
		"look-ups":   {3, r.lookUps},
		"sample":     {4, len(r.Sample)},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	if s := r.Sample[0]; s.Line != 1 || s.ClientRef != "a" || !strings.Contains(string(s.Contact), `"first_name":"Ada"`) {
		t.Errorf("sample: %+v", s)
	}
}

func TestReportOfColumns(t *testing.T) {
	t.Parallel()
	r := reportOf(t, "text/csv", strings.NewReader("\xef\xbb\xbfVorname;E-mail 1 - Value;Shoe\nAda;ada@example.com;7\n"))
	if r.Delimiter != ";" || r.Format != parse.CSV || r.Encoding != "utf-8 with byte order mark" || len(r.Mapping) != 3 || r.Mapping[2].Status != parse.Unknown {
		t.Errorf("%+v", r)
	}
	if r := reportOf(t, "application/x-ndjson", strings.NewReader(people)); r.Mapping == nil {
		t.Error("the mapping of a file without columns is null")
	}
}

// TestHostileFilesStaySmall: neither faults at ever new places nor long lists
// make the report grow.
func TestHostileFilesStaySmall(t *testing.T) {
	t.Parallel()
	r := reportOf(t, "application/x-ndjson", generated(2_000, func(i int) string { return fmt.Sprintf("{\"x%d\":1}\n", i) }))
	last := slices.IndexFunc(r.ByCode, func(c ErrorCount) bool { return c.Pointer == elsewhere })
	if len(r.Errors) != maxErrors || len(r.ByCode) != maxPlaces+1 || last < 0 || r.ByCode[last].Count != 2_000-maxPlaces {
		t.Errorf("%d errors, %d places, %d", len(r.Errors), len(r.ByCode), last)
	}
	r = reportOf(t, "application/x-ndjson", generated(500, func(int) string { return `{"email_addresses":"a@example.com"}` + "\n" }))
	if len(r.Sample) != maxSample || len(r.Repeated.Examples) != maxExamples || r.Repeated.Rows != 499 {
		t.Errorf("%d rows shown, %+v", len(r.Sample), r.Repeated)
	}
}

func TestCheckEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	in, err := parse.Open(strings.NewReader(people), "application/x-ndjson", "", parse.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	_, err = Check(ctx, in, func(contact.Input) Verdict { rows++; cancel(); return Verdict{} })
	if !errors.Is(err, context.Canceled) || rows != 1 {
		t.Errorf("%v after %d rows", err, rows)
	}
	in, err = parse.Open(strings.NewReader(`[{"first_name":"Ada"},`), "application/json", "", parse.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var broken *parse.Error
	if r, err := Check(t.Context(), in, needsEmail); r != nil || !errors.As(err, &broken) || broken.Code != parse.CodeTruncated {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestPattern(t *testing.T) {
	t.Parallel()
	for place, want := range map[string]string{
		"": "", "/tags": "/tags", "/tags/0": "/tags/*", "/phone_numbers/12/number": "/phone_numbers/*/number", "tags/3": "tags/*", "/custom_fields/a1": "/custom_fields/a1", "/": "/",
	} {
		if got := pattern(place); got != want {
			t.Errorf("%s: %s", place, got)
		}
	}
}

// generated is a file of n rows that is never held as a whole.
func generated(n int, row func(i int) string) io.Reader {
	next, _ := iter.Pull(func(yield func(string) bool) {
		for i := range n {
			if !yield(row(i)) {
				return
			}
		}
	})
	return &pulled{next: next}
}

type pulled struct {
	next func() (string, bool)
	rest string
}

func (p *pulled) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		if p.rest == "" {
			var ok bool
			if p.rest, ok = p.next(); !ok {
				break
			}
		}
		m := copy(b[n:], p.rest)
		p.rest, n = p.rest[m:], n+m
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// TestMemory: a file of any length takes little, also where every row is a new
// person or at fault. It runs alone, as it sees the memory of the process.
func TestMemory(t *testing.T) {
	n := 60_000 // which is many times what the report shows and the map keeps
	if testing.Short() {
		n = 20_000
	}
	for name, row := range map[string]func(int) string{
		"people": func(i int) string { return fmt.Sprintf("p%d@example.com\n", i) },
		"faults": func(i int) string { return fmt.Sprintf("nobody%d\n", i) },
	} {
		var before, now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		in, err := parse.Open(io.MultiReader(strings.NewReader("email\n"), generated(n, row)), "text/csv", "", parse.Options{})
		if err != nil {
			t.Fatal(err)
		}
		rows, most := 0, uint64(0)
		_, err = Check(&counting{t.Context(), func() {
			if rows++; rows%(n/4) == 0 {
				runtime.GC()
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc)
			}
		}}, in, needsEmail)
		if err != nil || rows != n {
			t.Errorf("%s: %d rows, %v", name, rows, err)
		}
		if most > before.HeapAlloc+24<<20 {
			t.Errorf("%s: %d bytes in use, %d before", name, most, before.HeapAlloc)
		}
	}
}

// counting is a context that is asked once for each row.
type counting struct {
	context.Context
	row func()
}

func (c *counting) Err() error {
	c.row()
	return nil
}
