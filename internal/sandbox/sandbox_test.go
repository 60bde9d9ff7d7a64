package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

// world serves all imitations on a socket.
func world(t *testing.T, o sandbox.Options) (*sandbox.World, string) {
	t.Helper()
	w := sandbox.New(o)
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return w, server.URL
}

// call sends a request and decodes the answer into out, if there is one.
func call(t *testing.T, method, url, token, body string, out any) (status int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
	}
	return resp.StatusCode
}

// TestEveryPackageIsListed compares the folders of imitations with the list.
func TestEveryPackageIsListed(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var folders, listed []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "kit" {
			folders = append(folders, e.Name())
		}
	}
	for _, slug := range sandbox.New(sandbox.Options{}).Slugs() {
		listed = append(listed, strings.ReplaceAll(slug, "-", ""))
	}
	slices.Sort(listed)
	if diff := cmp.Diff(folders, listed); diff != "" {
		t.Error(diff)
	}
}

// TestSpecs holds every imitation to what the kit and its users rely on.
func TestSpecs(t *testing.T) {
	t.Parallel()
	w := sandbox.New(sandbox.Options{})
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	ada := kit.Person{FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.com", Phone: "+442079460001", Title: "Analyst"}
	for _, slug := range w.Slugs() {
		t.Run(slug, func(t *testing.T) {
			t.Parallel()
			crm := w.CRM(slug)
			auth, settings := w.Connect(slug, "acme", "")
			if auth["scheme"] == "" || settings == nil || !carries(auth, kit.Token(slug, "acme")) {
				t.Errorf("auth %v, settings %v", auth, settings)
			}
			first, second := crm.Seed("acme", ada, at), crm.Seed("acme", kit.Person{LastName: "Byron"}, at)
			if first == "" || first == second || crm.Count("acme") != 2 {
				t.Errorf("ids %q and %q, %d records", first, second, crm.Count("acme"))
			}
			names := map[string]bool{}
			for _, l := range crm.Limits() {
				kinds := 0
				for _, is := range []bool{l.Per > 0, l.Until != nil, l.Concurrent} {
					if is {
						kinds++
					}
				}
				if l.Name == "" || names[l.Name] || l.Requests < 1 || kinds != 1 {
					t.Errorf("limit %+v", l)
				}
				names[l.Name] = true
			}
			answersInVain(t, crm)
		})
	}
}

func carries(auth map[string]string, token string) bool {
	for _, value := range auth {
		if value == token {
			return true
		}
	}
	return false
}

// answersInVain has the imitation answer what no account is needed for.
func answersInVain(t *testing.T, crm *kit.CRM) {
	t.Helper()
	faults := map[string]int{kit.VendorUnauthorized: 401, kit.VendorServerError: 500, kit.VendorUnavailable: 503, kit.VendorLimited: 0, "": 401}
	for vendor, want := range faults {
		if vendor != "" {
			crm.Inject(kit.Fault{Do: kit.Status, Vendor: vendor})
		}
		rec := httptest.NewRecorder()
		crm.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
		if rec.Code < 400 || (want != 0 && rec.Code != want) {
			t.Errorf("%q: status %d, want %d", vendor, rec.Code, want)
		}
		crm.ClearFaults()
	}
}

func TestMounting(t *testing.T) {
	t.Parallel()
	w, url := world(t, sandbox.Options{})
	if status := call(t, "GET", url+"/nobody/x", "", "", nil); status != 404 {
		t.Errorf("unknown slug: %d", status)
	}
	if w.CRM("nobody") != nil {
		t.Error("an unknown imitation is not nil")
	}
	if auth, settings := w.Connect("nobody", "acme", url); auth != nil || settings != nil {
		t.Errorf("unknown slug: %v %v", auth, settings)
	}
	auth, _ := w.Connect("hubspot", "acme", url)
	token := "Bearer " + auth["access_token"]
	w.CRM("hubspot").Seed("acme", kit.Person{LastName: "L", Email: "a+b@x.example"}, time.Now())
	if status := call(t, "GET", url+"/hubspot/crm/objects/2026-09/contacts/a%2Bb%40x.example?idProperty=email", token, "", nil); status != 200 {
		t.Errorf("escaped path: %d", status)
	}
	_, settings := w.Connect("salesforce", "acme", url+"/")
	if status := call(t, "GET", settings["instance_url"]+"/services/data/", "", "", nil); status != 200 {
		t.Errorf("instance url %s: %d", settings["instance_url"], status)
	}
}

func TestControl(t *testing.T) {
	t.Parallel()
	_, url := world(t, sandbox.Options{})
	control, contacts, token := url+"/_sandbox/hubspot", url+"/hubspot/crm/objects/2026-09/contacts", "Bearer sbx_hubspot_acme"
	create := func(want int) {
		t.Helper()
		if status := call(t, "POST", contacts, token, `{"properties":{"lastname":"Lovelace"}}`, nil); status != want {
			t.Errorf("create: %d, want %d", status, want)
		}
	}
	ok := func(method, path, body string, out any) {
		t.Helper()
		if status := call(t, method, control+path, "", body, out); status != 200 {
			t.Errorf("%s %s: %d", method, path, status)
		}
	}

	create(201)
	ok("POST", "/faults", `{"match":{"method":"POST","path":"contacts$"},"times":1,"do":"write_then_status","status":502}`, nil)
	create(502)
	create(201)
	ok("POST", "/faults", `{"do":"status","vendor":"limited","match":{"account":"acme"},"probability":1,"seed":3,"delay":"1ms"}`, nil)
	create(429)
	ok("DELETE", "/faults", "", nil)
	ok("PUT", "/limits", `{"limits":[{"name":"ten_secondly","requests":4,"per":"1h"}]}`, nil)
	create(201)
	create(429)
	ok("PUT", "/limits", `{"unlimited":true}`, nil)
	create(201)

	var seeded struct{ ID string }
	ok("POST", "/seed", `{"account":"acme","person":{"last_name":"Byron","email":"b@x.example"},"created_at":"2020-01-02T03:04:05Z"}`, &seeded)
	var ledger struct{ Entries []kit.Entry }
	ok("GET", "/ledger?account=acme", "", &ledger)
	var count kit.Counts
	ok("GET", "/count?account=acme", "", &count)
	var requests struct{ Requests []kit.Request }
	ok("GET", "/requests", "", &requests)
	var records struct{ Records []kit.Record }
	ok("GET", "/records?account=acme", "", &records)
	if seeded.ID == "" || len(ledger.Entries) != 5 || len(requests.Requests) != 7 || len(records.Records) != 6 || records.Records[5].ID != seeded.ID {
		t.Errorf("seeded %+v, ledger %+v, requests %+v, records %+v", seeded, ledger, requests, records)
	}
	if diff := cmp.Diff(kit.Counts{Records: 6, Creates: 5, Requests: 7, Limited: 1, FollowUps: map[string]int{}}, count); diff != "" {
		t.Error(diff)
	}
	if r := requests.Requests[1]; r.Fault != kit.WriteThenStatus || r.Status != 502 || r.Account != "acme" {
		t.Errorf("request: %+v", r)
	}
	ok("POST", "/reset", "", nil)
	ok("GET", "/ledger", "", &ledger)
	if len(ledger.Entries) != 0 {
		t.Errorf("ledger after the reset: %+v", ledger)
	}
}

func TestControlRefusals(t *testing.T) {
	t.Parallel()
	_, url := world(t, sandbox.Options{})
	for name, test := range map[string]struct {
		method, path, body string
		status             int
	}{
		"unknown CRM":       {"GET", "/_sandbox/nobody/ledger", "", 404},
		"no JSON":           {"POST", "/_sandbox/hubspot/faults", "{", 400},
		"unknown kind":      {"POST", "/_sandbox/hubspot/faults", `{"do":"vanish"}`, 400},
		"bad expression":    {"POST", "/_sandbox/hubspot/faults", `{"do":"hold","match":{"path":"("}}`, 400},
		"unknown key":       {"POST", "/_sandbox/hubspot/faults", `{"do":"hold","time":1}`, 400},
		"unknown limit":     {"PUT", "/_sandbox/hubspot/limits", `{"limits":[{"name":"x","requests":1}]}`, 400},
		"seed for nobody":   {"POST", "/_sandbox/hubspot/seed", `{"person":{},"created_at":"2020-01-02T03:04:05Z"}`, 400},
		"seed without time": {"POST", "/_sandbox/hubspot/seed", `{"account":"a","person":{}}`, 400},
		"bad lag":           {"PUT", "/_sandbox/lag", `{"lag":"soon"}`, 400},
	} {
		var answer struct{ Error string }
		if status := call(t, test.method, url+test.path, "", test.body, &answer); status != test.status || answer.Error == "" {
			t.Errorf("%s: %d %q, want %d", name, status, answer.Error, test.status)
		}
	}
}

func TestLag(t *testing.T) {
	t.Parallel()
	w, url := world(t, sandbox.Options{})
	search := func() (total int) {
		var found struct{ Total int }
		call(t, "POST", url+"/hubspot/crm/objects/2026-09/contacts/search", "Bearer sbx_hubspot_acme", `{}`, &found)
		return found.Total
	}
	w.CRM("hubspot").Seed("acme", kit.Person{LastName: "L"}, time.Now())
	if n := search(); n != 1 {
		t.Errorf("%d found without a lag", n)
	}
	if status := call(t, "PUT", url+"/_sandbox/lag", "", `{"lag":"1h"}`, nil); status != 200 {
		t.Errorf("lag: %d", status)
	}
	if n := search(); n != 0 {
		t.Errorf("%d found with a lag", n)
	}
	var list struct{ CRMs []string }
	if status := call(t, "GET", url+"/_sandbox/", "", "", &list); status != 200 || !slices.Contains(list.CRMs, "hubspot") {
		t.Errorf("list: %d %v", status, list)
	}
}
