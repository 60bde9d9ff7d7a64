package account_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/account"
	"crmferry/internal/account/accounttest"
	"crmferry/internal/contact"
)

// refusal is a request and the problems that it must have.
type refusal struct {
	request string // JSON
	want    []contact.Problem
}

func problem(pointer, code, message string) contact.Problem {
	return contact.Problem{Pointer: pointer, Code: code, Message: message}
}

func testRefusals(t *testing.T, tests map[string]refusal) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			var req account.CreateRequest
			if err := json.Unmarshal([]byte(test.request), &req); err != nil {
				t.Fatal(err)
			}
			_, err := b.Create(t.Context(), tenant, "tok_1", req)
			if diff := cmp.Diff(test.want, problems(t, err)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if all, _, _ := b.List(t.Context(), tenant, account.Filter{}); len(all) > 0 {
				t.Error("a refused request left an account")
			}
		})
	}
}

func TestCreateRefusesRequest(t *testing.T) {
	t.Parallel()
	const auth = `"auth": {"scheme": "access_token", "access_token": "abc"}`
	long := strings.Repeat("ä", 201)
	testRefusals(t, map[string]refusal{
		"nothing": {`{}`, []contact.Problem{problem("/crm", "required", "is required")}},
		"unknown crm": {`{"crm": "secretcrm", ` + auth + `}`, []contact.Problem{
			problem("/crm", "unknown_crm", "is no CRM's id; GET /crms lists them"),
		}},
		"crm by its name": {`{"crm": " Zendesk_Sell", ` + auth + `}`, []contact.Problem{
			problem("/crm", "unknown_crm", "is no CRM's id; did you mean zendesk-sell?"),
		}},
		"id": {`{"crm": "hubspot", "id": "{0190a5b8-7a9e-7c3e-9f00-000000000001}", ` + auth + `}`, []contact.Problem{
			problem("/id", "invalid_id", "must be a UUID in its form of 36 characters"),
		}},
		"id of the right length": {`{"crm": "hubspot", "id": "0190a5b8-7a9e-7c3e-9f00-00000000000g", ` + auth + `}`, []contact.Problem{
			problem("/id", "invalid_id", "must be a UUID in its form of 36 characters"),
		}},
		"texts": {`{"crm": "hubspot", "name": "` + long + `", "external_ref": "a\u0000b", ` + auth + `}`, []contact.Problem{
			problem("/name", "too_long", "is longer than 200 characters"),
			problem("/external_ref", "control_character", "holds a control character"),
		}},
		"limits": {
			`{"crm": "hubspot", ` + auth + `, "limits": {"concurrency": 1001, "reserve": 91, "windows": [
				{"requests": 0, "per_seconds": 1}, {"requests": 1, "per_seconds": 0}, {"requests": 1000001, "per_seconds": 86400.5}, {}]}}`,
			[]contact.Problem{
				problem("/limits/windows/0/requests", "out_of_range", "must be from 1 to 1000000"),
				problem("/limits/windows/1/per_seconds", "out_of_range", "must be above 0 and up to 86400"),
				problem("/limits/windows/2/requests", "out_of_range", "must be from 1 to 1000000"),
				problem("/limits/windows/2/per_seconds", "out_of_range", "must be above 0 and up to 86400"),
				problem("/limits/windows/3/requests", "out_of_range", "must be from 1 to 1000000"),
				problem("/limits/windows/3/per_seconds", "out_of_range", "must be above 0 and up to 86400"),
				problem("/limits/concurrency", "out_of_range", "must be from 1 to 1000"),
				problem("/limits/reserve", "out_of_range", "must be from 0 to 90 percent"),
			},
		},
		"quotas": {
			`{"crm": "hubspot", ` + auth + `, "limits": {"quotas": [{"requests": 5, "period": "day"},
				{"requests": 0, "period": "month"}, {"requests": 5, "period": "day"}, {"requests": 5, "period": "year"}]}}`,
			[]contact.Problem{
				problem("/limits/quotas/1/requests", "out_of_range", "must be from 1 to 1000000000"),
				problem("/limits/quotas/2/period", "conflict", "stands there already"),
				problem("/limits/quotas/3/period", "out_of_range", "must be day, month or rolling_24h"),
			},
		},
		"limits below": {`{"crm": "hubspot", ` + auth + `, "limits": {"concurrency": -1, "reserve": -1}}`, []contact.Problem{
			problem("/limits/concurrency", "out_of_range", "must be from 1 to 1000"),
			problem("/limits/reserve", "out_of_range", "must be from 0 to 90 percent"),
		}},
		"many windows": {`{"crm": "hubspot", ` + auth + `, "limits": {"windows": [{},{},{},{},{},{},{},{},{},{},{}]}}`, []contact.Problem{
			problem("/limits/windows", "too_many", "has more than 10 entries"),
		}},
		"all at once": {
			`{"crm": "salesforce", "id": "1", "name": "` + long + `", "auth": {"scheme": "oauth2"}, "settings": {"pod": "x"}, "limits": {"reserve": 99}}`,
			[]contact.Problem{
				problem("/id", "invalid_id", "must be a UUID in its form of 36 characters"),
				problem("/name", "too_long", "is longer than 200 characters"),
				problem("/auth/access_token", "required", "is required by the scheme oauth2"),
				problem("/settings/pod", "unknown_field", "is no setting of Salesforce, which has: instance_url, api_version, allow_duplicates, external_id_field"),
				problem("/settings/instance_url", "required", "is required by Salesforce, such as https://acme.my.salesforce.com"),
				problem("/limits/reserve", "out_of_range", "must be from 0 to 90 percent"),
			},
		},
	})
}

func TestCreateReportsSoManyProblems(t *testing.T) {
	t.Parallel()
	var auth strings.Builder
	for i := range 26 * 4 {
		auth.WriteString(`, "` + strings.Repeat("z", 12) + string(rune('a'+i%26)) + strings.Repeat("y", i/26) + `": 1`)
	}
	req := account.CreateRequest{CRM: "hubspot", Auth: account.Opaque(`{"scheme": "access_token"` + auth.String() + `}`)}
	_, err := newBench(t).Create(t.Context(), tenant, "", req)
	if got := len(problems(t, err)); got != 50 {
		t.Errorf("%d problems, want 50", got)
	}
}

func TestCreateRefusesWhatJSONCannotHold(t *testing.T) {
	t.Parallel()
	req := hubspot()
	req.Name = "\xff"
	req.Auth = account.Opaque("{\"scheme\": \"\xff\"}")
	req.Settings = account.Opaque(`{} {}`)
	req.Limits = &account.Limits{Windows: []account.Window{{Requests: 1, PerSeconds: math.NaN()}}}
	_, err := newBench(t).Create(t.Context(), tenant, "", req)
	want := []contact.Problem{
		problem("/name", "invalid_utf8", "is not valid UTF-8"),
		problem("/auth", "invalid_utf8", "is not valid UTF-8"),
		problem("/settings", "wrong_type", "must be a JSON object"),
		problem("/limits/windows/0/per_seconds", "out_of_range", "must be above 0 and up to 86400"),
	}
	if diff := cmp.Diff(want, problems(t, err)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestCreateNeverEchoes(t *testing.T) {
	t.Parallel()
	const secret = "S3cr3t-abc"
	requests := []string{
		`{"crm": "S3cr3t-abc"}`,
		`{"crm": "hubspot", "id": "S3cr3t-abc", "name": "S3cr3t-abc\u0001", "auth": "S3cr3t-abc"}`,
		`{"crm": "hubspot", "auth": {"scheme": "S3cr3t-abc", "access_token": {"S3cr3t-abc": 1}}}`,
		`{"crm": "hubspot", "auth": {"scheme": "access_token", "S3cr3t-abc": "", "access_token": "Bearer S3cr3t-abc"}}`,
		`{"crm": "hubspot", "auth": {"scheme": "access_token", "S3cr3t-abc": 1, "S3cr3t-abc": 2}, "settings": {"S3cr3t-abc": 1}}`,
		`{"crm": "hubspot", "auth": {"scheme": "oauth2", "access_token": "x", "expires_at": "S3cr3t-abc"}}`,
		`{"crm": "nutshell", "auth": {"scheme": "basic", "username": "S3cr3t-abc:", "password": "S3cr3t-abc\n"}}`,
		`{"crm": "salesforce", "auth": {"scheme": "oauth2", "access_token": "x"}, "settings": {"instance_url": "https://S3cr3t-abc.example", "api_version": "S3cr3t-abc"}}`,
	}
	for _, request := range requests {
		var req account.CreateRequest
		if err := json.Unmarshal([]byte(request), &req); err != nil {
			t.Fatal(err)
		}
		_, err := newBench(t).Create(t.Context(), tenant, "", req)
		text, _ := json.Marshal(problems(t, err))
		if strings.Contains(strings.ToLower(string(text)+err.Error()), strings.ToLower(secret)) {
			t.Errorf("the answer to %s repeats the value:\n%s", request, text)
		}
	}
}

func FuzzCreate(f *testing.F) {
	for _, object := range []string{`{"scheme":"access_token","access_token":"a"}`, `{"a":null,"a":1}`, `[`, `{"":{}}`, `null`, "{\"\xff\":1}", `{"scheme":"oauth2","expires_at":1e999}`} {
		f.Add(object, object)
	}
	f.Fuzz(func(t *testing.T, auth, settings string) {
		service := account.NewService(account.Deps{
			Store: accounttest.NewMemoryStore(), Sealer: sealer(t, masterKey(7)), Catalogue: crms(),
		})
		for _, crm := range []string{"hubspot", "salesforce", "wix", "nutshell"} {
			req := account.CreateRequest{CRM: crm, Auth: account.Opaque(auth), Settings: account.Opaque(settings)}
			a, err := service.Create(t.Context(), tenant, "", req)
			if err != nil {
				if len(problems(t, err)) == 0 {
					t.Error("refused without a problem")
				}
				continue
			}
			acc, err := service.Open(t.Context(), tenant, a.ID)
			if err != nil || acc.Credential.Scheme != a.Scheme || len(acc.Credential.Values) == 0 {
				t.Errorf("taken, but opens with %d values and the error %v", len(acc.Credential.Values), err)
			}
		}
	})
}
