package connector

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

func bulk() *Spec {
	spec := board()
	spec.Prepare = spec.Prepare[:1]
	spec.Create.Request = func(c *Call) (Request, error) {
		if c.Input.Name == "" {
			return Request{}, errors.New("nobody")
		}
		c.Warn("name", "seen", "by the single's encoder")
		return encodeAcme(c)
	}
	spec.Batch = &Batch{
		Max: 10,
		Request: func(calls []*Call, bodies []map[string]any) (Request, error) {
			bodies[0]["key"] = calls[0].Key
			return Request{Method: "POST", Path: "/people/batch", Body: map[string]any{"list": bodies}, Query: url.Values{"mode": {"each"}}}, nil
		},
		Decode: func(_ []*Call, r Reply) ([]BatchResult, error) {
			rows, err := DecodeJSON[[]struct {
				ID, Error string
				Status    int
			}](r)
			var results []BatchResult
			for _, row := range rows {
				result := BatchResult{Contact: contact.Contact{ID: row.ID}, Raw: []byte(row.ID)}
				if row.ID == "5" {
					result.ContentType = "text/plain"
				}
				if row.Error != "" {
					result.Err = &VendorError{Code: row.Error, Status: row.Status}
				}
				results = append(results, result)
			}
			return results, err
		},
	}
	return spec
}

func openBatch(t *testing.T, spec *Spec, names []string, replies ...reply) ([]*Session, *script) {
	t.Helper()
	script := &script{replies: replies}
	client := NewClient(script, nil, nil)
	var sessions []*Session
	for _, name := range names {
		in := contact.Input{Contact: contact.Contact{Name: name}}
		if name == "Ada" {
			in.RemoteData, in.RemoteQuery = map[string]any{"vip": true}, url.Values{"dry": {"1"}}
		}
		sessions = append(sessions, sessionOf(t, client, spec, account(), in))
	}
	return sessions, script
}

func TestCreateBatch(t *testing.T) {
	t.Parallel()
	spec := bulk()
	spec.Errors.Codes["TAKEN"] = fault.Duplicate
	sessions, script := openBatch(t, spec, []string{"Ada", "", "Bob", "Eve", "Joe", "Zoe"},
		ok(`"c1"`), ok(`[{"id":"1"},{"error":"TAKEN"},{"error":"odd"},{},{"id":"5"}]`))
	answers, err := CreateBatch(context.Background(), sessions, unmarked)
	if err != nil || len(answers) != len(sessions) {
		t.Fatalf("%d answers, %v", len(answers), err)
	}
	var got []string
	for _, a := range answers {
		got = append(got, a.Contact.ID+string(fault.KindOf(a.Err)))
	}
	// A row that the answer passes over may have been stored.
	want := []string{"1", "invalid", "duplicate", "invalid", "outcome_unknown", "5"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if string(answers[5].Raw) != "5" || answers[5].ContentType != "text/plain" || len(sessions[5].Warnings()) != 1 {
		t.Errorf("last: raw %q, warnings %v", answers[5].Raw, sessions[5].Warnings())
	}
	sent := script.seen[1]
	body := map[string]any{"list": []any{
		map[string]any{"name": "Ada", "vip": true, "key": testKey},
		map[string]any{"name": "Bob"}, map[string]any{"name": "Eve"}, map[string]any{"name": "Joe"}, map[string]any{"name": "Zoe"},
	}}
	if diff := cmp.Diff(body, tree(t, sent.Body)); diff != "" {
		t.Error(diff)
	}
	if want := "https://api.acme.example/v1/people/batch?dry=1&mode=each"; sent.URL != want {
		t.Errorf("URL %s, want %s", sent.URL, want)
	}
}

func TestRefusalsOfABatchHaveStatusesOfTheirOwn(t *testing.T) {
	t.Parallel()
	sessions, _ := openBatch(t, bulk(), []string{"Bob", "Eve", "Joe"},
		ok(`"c1"`), ok(`[{"error":"odd","status":403},{"error":"odd","status":500},{"error":"odd"}]`))
	answers, err := CreateBatch(context.Background(), sessions, unmarked)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		kind   fault.Kind
		status int
	}{{fault.Forbidden, 403}, {fault.OutcomeUnknown, 500}, {fault.Invalid, 200}} {
		if f := fault.From(answers[i].Err); f.Kind != want.kind || f.Status != want.status {
			t.Errorf("row %d: %s, status %d; want %s, %d", i, f.Kind, f.Status, want.kind, want.status)
		}
	}
}

func TestCreateBatchFailsAsAWhole(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		reply reply
		want  fault.Kind
	}{
		{"refused", reply{status: http.StatusConflict}, fault.Duplicate},
		{"limited", reply{status: http.StatusTooManyRequests}, fault.RateLimited},
		{"unreadable", ok(`[`), fault.OutcomeUnknown},
		{"rows are missing", ok(`[{"id":"1"}]`), fault.OutcomeUnknown},
	}
	for _, tt := range tests {
		sessions, _ := openBatch(t, bulk(), []string{"Bob", "Eve"}, ok(`"c1"`), tt.reply)
		if _, err := CreateBatch(context.Background(), sessions, unmarked); fault.KindOf(err) != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestCreateBatchOfNobody(t *testing.T) {
	t.Parallel()
	sessions, script := openBatch(t, bulk(), []string{"", ""}, ok(`"c1"`))
	answers, err := CreateBatch(context.Background(), sessions, unmarked)
	if err != nil || answers[0].Err == nil || answers[1].Err == nil || len(script.seen) != 1 {
		t.Errorf("%v, %v, %d requests", answers, err, len(script.seen))
	}
}

func TestCreateBatchMakesStaleDiscoveriesAnew(t *testing.T) {
	t.Parallel()
	sessions, script := openBatch(t, bulk(), []string{"Bob", "Eve"},
		ok(`"c1"`), reply{status: http.StatusBadRequest, body: `{"code":"no_column"}`},
		ok(`"c2"`), ok(`[{"id":"1"},{"id":"2"}]`))
	answers, err := CreateBatch(context.Background(), sessions, unmarked)
	if err != nil || answers[1].Contact.ID != "2" || len(script.seen) != 4 {
		t.Errorf("%v, %v, %d requests", answers, err, len(script.seen))
	}
}
