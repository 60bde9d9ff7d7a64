package fleet

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Import is an import as the API tells it.
type Import struct {
	ID            string
	Status        string
	Counts        Counts
	PausedBecause string `json:"paused_because"`
	WaitingFor    string `json:"waiting_for"`
	Error         *struct{ Kind, Code, Message string }
	Report        *struct {
		Rows     struct{ Total, Valid, Invalid int }
		Sample   []struct{ Line int }
		Expected *struct{ Calls int }
	}
}

// Counts tell what became of an import's rows.
type Counts struct {
	Total, Pending, Succeeded, Failed, Unknown, Cancelled, Skipped, Created, Matched, Updated int
}

// Over says whether the import has ended.
func (i Import) Over() bool {
	return i.Status == "completed" || i.Status == "cancelled" || i.Status == "failed"
}

// RowResult is what became of a row.
type RowResult struct {
	Line      int
	ClientRef string `json:"client_ref"`
	Status    string
	Outcome   string
	RemoteID  string `json:"remote_id"`
	JobID     string `json:"job_id"`
	Error     struct {
		Kind, Code, Message string
		Fields              []string
	}
}

// ImportPath is where files for an account are posted; options come in pairs.
func ImportPath(account string, more ...string) string {
	return strings.Replace(Contacts(account, more...), "/contacts?", "/contacts/imports?", 1)
}

// Upload posts NDJSON.
func (f *Fleet) Upload(account string, file []byte, more ...string) Import {
	f.Helper()
	var i Import
	f.Must(http.StatusAccepted, "POST", ImportPath(account, more...), file, "Content-Type", "application/x-ndjson").Decode(f, &i)
	return i
}

// Import gives an import as it stands.
func (f *Fleet) Import(id string) Import {
	f.Helper()
	var i Import
	f.Must(http.StatusOK, "GET", "/imports/"+id, nil).Decode(f, &i)
	return i
}

// AwaitImport waits until an import is so.
func (f *Fleet) AwaitImport(id string, patience time.Duration, what string, so func(Import) bool) Import {
	f.Helper()
	var i Import
	f.Eventually(patience, "the import to be "+what, func() bool {
		a, err := f.Call("GET", "/imports/"+id, nil)
		if err != nil || a.Status != http.StatusOK {
			return false
		}
		i = Import{}
		a.Decode(f, &i)
		return so(i)
	})
	return i
}

// Results gives what became of an import's rows.
func (f *Fleet) Results(id, query string) []RowResult {
	f.Helper()
	a := f.Must(http.StatusOK, "GET", "/imports/"+id+"/results"+query, nil)
	var list []RowResult
	lines := bufio.NewScanner(bytes.NewReader(a.Body))
	for lines.Scan() {
		var r RowResult
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			f.Fatalf("result %q: %v", lines.Text(), err)
		}
		list = append(list, r)
	}
	return list
}
