package store_test

import (
	"testing"

	"github.com/google/uuid"

	"crmferry/internal/imports"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/store"
)

// TestRefs finds rows of earlier imports, done, open and untouched ones.
func TestRefs(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) {
		s, acc := printing(t, db), uuid.NewString()
		done, open, fresh := refRow("done", "a@example.com"), refRow("open", "b@example.com"), refRow("fresh", "c@example.com")
		first := sealedImport(t, s, "acme", acc, done, refRow("", "x@example.com"), open, fresh)
		w, sl := took(t, s, first, 0)
		ended := result(0, 1, "done", "r1")
		ended.Digest = imports.DigestOf(done)
		wrote(t, s, w, sl, imports.Writing{Results: []imports.Result{ended, result(1, 2, "", "r2")}})
		w, sl = took(t, s, first, 1)
		failed := imports.Result{Line: 3, ClientRef: "open", Status: imports.RowFailed, Digest: imports.DigestOf(open)}
		wrote(t, s, w, sl, imports.Writing{Results: []imports.Result{failed}})
		sealedImport(t, s, "acme", uuid.NewString(), done)
		sealedImport(t, s, "acme", acc, refRow("", "nobody@example.com"))
		changed := refRow("done", "other@example.com")
		second := sealedImport(t, s, "acme", acc, done, open, fresh, changed)
		checkPriors(t, s, second, done, open, fresh, changed)
	})
}

func checkPriors(t *testing.T, s *store.Store, id string, rows ...imports.Row) {
	t.Helper()
	i, err := s.Imports().Load(t.Context(), id)
	must(t, err)
	at := []imports.Place{{}, {Index: 1}, {Block: 1}, {Block: 1, Index: 1}}
	priors, err := imports.NewRefBook(s.Imports(), s.Prints()).Earlier(t.Context(), i, at, rows)
	must(t, err)
	want := []struct {
		line   int
		same   bool
		within bool
		status imports.RowStatus
	}{{1, true, false, imports.RowSucceeded}, {3, true, false, imports.RowFailed}, {4, true, false, ""}, {1, false, true, ""}}
	for k, p := range priors {
		status := imports.RowStatus("")
		if p.Result != nil {
			status = p.Result.Status
		}
		if w := want[k]; !p.Found || p.Line != w.line || p.Same != w.same || p.Within != w.within || status != w.status {
			t.Errorf("row %d: %+v, status %q", k, p, status)
		}
	}
}

// TestRefsOfAnotherTenant: two tenants never share a client_ref.
func TestRefsOfAnotherTenant(t *testing.T) {
	t.Parallel()
	s, acc := printing(t, redistest.Client(t)), uuid.NewString()
	sealedImport(t, s, "umbrella", acc, refRow("a", "a@example.com"))
	i, err := s.Imports().Load(t.Context(), sealedImport(t, s, "acme", acc, refRow("a", "a@example.com")))
	must(t, err)
	priors, err := imports.NewRefBook(s.Imports(), s.Prints()).Earlier(t.Context(), i, []imports.Place{{}}, []imports.Row{refRow("a", "a@example.com")})
	must(t, err)
	if priors[0].Found {
		t.Errorf("%+v", priors[0])
	}
}
