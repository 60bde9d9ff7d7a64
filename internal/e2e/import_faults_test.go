package e2e

import (
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

// mishaps are what a CRM does to the creates of an import, now and then.
func mishaps() []kit.Fault {
	some := func(seed uint64, f kit.Fault) kit.Fault {
		f.Match.Method, f.Seed, f.Times = http.MethodPost, seed, 4
		if f.Probability == 0 {
			f.Probability = 0.2
		}
		return f
	}
	return []kit.Fault{
		some(1, kit.Fault{Do: kit.WriteThenReset}),
		some(2, kit.Fault{Do: kit.WriteThenStatus, Status: http.StatusInternalServerError}),
		some(3, kit.Fault{Do: kit.Truncate}),
		some(4, kit.Fault{Do: kit.Empty2xx}),
		some(5, kit.Fault{Do: kit.ResetBefore}),
		some(6, kit.Fault{Do: kit.ResetAfter}),
		some(7, kit.Fault{Do: kit.HTML}),
		some(8, kit.Fault{Do: kit.Status, Vendor: kit.VendorLimited, Probability: 0.1}),
	}
}

// TestImportsAmidFaults: whatever becomes of calls and answers, every row has
// one outcome, and the CRM holds what the outcomes say, once.
func TestImportsAmidFaults(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	for crm, rows := range map[string]int{"hubspot": 900, "salesforce": 600, "zoho-crm": 300, "onepagecrm": 120, "monday-crm": 120} {
		t.Run(crm, func(t *testing.T) {
			t.Parallel()
			g := f.with(t)
			account := g.Connect(crm, "amid")
			var struck []*kit.Injected
			for _, fault := range mishaps() {
				if crm == "salesforce" && fault.Vendor == kit.VendorLimited {
					continue // its only limit is that of a day
				}
				struck = append(struck, g.World.CRM(crm).Inject(fault))
			}
			i := g.Upload(account, fileFor(t, crm, rows, nil))
			i = g.AwaitImport(i.ID, 40*time.Second, "over", fleet.Import.Over)
			n := 0
			for _, s := range struck {
				n += s.Struck()
			}
			if i.Status != "completed" || i.Counts.Succeeded != rows || n == 0 {
				t.Errorf("%s: %+v after %d faults", i.Status, i.Counts, n)
				for _, r := range g.Results(i.ID, "?status=failed,unknown")[:min(3, i.Counts.Failed+i.Counts.Unknown)] {
					t.Logf("%+v %+v", r, r.Error)
				}
			}
			once(t, g, crm, "amid", i.ID, rows)
		})
	}
}

// TestAStalledWorkersRows: a worker that was silent for longer than its lease
// comes back with an answer. Its rows are another's by then.
func TestAStalledWorkersRows(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	w := f.StartWorker()
	const rows = 300
	account := f.Connect("hubspot", "stalled")
	crm := f.World.CRM("hubspot")
	held := crm.Inject(kit.Fault{Match: kit.Match{Method: http.MethodPost}, Do: kit.WriteThenHold, Times: 2})
	i := f.Upload(account, fileFor(t, "hubspot", rows, nil))
	if err := held.Wait(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	w.Signal(syscall.SIGSTOP)
	f.StartWorker()
	list := "/jobs?import_id=" + i.ID
	var page struct {
		Result []struct {
			ImportID string `json:"import_id"`
		}
	}
	f.Eventually(time.Minute, "its rows as jobs", func() bool {
		f.Must(http.StatusOK, "GET", list, nil).Decode(t, &page)
		return len(page.Result) > 0
	})
	if page.Result[0].ImportID != i.ID {
		t.Errorf("%+v", page.Result[0])
	}
	held.Release()
	w.Signal(syscall.SIGCONT)
	i = f.AwaitImport(i.ID, time.Minute, "over", fleet.Import.Over)
	if i.Status != "completed" || i.Counts.Succeeded != rows {
		t.Errorf("%s: %+v", i.Status, i.Counts)
	}
	once(t, f, "hubspot", "stalled", i.ID, rows)
}

// TestPausedAndResumedAtOnce, again and again, in the middle of calls: the turns
// of the start before go on until they notice, but never with the same rows.
func TestPausedAndResumedAtOnce(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	w := f.StartWorker()
	for _, crm := range []string{"onepagecrm", "salesforce"} {
		t.Run(crm, func(t *testing.T) {
			g := f.with(t)
			const rows = 400
			g.World.CRM(crm).Inject(kit.Fault{Match: kit.Match{Method: http.MethodPost}, Do: kit.Delay, Delay: kit.Duration(50 * time.Millisecond)})
			i := g.Upload(g.Connect(crm, "restless"), fileFor(t, crm, rows, nil))
			for n := range 6 {
				g.AwaitImport(i.ID, time.Minute, "further", func(i fleet.Import) bool {
					return i.Over() || i.Counts.Succeeded >= n*rows/10
				})
				if a, err := g.Call("POST", "/imports/"+i.ID+"/pause", nil); err == nil && a.Status == http.StatusOK {
					g.Must(http.StatusOK, "POST", "/imports/"+i.ID+"/resume", nil)
				}
				if n == 3 { // it lets go of what it has
					w.Signal(syscall.SIGTERM)
					<-w.Done()
					w = f.StartWorker()
				}
			}
			i = g.AwaitImport(i.ID, time.Minute, "over", fleet.Import.Over)
			if i.Status != "completed" || i.Counts.Succeeded != rows {
				t.Errorf("%s: %+v", i.Status, i.Counts)
			}
			once(t, g, crm, "restless", i.ID, rows)
		})
	}
}

// TestRowsWaitForTheirAccount: nothing fails while its token is refused, and all
// goes on afterwards.
func TestRowsWaitForTheirAccount(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	const rows = 40
	account := f.Connect("salesforce", "refused")
	f.World.CRM("salesforce").Inject(kit.Fault{Match: kit.Match{Method: http.MethodPost}, Do: kit.Status, Vendor: kit.VendorUnauthorized, Times: 1})
	i := f.Upload(account, fileFor(t, "salesforce", rows, nil))
	i = f.AwaitImport(i.ID, time.Minute, "waiting", func(i fleet.Import) bool { return i.Status == "waiting" || i.Over() })
	if i.WaitingFor != "reauthorization" || i.Counts.Pending != rows {
		t.Errorf("%s for %q: %+v", i.Status, i.WaitingFor, i.Counts)
	}
	i = f.AwaitImport(i.ID, time.Minute, "over", fleet.Import.Over)
	if i.Counts.Succeeded != rows {
		t.Errorf("%s: %+v", i.Status, i.Counts)
	}
	once(t, f, "salesforce", "refused", i.ID, rows)
}

// TestRowsOfARemovedAccount wait until it is connected again, and go on then.
func TestRowsOfARemovedAccount(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	const rows = 40
	auth, settings := f.World.Connect("onepagecrm", "removed", "")
	connect := map[string]any{
		"id": "0197f7a2-0000-7000-8000-000000000005", "crm": "onepagecrm", "name": "removed", "auth": auth, "settings": settings,
		"limits": fleet.Limits{Windows: []fleet.Window{{Requests: 10, PerSeconds: 1}}},
	}
	var made struct{ ID string }
	f.Must(http.StatusCreated, "POST", "/integrated-accounts", connect).Decode(t, &made)
	i := f.Upload(made.ID, fileFor(t, "onepagecrm", rows, nil))
	f.AwaitImport(i.ID, time.Minute, "under way", func(i fleet.Import) bool { return i.Counts.Succeeded > 0 })
	f.Must(http.StatusNoContent, "DELETE", "/integrated-accounts/"+made.ID, nil)
	i = f.AwaitImport(i.ID, time.Minute, "waiting", func(i fleet.Import) bool { return i.WaitingFor == "reauthorization" || i.Over() })
	if i.Counts.Failed != 0 || i.Counts.Pending == 0 {
		t.Errorf("%s: %+v", i.Status, i.Counts)
	}
	f.Must(http.StatusCreated, "POST", "/integrated-accounts", connect)
	i = f.AwaitImport(i.ID, time.Minute, "over", fleet.Import.Over)
	if i.Counts.Succeeded != rows {
		t.Errorf("%s: %+v", i.Status, i.Counts)
	}
	once(t, f, "onepagecrm", "removed", i.ID, rows)
}

// TestASingleGoesBeforeAnImport of the same account.
func TestASingleGoesBeforeAnImport(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	account := f.ConnectAt(&fleet.Limits{Windows: []fleet.Window{{Requests: 10, PerSeconds: 1}}, Concurrency: 4}, "onepagecrm", "busy")
	i := f.Upload(account, fileFor(t, "onepagecrm", 150, nil))
	f.AwaitImport(i.ID, time.Minute, "under way", func(i fleet.Import) bool { return i.Counts.Succeeded > 10 })
	for n := range 3 {
		began := time.Now()
		j := f.Await(f.Post(fleet.Contacts(account), fleet.Person(fmt.Sprintf("Single%d", n))).ID, time.Minute)
		if took := time.Since(began); j.Status != "succeeded" || took > 5*time.Second {
			t.Errorf("%s after %v", j.Status, took)
		}
	}
	if i = f.Import(i.ID); i.Over() {
		t.Error("the import was over before the singles came")
	}
	if _, err := f.Call("POST", "/imports/"+i.ID+"/cancel", nil); err != nil {
		t.Fatal(err)
	}
	i = f.AwaitImport(i.ID, time.Minute, "over", fleet.Import.Over)
	if i.Status != "cancelled" || f.World.CRM("onepagecrm").Count("busy") != i.Counts.Succeeded+3 {
		t.Errorf("%s: %+v", i.Status, i.Counts)
	}
}
