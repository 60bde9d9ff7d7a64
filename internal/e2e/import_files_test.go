package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
)

// TestFilesOfOtherPrograms: every sample of an export is carried across; its
// valid rows come to stand in the CRM, the others are told of by line.
func TestFilesOfOtherPrograms(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../imports/parse/testdata/*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	media := map[string]string{".csv": "text/csv", ".vcf": "text/vcard", ".json": "application/json", ".ndjson": "application/x-ndjson"}
	for _, file := range files {
		kind := media[filepath.Ext(file)]
		if kind == "" { // the expectations beside the files
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			g := f.with(t)
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.ReplaceAll(strings.ReplaceAll(filepath.Base(file), ".", ""), "-", "")
			account := g.Connect("teamleader", name)
			var report checked
			options := []string{"on_unknown_field", "warn"}
			path := fleet.ImportPath(account, options...)
			g.Must(http.StatusOK, "POST", path+"&validate_only=true", body, "Content-Type", kind).Decode(t, &report)
			var i fleet.Import
			g.Must(http.StatusAccepted, "POST", path, body, "Content-Type", kind).Decode(t, &i)
			i = g.AwaitImport(i.ID, time.Minute, "over", fleet.Import.Over)
			c := i.Counts
			if c.Total != report.Rows.Total || c.Failed != report.Rows.Invalid || c.Succeeded != report.Rows.Valid {
				t.Errorf("%+v, the check said %+v", c, report.Rows)
			}
			invalid := map[int]bool{}
			for _, e := range report.Errors {
				invalid[e.Line] = true
			}
			for _, r := range g.Results(i.ID, "?status=failed") {
				if !invalid[r.Line] {
					t.Errorf("line %d: %+v", r.Line, r.Error)
				}
			}
			if held := g.World.CRM("teamleader").Count(name); held != c.Succeeded {
				t.Errorf("the CRM holds %d of %d", held, c.Succeeded)
			}
		})
	}
}
