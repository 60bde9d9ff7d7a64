package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/fault"
	"crmferry/internal/imports"
	"crmferry/internal/job"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/store"
)

// oneLine are n rows that stand in one line, as a JSON array may be written.
func oneLine(n int) []imports.Row {
	rows := make([]imports.Row, n)
	for k := range rows {
		rows[k] = imports.Row{Line: 1, Raw: fmt.Sprintf(`{"first_name":"Ada %d"}`, k)}
	}
	return rows
}

// sealed stores an import of rows, four in a block.
func sealed(t *testing.T, s *store.Imports, at time.Time, rows []imports.Row) imports.Import {
	t.Helper()
	ctx := context.Background()
	i := imports.Import{Status: imports.Running, Base: imports.Base{
		ID: store.NewImportID(), Tenant: "acme", AccountID: "a1", CRM: "full", CreatedAt: at, ExpiresAt: at.Add(time.Hour),
	}}
	i.Generation, i.Rows, i.SealedAt = 1, len(rows), at
	err := s.Begin(ctx, i.Base)
	for part := range slices.Chunk(rows, 4) {
		packed, failed := imports.Pack(imports.NewCodec(), part)
		err = errors.Join(err, failed, s.PutBlock(ctx, i.ID, i.Blocks, len(part), packed, nil))
		i.Blocks++
	}
	if err := errors.Join(err, s.Seal(ctx, i)); err != nil {
		t.Fatal(err)
	}
	return i
}

// settle gives the next rows their results: every second fails.
func settle(s *store.Imports, i imports.Import, n int) error {
	ctx := context.Background()
	turn := imports.Turn{Import: i.ID, Number: 1, Generation: 1, Attempt: 1}
	var done *imports.Slice
	for range n {
		sl, ok, err := s.Take(ctx, turn, 1, done)
		if err != nil || !ok {
			return fmt.Errorf("%v %w", ok, err)
		}
		r := imports.Result{Index: sl.From, Line: 1, Status: imports.RowSucceeded, Outcome: job.Created}
		if sl.From%2 == 1 {
			r.Status, r.Outcome, r.Error = imports.RowFailed, "", fault.New(fault.Invalid, "bad", "is bad")
		}
		if _, err := s.Write(ctx, turn, sl, imports.Writing{Results: []imports.Result{r}}); err != nil {
			return err
		}
		done = &sl
	}
	return nil
}

func TestImportsAreReadAndRemoved(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) {
		s, ctx := open(t, db).Imports(), context.Background()
		begun := time.Now().UTC()
		i := sealed(t, s, begun, oneLine(10))
		later := sealed(t, s, begun.Add(time.Second), oneLine(1))
		if err := settle(s, i, 6); err != nil {
			t.Fatal(err)
		}
		var got []string
		for b := range i.Blocks {
			list, err := s.Results(ctx, i, b)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range list {
				raw := ""
				if o.Row != nil {
					raw = o.Row.Raw[len(`{"first_name":"Ada `) : len(o.Row.Raw)-2]
				}
				got = append(got, string(o.Status)+" "+raw)
			}
		}
		want := []string{
			"succeeded ", "failed 1", "succeeded ", "failed 3", "succeeded ", "failed 5", "pending 6", "pending 7", "pending 8", "pending 9",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if err := s.Withdraw(ctx, i.ID); err != nil {
			t.Fatal(err)
		}
		page, err := s.List(ctx, "acme", imports.Filter{AccountID: "a1", Limit: 1})
		if err != nil || len(page.Imports) != 1 || page.Imports[0].ID != later.ID || page.Next == "" {
			t.Fatal(page, err)
		}
		page, err = s.List(ctx, "acme", imports.Filter{AccountID: "a1", Limit: 1, Cursor: page.Next})
		if err != nil || len(page.Imports) != 1 || page.Imports[0].ID != i.ID || page.Next != "" {
			t.Fatal(page, err)
		}
		for _, one := range []imports.Import{i, later} {
			one.Status = imports.Cancelled
			if err := s.Delete(ctx, one); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Get(ctx, "acme", i.ID); !errors.Is(err, imports.ErrNotFound) {
			t.Error(err)
		}
	})
}

// TestABlockIsReadAtOneMoment: it has all its rows, also while it is packed.
func TestABlockIsReadAtOneMoment(t *testing.T) {
	t.Parallel()
	s := open(t, redistest.Client(t)).Imports()
	const n = 400
	i := sealed(t, s, time.Now().UTC(), oneLine(n))
	carried := make(chan error, 1)
	go func() { carried <- settle(s, i, n) }()
	for going := true; going; {
		select {
		case err := <-carried:
			if going = false; err != nil {
				t.Fatal(err)
			}
		default:
		}
		now, err := s.Load(context.Background(), i.ID)
		if err != nil {
			t.Fatal(err)
		}
		block := min(now.Taken/4, i.Blocks-1)
		list, err := s.Results(context.Background(), i, block)
		if err != nil || len(list) != 4 {
			t.Fatalf("%d rows of block %d: %v", len(list), block, err)
		}
		for k, o := range list {
			if want := []imports.RowStatus{imports.RowSucceeded, imports.RowFailed}[k%2]; o.Index != k || o.Status != want && o.Status != imports.RowPending {
				t.Fatalf("row %d of block %d: %+v", k, block, o)
			}
		}
	}
}

// TestLateProofOfARow leaves the other rows of its line to themselves.
func TestLateProofOfARow(t *testing.T) {
	t.Parallel()
	s, ctx := open(t, redistest.Client(t)).Imports(), context.Background()
	i := sealed(t, s, time.Now().UTC(), oneLine(3))
	turn := imports.Turn{Import: i.ID, Number: 1, Generation: 1, Attempt: 1}
	sl, _, err := s.Take(ctx, turn, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	var w imports.Writing
	for k := range 3 {
		w.Results = append(w.Results, imports.Result{Index: k, Line: 1, Status: imports.RowUnknown})
	}
	if _, err := s.Write(ctx, turn, sl, w); err != nil {
		t.Fatal(err)
	}
	proof := imports.Result{Line: 1, Status: imports.RowSucceeded, Outcome: job.Created, RemoteID: "512"}
	if err := s.Settle(ctx, i.ID, imports.Place{Index: 0}, proof); err != nil {
		t.Fatal(err)
	}
	list, err := s.Results(ctx, i, 0)
	if err != nil {
		t.Fatal(err)
	}
	if list[0].Status != imports.RowSucceeded || list[1].Row == nil || list[1].Row.Raw != `{"first_name":"Ada 1"}` || list[2].Row.Raw != `{"first_name":"Ada 2"}` {
		t.Errorf("%+v", list)
	}
}
