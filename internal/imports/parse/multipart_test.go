package parse

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"mime/multipart"
	"strings"
	"testing"
)

// form makes a body of "name=value" fields, "file" among them, in their order.
func form(t *testing.T, fields ...string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		create := w.CreateFormField
		if name == fileField {
			create = func(name string) (io.Writer, error) { return w.CreateFormFile(name, "people.csv.gz") }
		}
		part, err := create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func TestFilePart(t *testing.T) {
	t.Parallel()
	file := string(packed(t, strings.NewReader("name\nAda\n")))
	body, contentType := form(t, "columns[X]=name", "columns[X]=title", "file="+file)
	u, err := FilePart(strings.NewReader(body), contentType)
	if err != nil {
		t.Fatal(err)
	}
	if got := u.Fields["columns[X]"]; len(got) != 2 || got[1] != "title" {
		t.Errorf("%v", u.Fields)
	}
	in, err := Open(u, u.MediaType, u.FileName, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if rows := collect(t, in); len(rows) != 1 || rows[0].Input.Name != "Ada" {
		t.Errorf("%+v", rows)
	}
	if err := u.Finish(); err != nil {
		t.Error(err)
	}
}

func TestBadForms(t *testing.T) {
	t.Parallel()
	whole, contentType := form(t, "a=b", "file=name\nAda\n")
	none, noneType := form(t, "a=b")
	huge, hugeType := form(t, "a="+strings.Repeat("x", maxFormBytes+1), "file=x")
	for name, c := range map[string]struct{ body, contentType, code string }{
		"no form":      {whole, "text/csv", CodeMalformedForm},
		"no boundary":  {whole, "multipart/form-data", CodeMalformedForm},
		"no file":      {none, noneType, CodeNoFile},
		"long field":   {huge, hugeType, CodeMalformedForm},
		"cut off":      {whole[:20], contentType, CodeTruncated},
		"cut in field": {whole[:120], contentType, CodeTruncated},
	} {
		if _, err := FilePart(strings.NewReader(c.body), c.contentType); !is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFieldsBehindTheFile: an option that comes too late is no silent one.
func TestFieldsBehindTheFile(t *testing.T) {
	t.Parallel()
	body, contentType := form(t, "file=name\nAda\n", "delimiter=;")
	u, err := FilePart(strings.NewReader(body), contentType)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, u); err != nil {
		t.Fatal(err)
	}
	if err := u.Finish(); !is(err, CodeMisplacedField) {
		t.Error(err)
	}
	cut := body[:strings.Index(body, "Ada")]
	if u, err = FilePart(strings.NewReader(cut), contentType); err != nil {
		t.Fatal(err)
	}
	_, err = Open(u, "text/csv", "", Options{})
	if !is(err, CodeTruncated) {
		t.Error(err)
	}
}

// TestAPackedFormIsReadToItsEnd: behind the last boundary stands whether it
// arrived undamaged.
func TestAPackedFormIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	const body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nemail\na@example.com\n\r\n--x--\r\n"
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, body)
	_ = w.Close()
	whole := packed.Bytes()
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-6] ^= 1
	for want, upload := range map[string][]byte{"": whole, CodeTruncated: whole[:len(whole)-4], CodeMalformedGzip: damaged} {
		r, err := Unpacked(bytes.NewReader(upload), Options{})
		if err != nil {
			t.Fatal(err)
		}
		u, err := FilePart(r, "multipart/form-data; boundary=x")
		if err == nil {
			_, err = io.ReadAll(u)
		}
		if err == nil {
			err = u.Finish()
		}
		var file *Error
		if errors.As(err, &file); want == "" && err != nil || want != "" && (file == nil || file.Code != want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
