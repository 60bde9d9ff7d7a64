package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
)

// referenced is a file of n people with a client_ref each, who have a title.
func referenced(n int, title func(i int) string) []byte {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"client_ref":"cust-%d","first_name":"Ada","last_name":"Row%d","title":%q,"email_addresses":[{"email":"row%d@example.com"}]}`+"\n", i, i, title(i), i)
	}
	return []byte(b.String())
}

// TestAFileThatIsSentAgain: what was carried across is skipped, what changed
// fails or updates the record, and what failed is tried again.
func TestAFileThatIsSentAgain(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	for _, crm := range []string{"hubspot", "capsule"} {
		t.Run(crm, func(t *testing.T) {
			g := f.with(t)
			const rows = 150
			account := g.Connect(crm, "again")
			post := func(title func(int) string, more ...string) (i fleet.Import) {
				i = g.Upload(account, referenced(rows, title), more...)
				return g.AwaitImport(i.ID, time.Minute, "over", fleet.Import.Over)
			}
			same := func(int) string { return "Analyst" }
			few := func(i int) string { // ten have another title by now
				if i%15 == 7 {
					return "Countess"
				}
				return "Analyst"
			}
			first := post(same)
			ids := map[int]string{}
			for _, r := range g.Results(first.ID, "") {
				ids[r.Line] = r.RemoteID
			}
			if second := post(same); second.Counts.Skipped != rows {
				t.Errorf("the same file: %+v", second.Counts)
			}
			third := post(few)
			if third.Counts.Skipped != rows-10 || third.Counts.Failed != 10 {
				t.Errorf("changed: %+v", third.Counts)
			}
			for _, r := range g.Results(third.ID, "?status=failed") {
				if r.Error.Code != "client_ref_changed" {
					t.Errorf("line %d: %+v", r.Line, r.Error)
				}
			}
			fourth := post(few, "on_changed", "update")
			if fourth.Counts.Skipped != rows-10 || fourth.Counts.Updated != 10 {
				t.Errorf("updated: %+v", fourth.Counts)
			}
			for _, r := range g.Results(fourth.ID, "") {
				if r.RemoteID != ids[r.Line] {
					t.Fatalf("line %d: %s, at first %s", r.Line, r.RemoteID, ids[r.Line])
				}
			}
			if n := g.World.CRM(crm).Count("again"); n != rows {
				t.Errorf("the CRM holds %d", n)
			}
			var found struct{ Result []struct{ Kind string } }
			g.Must(http.StatusOK, "GET", "/lookup?client_ref=cust-7&integrated_account_id="+account, nil).Decode(t, &found)
			if len(found.Result) != 4 {
				t.Errorf("%+v", found)
			}
		})
	}
}
