package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
	"crmferry/internal/vendors"
)

// fileFor is a file of n contacts with what a CRM requires; with changes single
// rows.
func fileFor(t *testing.T, crm string, n int, with map[int]map[string]any) []byte {
	t.Helper()
	spec, ok := vendors.NewCatalogue().Lookup(crm)
	if !ok {
		t.Fatal(crm)
	}
	v := visit{spec: spec, p: peculiarities()[crm]}
	var b bytes.Buffer
	for i := range n {
		row := v.minimal(fmt.Sprintf("Row%d", i))
		maps.Copy(row, with[i])
		raw, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(raw, '\n'))
	}
	return b.Bytes()
}

// TestBadRowsFailAlone: three bad rows of a hundred, each with its own reason,
// whether the CRM tells of each, or refuses the call as a whole.
func TestBadRowsFailAlone(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	for crm, p := range peculiarities() {
		spec, _ := vendors.NewCatalogue().Lookup(crm)
		if spec.Batch == nil && crm != "pipedrive" {
			continue
		}
		t.Run(crm, func(t *testing.T) {
			g := f.with(t)
			bad := map[int]map[string]any{10: p.invalid, 50: p.invalid, 99: p.invalid}
			i := g.Upload(g.Connect(crm, "partly"), fileFor(t, crm, 100, bad))
			i = g.AwaitImport(i.ID, time.Minute, "over", fleet.Import.Over)
			if i.Counts.Created != 97 || i.Counts.Failed != 3 {
				t.Errorf("%+v", i.Counts)
			}
			var lines []int
			for _, r := range g.Results(i.ID, "?status=failed") {
				lines = append(lines, r.Line)
				if r.Error.Kind != "invalid" || !p.blameless && len(r.Error.Fields) == 0 {
					t.Errorf("line %d: %+v", r.Line, r.Error)
				}
			}
			if !slices.Equal(lines, []int{11, 51, 100}) {
				t.Errorf("failed: %v", lines)
			}
			once(t, g, crm, "partly", i.ID, 100)
		})
	}
}

// TestABatchThatIsRefusedAsAWhole is halved until the bad rows are found.
func TestABatchThatIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	crm := f.World.CRM("hubspot")
	crm.Inject(kit.Fault{
		Match: kit.Match{Method: "POST", Body: regexp.MustCompile("poison")}, Do: kit.Status, Status: http.StatusBadRequest,
		Header: map[string]string{"Content-Type": "application/json"},
		Body:   `{"status":"error","category":"VALIDATION_ERROR","message":"Property values were not valid"}`,
	})
	poison := map[string]any{"title": "poison"}
	i := f.Upload(f.Connect("hubspot", "whole"), fileFor(t, "hubspot", 100, map[int]map[string]any{3: poison, 64: poison, 65: poison}))
	i = f.AwaitImport(i.ID, time.Minute, "over", fleet.Import.Over)
	calls := len(crm.Requests("whole"))
	if i.Counts.Created != 97 || i.Counts.Failed != 3 || calls < 10 || calls > 40 {
		t.Errorf("%+v after %d calls", i.Counts, calls)
	}
	once(t, f, "hubspot", "whole", i.ID, 100)
}

// TestPauseResumeCancelRetry steers an import at a slow CRM.
func TestPauseResumeCancelRetry(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	const rows = 300
	bad := map[int]map[string]any{}
	for i := range 20 {
		bad[i] = peculiarities()["pipedrive"].invalid
	}
	account := f.ConnectAt(&fleet.Limits{Windows: []fleet.Window{{Requests: 25, PerSeconds: 1}}, Concurrency: 5}, "pipedrive", "steered")
	i := f.Upload(account, fileFor(t, "pipedrive", rows, bad))
	crm := f.World.CRM("pipedrive")
	f.Eventually(time.Minute, "rows", func() bool { return crm.Count("steered") > 10 })
	f.Must(http.StatusOK, "POST", "/imports/"+i.ID+"/pause", nil)
	at := crm.Count("steered")
	f.Must(http.StatusConflict, "POST", "/imports/"+i.ID+"/pause", nil)
	f.Must(http.StatusConflict, "POST", "/imports/"+i.ID+"/retry", nil)
	f.AwaitImport(i.ID, time.Minute, "paused with nothing under way", func(i fleet.Import) bool {
		return i.Status == "paused" && i.Counts.Succeeded == crm.Count("steered")
	})
	if more := crm.Count("steered") - at; more > 50 { // a slice is two seconds' worth
		t.Errorf("%d rows after the pause", more)
	}
	f.Must(http.StatusOK, "POST", "/imports/"+i.ID+"/resume", nil)
	f.Eventually(time.Minute, "more rows", func() bool { return crm.Count("steered") > at+60 })
	f.Call("POST", "/imports/"+i.ID+"/cancel", nil)
	i = f.AwaitImport(i.ID, time.Minute, "cancelled", fleet.Import.Over)
	c := i.Counts
	if i.Status != "cancelled" || c.Cancelled == 0 || c.Failed != 20 || c.Succeeded+c.Failed+c.Cancelled+c.Unknown != rows || c.Pending != 0 {
		t.Errorf("%s: %+v", i.Status, c)
	}
	once(t, f, "pipedrive", "steered", i.ID, rows)
	if n := len(f.Results(i.ID, "?status=cancelled")); n != c.Cancelled {
		t.Errorf("%d cancelled results", n)
	}
	before := crm.Count("steered")
	var again fleet.Import
	f.Must(http.StatusAccepted, "POST", "/imports/"+i.ID+"/retry", nil).Decode(t, &again)
	again = f.AwaitImport(again.ID, time.Minute, "over", fleet.Import.Over)
	if again.Counts.Total != 20 || again.Counts.Failed != 20 || crm.Count("steered") != before {
		t.Errorf("retried: %+v", again.Counts)
	}
	file := f.Must(http.StatusOK, "GET", "/imports/"+i.ID+"/results?status=cancelled&format=original", nil).Body
	rest := f.Upload(account, file)
	rest = f.AwaitImport(rest.ID, time.Minute, "over", fleet.Import.Over)
	if rest.Counts.Created != c.Cancelled || crm.Count("steered") != rows-20 {
		t.Errorf("posted back: %+v, the CRM holds %d", rest.Counts, crm.Count("steered"))
	}
}

// TestAWrongMapping stops by itself after some hundred rows, and a manual start
// shows it before.
func TestAWrongMapping(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	account := f.Connect("hubspot", "wrong")
	var file bytes.Buffer
	file.WriteString("Name,Mail\n")
	for i := range 3_000 {
		fmt.Fprintf(&file, "Ada Row%d,ada%d@example.com\n", i, i)
	}
	// The names go where e-mails belong.
	wrong := []string{"columns[Name]", "email_addresses/0/email", "columns[Mail]", "first_name"}
	post := func(more ...string) (i fleet.Import) {
		f.Must(http.StatusAccepted, "POST", fleet.ImportPath(account, append(more, wrong...)...), file.Bytes(), "Content-Type", "text/csv").Decode(t, &i)
		return i
	}
	i := post()
	i = f.AwaitImport(i.ID, time.Minute, "paused", func(i fleet.Import) bool { return i.Status == "paused" || i.Over() })
	if i.Status != "paused" || i.PausedBecause != "max_failed" || i.Counts.Failed < 500 || i.Counts.Failed > 1_500 {
		t.Errorf("%s %s: %+v", i.Status, i.PausedBecause, i.Counts)
	}
	m := post("start", "manual")
	if m.Status != "ready" || m.Report == nil || m.Report.Rows.Invalid != 3_000 {
		t.Errorf("%+v", m)
	}
	f.Must(http.StatusOK, "POST", "/imports/"+m.ID+"/cancel", nil)
	if m = f.Import(m.ID); m.Status != "cancelled" || m.Counts.Cancelled != 3_000 {
		t.Errorf("%+v", m)
	}
	right := f.Must(http.StatusAccepted, "POST", fleet.ImportPath(account, "start", "manual", "stop_after", "100"), file.Bytes(), "Content-Type", "text/csv")
	var r fleet.Import
	if right.Decode(t, &r); len(r.Report.Sample) != 20 || r.Report.Expected.Calls != 30 {
		t.Errorf("%+v", r.Report)
	}
	f.Must(http.StatusOK, "POST", "/imports/"+r.ID+"/start", nil)
	r = f.AwaitImport(r.ID, time.Minute, "stopped", func(i fleet.Import) bool { return i.Status == "paused" && i.Counts.Succeeded == 100 })
	if r.PausedBecause != "stop_after" || f.World.CRM("hubspot").Count("wrong") != 100 {
		t.Errorf("%s, %+v", r.PausedBecause, r.Counts)
	}
	f.Must(http.StatusOK, "POST", "/imports/"+r.ID+"/resume", nil)
	if r = f.AwaitImport(r.ID, time.Minute, "over", fleet.Import.Over); r.Counts.Created != 3_000 {
		t.Errorf("%+v", r.Counts)
	}
}
