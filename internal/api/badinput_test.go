package api

import (
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// secret stands in every bad request; no answer may repeat it.
const secret = "hunter2hunter2"

func TestBadCreates(t *testing.T) {
	t.Parallel()
	at := contactsPath + "?integrated_account_id="
	long := strings.Repeat("x", 300)
	tests := map[string]struct {
		target, body string
		headers      []string
		status       int
		kind         string
		faults       []string
	}{
		"no token":             {at + fullAccount, ada, []string{"Authorization", ""}, 401, "unauthorized", nil},
		"wrong token":          {at + fullAccount, ada, []string{"Authorization", "Bearer " + secret}, 401, "unauthorized", nil},
		"token of other kind":  {at + fullAccount, ada, []string{"Authorization", "Basic " + token}, 401, "unauthorized", nil},
		"empty token":          {at + fullAccount, ada, []string{"Authorization", "Bearer "}, 401, "unauthorized", nil},
		"token without scope":  {at + fullAccount, ada, []string{"Authorization", "Bearer " + readToken}, 403, "forbidden", nil},
		"no account":           {contactsPath, ada, nil, 422, "validation", []string{"query.integrated_account_id required"}},
		"account is no UUID":   {at + secret, ada, nil, 422, "validation", []string{"query.integrated_account_id invalid_id"}},
		"unknown account":      {at + "00000000-0000-4000-8000-000000000000", ada, nil, 404, "not-found", nil},
		"other tenant's":       {at + fullAccount, ada, []string{"Authorization", "Bearer " + otherToken}, 404, "not-found", nil},
		"account twice":        {at + fullAccount + "&integrated_account_id=" + plainAccount, ada, nil, 422, "validation", []string{"query.integrated_account_id repeated"}},
		"malformed query":      {at + fullAccount + "&x=%zz", ada, nil, 400, "malformed", []string{"query malformed"}},
		"query of no text":     {at + fullAccount + "&client_ref=%ff", ada, nil, 400, "malformed", []string{"query invalid_utf8"}},
		"semicolons":           {at + fullAccount + ";x=1", ada, nil, 400, "malformed", []string{"query malformed"}},
		"unknown format":       {at + fullAccount + "&truto_response_format=" + secret, ada, nil, 422, "validation", []string{"query.truto_response_format invalid"}},
		"no boolean":           {at + fullAccount + "&truto_ignore_remote_data=" + secret, ada, nil, 422, "validation", []string{"query.truto_ignore_remote_data wrong_type"}},
		"unknown on_duplicate": {at + fullAccount + "&on_duplicate=" + secret, ada, nil, 422, "validation", []string{"query.on_duplicate invalid"}},
		"no duration":          {at + fullAccount + "&expires_in=" + secret, ada, nil, 422, "validation", []string{"query.expires_in malformed"}},
		"long life":            {at + fullAccount + "&expires_in=31d", ada, nil, 422, "validation", []string{"query.expires_in malformed"}},
		"too long a life":      {at + fullAccount + "&expires_in=1000h", ada, nil, 422, "validation", []string{"query.expires_in out_of_range"}},
		"long client_ref":      {at + fullAccount + "&client_ref=" + long, ada, nil, 422, "validation", []string{"query.client_ref too_long"}},
		"control client_ref":   {at + fullAccount + "&client_ref=a%00b", ada, nil, 422, "validation", []string{"query.client_ref control_character"}},
		"callback":             {at + fullAccount + "&callback_url=https://example.com/" + secret, ada, nil, 422, "validation", []string{"query.callback_url callback_secret_missing"}},
		"callback, no URL":     {at + fullAccount + "&callback_url=" + secret, ada, nil, 422, "validation", []string{"query.callback_url invalid_url"}},
		"callback, plain http": {at + fullAccount + "&callback_url=http://example.com", ada, nil, 422, "validation", []string{"query.callback_url https_required"}},
		"remote_query, open":   {at + fullAccount + "&remote_query[" + secret + "=1", ada, nil, 422, "validation", []string{"query.remote_query malformed"}},
		"remote_query, no key": {at + fullAccount + "&remote_query[]=1", ada, nil, 422, "validation", []string{"query.remote_query malformed"}},
		"remote_query, long":   {at + fullAccount + "&remote_query[x]=" + strings.Repeat("y", 5000), ada, nil, 422, "validation", []string{"query.remote_query too_many"}},
		"key, empty":           {at + fullAccount, ada, []string{"Idempotency-Key", " "}, 400, "malformed", []string{"header.Idempotency-Key required"}},
		"key, empty string":    {at + fullAccount, ada, []string{"Idempotency-Key", `""`}, 400, "malformed", []string{"header.Idempotency-Key required"}},
		"key, half quoted":     {at + fullAccount, ada, []string{"Idempotency-Key", `"` + secret}, 400, "malformed", []string{"header.Idempotency-Key malformed"}},
		"key, too long":        {at + fullAccount, ada, []string{"Idempotency-Key", long}, 400, "malformed", []string{"header.Idempotency-Key too_long"}},
		"key, no ASCII":        {at + fullAccount, ada, []string{"Idempotency-Key", "schlüssel"}, 400, "malformed", []string{"header.Idempotency-Key malformed"}},

		"no content type":    {at + fullAccount, ada, []string{"Content-Type", ""}, 415, "unsupported-media-type", nil},
		"form":               {at + fullAccount, "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "unsupported-media-type", nil},
		"other charset":      {at + fullAccount, ada, []string{"Content-Type", "application/json; charset=latin1"}, 415, "unsupported-media-type", nil},
		"compressed":         {at + fullAccount, ada, []string{"Content-Encoding", "gzip"}, 415, "unsupported-media-type", nil},
		"empty body":         {at + fullAccount, "", []string{"Content-Type", "application/json"}, 400, "malformed", []string{" required"}},
		"blank body":         {at + fullAccount, "  \n", nil, 400, "malformed", []string{" invalid_json"}},
		"not JSON":           {at + fullAccount, secret, nil, 400, "malformed", []string{" invalid_json"}},
		"half a document":    {at + fullAccount, `{"first_name":"` + secret, nil, 400, "malformed", []string{"/first_name invalid_json"}},
		"two documents":      {at + fullAccount, ada + ada, nil, 400, "malformed", []string{" trailing_data"}},
		"a list":             {at + fullAccount, "[" + ada + "]", nil, 400, "malformed", []string{" not_an_object"}},
		"null":               {at + fullAccount, "null", nil, 400, "malformed", []string{" not_an_object"}},
		"invalid UTF-8":      {at + fullAccount, "{\"first_name\":\"\xff" + secret + "\"}", nil, 400, "malformed", []string{" invalid_utf8"}},
		"duplicate key":      {at + fullAccount, `{"first_name":"a","first_name":"` + secret + `"}`, nil, 400, "malformed", []string{"/first_name duplicate_key"}},
		"too large":          {at + fullAccount, `{"first_name":"` + strings.Repeat("x", 256<<10) + `"}`, nil, 413, "too-large", nil},
		"wrong type":         {at + fullAccount, `{"first_name":{"a":"` + secret + `"},"email_addresses":[{"email":7}]}`, nil, 422, "validation", []string{"/first_name wrong_type", "/email_addresses/0/email wrong_type"}},
		"misspelt field":     {at + fullAccount, `{"frist_name":"` + secret + `"}`, nil, 422, "validation", []string{"/frist_name unknown_field"}},
		"required field":     {at + fullAccount, `{"first_name":"` + secret + `"}`, nil, 422, "validation", []string{"/email_addresses required"}},
		"two required":       {at + plainAccount, `{"custom_fields":{"a":"` + secret + `"}}`, nil, 422, "validation", []string{"/last_name required", "/title required"}},
		"query and body":     {at + fullAccount + "&expires_in=x", `{"email_addresses":"` + secret + `"}`, nil, 422, "validation", []string{"query.expires_in malformed", "/email_addresses invalid_email"}},
		"query and required": {at + fullAccount + "&expires_in=x", `{}`, nil, 422, "validation", []string{"query.expires_in malformed", "/email_addresses required"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, withHooks(t))
			a := h.ask(t, "POST", test.target, test.body, test.headers...).wantStatus(t, test.status)
			if a.json["type"] != "/problems/"+test.kind {
				t.Errorf("type %v, want %s", a.json["type"], test.kind)
			}
			if diff := cmp.Diff(append([]string{}, test.faults...), a.faults()); diff != "" {
				t.Error(diff, a.Body)
			}
			if answer := fmt.Sprint(a.Body, a.Header()); strings.Contains(answer, secret) {
				t.Errorf("the value is repeated: %s", answer)
			}
			if strings.Contains(h.log.String(), secret) {
				t.Errorf("the value is logged: %s", h.log)
			}
			if h.jobs.stored() != 0 {
				t.Error("a job was stored")
			}
		})
	}
}

func TestDeeplyNestedBody(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	body := `{"custom_fields":` + strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_001)
	a := h.create(t, "", body).wantStatus(t, 400)
	if f := a.faults(); len(f) != 1 || !strings.HasSuffix(f[0], " too_deep") {
		t.Errorf("faults: %v", f)
	}
}

func TestRequiredFieldNamesTheCRM(t *testing.T) {
	t.Parallel()
	a := newHarness(t).create(t, "", `{"first_name":"Ada"}`).wantStatus(t, 422)
	if !strings.Contains(a.Body.String(), "is required by Full CRM") {
		t.Error(a.Body)
	}
}

func TestMisspeltFieldNamesTheNearest(t *testing.T) {
	t.Parallel()
	a := newHarness(t).create(t, "", `{"frist_name":"Ada"}`).wantStatus(t, 422)
	if !strings.Contains(a.Body.String(), "did you mean first_name?") {
		t.Error(a.Body)
	}
}

func TestBodyAtTheLimit(t *testing.T) {
	t.Parallel()
	pad := func(n int) string { return ada + strings.Repeat(" ", n-len(ada)) }
	tests := map[string]struct {
		size, status int
		chunked      bool
	}{
		"at the limit":             {256 << 10, 202, false},
		"one more":                 {256<<10 + 1, 413, false},
		"at the limit, unlengthed": {256 << 10, 202, true},
		"one more, unlengthed":     {256<<10 + 1, 413, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			r := httptest.NewRequestWithContext(t.Context(), "POST", contactsPath+"?integrated_account_id="+fullAccount, strings.NewReader(pad(test.size)))
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Content-Type", "application/json; charset=UTF-8")
			if test.chunked {
				r.ContentLength = -1
			}
			h.send(r).wantStatus(t, test.status)
		})
	}
}

type slowBody struct{}

func (slowBody) Error() string   { return "i/o timeout" }
func (slowBody) Timeout() bool   { return true }
func (slowBody) Temporary() bool { return true }

func TestBodiesThatDoNotArrive(t *testing.T) {
	t.Parallel()
	for status, err := range map[int]error{400: io.ErrUnexpectedEOF, 408: slowBody{}} {
		h := newHarness(t)
		r := httptest.NewRequestWithContext(t.Context(), "POST", contactsPath+"?integrated_account_id="+fullAccount,
			io.MultiReader(strings.NewReader(`{"first`), iotest.ErrReader(err)))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		h.send(r).wantStatus(t, status)
	}
}

func TestUnauthorizedCarriesAChallenge(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for _, target := range []string{contactsPath, "/jobs", "/jobs/x", "/integrated-accounts", "/crms", "/crms/full"} {
		method := "GET"
		if target == contactsPath {
			method = "POST"
		}
		a := h.ask(t, method, target, "", "Authorization", "").wantStatus(t, 401)
		if got := a.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer ") {
			t.Errorf("%s: WWW-Authenticate %q", target, got)
		}
		a = h.ask(t, method, target, "", "Authorization", "Bearer nope").wantStatus(t, 401)
		if got := a.Header().Get("WWW-Authenticate"); !strings.Contains(got, `error="invalid_token"`) {
			t.Errorf("%s: WWW-Authenticate %q", target, got)
		}
	}
}

func TestUnknownRoutesAndMethods(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for _, target := range []string{"/", "/nope", "/jobs/", "/jobs/x/y", "/unified/crm/contact", "/problems/nope", "//jobs", "/jobs/a%2Fb/result/c"} {
		h.ask(t, "GET", target, "").wantStatus(t, 404)
		h.ask(t, "GET", target, "", "Authorization", "").wantStatus(t, 404)
	}
	for target, want := range map[string]string{
		"PUT " + contactsPath: "POST", "GET " + contactsPath: "POST", "POST /jobs": "GET", "PATCH /jobs/x": "GET, DELETE",
		"PUT /integrated-accounts": "GET, POST", "GET /jobs/x/cancel": "POST", "POST /healthz": "GET", "POST /openapi.json": "GET",
	} {
		method, path, _ := strings.Cut(target, " ")
		a := h.ask(t, method, path, "").wantStatus(t, 405)
		got := strings.Split(a.Header().Get("Allow"), ", ")
		for _, one := range strings.Split(want, ", ") {
			if !strings.Contains(strings.Join(got, " "), one) || len(got) != len(strings.Split(want, ", ")) {
				t.Errorf("%s: Allow %q, want %q", target, a.Header().Get("Allow"), want)
			}
		}
	}
}
