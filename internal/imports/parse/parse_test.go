package parse

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"crmferry/internal/contact"
)

// read reads a whole text; the error is the upload's.
func read(media, text string, o Options) ([]Row, error) {
	in, err := Open(strings.NewReader(text), media, "", o)
	if err != nil {
		return nil, err
	}
	var rows []Row
	for row, err := range in.Rows() {
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func codeOf(err error) (code string, line int) {
	var own *Error
	if errors.As(err, &own) {
		return own.Code, own.Line
	}
	return "", 0
}

func firstCode(r Row) string {
	if r.Invalid == nil {
		return ""
	}
	return r.Invalid.Problems[0].Code
}

const (
	ndjsonMedia = "application/x-ndjson"
	jsonMedia   = "application/json"
	csvMedia    = "text/csv"
	vcardMedia  = "text/vcard"
)

// TestBadUploads: what ends an upload has one code, and the line to look at.
func TestBadUploads(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 10<<20)
	for name, c := range map[string]struct {
		media, text, code string
		line, rows        int
	}{
		"no known media type":           {"application/pdf", "x", CodeUnsupportedMedia, 0, 0},
		"no media type":                 {"", "x", CodeUnsupportedMedia, 0, 0},
		"empty ndjson":                  {ndjsonMedia, "", CodeEmptyFile, 0, 0},
		"blank ndjson":                  {ndjsonMedia, " \n\n", CodeEmptyFile, 0, 0},
		"many blank lines":              {ndjsonMedia, strings.Repeat("\n", 10_000), CodeEmptyFile, 0, 0},
		"array as ndjson":               {ndjsonMedia, "[{}]", CodeMalformedJSON, 1, 0},
		"long ndjson line":              {ndjsonMedia, "{\"name\":\"A\"}\n{\"name\":\"" + long + "\"}", CodeLineTooLong, 2, 1},
		"empty array":                   {jsonMedia, " [ ]\n", CodeEmptyFile, 0, 0},
		"object for an array":           {jsonMedia, "{}", CodeMalformedJSON, 1, 0},
		"array without its end":         {jsonMedia, "[\n{\"name\":\"A\"},\n", CodeTruncated, 3, 1},
		"element without its end":       {jsonMedia, "[\n{\"name\":\"A\"},\n{\"name\":", CodeTruncated, 3, 1},
		"no comma between elements":     {jsonMedia, "[{\"name\":\"A\"} {\"name\":\"B\"}]", CodeMalformedJSON, 1, 0},
		"two commas":                    {jsonMedia, "[{\"name\":\"A\"},\n,{\"name\":\"B\"}]", CodeMalformedJSON, 2, 1},
		"comma at the end":              {jsonMedia, "[{\"name\":\"A\"},\n]", CodeMalformedJSON, 2, 1},
		"comma missing inside":          {jsonMedia, "[{\"name\":\"A\"},\n{\"name\":\"B\"\n\n\"title\":\"x\"}]", CodeMalformedJSON, 4, 1},
		"line break in a text":          {jsonMedia, "[{\"name\":\"A\n\"}]", CodeMalformedJSON, 2, 0},
		"brackets that do not match":    {jsonMedia, "[{\"name\":[}]}]", CodeMalformedJSON, 1, 0},
		"something after the array":     {jsonMedia, "[{\"name\":\"A\"}]\nx", CodeMalformedJSON, 2, 1},
		"long element":                  {jsonMedia, "[\n\"" + long + "\"]", CodeLineTooLong, 2, 0},
		"empty csv":                     {csvMedia, "", CodeEmptyFile, 0, 0},
		"header alone":                  {csvMedia, "first_name,email\r\n", CodeHeaderOnly, 0, 0},
		"header and blank rows":         {csvMedia, "first_name,email\n,\n\n", CodeHeaderOnly, 0, 0},
		"wrong delimiter":               {csvMedia, "first_name^last_name^email\nA^B^c@example.com", CodeWrongDelimiter, 1, 0},
		"no header":                     {csvMedia, "Ada,ada@example.com\nBob,bob@example.com\n", CodeNoKnownColumn, 1, 0},
		"header of another world":       {csvMedia, "\nSKU,Stock\nA,1\n", CodeNoKnownColumn, 2, 0},
		"quote that is never closed":    {csvMedia, "name,email\nA,a@example.com\n\"B,b@example.com\nC,\n", CodeUnclosedQuote, 3, 1},
		"quote that swallows too much":  {csvMedia, "name,email\nA,\"" + strings.Repeat("x\n", 1<<20) + "\"\n", CodeUnclosedQuote, 2, 0},
		"long csv line":                 {csvMedia, "name,email\nA," + long + "\n", CodeLineTooLong, 2, 0},
		"long header":                   {csvMedia, "name," + long, CodeLineTooLong, 1, 0},
		"more columns than anyone has":  {csvMedia, "name" + strings.Repeat(",x", 3_000) + "\n", CodeTooManyColumns, 1, 0},
		"workbook":                      {csvMedia, "PK\x03\x04\x14\x00", CodeNotText, 1, 0},
		"binary":                        {csvMedia, "\x7fELF\x02\x01\x01\x00\x00", CodeNotText, 1, 0},
		"control characters":            {ndjsonMedia, strings.Repeat("\x01\x02a", 99), CodeNotText, 1, 0},
		"utf-32":                        {csvMedia, "\xff\xfe\x00\x00n\x00\x00\x00", CodeBadEncoding, 1, 0},
		"no vcard":                      {vcardMedia, "first_name,email\n", CodeMalformedVCard, 1, 0},
		"vcard without its end":         {vcardMedia, "BEGIN:VCARD\nFN:A\nEND:VCARD\nBEGIN:VCARD\nFN:B\n", CodeTruncated, 4, 1},
		"vcard that ends in a picture":  {vcardMedia, "BEGIN:VCARD\nFN:A\nPHOTO:x", CodeTruncated, 1, 0},
		"vcard with a line of 10 MB":    {vcardMedia, "BEGIN:VCARD\nFN:" + long, CodeLineTooLong, 1, 0},
		"an encoding that nobody knows": {csvMedia + "; charset=klingon", "name\nA\n", CodeBadEncoding, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, err := read(c.media, c.text, Options{})
			code, line := codeOf(err)
			if code != c.code || line != c.line || len(rows) != c.rows {
				t.Errorf("%s in line %d after %d rows (%v), want %s in line %d after %d", code, line, len(rows), err, c.code, c.line, c.rows)
			}
		})
	}
}

// TestErrorsAreFinal: after the error, and after the end, there is nothing more.
func TestErrorsAreFinal(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"[{\"name\":\"A\"}]", "[{\"name\":\"A\"}, x, {\"name\":\"B\"}]"} {
		in, err := Open(strings.NewReader(text), jsonMedia, "", Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range in.Rows() {
		}
		for row, err := range in.Rows() {
			t.Errorf("%+v, %v after the end of %s", row, err, text)
		}
	}
}

// TestRowsGoOn: a loop that stops takes no row with it.
func TestRowsGoOn(t *testing.T) {
	t.Parallel()
	in, err := Open(strings.NewReader("name\nA\nB\nC\n"), csvMedia, "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for range 3 {
		for row, err := range in.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, row.Input.Name)
			break
		}
	}
	if got := strings.Join(names, ""); got != "ABC" {
		t.Error(got)
	}
}

// TestBrokenConnections: what the reader says is told, and stays to be found.
func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	cause := errors.New("connection reset")
	for media, text := range map[string]string{
		ndjsonMedia: "{\"name\":\"A\"}\n{\"na", jsonMedia: "[{\"name\":\"A\"},", csvMedia: "name,title\nA,B\nC", vcardMedia: "BEGIN:VCARD\nFN:A\n",
	} {
		in, err := Open(io.MultiReader(strings.NewReader(text), iotest.ErrReader(cause)), media, "", Options{})
		if err != nil {
			if code, _ := codeOf(err); code != CodeTruncated || !errors.Is(err, cause) {
				t.Errorf("%s: %v", media, err)
			}
			continue
		}
		var last error
		for _, err := range in.Rows() {
			last = err
		}
		if code, _ := codeOf(last); code != CodeTruncated || !errors.Is(last, cause) {
			t.Errorf("%s: %v", media, last)
		}
	}
}

// TestErrorsTellNoValue: a message for people and for logs holds nothing of
// the file.
func TestErrorsTellNoValue(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, c := range []struct{ media, text string }{
		{jsonMedia, "[{\"name\":" + secret + "}]"}, {jsonMedia, "[" + secret}, {ndjsonMedia, "{" + secret + "}"},
		{csvMedia, secret + "\nA\n"}, {csvMedia, "name\n\"" + secret}, {csvMedia, "email," + secret + "\n" + secret + ",x\n"},
		{csvMedia, "email\n" + secret + "\n"}, {csvMedia, "name,email\n" + secret + "\n"}, {vcardMedia, secret},
		{vcardMedia, "BEGIN:VCARD\nEMAIL:" + secret + "\nEND:VCARD"},
	} {
		rows, err := read(c.media, c.text, Options{Unknown: contact.UnknownFail})
		said := fmt.Sprint(err)
		for _, r := range rows {
			said += fmt.Sprint(r.Invalid, r.Warnings)
			if r.Invalid != nil {
				said += fmt.Sprint(r.Invalid.Problems)
			}
		}
		if strings.Contains(said, secret) {
			t.Errorf("%q: %s", c.text, said)
		}
		if err == nil && len(rows) == 0 {
			t.Errorf("%q was read", c.text)
		}
	}
}

// generated is an upload of n rows that is never held as a whole.
func generated(begin string, n int, row func(i int) string, end string) io.Reader {
	return &endless{rest: begin, n: n, row: row, end: end}
}

type endless struct {
	rest string
	i, n int
	row  func(i int) string
	end  string
}

func (e *endless) Read(b []byte) (int, error) {
	for e.rest == "" {
		switch {
		case e.i < e.n:
			e.rest = e.row(e.i)
		case e.i == e.n:
			e.rest = e.end
		default:
			return 0, io.EOF
		}
		e.i++
	}
	n := copy(b, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// TestBrokenFarInside: the line that is told is right far into a file.
func TestBrokenFarInside(t *testing.T) {
	t.Parallel()
	const broken = 20_000
	file := generated("[\n", broken+10, func(i int) string {
		if i == broken {
			return "{\"name\":\"A\" \"title\":\"B\"},\n"
		}
		return "{\"name\":\"A\"},\n"
	}, "{\"name\":\"Z\"}]")
	in, err := Open(file, jsonMedia, "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err = range in.Rows() {
		n++
	}
	if code, line := codeOf(err); code != CodeMalformedJSON || line != broken+2 || n != broken+1 {
		t.Errorf("%v after %d rows", err, n)
	}
	var own *Error
	if want := int64(2 + broken*len("{\"name\":\"A\"},\n") + len(`{"name":"A" `)); !errors.As(err, &own) || own.Offset != want {
		t.Errorf("offset %d, want %d", own.Offset, want)
	}
}

// TestMemory: a file of any length takes the memory of a row, whether its rows
// are good or not. It does not run beside other tests, whose memory it would see.
func TestMemory(t *testing.T) {
	rows := 20_000
	if testing.Short() {
		rows = 4_000
	}
	for name, c := range map[string]struct{ media, begin, row, end string }{
		"invalid ndjson": {ndjsonMedia, "", "{\"name\": nonsense}\n", ""},
		"invalid csv":    {csvMedia, "name,email\n", "too few\n", ""},
		"valid csv":      {csvMedia, "name,Notes\n", "A," + strings.Repeat("x", 300) + "\n", ""},
		"invalid cards":  {vcardMedia, "BEGIN:VCARD\nFN:A\nEND:VCARD\n", "X\n", ""},
	} {
		in, err := Open(generated(c.begin, rows, func(int) string { return c.row }, c.end), c.media, "", Options{})
		if err != nil {
			t.Fatal(err)
		}
		var before, now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		n, most := 0, uint64(0)
		for _, err := range in.Rows() {
			if err != nil {
				t.Fatal(name, err)
			}
			if n++; n%(rows/4) == 0 {
				runtime.GC()
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc)
			}
		}
		if n < rows {
			t.Errorf("%s: %d rows", name, n)
		}
		if most > before.HeapAlloc+8<<20 {
			t.Errorf("%s: %d bytes in use, %d before", name, most, before.HeapAlloc)
		}
	}
}
