package api

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/imports"
	"crmferry/internal/imports/parse"
	"crmferry/internal/job"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/store"
)

// importHarness is the API over a Redis, where imports stand still: the tests
// are their workers.
type importHarness struct {
	*harness
	db    *redis.Client
	store *shelf
	line  *lineOf
	codec *imports.Codec
}

// shelf is the store of imports, which counts and breaks.
type shelf struct {
	*store.Imports
	gets, blocks atomic.Int64
	// breaks, where positive, is the block that cannot be read, from 1.
	breaks atomic.Int64
	looked chan struct{} // after a Get
	// dead: the process is as good as killed, and does not clean up. stored and
	// sealing, where they are set, are called after each block and before the seal.
	dead            atomic.Bool
	stored, sealing func()
}

func (s *shelf) Fail(ctx context.Context, i imports.Import, f *fault.Error) error {
	if s.dead.Load() {
		return nil
	}
	return s.Imports.Fail(ctx, i, f)
}

func (s *shelf) PutBlock(ctx context.Context, id string, block, rows int, packed []byte, columns map[string][]byte) error {
	err := s.Imports.PutBlock(ctx, id, block, rows, packed, columns)
	if s.stored != nil {
		s.stored()
	}
	return err
}

func (s *shelf) Seal(ctx context.Context, i imports.Import) error {
	if s.sealing != nil {
		s.sealing()
	}
	return s.Imports.Seal(ctx, i)
}

func (s *shelf) Get(ctx context.Context, tenant, id string) (imports.Import, error) {
	s.gets.Add(1)
	select {
	case s.looked <- struct{}{}:
	default:
	}
	return s.Imports.Get(ctx, tenant, id)
}

// await waits until an import was looked at n times more.
func (s *shelf) await(n int64) {
	for until := s.gets.Load() + n; s.gets.Load() < until; {
		<-s.looked
	}
}

func (s *shelf) Results(ctx context.Context, i imports.Import, block int) ([]imports.Outcome, error) {
	s.blocks.Add(1)
	if n := s.breaks.Load(); n > 0 && int64(block) == n-1 {
		return nil, fmt.Errorf("block %d cannot be read", block)
	}
	return s.Imports.Results(ctx, i, block)
}

// lineOf counts the turns that are made.
type lineOf struct {
	mu    sync.Mutex
	turns []string
}

func (l *lineOf) Budget(_ context.Context, _, account string) (string, error) { return account, nil }

func (l *lineOf) Join(_ context.Context, w job.Waiter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turns = append(l.turns, w.ID)
	return nil
}

func (l *lineOf) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.turns)
}

func newImportHarness(t testing.TB, adjust ...func(*Deps)) *importHarness {
	t.Helper()
	return newHeldHarness(t, 0, adjust...)
}

// newHeldHarness is newImportHarness, where uploads are held for so long.
func newHeldHarness(t testing.TB, hold time.Duration, adjust ...func(*Deps)) *importHarness {
	t.Helper()
	h := &importHarness{db: redistest.Client(t), line: &lineOf{}, codec: imports.NewCodec()}
	all := store.New(h.db, store.Options{ResultTTL: time.Hour, ReceiptTTL: time.Hour, UploadHold: hold})
	t.Cleanup(func() { _ = all.Close() })
	h.store = &shelf{Imports: all.Imports(), looked: make(chan struct{}, 1)}
	service := &imports.Service{
		Store: h.store, NewID: store.NewImportID, Failed: func(err error) { t.Error(err) },
		Intake:  &imports.Intake{Store: h.store, Codec: imports.NewCodec()},
		Starter: &imports.Starter{Store: h.store, Jobs: all, Line: h.line, TurnID: store.TurnID},
	}
	h.harness = newHarness(t, append([]func(*Deps){func(d *Deps) { d.Imports = service }}, adjust...)...)
	return h
}

// rowsOfPeople are n rows of CSV-like text, one in each line after a header.
func rowsOfPeople(n int) []imports.Row {
	rows := make([]imports.Row, n)
	for k := range rows {
		rows[k] = imports.Row{
			Line: k + 2, Raw: fmt.Sprintf("Ada%d,ada%d@example.com", k, k), ClientRef: fmt.Sprintf("ref-%d", k),
			Input: contact.Input{Contact: contact.Contact{FirstName: fmt.Sprintf("Ada%d", k), EmailAddresses: []contact.Email{{Email: fmt.Sprintf("ada%d@example.com", k)}}}},
		}
	}
	return rows
}

// kept stores an import of rows in blocks of a size, and seals it.
func (h *importHarness) kept(t testing.TB, status imports.Status, size int, rows []imports.Row, adjust ...func(*imports.Base)) string {
	t.Helper()
	b := imports.Base{
		ID: store.NewImportID(), Tenant: "acme", AccountID: fullAccount, CRM: "full", CreatedAt: clock(), ExpiresAt: clock().Add(30 * 24 * time.Hour), CreatedBy: "ci",
	}
	for _, f := range adjust {
		f(&b)
	}
	check(t, h.store.Begin(t.Context(), b))
	i := imports.Import{Base: b, Status: status}
	i.Generation, i.Preamble, i.Mapping = 1, "First name,Email\n", parse.Mapping{Format: parse.CSV}
	for from := 0; from < len(rows); from += size {
		part := rows[from:min(from+size, len(rows))]
		packed, err := imports.Pack(h.codec, part)
		check(t, err)
		check(t, h.store.PutBlock(t.Context(), b.ID, i.Blocks, len(part), packed, nil))
		i.Blocks++
	}
	i.Rows, i.SealedAt = len(rows), clock()
	if status == imports.Ready {
		i.Generation = 0
	}
	if status != imports.Receiving {
		check(t, h.store.Seal(t.Context(), i))
	}
	return b.ID
}

// turn is how the tests work on an import.
func (h *importHarness) turn(t testing.TB, id string) imports.Turn {
	t.Helper()
	i, err := h.store.Load(t.Context(), id)
	check(t, err)
	return imports.Turn{Import: id, Number: 1, Generation: i.Generation, Attempt: 1}
}

// carry settles the next rows of an import, each as become says.
func (h *importHarness) carry(t testing.TB, id string, n int, become func(place int) imports.Result) {
	t.Helper()
	turn := h.turn(t, id)
	var done *imports.Slice
	for settled := 0; settled < n; {
		s, ok, err := h.store.Take(t.Context(), turn, n-settled, done)
		check(t, err)
		if !ok {
			t.Fatalf("no more rows after %d of %d", settled, n)
		}
		rows, err := h.store.Block(t.Context(), id, s.Block)
		check(t, err)
		var w imports.Writing
		for k := s.From; k < s.To; k++ {
			r := become(settled)
			r.Index, r.Line, r.ClientRef = k, rows[k].Line, rows[k].ClientRef
			w.Results = append(w.Results, r)
			settled++
		}
		_, err = h.store.Write(t.Context(), turn, s, w)
		check(t, err)
		done = &s
	}
	// A turn that ends gives its slice back; this one may not take another.
	check(t, h.db.HDel(t.Context(), "ferry:1:{i"+strings.TrimPrefix(id, "imp_")+"}:slices", "1").Err())
}

// packed makes the blocks of an import done, as if all their rows were created.
func (h *importHarness) packed(t testing.TB, id string, size, n int) {
	t.Helper()
	tag := "ferry:1:{i" + strings.TrimPrefix(id, "imp_") + "}:"
	for block := range n / size {
		list := make([]imports.Result, size)
		for k := range list {
			list[k] = created(k)
			list[k].Index, list[k].Line = k, block*size+k+2
		}
		raw, err := imports.Pack(h.codec, list)
		check(t, err)
		check(t, h.db.Set(t.Context(), fmt.Sprint(tag, "res:", block), raw, 0).Err())
		check(t, h.db.Del(t.Context(), fmt.Sprint(tag, "block:", block)).Err())
	}
}

// end ends an import of which nothing is under way.
func (h *importHarness) end(t testing.TB, id string) {
	t.Helper()
	i, err := h.store.Load(t.Context(), id)
	check(t, err)
	status, err := h.store.End(t.Context(), i)
	check(t, err)
	if !status.Terminal() {
		t.Fatalf("it is %s", status)
	}
}

func created(int) imports.Result {
	return imports.Result{Status: imports.RowSucceeded, Outcome: job.Created, RemoteID: "512"}
}

func failed(int) imports.Result {
	return imports.Result{Status: imports.RowFailed, Error: &fault.Error{Kind: fault.Invalid, Code: "BAD", Message: "is bad", Fields: []string{"email_addresses"}, Status: 400}}
}

// every makes every n-th row fail.
func every(n int) func(int) imports.Result {
	return func(k int) imports.Result {
		if k%n == 0 {
			return failed(k)
		}
		return created(k)
	}
}

func (h *importHarness) show(t *testing.T, id string) answered {
	t.Helper()
	return h.ask(t, "GET", importsRoot+"/"+id, "").wantStatus(t, 200)
}

// counts lists the counts of an answer that are not 0.
func (a answered) counts() string {
	all, _ := a.json["counts"].(map[string]any)
	var out []string
	for _, name := range []string{"total", "pending", "succeeded", "failed", "unknown", "cancelled", "skipped", "created", "matched", "updated"} {
		if n := all[name]; n != 0.0 {
			out = append(out, fmt.Sprintf("%s %v", name, n))
		}
	}
	return strings.Join(out, ", ")
}
