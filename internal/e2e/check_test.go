package e2e

import (
	"bytes"
	"compress/gzip"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
)

// checked is the report of a file.
type checked struct {
	Valid    bool
	CRM      string
	Format   string
	Program  string
	Mapping  []struct{ Header, Field, Status, Note string }
	Rows     struct{ Total, Valid, Invalid int }
	Errors   []struct{ Line int }
	Warnings []struct{ Field, Code string }
	Sample   []struct {
		Line    int
		Contact map[string]any
	}
	Expected struct {
		Calls   int
		Seconds float64
	}
}

func checkPath(account string, more ...string) string {
	path := fleet.Contacts(account, append(more, "validate_only", "true")...)
	return strings.Replace(path, "/contacts?", "/contacts/imports?", 1)
}

// TestCheckingAFile: a file as Google exports it, in every way to send one.
func TestCheckingAFile(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	account := f.ConnectAt(nil, "hubspot", "files")
	file, err := os.ReadFile("../imports/parse/testdata/google-new.csv")
	if err != nil {
		t.Fatal(err)
	}
	inForm, formType := formOf(t, file)
	for name, c := range map[string]struct {
		body    []byte
		headers []string
	}{
		"as it is": {file, []string{"Content-Type", "text/csv"}},
		"packed":   {packed(t, file), []string{"Content-Type", "text/csv", "Content-Encoding", "gzip"}},
		"a form":   {inForm, []string{"Content-Type", formType}},
	} {
		t.Run(name, func(t *testing.T) {
			var r checked
			f.With(t).Must(http.StatusOK, "POST", checkPath(account), c.body, c.headers...).Decode(t, &r)
			if r.CRM != "hubspot" || r.Format != "csv" || r.Program != "google" || len(r.Mapping) != 44 {
				t.Errorf("%s %s %s, %d columns", r.CRM, r.Format, r.Program, len(r.Mapping))
			}
			if r.Valid || r.Rows.Total != r.Rows.Valid+r.Rows.Invalid || r.Rows.Valid == 0 || r.Rows.Invalid < 2 || len(r.Errors) < 2 {
				t.Errorf("rows %+v, errors %+v", r.Rows, r.Errors)
			}
			if len(r.Sample) == 0 || r.Sample[0].Line != 2 || r.Sample[0].Contact["first_name"] != "Ada" {
				t.Errorf("sample %+v", r.Sample)
			}
			if r.Expected.Calls != 1 || r.Expected.Seconds <= 0 { // HubSpot takes a hundred at once
				t.Errorf("expected %+v", r.Expected)
			}
		})
	}
	if n := f.World.CRM("hubspot").Count("files"); n != 0 {
		t.Errorf("the CRM holds %d contacts", n)
	}
	var list struct{ Result []job }
	if f.Must(http.StatusOK, "GET", "/jobs", nil).Decode(t, &list); len(list.Result) != 0 {
		t.Errorf("%d jobs were stored", len(list.Result))
	}
}

// TestAnUploadThatIsCut ends its request at once, and the API goes on.
func TestAnUploadThatIsCut(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{})
	account := f.Connect("hubspot", "cut")
	conn, err := net.Dial("tcp", f.Addr())
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(conn, "POST "+checkPath(account)+" HTTP/1.1\r\nHost: ferry\r\nAuthorization: Bearer "+f.Token()+
		"\r\nX-Request-Id: cut-short\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nemail\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	f.Eventually(20*time.Second, "the end of the request", func() bool {
		return strings.Contains(f.API.Output(), `"status":400`) && strings.Contains(f.API.Output(), "cut-short")
	})
	f.Must(http.StatusOK, "POST", checkPath(account), []byte("email\na@example.com\n"), "Content-Type", "text/csv")
}

func packed(t *testing.T, file []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func formOf(t *testing.T, file []byte) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.WriteField("on_unknown_field", "warn"); err != nil {
		t.Fatal(err)
	}
	part, err := w.CreateFormFile("file", "contacts.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}
