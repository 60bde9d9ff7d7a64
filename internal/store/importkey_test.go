package store_test

import (
	"context"
	"testing"
	"time"

	"crmferry/internal/fault"
	"crmferry/internal/imports"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/store"
)

// begun begins an upload with a block of n rows, under a key.
func begun(t *testing.T, s *store.Imports, key string, n int) imports.Import {
	t.Helper()
	i := imports.Import{Status: imports.Receiving, Base: imports.Base{ID: store.NewImportID(), Tenant: "t1", AccountID: "a", CreatedAt: time.Now(), Idem: key}}
	packed, err := imports.Pack(imports.NewCodec(), oneLine(n))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		s.Begin(t.Context(), i.Base), s.PutBlock(t.Context(), i.ID, 0, n, packed, map[string][]byte{"e": []byte("prints")}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return i
}

// TestAKeyStaysWithItsImport when an earlier one that had it is removed.
func TestAKeyStaysWithItsImport(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) {
		s := open(t, db).Imports()
		first, second := begun(t, s, "k", 3), begun(t, s, "k", 3)
		for _, c := range []struct{ id, seen, has string }{{first.ID, "", first.ID}, {second.ID, "", first.ID}, {second.ID, first.ID, second.ID}} {
			if has, err := s.TakeKey(t.Context(), "k", c.id, c.seen); has != c.has || err != nil {
				t.Errorf("TakeKey = %q, %v, want %q", has, err, c.has)
			}
		}
		if err := s.Fail(t.Context(), first, fault.New(fault.Cancelled, "x", "x")); err != nil {
			t.Fatal(err)
		}
		first.Status = imports.Failed
		if err := s.Delete(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		if has, err := s.KeyOf(t.Context(), "k"); has != second.ID || err != nil {
			t.Errorf("KeyOf = %q, %v", has, err)
		}
	})
}

// TestAFailureThatWasLeftHalfDone is completed by whoever looks after imports.
func TestAFailureThatWasLeftHalfDone(t *testing.T) {
	t.Parallel()
	db := redistest.Client(t)
	s := open(t, db).Imports()
	i := begun(t, s, "", 3)
	tag := "ferry:1:{i" + i.ID[len("imp_"):] + "}:"
	if err := db.HSet(t.Context(), tag+"import", "s", "failed").Err(); err != nil {
		t.Fatal(err)
	}
	if status, err := s.End(t.Context(), i); status != imports.Failed || err != nil {
		t.Errorf("End = %s, %v", status, err)
	}
	if keys := db.Keys(t.Context(), "*{i*").Val(); len(keys) != 1 {
		t.Errorf("%q are left", keys)
	}
	if n := db.ZCard(t.Context(), "ferry:1:imports").Val(); n != 0 {
		t.Errorf("%d imports are to be looked after", n)
	}
}

// TestAnUploadIsAbandoned once its hold is over, and not before.
func TestAnUploadIsAbandoned(t *testing.T) {
	t.Parallel()
	db := redistest.Client(t)
	all := store.New(db, store.Options{ResultTTL: time.Hour, ReceiptTTL: time.Hour, UploadHold: 200 * time.Millisecond})
	defer func() { _ = all.Close() }()
	s := all.Imports()
	i := begun(t, s, "", 3)
	status := func() imports.Status {
		now, err := s.Load(context.Background(), i.ID)
		if err != nil {
			t.Fatal(err)
		}
		return now.Status
	}
	for late := time.After(10 * time.Second); status() == imports.Receiving; {
		held, err := s.Held(t.Context(), i.ID)
		if err == nil {
			err = s.Abandon(t.Context(), i)
		}
		if err != nil {
			t.Fatal(err)
		}
		if !held && status() == imports.Receiving {
			t.Fatal("it is not held, and not given up")
		}
		select {
		case <-late:
			t.Fatal("it is never given up")
		default:
		}
	}
	if err := s.Hold(t.Context(), i.ID); err != imports.ErrStale {
		t.Errorf("Hold = %v", err)
	}
	if keys := db.Keys(t.Context(), "*{i*").Val(); len(keys) != 1 {
		t.Errorf("%q are left", keys)
	}
}
