package api

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
	"crmferry/internal/job"
)

func TestCreateAnswersWithTheJob(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	a := h.create(t, "", ada).wantStatus(t, 202)
	id := a.id(t)
	want := map[string]string{
		"Location": "/jobs/" + id, "Retry-After": "1", "Ferry-Job-Id": id, "Vary": "Prefer",
		"Content-Type": "application/json", "Preference-Applied": "", "Idempotency-Replayed": "",
	}
	for name, value := range want {
		if got := a.Header().Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	for member, value := range map[string]any{
		"status": "queued", "crm": "full", "integrated_account_id": fullAccount, "created_at": "2026-03-04T05:06:07Z",
		"created_by": "ci", "attempts": 0.0,
	} {
		if a.json[member] != value {
			t.Errorf("%s: %v, want %v", member, a.json[member], value)
		}
	}
	if diff := cmp.Diff([]any{}, a.json["warnings"]); diff != "" {
		t.Error(diff)
	}
	if len(h.jobs.queued) != 1 || h.jobs.queued[0].ID != id {
		t.Errorf("queued: %v", h.jobs.queued)
	}
}

func TestCreateStoresWhatWasAsked(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	query := "&truto_response_format=normalized&truto_ignore_remote_data=true&truto_exclude_fields[]=id&truto_exclude_fields[]=name" +
		"&truto_exclude_fields=tags,urls&remote_query[foo]=bar&remote_query[a][b]=c&remote_query[list][]=1&remote_query[list][]=2" +
		"&on_duplicate=update&client_ref=row-7&expires_in=30m"
	body := strings.Replace(ada, "{", `{"metadata":{"batch":7},"remote_data":{"x":1},`, 1)
	h.create(t, query, body, "Idempotency-Key", `"k 1"`).wantStatus(t, 202)
	j := h.jobs.last()
	want := job.Base{
		ID: j.ID, Key: j.Key, Tenant: "acme", AccountID: fullAccount, CRM: "full", CreatedAt: clock(), ExpiresAt: clock().Add(30 * time.Minute),
		Budget: fullAccount, OnDuplicate: job.UpdateDuplicate, ClientRef: "row-7", Metadata: []byte(`{"batch":7}`), CreatedBy: "ci",
		Show: job.Show{Format: contact.Normalized, IgnoreRemoteData: true, ExcludeFields: []string{"tags", "urls", "id", "name"}},
	}
	if diff := cmp.Diff(want, j.Base); diff != "" {
		t.Error(diff)
	}
	in := h.jobs.inputs[j.ID]
	if diff := cmp.Diff(url.Values{"foo": {"bar"}, "a[b]": {"c"}, "list[]": {"1", "2"}}, in.RemoteQuery); diff != "" {
		t.Error(diff)
	}
	if in.Name != "Ada Lovelace" || len(in.RemoteData) != 1 {
		t.Errorf("not normalised, or without remote_data: %+v", in)
	}
}

// seedBody is what the documents of the API that this one stands in for show.
const seedBody = `{"first_name":"your_first_name","last_name":"your_last_name","email_addresses":[],"account":{},
"name":"your_name","title":"your_title","phone_numbers":[],
"custom_fields":"{\n  \"custom_field_name_1\": \"foo\",\n  \"custom_field_name_2\": \"bar\"\n}\n",
"addresses":[],"tags":[],"created_at":"your_created_at","owner":{},"remote_data":{}}`

func TestCreateTakesTheSeedsOwnExample(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	path := contactsPath + "?integrated_account_id=" + plainAccount
	a := h.ask(t, "POST", path, seedBody).wantStatus(t, 422)
	if diff := cmp.Diff([]string{"/created_at invalid_date_time"}, a.faults()); diff != "" {
		t.Error(diff)
	}
	fixed := strings.Replace(seedBody, "your_created_at", "2026-01-02T03:04:05Z", 1)
	a = h.ask(t, "POST", path, fixed).wantStatus(t, 202)
	if diff := cmp.Diff([]string{"title unsupported", "custom_fields unsupported", "created_at unsupported"}, a.warnings()); diff != "" {
		t.Error(diff)
	}
	in := h.jobs.inputs[a.id(t)]
	if in.Account != nil || in.Owner != nil || len(in.EmailAddresses)+len(in.Tags) > 0 {
		t.Errorf("empty values count as absent: %+v", in)
	}
	if diff := cmp.Diff(map[string]any{"custom_field_name_1": "foo", "custom_field_name_2": "bar"}, in.CustomFields); diff != "" {
		t.Error(diff)
	}
}

func TestCreateWarns(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		query, body string
		want        []string
	}{
		"nothing":             {"", ada, []string{}},
		"response-only field": {"", strings.Replace(ada, "{", `{"id":"7","etag":"x",`, 1), []string{"id ignored", "etag ignored"}},
		"unsupported field":   {"", strings.Replace(ada, "{", `{"title":"Countess",`, 1), []string{"title unsupported"}},
		"unknown options":     {"&zeta=1&alpha=2&truto_foo[]=3", ada, []string{"query.alpha ignored", "query.truto_foo[] ignored", "query.zeta ignored"}},
		"overlong option":     {"&" + strings.Repeat("x", 65) + "=1", ada, []string{"query ignored"}},
		"unknown exclusion":   {"&truto_exclude_fields[]=nmae", ada, []string{"query.truto_exclude_fields ignored"}},
		"useless workspace":   {"&workspace[id]=w1", ada, []string{"query.workspace[id] ignored"}},
		"everything at once": {"&what=1&workspace[id]=w1", strings.Replace(ada, "{", `{"id":"7","title":"Countess",`, 1),
			[]string{"id ignored", "query.what ignored", "title unsupported", "query.workspace[id] ignored"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newHarness(t).create(t, test.query, test.body).wantStatus(t, 202)
			if diff := cmp.Diff(test.want, a.warnings()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWarningsOfTheWorkAreShownOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	id := h.create(t, "", strings.Replace(ada, "{", `{"title":"Countess",`, 1)).wantStatus(t, 202).id(t)
	h.jobs.change(id, func(j *job.Job) {
		j.Warnings = append(j.Accepted, contact.Warning{Field: "phone_numbers/2", Code: "dropped", Message: "m"})
	}, nil)
	a := h.ask(t, "GET", "/jobs/"+id, "").wantStatus(t, 200)
	if diff := cmp.Diff([]string{"title unsupported", "phone_numbers/2 dropped"}, a.warnings()); diff != "" {
		t.Error(diff)
	}
}

func TestWorkspace(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		account, query string
		status         int
		faults         []string
		workspace      string
	}{
		"of the account":          {spaceAccount, "", 202, []string{}, ""},
		"of the request":          {spaceAccount, "&workspace[id]=xyz", 202, []string{}, "xyz"},
		"of the request alone":    {noSpace, "&workspace[id]=xyz", 202, []string{}, "xyz"},
		"of neither":              {noSpace, "", 422, []string{"query.workspace[id] required"}, ""},
		"malformed":               {spaceAccount, "&workspace[id]=not/one", 422, []string{"query.workspace[id] invalid_format"}, ""},
		"given twice":             {spaceAccount, "&workspace[id]=a&workspace[id]=b", 422, []string{"query.workspace[id] repeated"}, ""},
		"of the request, encoded": {spaceAccount, "&workspace%5Bid%5D=xyz", 202, []string{}, "xyz"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			a := h.ask(t, "POST", contactsPath+"?integrated_account_id="+test.account+test.query, `{"first_name":"Ada"}`).wantStatus(t, test.status)
			if diff := cmp.Diff(test.faults, a.faults()); diff != "" {
				t.Error(diff)
			}
			if test.status == 202 && h.jobs.inputs[a.id(t)].Workspace != test.workspace {
				t.Errorf("workspace %q, want %q", h.jobs.inputs[a.id(t)].Workspace, test.workspace)
			}
		})
	}
}

func TestOnDuplicate(t *testing.T) {
	t.Parallel()
	const phoneOnly = `{"first_name":"Ada","phone_numbers":["+44 20 7946 0018"]}`
	tests := map[string]struct {
		account, choice, body string
		status                int
	}{
		"look-up, found by e-mail":      {fullAccount, "return_existing", ada, 202},
		"look-up, updated":              {fullAccount, "update", ada, 202},
		"native":                        {spaceAccount, "return_existing", phoneOnly, 202},
		"native, but no update":         {spaceAccount, "update", phoneOnly, 422},
		"neither native nor look-up":    {plainAccount, "return_existing", `{"name":"Ada Lovelace","title":"x"}`, 422},
		"neither, and no update either": {plainAccount, "update", `{"name":"Ada Lovelace","title":"x"}`, 422},
		"fail is always possible":       {plainAccount, "fail", `{"name":"Ada Lovelace","title":"x"}`, 202},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			a := h.ask(t, "POST", contactsPath+"?integrated_account_id="+test.account+"&on_duplicate="+test.choice, test.body).wantStatus(t, test.status)
			if test.status == 422 {
				if diff := cmp.Diff([]string{"query.on_duplicate unsupported"}, a.faults()); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	t.Run("a contact that no look-up applies to", func(t *testing.T) {
		t.Parallel()
		a := newHarness(t).create(t, "&on_duplicate=return_existing", phoneOnly).wantStatus(t, 422)
		want := []string{"/email_addresses required", "query.on_duplicate unsupported"}
		if diff := cmp.Diff(want, a.faults()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestValidateOnly(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	a := h.create(t, "&validate_only=true&nope=1", ada, "Prefer", "wait=5", "Idempotency-Key", "k").wantStatus(t, 200)
	want := map[string]any{
		"valid": true, "crm": "full", "integrated_account_id": fullAccount, "problems": []any{},
		"warnings": []any{map[string]any{"field": "query.nope", "code": "ignored", "message": "is no option of this call and was left aside"}},
		"contact": map[string]any{
			"first_name": "Ada", "last_name": "Lovelace", "name": "Ada Lovelace",
			"email_addresses": []any{map[string]any{"email": "Ada@Example.com"}},
		},
	}
	if diff := cmp.Diff(want, a.json); diff != "" {
		t.Error(diff)
	}
	h.create(t, "&validate_only=true", `{"first_name":"Ada"}`).wantStatus(t, 422)
	if n := h.jobs.stored(); n != 0 {
		t.Errorf("%d jobs were stored", n)
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first := h.create(t, "&truto_response_format=raw", ada, "Idempotency-Key", "k1").wantStatus(t, 202)
	respelt := `{ "email_addresses": "Ada@Example.com", "name":"Ada Lovelace", "tags": [] }`
	for name, again := range map[string]answered{
		"the same":            h.create(t, "", ada, "Idempotency-Key", "k1"),
		"quoted":              h.create(t, "", ada, "Idempotency-Key", `"k1"`),
		"spelt another way":   h.create(t, "", respelt, "Idempotency-Key", "k1"),
		"with another format": h.create(t, "&truto_response_format=normalized&expires_in=1h", ada, "Idempotency-Key", "k1"),
	} {
		again.wantStatus(t, 202)
		if again.id(t) != first.id(t) || again.Header().Get("Idempotency-Replayed") != "true" || again.Header().Get("Ferry-Job-Id") != first.id(t) {
			t.Errorf("%s: %s %v", name, again.Body, again.Header())
		}
	}
	for name, other := range map[string]answered{
		"another contact":   h.create(t, "", strings.Replace(ada, "Ada\"", "Adah\"", 1), "Idempotency-Key", "k1"),
		"another option":    h.create(t, "&on_duplicate=update", ada, "Idempotency-Key", "k1"),
		"another query":     h.create(t, "&remote_query[x]=1", ada, "Idempotency-Key", "k1"),
		"another reference": h.create(t, "&client_ref=x", ada, "Idempotency-Key", "k1"),
	} {
		other.wantStatus(t, 422)
		if other.json["type"] != "/problems/idempotency-key-reused" {
			t.Errorf("%s: %s", name, other.Body)
		}
	}
	if n := h.jobs.stored(); n != 1 {
		t.Errorf("%d jobs were stored", n)
	}
	if other := h.create(t, "", ada, "Idempotency-Key", "k2").wantStatus(t, 202); other.id(t) == first.id(t) {
		t.Error("another key gave the same job")
	}
}

func TestIdempotencyKeyOfADeletedJob(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	id := h.create(t, "", ada, "Idempotency-Key", "k1").wantStatus(t, 202).id(t)
	h.succeed(id, job.Created)
	h.ask(t, "DELETE", "/jobs/"+id, "").wantStatus(t, 204)
	h.create(t, "", ada, "Idempotency-Key", "k1").wantStatus(t, 409)
}

func TestIdempotencyKeyAtTheSameMoment(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	const n = 20
	answers := make([]answered, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { answers[i] = h.create(t, "", ada, "Idempotency-Key", "k1") })
	}
	all.Wait()
	fresh := 0
	for _, a := range answers {
		a.wantStatus(t, 202)
		if a.Header().Get("Idempotency-Replayed") == "" {
			fresh++
		}
		if a.id(t) != answers[0].id(t) {
			t.Errorf("two jobs: %s and %s", a.id(t), answers[0].id(t))
		}
	}
	if fresh != 1 || h.jobs.stored() != 1 || len(h.jobs.queued) != 1 {
		t.Errorf("%d fresh answers, %d jobs, %d tasks", fresh, h.jobs.stored(), len(h.jobs.queued))
	}
}

func TestClientRefOfBodyAndQuery(t *testing.T) {
	t.Parallel()
	withRef := strings.Replace(ada, "{", `{"client_ref":"a",`, 1)
	tests := map[string]struct {
		query, body string
		status      int
		want        string
	}{
		"body":      {"", withRef, 202, "a"},
		"query":     {"&client_ref=b", ada, 202, "b"},
		"agreeing":  {"&client_ref=a", withRef, 202, "a"},
		"differing": {"&client_ref=b", withRef, 422, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newHarness(t).create(t, test.query, test.body).wantStatus(t, test.status)
			if got, _ := a.json["client_ref"].(string); got != test.want {
				t.Errorf("client_ref %q, want %q", got, test.want)
			}
		})
	}
}

func TestLifetime(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		want time.Duration
		ok   bool
	}{
		"":        {72 * time.Hour, true},
		"72h":     {72 * time.Hour, true},
		"1h30m":   {90 * time.Minute, true},
		"3600":    {time.Hour, true},
		"1":       {time.Second, true},
		"720h":    {30 * 24 * time.Hour, true},
		"2592000": {30 * 24 * time.Hour, true},
		"0":       {}, "-5": {}, "721h": {}, "500ms": {}, "2592001": {}, "99999999999999999999": {}, "soon": {}, "3d": {},
	}
	for value, test := range tests {
		o := parseOptions(url.Values{"expires_in": {value}}, createOptions())
		if ok := len(o.faults) == 0; ok != test.ok || ok && o.lifetime != test.want {
			t.Errorf("%q: %v %v", value, o.lifetime, o.faults)
		}
	}
}
