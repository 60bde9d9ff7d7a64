package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
)

// mostMemory is what the API may take for an upload of any length.
const mostMemory = 150 // MiB

// TestAnUploadTakesLittleMemory: the API's process stays small however long the
// file is.
func TestAnUploadTakesLittleMemory(t *testing.T) {
	t.Parallel()
	rows := 100_000
	if *long {
		rows = 1_000_000
	}
	f := launch(t, sandbox.Options{Unlimited: true})
	account := f.Connect("hubspot", "large")
	begun := time.Now()
	i := f.pour(account, rows)
	t.Logf("%.0f rows/s", float64(rows)/time.Since(begun).Seconds())
	if got := f.Import(i.ID); got.Counts.Total != rows || got.Counts.Pending != rows {
		t.Errorf("%s: %+v", got.Status, got.Counts)
	}
	if runtime.GOOS != "linux" {
		t.Log("only Linux tells how much memory a process took")
		return
	}
	if mib := peak(t, f.API); mib >= mostMemory {
		t.Errorf("the API took %d MiB for %d rows", mib, rows)
	} else {
		t.Logf("%d MiB", mib)
	}
}

// peak is the most memory that a program had so far, in MiB.
func peak(t *testing.T, p *fleet.Process) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		t.Fatalf("no VmHWM in %s", text)
	}
	kib, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kib >> 10
}

// pour uploads rows of about 400 bytes without holding the file.
func (f *ferry) pour(account string, rows int) (i fleet.Import) {
	f.Helper()
	r, w := io.Pipe()
	go func() {
		var b bytes.Buffer
		for n := range rows {
			longRow(&b, n)
			if b.Len() > 64<<10 || n == rows-1 {
				if _, err := w.Write(b.Bytes()); err != nil {
					return
				}
				b.Reset()
			}
		}
		_ = w.Close()
	}()
	req, err := http.NewRequestWithContext(f.Context(), "POST", "http://"+f.Addr()+fleet.ImportPath(account), r)
	if err != nil {
		f.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+f.Token())
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		f.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusAccepted {
		f.Fatalf("HTTP %d: %s, %v", resp.StatusCode, raw, err)
	}
	if err := json.Unmarshal(raw, &i); err != nil {
		f.Fatal(err)
	}
	return i
}

// longRow writes a contact of about 400 bytes that hardly resembles the others.
func longRow(w io.Writer, n int) {
	h := uint64(n)*0x9e3779b97f4a7c15 + 0x1234567
	fmt.Fprintf(w, `{"first_name":"F%x","last_name":"L%x","title":"Head of %x, until further notice, at the branch %d",`+
		`"email_addresses":[{"email":"f%x.l%d@mail%d.example.com"}],`+
		`"phone_numbers":[{"number":"+44207946%04d","type":"work"},{"number":"+447911%06d","type":"mobile"}],`+
		`"addresses":[{"street_1":"%d Some Street %x","city":"City%d","postal_code":"%05d","country":"GB","type":"work"}]}`+"\n",
		h>>40, h>>36&0xffffff, h&0xffff, n%52, h>>32, n, n%97, n%10_000, h%1_000_000, n%250, h>>20&0xffff, n%1000, n%100_000)
}
