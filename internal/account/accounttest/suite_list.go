package accounttest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/account"
)

func ids(records []account.Record) []string {
	out := []string{}
	for _, r := range records {
		out = append(out, r.ID)
	}
	return out
}

func wantIDs(t *testing.T, got []account.Record, want ...account.Record) {
	t.Helper()
	if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
		t.Errorf("listed ids (-want +got):\n%s", diff)
	}
}

// series are n records, each created a millisecond after the one before.
func series(tenant string, n int) []account.Record {
	out := make([]account.Record, n)
	for i := range out {
		out[i] = small(tenant, i)
	}
	return out
}

func testListPages(t *testing.T, s account.Store) {
	const n = 7
	tenant := newTenant()
	want := series(tenant, n)
	create(t, s, want[3], want[0], want[6], want[1], want[5], want[2], want[4])
	create(t, s, small(newTenant(), 2))
	for limit := 1; limit <= n+1; limit++ {
		wantIDs(t, listAll(t, s, tenant, account.Filter{Limit: limit}), want...)
	}
	got := listAll(t, s, tenant, account.Filter{Limit: n})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listed records (-want +got):\n%s", diff)
	}
	wantIDs(t, listAll(t, s, newTenant(), account.Filter{Limit: n}))

	// Created within one millisecond: the order is free, but nothing is lost.
	tenant = newTenant()
	same := series(tenant, n)
	for i := range same {
		same[i].CreatedAt = epoch
	}
	create(t, s, same...)
	listed := ids(listAll(t, s, tenant, account.Filter{Limit: 2}))
	slices.Sort(listed)
	expected := ids(same)
	slices.Sort(expected)
	if diff := cmp.Diff(expected, listed); diff != "" {
		t.Errorf("ids of records of one time (-want +got):\n%s", diff)
	}
}

func testListFilters(t *testing.T, s account.Store) {
	tenant := newTenant()
	all := series(tenant, 6)
	for i, place := range []struct{ crm, ref string }{
		{"hubspot", "a"}, {"attio", "a"}, {"hubspot", "b"}, {"hubspot", ""}, {"attio", "b"}, {"hubspot", "a"},
	} {
		all[i].CRM, all[i].ExternalRef = place.crm, place.ref
	}
	create(t, s, all...)
	foreign := small(newTenant(), 0)
	foreign.ExternalRef = "a"
	create(t, s, foreign)
	tests := map[string]struct {
		filter account.Filter
		want   []int
	}{
		"crm":          {account.Filter{CRM: "hubspot"}, []int{0, 2, 3, 5}},
		"external_ref": {account.Filter{ExternalRef: "a"}, []int{0, 1, 5}},
		"both":         {account.Filter{CRM: "hubspot", ExternalRef: "a"}, []int{0, 5}},
		"no such crm":  {account.Filter{CRM: "zoho-crm"}, nil},
		"no such ref":  {account.Filter{ExternalRef: "A"}, nil},
		"a prefix":     {account.Filter{CRM: "hub"}, nil},
	}
	for name, test := range tests {
		var want []account.Record
		for _, i := range test.want {
			want = append(want, all[i])
		}
		for _, limit := range []int{1, 2, 100} {
			t.Logf("%s, limit %d", name, limit)
			test.filter.Limit = limit
			wantIDs(t, listAll(t, s, tenant, test.filter), want...)
		}
	}
}

func testListAfterPut(t *testing.T, s account.Store) {
	tenant := newTenant()
	all := series(tenant, 2)
	all[0].ExternalRef = "before"
	create(t, s, all...)
	all[0].ExternalRef = "after"
	all[0].UpdatedAt = all[0].UpdatedAt.Add(time.Hour)
	if err := s.Put(t.Context(), all[0]); err != nil {
		t.Fatalf("Put: %v", err)
	}
	wantIDs(t, listAll(t, s, tenant, account.Filter{Limit: 5, ExternalRef: "before"}))
	wantIDs(t, listAll(t, s, tenant, account.Filter{Limit: 5, ExternalRef: "after"}), all[0])
	wantIDs(t, listAll(t, s, tenant, account.Filter{Limit: 5}), all...)
}

func testListDeletedPlace(t *testing.T, s account.Store) {
	tenant := newTenant()
	all := series(tenant, 6)
	create(t, s, all...)
	page, next := listPage(t, s, tenant, account.Filter{Limit: 2})
	wantIDs(t, page, all[0], all[1])
	for _, r := range all[:2] {
		if err := s.Delete(t.Context(), tenant, r.ID); err != nil {
			t.Fatalf("Delete: %v", err)
		}
	}
	wantIDs(t, listAll(t, s, tenant, account.Filter{Limit: 2, Cursor: next}), all[2:]...)
}

func testListCursor(t *testing.T, s account.Store) {
	tenant := newTenant()
	create(t, s, small(tenant, 0))
	for _, cursor := range []string{"!", "nonsense", "{}"} {
		_, _, err := s.List(t.Context(), tenant, account.Filter{Limit: 1, Cursor: cursor})
		wantError(t, "List with the cursor "+cursor, err, account.ErrCursor)
	}
}
