package app

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"crmferry/internal/localredis/redistest"
	"crmferry/internal/sandbox"
)

// TestPeopleAreFoundAgain: a single contact and a row of an import, by what they
// came with and by what the CRM made of them.
func TestPeopleAreFoundAgain(t *testing.T) {
	t.Parallel()
	world := sandbox.New(sandbox.Options{Unlimited: true})
	server := httptest.NewServer(world)
	t.Cleanup(server.Close)
	s := startOn(t, redistest.Client(t), server.URL, imitated(world))
	t.Cleanup(s.stop)
	w, err := s.house.startWorker()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.stop)
	c := newClient("http://"+s.api.addr, s.token.Reveal())
	auth, settings := world.Connect("hubspot", "main", "")
	var account, single struct{ ID string }
	call := func(method, path string, in, out any) {
		t.Helper()
		if _, err := c.call(t.Context(), method, path, in, out); err != nil {
			t.Fatal(err)
		}
	}
	call("POST", "/integrated-accounts", map[string]any{"crm": "hubspot", "auth": auth, "settings": settings, "limits": unhindered()}, &account)
	call("POST", "/unified/crm/contacts?integrated_account_id="+account.ID, map[string]any{"first_name": "Ada", "last_name": "L", "email_addresses": []string{"Ada@example.com"}, "phone_numbers": []string{"+44 20 7946 0018"}}, &single)
	call("GET", "/jobs/"+single.ID+"?wait=30", nil, &struct{}{})
	file := strings.NewReader("{\"first_name\":\"B\",\"last_name\":\"L\",\"email_addresses\":[\"bob@example.com\"],\"client_ref\":\"b\"}\n{\"first_name\":\"B\",\"last_name\":\"L\",\"email_addresses\":[\"eve@example.com\"]}\n")
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+s.api.addr+"/unified/crm/contacts/imports?integrated_account_id="+account.ID, file)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token.Reveal())
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.StatusCode != http.StatusAccepted {
		t.Fatal(resp, err)
	}
	location := resp.Header.Get("Location")
	_ = resp.Body.Close()
	var done struct{ Status string }
	for end := time.Now().Add(30 * time.Second); done.Status != "completed" && time.Now().Before(end); {
		call("GET", location+"?wait=10", nil, &done)
	}
	type entry struct {
		Kind, Status string
		Line         int
		JobID        string `json:"job_id"`
		RemoteID     string `json:"remote_id"`
	}
	find := func(by, value string) entry {
		t.Helper()
		var page struct{ Result []entry }
		call("GET", "/lookup?"+url.Values{by: {value}}.Encode(), nil, &page)
		if len(page.Result) != 1 {
			t.Fatalf("by %s: %+v", by, page.Result)
		}
		return page.Result[0]
	}
	ada, bob := find("email", "ada@example.com"), find("email", "BOB@example.com")
	if ada.JobID != single.ID || ada.Status != "succeeded" || find("remote_id", ada.RemoteID) != ada || find("phone", "0044 2079460018") != ada {
		t.Errorf("the single one: %+v", ada)
	}
	if bob.Kind != "import_row" || bob.Line != 1 || bob.Status != "succeeded" || find("remote_id", bob.RemoteID) != bob || find("client_ref", "b") != bob {
		t.Errorf("the row: %+v", bob)
	}
}
