package e2e

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
)

// people is a file of n contacts, each with an e-mail of its own.
func people(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"first_name":"Ada","last_name":"Row%d","email_addresses":[{"email":"row%d@example.com"}]}`+"\n", i, i)
	}
	return b.Bytes()
}

// TestImport: a file is carried across, to CRMs with batches and without.
func TestImport(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	for _, crm := range []string{"hubspot", "salesforce", "zoho-crm", "monday-crm", "copper", "pipeliner", "dynamics-365-sales", "pipedrive", "close"} {
		t.Run(crm, func(t *testing.T) {
			g := f.with(t)
			const rows = 250
			i := g.Upload(g.Connect(crm, "files"), fileFor(t, crm, rows, nil))
			i = g.AwaitImport(i.ID, time.Minute, "over", fleet.Import.Over)
			if want := (fleet.Counts{Total: rows, Succeeded: rows, Created: rows}); i.Counts != want || i.Status != "completed" {
				t.Errorf("%s: %+v", i.Status, i.Counts)
				t.Logf("%+v", g.Results(i.ID, "?status=failed")[:1])
			}
			once(t, g, crm, "files", i.ID, rows)
		})
	}
}

// once checks that every row has one result, and that the CRM holds each
// succeeded one once.
func once(t *testing.T, g *ferry, crm, account, id string, rows int) {
	t.Helper()
	results := g.Results(id, "")
	if len(results) != rows {
		t.Errorf("%d results", len(results))
	}
	succeeded := 0
	ids := map[string]int{}
	for n, r := range results {
		if r.Line != n+1 {
			t.Fatalf("result %d is of line %d", n, r.Line)
		}
		if r.Status == "succeeded" {
			succeeded++
			ids[r.RemoteID]++
		}
	}
	held := map[string]int{}
	for _, e := range g.World.CRM(crm).Ledger(account) {
		if held[e.Name]++; held[e.Name] > 1 {
			t.Errorf("stands twice: %+v", e)
		}
	}
	if len(held) != succeeded || len(ids) != succeeded {
		t.Errorf("%d succeeded under %d ids, the CRM holds %d", succeeded, len(ids), len(held))
	}
}

// long has the test of killed workers run with 20,000 rows and more kills, and
// that of memory with a million rows.
var long = flag.Bool("e2e.long", false, "kill workers during imports of 20,000 rows, and upload a million")

// TestImportSurvivesKilledWorkers: the worker is killed again and again, by a
// CRM that takes batches and one that does not.
func TestImportSurvivesKilledWorkers(t *testing.T) {
	t.Parallel()
	rows, kills, crms := 1_500, 2, []string{"hubspot", "onepagecrm"}
	if *long {
		rows, kills, crms = 20_000, 8, append(crms, "pipedrive", "salesforce")
	}
	for _, crm := range crms {
		t.Run(crm, func(t *testing.T) {
			t.Parallel()
			f := launch(t, sandbox.Options{Unlimited: true})
			g := f.with(t)
			w := g.StartWorker()
			i := g.Upload(g.Connect(crm, "killed"), people(rows))
			for range kills {
				more := g.World.CRM(crm).Count("killed") + 50 + rand.IntN(rows/kills)
				g.AwaitImport(i.ID, time.Minute, "further", func(i fleet.Import) bool {
					return i.Over() || g.World.CRM(crm).Count("killed") >= more
				})
				w.Kill()
				w = g.StartWorker()
			}
			i = g.AwaitImport(i.ID, 5*time.Minute, "over", fleet.Import.Over)
			if i.Status != "completed" || i.Counts.Succeeded != rows {
				t.Errorf("%s: %+v", i.Status, i.Counts)
				for _, r := range g.Results(i.ID, "?status=failed,unknown") {
					t.Logf("%+v", r)
				}
			}
			once(t, g, crm, "killed", i.ID, rows)
		})
	}
}
