package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"crmferry/internal/localredis/redistest"
	"crmferry/internal/sandbox"
)

// BenchmarkImportAgainstBare measures rows of imports carried across, to an
// imitation that takes batches of 100 and to one that takes none, beside a bare
// Gin and Asynq pipeline in the same run, and Redis's memory for each waiting
// row beside that of a bare task.
//
//	go test -run '^$' -bench ImportAgainstBare -benchtime 1x ./internal/app
func BenchmarkImportAgainstBare(b *testing.B) {
	const contacts, rows = 5_000, 50_000
	for range b.N {
		for crm, metric := range map[string]string{"hubspot": "batches", "capsule": "singles"} {
			bare := measure(b, newBareFor(b, crm), contacts, 50)
			carried := importing(b, crm, rows)
			b.ReportMetric(bare.carried, "bare-to-"+crm+"/s")
			b.ReportMetric(carried, metric+"-rows/s")
			b.ReportMetric(carried/bare.carried, metric+"-ratio")
		}
	}
}

// importing gives the rows per second that an import carries across.
func importing(b *testing.B, crm string, rows int) float64 {
	b.Helper()
	world := sandbox.New(sandbox.Options{Unlimited: true})
	server := httptest.NewServer(world)
	defer server.Close()
	s := startOn(b, redistest.Client(b), server.URL, imitated(world))
	defer s.stop()
	c := newClient("http://"+s.api.addr, s.token.Reveal())
	auth, settings := world.Connect(crm, "ours", "")
	var acc struct{ ID string }
	if _, err := c.call(context.Background(), "POST", "/integrated-accounts", map[string]any{
		"crm": crm, "auth": auth, "settings": settings, "limits": unhindered(),
	}, &acc); err != nil {
		b.Fatal(err)
	}
	id := upload(b, c, acc.ID, rows, func(w *bytes.Buffer, i int) { _, _ = w.Write(append(person(int64(i)), '\n')) })
	begun := time.Now()
	w, err := s.house.startWorker()
	if err != nil {
		b.Fatal(err)
	}
	defer w.stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for late := time.After(2 * time.Minute); world.CRM(crm).Count("ours") < rows; {
		select {
		case <-look.C:
		case <-late:
			i, err := s.house.imports.Load(context.Background(), id)
			out, _ := s.house.imports.Results(context.Background(), i, 0)
			b.Fatalf("%s: %s %s, %+v, %v; first row: %+v", crm, i.Status, i.Reason, i.Counts, err, out[0].Error)
		}
	}
	return float64(rows) / time.Since(begun).Seconds()
}

// upload streams a file of so many rows.
func upload(b testing.TB, c *client, account string, rows int, row func(w *bytes.Buffer, i int)) (id string) {
	b.Helper()
	r, w := io.Pipe()
	go func() {
		var buf bytes.Buffer
		for i := range rows {
			row(&buf, i)
			if buf.Len() > 64<<10 || i == rows-1 {
				if _, err := w.Write(buf.Bytes()); err != nil {
					return
				}
				buf.Reset()
			}
		}
		_ = w.Close()
	}()
	req, err := http.NewRequestWithContext(context.Background(), "POST", c.base+"/unified/crm/contacts/imports?integrated_account_id="+account, r)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusAccepted {
		b.Fatalf("HTTP %d: %s", resp.StatusCode, raw)
	}
	var made struct{ ID string }
	if err := json.Unmarshal(raw, &made); err != nil {
		b.Fatal(err)
	}
	return made.ID
}

// writeRow writes a contact of about 400 bytes that hardly resembles the others.
func writeRow(w *bytes.Buffer, i int) {
	h := uint64(i)*0x9e3779b97f4a7c15 + 0x1234567
	fmt.Fprintf(w, `{"first_name":"F%x","last_name":"L%x","title":"Head of %x, until further notice, at the branch %d","email_addresses":[{"email":"f%x.l%d@mail%d.example.com"}],`+
		`"phone_numbers":[{"number":"+44207946%04d","type":"work"},{"number":"+447911%06d","type":"mobile"}],`+
		`"addresses":[{"street_1":"%d Some Street %x","city":"City%d","postal_code":"%05d","country":"GB","type":"work"}]}`+"\n",
		h>>40, h>>36&0xffffff, h&0xffff, i%52, h>>32, i, i%97, i%10_000, h%1_000_000, i%250, h>>20&0xffff, i%1000, i%100_000)
}

var memory = regexp.MustCompile(`used_memory:(\d+)`)

// BenchmarkMillionRows uploads a million rows to an API in a process of its own
// and tells how fast, how much memory the API and Redis took, and what a bare
// pipeline's tasks for the same contacts take.
func BenchmarkMillionRows(b *testing.B) {
	const rows = 1_000_000
	world := sandbox.New(sandbox.Options{Unlimited: true})
	db := redistest.Client(b)
	used := func() float64 {
		text, err := db.Info(context.Background(), "memory").Result()
		if err != nil {
			b.Fatal(err)
		}
		n, _ := strconv.ParseFloat(memory.FindStringSubmatch(text)[1], 64)
		return n
	}
	s := startOn(b, db, "http://127.0.0.1:1", imitated(world))
	defer s.stop()
	c := newClient("http://"+s.api.addr, s.token.Reveal())
	auth, settings := world.Connect("hubspot", "ours", "")
	var acc struct{ ID string }
	if _, err := c.call(context.Background(), "POST", "/integrated-accounts", map[string]any{"crm": "hubspot", "auth": auth, "settings": settings}, &acc); err != nil {
		b.Fatal(err)
	}
	before, begun := used(), time.Now()
	upload(b, c, acc.ID, rows, writeRow)
	b.ReportMetric(rows/time.Since(begun).Seconds(), "rows/s")
	b.ReportMetric((used()-before)/rows, "redis-B/row")
	status, _ := os.ReadFile("/proc/self/status")
	if m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status); m != nil {
		kb, _ := strconv.ParseFloat(string(m[1]), 64)
		b.ReportMetric(kb/1024, "peak-MiB")
	}
	const tasks = 20_000
	bareDB := redistest.Client(b)
	db = bareDB
	before = used()
	queue := asynq.NewClientFromRedisClient(bareDB)
	var row bytes.Buffer
	for i := range tasks {
		row.Reset()
		writeRow(&row, i)
		if _, err := queue.Enqueue(asynq.NewTask("contact", row.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((used()-before)/tasks, "bare-B/task")
}
