package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"crmferry/internal/contact"
	"crmferry/internal/fingerprint"
	"crmferry/internal/imports"
	"crmferry/internal/job"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/store"
)

func refRow(ref, email string) imports.Row {
	return imports.Row{ClientRef: ref, Input: contact.Input{Contact: contact.Contact{EmailAddresses: []contact.Email{{Email: email}}}}}
}

// sealedImport stores an import whose blocks have two rows.
func sealedImport(t testing.TB, s *store.Store, tenant, account string, rows ...imports.Row) string {
	t.Helper()
	si, now := s.Imports(), time.Now().UTC()
	i := imports.Import{Base: imports.Base{ID: store.NewImportID(), Tenant: tenant, AccountID: account, CRM: "hubspot", CreatedAt: now, ExpiresAt: now.Add(time.Hour)}}
	must(t, si.Begin(t.Context(), i.Base))
	codec, prints := imports.NewCodec(), imports.Prints{Keys: s.Prints()}
	for from := 0; from < len(rows); from += 2 {
		part := rows[from:min(from+2, len(rows))]
		for k := range part {
			if part[k].Line = from + k + 1; part[k].ClientRef != "" {
				i.Refs++
			}
		}
		packed, err := imports.Pack(codec, part)
		must(t, err)
		columns, err := prints.Columns(t.Context(), tenant, part)
		must(t, err)
		must(t, si.PutBlock(t.Context(), i.ID, i.Blocks, len(part), packed, columns))
		i.Blocks++
	}
	i.Rows, i.Status, i.Generation, i.SealedAt = len(rows), imports.Running, 1, time.Now().UTC()
	must(t, si.Seal(t.Context(), i))
	return i.ID
}

// took takes the next block of an import.
func took(t testing.TB, s *store.Store, id string, turn int) (imports.Turn, imports.Slice) {
	t.Helper()
	w := imports.Turn{Import: id, Number: turn, Generation: 1, Attempt: int64(turn)}
	sl, ok, err := s.Imports().Take(t.Context(), w, 10, nil)
	if must(t, err); !ok {
		t.Fatal("no slice")
	}
	return w, sl
}

func wrote(t testing.TB, s *store.Store, w imports.Turn, sl imports.Slice, wr imports.Writing) {
	t.Helper()
	_, err := s.Imports().Write(t.Context(), w, sl, wr)
	must(t, err)
}

func result(index, line int, ref, remote string) imports.Result {
	return imports.Result{Index: index, Line: line, ClientRef: ref, Status: imports.RowSucceeded, Outcome: job.Created, RemoteID: remote}
}

func TestLookupOfRows(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) {
		s, acc := printing(t, db), uuid.NewString()
		older := sealedImport(t, s, "acme", uuid.NewString(), refRow("o", "ada@example.com"))
		id := sealedImport(t, s, "acme", acc, refRow("a", "Ada@example.com"), refRow("b", "bob@example.com"), refRow("c", "ada@example.com"), refRow("", "eve@example.com"))
		sealedImport(t, s, "umbrella", acc, refRow("a", "ada@example.com"))
		expect(t, "pending", found(t, s, "acme", fingerprint.Email, "ada@example.com"), id+"/1", id+"/3", older+"/1")
		expect(t, "one account's", found(t, s, "acme", fingerprint.Email, "ada@example.com", func(q *imports.Sought) { q.AccountID = acc }), id+"/1", id+"/3")
		w, sl := took(t, s, id, 0)
		wrote(t, s, w, sl, imports.Writing{Results: []imports.Result{result(0, 1, "a", `r<"1`)}})
		expect(t, "by remote id, in an open block", found(t, s, "acme", fingerprint.RemoteID, `r<"1`), id+"/1")
		wrote(t, s, w, sl, imports.Writing{Results: []imports.Result{result(1, 2, "b", "r2")}})
		for value, line := range map[string]string{`r<"1`: "/1", "r2": "/2"} {
			expect(t, "by remote id, in a block that is done", found(t, s, "acme", fingerprint.RemoteID, value), id+line)
		}
		expect(t, "by e-mail, in a block that is done", found(t, s, "acme", fingerprint.Email, "ada@example.com"), id+"/1", id+"/3", older+"/1")
		expect(t, "by client_ref", found(t, s, "acme", fingerprint.ClientRef, "b"), id+"/2")
		expect(t, "another's remote id", found(t, s, "umbrella", fingerprint.RemoteID, "r2"))

		w, sl = took(t, s, id, 1)
		wrote(t, s, w, sl, imports.Writing{Jobs: map[int]job.Job{0: {Status: job.Verifying}}})
		page, err := s.Lookup(t.Context(), "acme", imports.Sought{Kind: fingerprint.ClientRef, Value: "c", Limit: 5})
		must(t, err)
		if len(page.List) != 1 || page.List[0].JobID != store.RowJobID(id, "1:0") || page.List[0].Status != "pending" {
			t.Errorf("a row that goes on as a job: %+v", page.List)
		}
	})
}

func TestLookupForgetsWithItsImport(t *testing.T) {
	t.Parallel()
	client := redistest.Client(t)
	s := printing(t, client)
	id := sealedImport(t, s, "acme", uuid.NewString(), refRow("a", "ada@example.com"))
	w, sl := took(t, s, id, 0)
	unknown := imports.Result{Line: 1, ClientRef: "a", Status: imports.RowUnknown}
	wrote(t, s, w, sl, imports.Writing{Results: []imports.Result{unknown}})
	must(t, s.Imports().Settle(t.Context(), id, imports.Place{}, result(0, 1, "a", "late")))
	expect(t, "late proof", found(t, s, "acme", fingerprint.RemoteID, "late"), id+"/1")
	_, _, err := s.Imports().Take(t.Context(), w, 1, &sl)
	must(t, err)
	i, err := s.Imports().Load(t.Context(), id)
	must(t, err)
	_, err = s.Imports().End(t.Context(), i)
	must(t, err)
	for name, ttl := range keysOf(t, client) {
		if ttl < 0 && name != "ferry:1:{tacme}:fingerprint-key" && name != "ferry:1:{tacme}:imports" && name != "ferry:1:{a"+i.AccountID+"}:imports" {
			t.Errorf("%s never expires", name)
		}
	}
	i, err = s.Imports().Load(t.Context(), id)
	must(t, err)
	must(t, s.Imports().Delete(t.Context(), i))
	expect(t, "after DELETE", found(t, s, "acme", fingerprint.Email, "ada@example.com"))
	for name := range keysOf(t, client) {
		if name != "ferry:1:{tacme}:fingerprint-key" {
			t.Errorf("%s is left", name)
		}
	}
}

// manyRows stores the e-mail column of an import of so many rows, and the rows
// of one block.
func manyRows(t testing.TB, s *store.Store, client *redis.Client, rows, block int) (id string) {
	t.Helper()
	id = sealedImport(t, s, "acme", uuid.NewString(), refRow("", "first@example.com"))
	i, err := s.Imports().Load(t.Context(), id)
	must(t, err)
	keys, err := s.Prints().For(t.Context(), "acme")
	must(t, err)
	i.Blocks, i.Rows = rows/1000, rows
	list, pipe := make([]imports.Row, 1000), client.Pipeline()
	for n := range i.Blocks {
		for k := range list {
			list[k] = refRow("", fmt.Sprintf("p%d@example.com", n*1000+k))
			list[k].Line = n*1000 + k + 1
		}
		tag := "ferry:1:{i" + id[4:] + "}:"
		for name, packed := range imports.Columns(keys, list) {
			pipe.Set(t.Context(), fmt.Sprint(tag, "col:", name, ":", n), packed, 0)
		}
		if n == block {
			packed, err := imports.Pack(imports.NewCodec(), list)
			must(t, err)
			pipe.Set(t.Context(), fmt.Sprint(tag, "block:", n), packed, 0)
		}
	}
	content := fmt.Sprintf(`{"blocks":%d,"rows":%d,"mapping":{},"sealed_at":"2026-01-02T03:04:05Z"}`, i.Blocks, rows)
	pipe.HSet(t.Context(), "ferry:1:{i"+id[4:]+"}:import", "content", content)
	_, err = pipe.Exec(t.Context())
	must(t, err)
	return id
}

func TestOneAmongMany(t *testing.T) {
	t.Parallel()
	client := redistest.Client(t)
	s := printing(t, client)
	id := manyRows(t, s, client, 20_000, 17)
	expect(t, "one among 20,000", found(t, s, "acme", fingerprint.Email, "P17123@example.com"), id+"/17124")
	expect(t, "nobody", found(t, s, "acme", fingerprint.Email, "p20000@example.com"))
}

// BenchmarkLookup finds one person among a million rows of an import.
//
//	go test -run '^$' -bench Lookup ./internal/store
func BenchmarkLookup(b *testing.B) {
	client := redistest.Client(b)
	s := printing(b, client)
	id := manyRows(b, s, client, 1_000_000, 3)
	for name, c := range map[string]struct {
		email string
		want  []string
	}{"found": {"p3500@example.com", []string{id + "/3501"}}, "nobody": {"nobody@example.com", nil}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				expect(b, name, found(b, s, "acme", fingerprint.Email, c.email), c.want...)
			}
		})
	}
}

// BenchmarkPrints tells what the fingerprints of a job take in Redis.
func BenchmarkPrints(b *testing.B) {
	const jobs = 20_000
	used := func(change ...func(*store.Options)) float64 {
		client := redistest.Client(b)
		s := printing(b, client, change...)
		for i := range jobs {
			accepted(b, s, person(fmt.Sprintf("p%d@example.com", i)))
		}
		info, err := client.InfoMap(b.Context(), "memory").Result()
		must(b, err)
		var n float64
		_, _ = fmt.Sscan(info["Memory"]["used_memory"], &n)
		return n / jobs
	}
	for b.Loop() {
		with, without := used(), used(func(o *store.Options) { o.Sealer = nil })
		b.ReportMetric(with-without, "B/job")
		b.ReportMetric(without, "B/job-without")
	}
}
