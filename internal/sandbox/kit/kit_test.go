package kit_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/kit/kittest"
)

func TestPipeline(t *testing.T) {
	t.Parallel()
	crm := kittest.Run(t, kittest.Suite{Spec: tiny(), Options: kit.Options{Unlimited: true}},
		kittest.Step{Name: "public", Token: "-", Path: "/versions"},
		kittest.Step{Name: "none", Token: "-", Path: "/contacts", Status: 401},
		kittest.Step{Name: "other form", Token: "secret", Path: "/contacts", Status: 401},
		kittest.Step{Name: "no name", Token: "sbx_tiny_", Path: "/contacts", Status: 401},
		kittest.Step{Name: "expired", Account: "expired", Path: "/contacts", Status: 401},
		kittest.Step{Name: "wrong path", Path: "/contacts/", Status: 404},
		kittest.Step{Name: "wrong method", Method: "PUT", Path: "/contacts", Status: 404},
		kittest.Step{Name: "create", Path: "/contacts", Body: `{"name":"<Ada>"}`, Status: 201, Want: map[string]string{"name": `"<Ada>"`}},
		kittest.Step{Name: "not JSON", Path: "/contacts", Body: `{"name":"Ada"} {}`, Status: 400},
		kittest.Step{Name: "other account", Account: "other", Path: "/contacts", Want: map[string]string{"": "0"}},
		kittest.Step{Name: "same account", Path: "/contacts", Want: map[string]string{"": "1"}},
	)
	got := []int{}
	for _, r := range crm.Requests("acme") {
		got = append(got, r.Status)
	}
	if diff := cmp.Diff([]int{404, 404, 201, 400, 200}, got); diff != "" {
		t.Error(diff)
	}
	crm.Reset()
	if n := crm.Counts(""); n.Records+n.Creates+n.Requests+len(crm.Requests(""))+len(crm.Ledger("")) != 0 {
		t.Errorf("left after the reset: %+v", n)
	}
}

func TestSlidingWindow(t *testing.T) {
	t.Parallel()
	get := func(status int, advance time.Duration) kittest.Step {
		return kittest.Step{Path: "/contacts", Status: status, Advance: advance}
	}
	const ms = time.Millisecond
	crm := kittest.Run(t, kittest.Suite{Spec: tiny()},
		get(200, 0), get(200, 600*ms), get(429, 0), get(429, 399*ms),
		get(200, 1*ms), // exactly a second after the first
		get(429, 599*ms), get(200, 1*ms), get(429, 0),
	)
	if n := crm.Counts("acme").Limited; n != 4 {
		t.Errorf("%d refused, want 4", n)
	}
}

func TestLimitKinds(t *testing.T) {
	t.Parallel()
	post := func(account string, status int, advance time.Duration) kittest.Step {
		return kittest.Step{Account: account, Path: "/contacts", Body: `{}`, Status: status, Advance: advance}
	}
	for name, test := range map[string]struct {
		limit kit.Limit
		steps []kittest.Step
	}{
		"counter until midnight": {kit.Limit{Requests: 1, Until: kit.Midnight}, []kittest.Step{
			post("a", 201, 0), post("a", 429, 12*time.Hour-1), post("a", 201, 1), post("a", 429, 0)}},
		"counter until the next month": {kit.Limit{Requests: 1, Until: kit.NextMonth}, []kittest.Step{
			post("a", 201, 0), post("a", 429, 6*24*time.Hour), post("a", 201, 12*time.Hour)}},
		"counter until the next hour": {kit.Limit{Requests: 1, Until: kit.NextHour}, []kittest.Step{
			post("a", 201, 0), post("a", 429, time.Hour-1), post("a", 201, 1)}},
		"shared by all accounts": {kit.Limit{Requests: 1, Per: time.Second, Shared: true}, []kittest.Step{
			post("a", 201, 0), post("b", 429, 0)}},
		"refusals count": {kit.Limit{Requests: 1, Per: time.Second, CountRefused: true}, []kittest.Step{
			post("a", 201, 0), post("a", 429, time.Second-1), post("a", 429, time.Second-1), post("a", 201, time.Second)}},
		"cost": {kit.Limit{Requests: 5, Per: time.Second, Cost: func(*kit.Call) int { return 2 }}, []kittest.Step{
			post("a", 201, 0), post("a", 201, 0), post("a", 429, 0)}},
		"free": {kit.Limit{Requests: 1, Per: time.Second, Cost: func(*kit.Call) int { return 0 }}, []kittest.Step{
			post("a", 201, 0), post("a", 201, 0)}},
		"in flight, one after the other": {kit.Limit{Requests: 1, Concurrent: true}, []kittest.Step{
			post("a", 201, 0), post("a", 201, 0)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := tiny()
			spec.Limits = []kit.Limit{test.limit}
			kittest.Run(t, kittest.Suite{Spec: spec}, test.steps...)
		})
	}
}

func TestConcurrencyLimit(t *testing.T) {
	t.Parallel()
	spec := tiny()
	spec.Limits = []kit.Limit{{Name: "concurrency", Requests: 1, Concurrent: true}}
	crm := kit.New(spec, kit.Options{})
	server := httptest.NewServer(crm)
	t.Cleanup(server.Close)
	in := crm.Inject(kit.Fault{Do: kit.WriteThenHold, Times: 1})
	leave, result := hung(t, server.URL, "")
	defer leave()
	if err := in.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if status, _, err := post(t.Context(), server.URL, ""); status != 429 || err != nil {
		t.Errorf("second in flight: %d %v", status, err)
	}
	in.Release()
	if err := <-result; err != nil {
		t.Error(err)
	}
	if err := crm.Wait(t.Context(), 2, func(r kit.Request) bool { return r.Done }); err != nil {
		t.Fatal(err)
	}
	if status, _, err := post(t.Context(), server.URL, ""); status != 201 || err != nil {
		t.Errorf("after the first has left: %d %v", status, err)
	}
}

func TestSetLimits(t *testing.T) {
	t.Parallel()
	crm := kit.New(tiny(), kit.Options{})
	for name, o := range map[string]kit.Override{
		"unknown": {Name: "day", Requests: 1}, "nothing allowed": {Name: "second"},
		"negative": {Name: "second", Requests: 1, Per: -1},
	} {
		if crm.SetLimits(o) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := crm.SetLimits(kit.Override{Name: "second", Requests: 7, Per: kit.Duration(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if l := crm.Limits()[0]; l.Requests != 7 || l.Per != time.Minute {
		t.Errorf("limit is %+v", l)
	}
	crm.Reset()
	if l := crm.Limits()[0]; l.Requests != 2 || l.Per != time.Second {
		t.Errorf("limit after the reset is %+v", l)
	}
}

// TestOnePerAccount has many clients fight for one window: exactly what it
// holds gets through.
func TestOnePerAccount(t *testing.T) {
	t.Parallel()
	clock := kittest.NewClock()
	crm := kit.New(tiny(), kit.Options{Now: clock.Now})
	if err := crm.SetLimits(kit.Override{Name: "second", Requests: 50}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				r := httptest.NewRequest(http.MethodPost, "/contacts", strings.NewReader(`{"email":"a@x.example"}`))
				r.Header.Set("Authorization", "Bearer "+kit.Token("tiny", "acme"))
				crm.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
	wg.Wait()
	want := kit.Counts{Records: 50, Creates: 50, Requests: 200, Limited: 150, FollowUps: map[string]int{}}
	if diff := cmp.Diff(want, crm.Counts("acme")); diff != "" {
		t.Error(diff)
	}
	ids := map[string]bool{}
	for _, e := range crm.Ledger("") {
		ids[e.ID] = true
	}
	if len(ids) != 50 {
		t.Errorf("%d different ids, want 50", len(ids))
	}
}

func TestSeed(t *testing.T) {
	t.Parallel()
	crm := kit.New(tiny(), kit.Options{})
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	id := crm.Seed("acme", kit.Person{LastName: "Lovelace", Email: "ada@x.example"}, at)
	records := crm.Records("acme")
	if len(records) != 1 || records[0].ID != id || !records[0].CreatedAt.Equal(at) || records[0].Data["name"] != "Lovelace" {
		t.Errorf("records: %+v", records)
	}
	if len(crm.Ledger("")) != 0 || crm.Count("acme") != 1 || crm.Count("other") != 0 {
		t.Error("a seeded record must be counted and not stand in the ledger")
	}
}

func TestWaitGivesUp(t *testing.T) {
	t.Parallel()
	crm := kit.New(tiny(), kit.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := crm.Wait(ctx, 1, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := crm.Inject(kit.Fault{Do: kit.Hold}).Wait(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSchema(t *testing.T) {
	t.Parallel()
	schema := kit.Schema{
		"name": {Required: true, Max: 5}, "email": {Type: kit.Email}, "age": {Type: kit.Integer}, "score": {Type: kit.Number},
		"born": {Type: kit.Date}, "at": {Type: kit.DateTime}, "kind": {OneOf: []string{"a"}}, "id": {ReadOnly: true},
		"ok": {Type: kit.Bool}, "any": {Type: kit.Any},
		"phones": {Type: kit.List, Of: kit.Schema{"value": {Required: true}}}, "place": {Type: kit.Map, Of: kit.Schema{"city": {}}},
	}
	for body, want := range map[string]string{
		`{"name":"Ada","email":"a@x.example","age":3,"score":1.5,"born":"2000-01-02","at":"2000-01-02T03:04:05Z","kind":"a","ok":true,"any":[1]}`: "",
		`{"name":"Ada","phones":[{"value":"1"}],"place":{"city":"London"},"email":null}`:                                                          "",
		`{}`:                             "name absent",
		`{"name":""}`:                    "name absent",
		`{"name":"Åda Å"}`:               "",
		`{"name":"Ada Lo"}`:              "name too_long",
		`{"name":7}`:                     "name wrong_type",
		`{"name":"A","email":"a@x"}`:     "email bad_email",
		`{"name":"A","age":1.5}`:         "age wrong_type",
		`{"name":"A","age":"1"}`:         "age wrong_type",
		`{"name":"A","born":"1/2/00"}`:   "born bad_value",
		`{"name":"A","at":"2000"}`:       "at bad_value",
		`{"name":"A","kind":"b"}`:        "kind not_allowed",
		`{"name":"A","id":"1"}`:          "id not_writable",
		`{"name":"A","nope":1}`:          "nope unknown",
		`{"name":"A","ok":"true"}`:       "ok wrong_type",
		`{"name":"A","phones":{}}`:       "phones wrong_type",
		`{"name":"A","phones":["1"]}`:    "phones.0 wrong_type",
		`{"name":"A","phones":[{}]}`:     "phones.0.value absent",
		`{"name":"A","place":{"x":1}}`:   "place.x unknown",
		`{"age":true,"name":"Lovelace"}`: "age wrong_type, name too_long",
	} {
		var object map[string]any
		if err := kit.Decode([]byte(body), &object); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, issue := range schema.Check(object, false) {
			got = append(got, issue.Path+" "+string(issue.Problem))
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("%s: got %q, want %q", body, text, want)
		}
	}
	if issues := schema.Check(map[string]any{"email": "a@x.example"}, true); len(issues) != 0 {
		t.Errorf("partial: %v", issues)
	}
	if issues := schema.Check(map[string]any{"name": ""}, true); len(issues) != 1 {
		t.Errorf("partial, emptied: %v", issues)
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	request := func(prepare func(*http.Request)) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		prepare(r)
		return r
	}
	basic := func(user, pass string) *http.Request {
		return request(func(r *http.Request) { r.SetBasicAuth(user, pass) })
	}
	header := func(value string) *http.Request {
		return request(func(r *http.Request) { r.Header.Set("Authorization", value) })
	}
	anyUser := func(string) bool { return true }
	for name, test := range map[string]struct{ got, want string }{
		"bearer":              {kit.Bearer(header("Bearer t")), "t"},
		"bearer, lower case":  {kit.Bearer(header("bearer t")), "t"},
		"other word":          {kit.Bearer(header("Basic t")), ""},
		"own word":            {kit.AuthWord(header("Zoho-oauthtoken t"), "Zoho-oauthtoken"), "t"},
		"basic user":          {kit.BasicUser(basic("k", "")), "k"},
		"basic user and pass": {kit.BasicUser(basic("k", "p")), ""},
		"basic password":      {kit.BasicPassword(basic("u", "k"), anyUser), "k"},
		"none":                {kit.BasicPassword(header("Bearer t"), anyUser), ""},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", name, test.got, test.want)
		}
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]bool{
		"ada@example.com": true, "a+b@x.example": true, "ada@": false, "ada": false, "ada@localhost": false,
		"Ada <ada@example.com>": false, " ada@example.com": false, "a@b@c.example": false,
	} {
		if kit.ValidEmail(email) != want {
			t.Errorf("%q: valid is %t", email, !want)
		}
	}
	if a, b := kit.DecimalID("a", 1), kit.DecimalID("b", 1); a == b || len(a) != 11 || len(b) != 11 {
		t.Errorf("ids %s and %s", a, b)
	}
	if id := kit.UUID("a", 1); len(id) != 36 || id != kit.UUID("a", 1) || id == kit.UUID("a", 2) || id[14] != '4' {
		t.Errorf("uuid %s", id)
	}
}
