package e2e

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
)

// sendPart sends the head of an upload and a part of its file, in one chunk,
// and leaves the connection open.
func (f *ferry) sendPart(t *testing.T, account, key string, part []byte, end string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", f.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	body := ""
	if len(part) > 0 {
		body = fmt.Sprintf("%x\r\n%s\r\n", len(part), part)
	}
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: ferry\r\nAuthorization: Bearer %s\r\nIdempotency-Key: %s\r\n"+
		"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n%s%s", fleet.ImportPath(account), f.Token(), key, body, end)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// repeat sends an upload with its key until the API has done with the first.
func (f *ferry) repeat(account, key string, file []byte, patience time.Duration) (i fleet.Import) {
	f.Helper()
	f.Eventually(patience, "the key to be free", func() bool {
		a, err := f.Call("POST", fleet.ImportPath(account), file, "Content-Type", "application/x-ndjson", "Idempotency-Key", key)
		if err != nil || a.Status == http.StatusConflict && a.Header.Get("Retry-After") != "" {
			return false
		}
		if a.Status != http.StatusAccepted {
			f.Fatalf("HTTP %d: %s", a.Status, a.Body)
		}
		a.Decode(f, &i)
		return true
	})
	return i
}

// importsOf lists an account's imports.
func (f *ferry) importsOf(account string) []fleet.Import {
	f.Helper()
	var list struct{ Result []fleet.Import }
	f.Must(http.StatusOK, "GET", "/imports?integrated_account_id="+account, nil).Decode(f, &list)
	return list.Result
}

// wantOne checks that of an account's uploads one came to something, and that
// each of its rows stands at the CRM once.
func (f *ferry) wantOne(t *testing.T, account, name, id string, rows int) {
	t.Helper()
	i := f.AwaitImport(id, time.Minute, "over", fleet.Import.Over)
	if want := (fleet.Counts{Total: rows, Succeeded: rows, Created: rows}); i.Counts != want || i.Status != "completed" {
		t.Errorf("%s: %+v", i.Status, i.Counts)
	}
	for _, other := range f.importsOf(account) {
		if other.ID != id && (other.Status != "failed" || other.Counts.Total != 0) {
			t.Errorf("%s is %s, %+v", other.ID, other.Status, other.Counts)
		}
	}
	once(t, f, "hubspot", name, id, rows)
}

// TestACutUploadIsRepeated with its key: there is one import, and no row twice.
func TestACutUploadIsRepeated(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	const rows = 3_000
	file := people(rows)
	for name, c := range map[string]struct {
		part []byte
		end  string
	}{
		"at-the-beginning":        {nil, ""},
		"in-the-middle":           {file[:len(file)/2], ""},
		"before-the-last-chunk":   {file, ""},
		"before-the-answer-comes": {file, "0\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := f.with(t)
			account := g.Connect("hubspot", name)
			if err := g.sendPart(t, account, "k", c.part, c.end).Close(); err != nil {
				t.Fatal(err)
			}
			i := g.repeat(account, "k", file, 30*time.Second)
			if again := g.repeat(account, "k", file, time.Second); again.ID != i.ID {
				t.Errorf("%s, and then %s", i.ID, again.ID)
			}
			g.wantOne(t, account, name, i.ID, rows)
		})
	}
}

// TestAKilledAPILeavesNothing of the upload that it was receiving, once nobody
// can be expected to go on with it.
func TestAKilledAPILeavesNothing(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	const rows, name = 3_000, "killed"
	account, file := f.Connect("hubspot", name), people(rows)
	f.sendPart(t, account, "k", file[:len(file)/2], "")
	f.Eventually(20*time.Second, "the upload to begin", func() bool {
		list := f.importsOf(account)
		return len(list) == 1 && list[0].Status == "receiving" && (f.Redis == nil || len(f.keys("*:block:*")) > 0)
	})
	f.API.Kill()
	f.StartAPI()
	f.Eventually(time.Minute, "the end of the upload", func() bool { return f.importsOf(account)[0].Status == "failed" })
	if left := f.keys("*:block:*"); len(left) > 0 {
		t.Errorf("%s are left", strings.Join(left, ", "))
	}
	f.wantOne(t, account, name, f.repeat(account, "k", file, time.Second).ID, rows)
}

// keys lists what Redis holds, where it can be asked.
func (f *ferry) keys(pattern string) []string {
	f.Helper()
	if f.Redis == nil {
		return nil
	}
	client := f.Redis.Client()
	defer func() { _ = client.Close() }()
	list, err := client.Keys(f.Context(), pattern).Result()
	if err != nil {
		f.Fatal(err)
	}
	return list
}
