package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/account"
	"crmferry/internal/connector"
	"crmferry/internal/pace"
)

const (
	checkTarget = importsPath + "?validate_only=true&integrated_account_id="
	csvType     = "text/csv"
	ndjsonType  = "application/x-ndjson"
)

func zipped(t testing.TB, file string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, file)
	check(t, err)
	check(t, w.Close())
	return b.String()
}

// form makes a form of "name=value" fields; file is named people.csv.
func form(t *testing.T, fields ...string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		head := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name=%q`, name)}}
		if name == "file" {
			head = textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="people.csv"`}}
		}
		part, err := w.CreatePart(head)
		check(t, err)
		_, err = io.WriteString(part, value)
		check(t, err)
	}
	check(t, w.Close())
	return b.String(), w.FormDataContentType()
}

const sheet = "First Name,E-mail Address,Shoe\nAda,ada@example.com,38\nBob,,40\nAl,AL@example.com,41\nAl,al@example.com,42\n"

func TestCheckOfAFile(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	plain := h.ask(t, "POST", checkTarget+fullAccount, sheet, "Content-Type", csvType).wantStatus(t, 200)
	for _, list := range []string{"mapping", "errors", "errors_by_code", "warnings", "sample"} {
		if _, there := plain.json[list].([]any); !there {
			t.Errorf("%s is no list: %v", list, plain.json[list])
		}
	}
	var r importReport
	check(t, json.Unmarshal(plain.Body.Bytes(), &r))
	for what, pair := range map[string][2]any{
		"valid":    {false, r.Valid},
		"crm":      {"full " + fullAccount, r.CRM + " " + r.AccountID},
		"rows":     {[]int{4, 3, 1}, []int{r.Rows.Total, r.Rows.Valid, r.Rows.Invalid}},
		"errors":   {"[{3  /email_addresses required is required by Full CRM}]", fmt.Sprint(r.Errors)},
		"repeated": {"{true 1 [{5 4 email_addresses}]}", fmt.Sprint(r.Repeated)},
		"sample":   {3, len(r.Sample)},
		"calls":    {3, r.Expected.Calls},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	formBody, formType := form(t, "file="+sheet)
	asJSON := `[{"first_name":"Ada","email_addresses":"ada@example.com"},{"first_name":"Bob"},` +
		`{"first_name":"Al","email_addresses":"AL@example.com"},{"first_name":"Al","email_addresses":"al@example.com"}]`
	for name, c := range map[string]struct{ body, media, coding string }{
		"gzip, announced":   {zipped(t, sheet), csvType, "gzip"},
		"gzip, unannounced": {zipped(t, sheet), csvType, ""},
		"form":              {formBody, formType, ""},
		"packed form":       {zipped(t, formBody), formType, "gzip"},
		"array":             {asJSON, jsonMedia, ""},
		"ndjson":            {strings.NewReplacer("},{", "}\n{", "[", "", "]", "").Replace(asJSON), ndjsonType, ""},
		"vcard": {"BEGIN:VCARD\nFN:Ada\nEMAIL:ada@example.com\nEND:VCARD\nBEGIN:VCARD\nFN:Bob\nEND:VCARD\nBEGIN:VCARD\nFN:Al\nEMAIL:AL@example.com\nEND:VCARD\n" +
			"BEGIN:VCARD\nFN:Al\nEMAIL:al@example.com\nEND:VCARD\n", "text/vcard", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := h.ask(t, "POST", checkTarget+fullAccount, c.body, "Content-Type", c.media, "Content-Encoding", c.coding).wantStatus(t, 200)
			var got importReport
			check(t, json.Unmarshal(a.Body.Bytes(), &got))
			if diff := cmp.Diff(r.Rows, got.Rows); diff != "" || got.Repeated.Rows != 1 || len(got.Errors) != 1 {
				t.Errorf("%s\n%s", diff, a.Body)
			}
		})
	}
	if h.jobs.stored() != 0 {
		t.Error("a job was stored")
	}
}

// TestOptionsOfAFile: in the query and in a form they mean the same.
func TestOptionsOfAFile(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	file := "Wer;Mail;X\nAda;ada@example.com;1\n"
	body, media := form(t, "columns[Wer]=first_name", "columns[Mail]=email_addresses", "on_unknown_field=custom_field",
		"delimiter=;", "encoding=utf-8", "on_duplicate=update", "on_invalid=reject", "colour=red", "validate_only=false", "file="+file)
	inForm := h.ask(t, "POST", checkTarget+fullAccount, body, "Content-Type", media).wantStatus(t, 200)
	query := "&columns%5BWer%5D=first_name&columns%5BMail%5D=email_addresses&on_unknown_field=custom_field&delimiter=%3B&encoding=utf-8" +
		"&on_duplicate=update&on_invalid=reject&colour=red"
	inQuery := h.ask(t, "POST", checkTarget+fullAccount+query, file, "Content-Type", csvType).wantStatus(t, 200)
	for name, a := range map[string]answered{"form": inForm, "query": inQuery} {
		var r importReport
		check(t, json.Unmarshal(a.Body.Bytes(), &r))
		if !r.Valid || !strings.Contains(string(r.Sample[0].Contact), `"first_name":"Ada"`) || !strings.Contains(string(r.Sample[0].Contact), `"X":"1"`) {
			t.Errorf("%s: %s", name, a.Body)
		}
		if w := a.warnings(); !slices.Contains(w, "query.colour ignored") || slices.Contains(w, "query.form.validate_only ignored") != (name == "form") {
			t.Errorf("%s: warnings %v", name, w)
		}
		if !slices.Contains(a.warnings(), "custom_fields unsupported") {
			t.Errorf("%s: a field that the CRM cannot hold is not warned of: %v", name, a.warnings())
		}
		// A look-up for the row, and the call that makes it.
		if r.Expected.Calls != 2 {
			t.Errorf("%s: %+v", name, r.Expected)
		}
	}
}

func TestBadImportRequests(t *testing.T) {
	t.Parallel()
	full := importsPath + "?integrated_account_id=" + fullAccount
	for name, c := range map[string]struct {
		target  string
		headers []string
		status  int
		faults  []string
	}{
		"no token":           {checkTarget + fullAccount, []string{"Authorization", ""}, 401, nil},
		"no scope":           {checkTarget + fullAccount, []string{"Authorization", "Bearer " + readToken}, 403, nil},
		"other tenant's":     {checkTarget + fullAccount, []string{"Authorization", "Bearer " + otherToken}, 404, nil},
		"no boolean":         {full + "&validate_only=" + secret, nil, 422, []string{"query.validate_only wrong_type"}},
		"no account":         {importsPath + "?validate_only=true", nil, 422, []string{"query.integrated_account_id required"}},
		"account is no UUID": {checkTarget + secret, nil, 422, []string{"query.integrated_account_id invalid_id"}},
		"all at once": {full + "&columns%5BX%5D=" + secret + "&columns%5B=y&on_unknown_field=" + secret + "&delimiter=ab&encoding=" + secret +
			"&on_duplicate=" + secret + "&on_invalid=" + secret + "&on_invalid=x&workspace%5Bid%5D=A%20B", nil, 422, []string{
			"query.columns malformed", "query.columns[X] unknown_field", "query.delimiter invalid", "query.encoding invalid", "query.on_duplicate invalid",
			"query.on_invalid repeated", "query.on_unknown_field invalid"}},
		"workspace":              {checkTarget + spaceAccount + "&workspace%5Bid%5D=A+B&delimiter=%22", nil, 422, []string{"query.delimiter invalid", "query.workspace[id] invalid_format"}},
		"workspace is missing":   {checkTarget + noSpace, nil, 422, []string{"query.workspace[id] required"}},
		"nothing can be updated": {checkTarget + spaceAccount + "&on_duplicate=update", nil, 422, []string{"query.on_duplicate unsupported"}},
		"nothing can be found":   {checkTarget + plainAccount + "&on_duplicate=return_existing", nil, 422, []string{"query.on_duplicate unsupported"}},
		"other media type":       {checkTarget + fullAccount, []string{"Content-Type", "application/pdf"}, 415, nil},
		"no media type":          {checkTarget + fullAccount, []string{"Content-Type", ""}, 415, nil},
		"other encoding":         {checkTarget + fullAccount, []string{"Content-Encoding", "br"}, 415, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			r := httptest.NewRequestWithContext(t.Context(), "POST", c.target, untouchable{t})
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Content-Type", csvType)
			for i := 0; i+1 < len(c.headers); i += 2 {
				r.Header.Set(c.headers[i], c.headers[i+1])
			}
			a := h.send(r).wantStatus(t, c.status)
			if diff := cmp.Diff(append([]string{}, c.faults...), a.faults()); diff != "" {
				t.Error(diff, a.Body)
			}
			if said := a.Body.String() + h.log.String(); strings.Contains(said, secret) {
				t.Errorf("the value is repeated: %s", said)
			}
		})
	}
}

// untouchable is the body of a request that is refused by its head.
type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.ErrUnexpectedEOF
}

// TestUnreadableFiles: over HTTP, each has one clear answer.
func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newHarness(t).handler)
	t.Cleanup(server.Close)
	noFile, noFileType := form(t, "encoding=utf-8")
	late, lateType := form(t, "file=email\na@example.com\n", "encoding=utf-8")
	badOption, badOptionType := form(t, "encoding="+secret, "file=email\na@example.com\n")
	half := zipped(t, strings.Repeat("email\na@example.com\n", 99))
	damaged := []byte(half)
	damaged[len(damaged)-6] ^= 1
	for name, c := range map[string]struct {
		media  string
		body   io.Reader
		status int
		fault  string
		line   int
	}{
		"empty":                    {csvType, strings.NewReader(""), 422, " empty_file", 0},
		"empty ndjson":             {ndjsonType, strings.NewReader("\n"), 422, " empty_file", 0},
		"empty array":              {jsonMedia, strings.NewReader("[]"), 422, " empty_file", 0},
		"header only":              {csvType, strings.NewReader("First Name,Email\n"), 422, " header_only", 0},
		"wrong delimiter":          {csvType, strings.NewReader("First Name^Email\nAda^a@example.com\n"), 422, " wrong_delimiter", 1},
		"no header":                {csvType, strings.NewReader(secret + ",ada@example.com\n"), 422, " no_known_column", 1},
		"binary":                   {csvType, strings.NewReader("\x7fELF\x00\x00" + secret), 422, " not_text", 1},
		"workbook":                 {csvType, strings.NewReader("PK\x03\x04" + secret), 422, " not_text", 1},
		"a line of 10 MB":          {ndjsonType, strings.NewReader(`{"name":"` + strings.Repeat("x", 10<<20) + `"}`), 422, " line_too_long", 1},
		"gzip bomb":                {csvType, strings.NewReader(zipped(t, "email\n"+strings.Repeat("\n", 16<<20))), 413, " gzip_bomb", -1},
		"half a gzip":              {csvType, strings.NewReader(half[:len(half)/2]), 400, " truncated", -1},
		"damaged gzip":             {csvType, bytes.NewReader(damaged), 422, " malformed_gzip", -1},
		"malformed far inside":     {jsonMedia, numbered(20_000, "["+strings.Repeat("\n", 480_000), "{\"email_addresses\":\"a@example.com\"},\n", "{\"name\" \""+secret+"\"}]"), 422, " malformed_json", 500_001},
		"array without its end":    {jsonMedia, strings.NewReader("[{}"), 400, " truncated", 1},
		"one object":               {jsonMedia, strings.NewReader("{}"), 422, " malformed_json", 1},
		"array as lines":           {ndjsonType, strings.NewReader("[{}]"), 422, " malformed_json", 1},
		"no vcard":                 {"text/vcard", strings.NewReader(secret), 422, " malformed_vcard", 1},
		"unclosed quote":           {csvType, strings.NewReader("email\n\"" + secret), 422, " unclosed_quote", 2},
		"utf-32":                   {csvType, strings.NewReader("\xff\xfe\x00\x00n\x00\x00\x00"), 422, " bad_encoding", 1},
		"form without a file":      {noFileType, strings.NewReader(noFile), 422, " no_file", 0},
		"form with a late option":  {lateType, strings.NewReader(late), 422, " misplaced_field", 0},
		"form with a bad option":   {badOptionType, strings.NewReader(badOption), 422, "query.encoding invalid", 0},
		"form without a boundary":  {formMedia, strings.NewReader("x"), 400, " malformed_form", 0},
		"half a form":              {noFileType, strings.NewReader(noFile[:40]), 400, " truncated", 0},
		"column that is not there": {csvType + "; columns", strings.NewReader("email\na@example.com\n"), 422, "query.columns bad_mapping", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			media, mapped := strings.CutSuffix(c.media, "; columns")
			target := server.URL + checkTarget + fullAccount
			if mapped {
				target += "&columns[Nowhere]=first_name"
			}
			req, err := http.NewRequestWithContext(t.Context(), "POST", target, c.body)
			check(t, err)
			req.Header.Set("Authorization", "Bearer "+token)
			req.Header.Set("Content-Type", media)
			resp, err := server.Client().Do(req)
			check(t, err)
			text, err := io.ReadAll(resp.Body)
			check(t, errors.Join(err, resp.Body.Close()))
			var p Problem
			check(t, json.Unmarshal(text, &p))
			if resp.StatusCode != c.status || len(p.Errors) != 1 || p.Errors[0].Pointer+" "+p.Errors[0].Code != c.fault {
				t.Fatalf("%d %s, want %d with %s", resp.StatusCode, text, c.status, c.fault)
			}
			if c.line >= 0 && p.Errors[0].Line != c.line {
				t.Errorf("line %d, want %d", p.Errors[0].Line, c.line)
			}
			if strings.Contains(string(text), secret) || p.Detail == "" || p.RequestID == "" {
				t.Errorf("problem: %s", text)
			}
		})
	}
}

// numbered repeats a row without holding the file.
func numbered(n int, begin, row, end string) io.Reader {
	const piece = 10_000
	block := strings.Repeat(row, piece)
	parts := []io.Reader{strings.NewReader(begin)}
	for range n / piece {
		parts = append(parts, strings.NewReader(block))
	}
	return io.MultiReader(append(parts, strings.NewReader(strings.Repeat(row, n%piece)+end))...)
}

func TestManyInvalidRowsAreAShortReport(t *testing.T) {
	t.Parallel()
	const rows = 20_000
	h := newHarness(t)
	r := httptest.NewRequestWithContext(t.Context(), "POST", checkTarget+fullAccount, numbered(rows, "", "{\"frist_name\":\"Ada\"}\n", ""))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", ndjsonType)
	a := h.send(r).wantStatus(t, 200)
	var got importReport
	check(t, json.Unmarshal(a.Body.Bytes(), &got))
	if got.Rows.Invalid != rows || len(got.Errors) != 100 || len(got.ByCode) != 1 || got.ByCode[0].Count != rows || a.Body.Len() > 50_000 {
		t.Errorf("%d bytes: %+v", a.Body.Len(), got.Rows)
	}
}

// unpaced is a pace that cannot be told.
type unpaced struct{ pacemaker }

func (unpaced) State(context.Context, account.Account, *connector.Spec) (pace.State, error) {
	return pace.State{}, errors.New("no Redis")
}

func TestAReportWithoutAPace(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(d *Deps) { d.Pace = unpaced{} })
	a := h.ask(t, "POST", checkTarget+fullAccount, sheet, "Content-Type", csvType).wantStatus(t, 200)
	if _, there := a.json["expected"]; there || !strings.Contains(h.log.String(), "no Redis") {
		t.Errorf("%s\n%s", a.Body, h.log)
	}
}
