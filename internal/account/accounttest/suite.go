package accounttest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"crmferry/internal/account"
	"crmferry/internal/connector"
)

// RunStore proves that what newStore makes keeps the contract of
// account.Store. The stores may share their data and hold other tenants'
// records: every test works with tenants and ids of its own.
func RunStore(t *testing.T, newStore func() account.Store) {
	t.Helper()
	tests := map[string]func(*testing.T, account.Store){
		"what is created is read back whole":      testReadBack,
		"records are not shared with callers":     testIndependence,
		"an id is taken once, over all tenants":   testExists,
		"of concurrent creates one succeeds":      testConcurrentCreate,
		"another tenant's id is not found":        testOtherTenant,
		"an unknown id is not found":              testUnknown,
		"put replaces the version that was read":  testPut,
		"of concurrent puts one succeeds":         testConcurrentPut,
		"delete forgets and frees the id":         testDelete,
		"list pages by creation":                  testListPages,
		"list filters":                            testListFilters,
		"list follows what put changed":           testListAfterPut,
		"list goes on where its place is deleted": testListDeletedPlace,
		"list refuses a foreign cursor":           testListCursor,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newStore())
		})
	}
}

// epoch is when the first of the records was created.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 123_000_000, time.UTC)

func newTenant() string { return "tenant-" + uuid.NewString() }

// full is a record with every field set.
func full(tenant string) account.Record {
	reserve := 0
	return account.Record{
		Account: account.Account{
			ID: uuid.NewString(), Tenant: tenant, CRM: "salesforce",
			Name: "Ünïcode & <Co>", ExternalRef: "cust:17/ä",
			Status: account.Active, Scheme: connector.OAuth2,
			Settings: map[string]string{"instance_url": "https://acme.my.salesforce.com", "api_version": "67.0"},
			Limits: &account.Limits{
				Windows:     []account.Window{{Requests: 100, PerSeconds: 10}, {Requests: 3, PerSeconds: 0.5}},
				Concurrency: 5, Reserve: &reserve,
			},
			Identity:  connector.Identity{ID: "00D000000000001", Name: "Acme"},
			CreatedAt: epoch, UpdatedAt: epoch.Add(time.Hour),
			CreatedBy: "tok_1", Revision: "r1",
		},
		Sealed: []byte{0, 1, 2, 0xff, '"', '\n', 0},
	}
}

// small is a record with as little as an account can have, created n
// milliseconds after the epoch.
func small(tenant string, n int) account.Record {
	at := epoch.Add(time.Duration(n) * time.Millisecond)
	return account.Record{
		Account: account.Account{
			ID: uuid.NewString(), Tenant: tenant, CRM: "hubspot", Status: account.Active,
			Scheme: connector.AccessToken, CreatedAt: at, UpdatedAt: at, Revision: "r1",
		},
		Sealed: []byte("sealed"),
	}
}

func create(t *testing.T, s account.Store, records ...account.Record) {
	t.Helper()
	for _, r := range records {
		if err := s.Create(t.Context(), r); err != nil {
			t.Fatalf("Create: %v", err)
		}
	}
}

func get(t *testing.T, s account.Store, r account.Record) account.Record {
	t.Helper()
	got, err := s.Get(t.Context(), r.Tenant, r.ID)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return got
}

func wantStored(t *testing.T, s account.Store, want account.Record) {
	t.Helper()
	if diff := cmp.Diff(want, get(t, s, want)); diff != "" {
		t.Errorf("stored record (-want +got):\n%s", diff)
	}
}

func wantError(t *testing.T, call string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: error %v, want %v", call, got, want)
	}
}

func wantGone(t *testing.T, s account.Store, tenant, id string) {
	t.Helper()
	_, err := s.Get(t.Context(), tenant, id)
	wantError(t, "Get", err, account.ErrNotFound)
	wantError(t, "Delete", s.Delete(t.Context(), tenant, id), account.ErrNotFound)
	r := small(tenant, 0)
	r.ID = id
	wantError(t, "Put", s.Put(t.Context(), r), account.ErrNotFound)
	_, err = s.Get(t.Context(), tenant, id)
	wantError(t, "Get after Put", err, account.ErrNotFound)
}

func testReadBack(t *testing.T, s account.Store) {
	tenant := newTenant()
	for _, r := range []account.Record{full(tenant), small(tenant, 0)} {
		create(t, s, r)
		wantStored(t, s, r)
	}
}

func testIndependence(t *testing.T, s account.Store) {
	given := full(newTenant())
	want := given.Clone()
	create(t, s, given)
	spoil := func(r account.Record) {
		r.Settings["instance_url"] = "https://elsewhere.example"
		r.Limits.Windows[0].Requests = 1
		*r.Limits.Reserve = 90
		r.Sealed[0] = 'x'
	}
	spoil(given)
	wantStored(t, s, want)
	spoil(get(t, s, want))
	wantStored(t, s, want)
	for _, r := range listAll(t, s, want.Tenant, account.Filter{Limit: 10}) {
		spoil(r)
	}
	wantStored(t, s, want)
	given = want.Clone()
	if err := s.Put(t.Context(), given); err != nil {
		t.Fatalf("Put: %v", err)
	}
	spoil(given)
	want.Version++
	wantStored(t, s, want)
}

func testExists(t *testing.T, s account.Store) {
	first := full(newTenant())
	create(t, s, first)
	for _, tenant := range []string{first.Tenant, newTenant()} {
		second := small(tenant, 1)
		second.ID = first.ID
		wantError(t, "Create", s.Create(t.Context(), second), account.ErrExists)
		if records := listAll(t, s, tenant, account.Filter{Limit: 10}); tenant != first.Tenant && len(records) > 0 {
			t.Errorf("the refused create left %d records in the list", len(records))
		}
	}
	wantStored(t, s, first)
}

// race runs call n times at once, and wants it to succeed once and to fail
// with want otherwise.
func race(t *testing.T, n int, want error, call func(i int) error) {
	t.Helper()
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = call(i) })
	}
	group.Wait()
	succeeded := 0
	for _, err := range errs {
		switch {
		case err == nil:
			succeeded++
		case !errors.Is(err, want):
			t.Errorf("error %v, want %v", err, want)
		}
	}
	if succeeded != 1 {
		t.Errorf("%d of %d concurrent calls succeeded, want 1", succeeded, n)
	}
}

func testConcurrentCreate(t *testing.T, s account.Store) {
	const n = 8
	id := uuid.NewString()
	ctx := t.Context()
	race(t, n, account.ErrExists, func(i int) error {
		r := small(newTenant(), i)
		r.ID = id
		return s.Create(ctx, r)
	})
}

func testOtherTenant(t *testing.T, s account.Store) {
	r := full(newTenant())
	create(t, s, r)
	wantGone(t, s, newTenant(), r.ID)
	wantStored(t, s, r)
}

func testUnknown(t *testing.T, s account.Store) {
	wantGone(t, s, newTenant(), uuid.NewString())
}

func testPut(t *testing.T, s account.Store) {
	ctx := t.Context()
	r := full(newTenant())
	create(t, s, r)
	changed := r.Clone()
	changed.Name, changed.Status, changed.Revision = "other", account.Disabled, "r2"
	changed.Settings, changed.Limits = nil, nil
	changed.Identity = connector.Identity{}
	changed.Sealed = []byte("new")
	if err := s.Put(ctx, changed); err != nil {
		t.Fatalf("Put: %v", err)
	}
	changed.Version = r.Version + 1
	wantStored(t, s, changed)

	wantError(t, "Put of an old version", s.Put(ctx, r), account.ErrChanged)
	wantStored(t, s, changed)

	if err := s.Put(ctx, changed); err != nil {
		t.Fatalf("Put of the current version: %v", err)
	}
	changed.Version++
	wantStored(t, s, changed)
}

func testConcurrentPut(t *testing.T, s account.Store) {
	const n = 8
	r := full(newTenant())
	create(t, s, r)
	ctx := t.Context()
	race(t, n, account.ErrChanged, func(i int) error {
		mine := r.Clone()
		mine.Name = fmt.Sprint(i)
		return s.Put(ctx, mine)
	})
}

func testDelete(t *testing.T, s account.Store) {
	r, kept := full(newTenant()), small(newTenant(), 0)
	kept.Tenant = r.Tenant
	create(t, s, r, kept)
	if err := s.Delete(t.Context(), r.Tenant, r.ID); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	wantGone(t, s, r.Tenant, r.ID)
	wantIDs(t, listAll(t, s, r.Tenant, account.Filter{Limit: 10}), kept)
	wantIDs(t, listAll(t, s, r.Tenant, account.Filter{Limit: 10, ExternalRef: r.ExternalRef}))

	again := small(newTenant(), 1)
	again.ID = r.ID
	create(t, s, again)
	wantStored(t, s, again)
	_, err := s.Get(t.Context(), r.Tenant, r.ID)
	wantError(t, "Get by the former tenant", err, account.ErrNotFound)
}

// listAll reads all pages.
func listAll(t *testing.T, s account.Store, tenant string, f account.Filter) []account.Record {
	t.Helper()
	const enough = 100 // pages
	var all []account.Record
	for range enough {
		var page []account.Record
		page, f.Cursor = listPage(t, s, tenant, f)
		all = append(all, page...)
		if f.Cursor == "" {
			return all
		}
	}
	t.Fatalf("List has not ended after %d pages", enough)
	return nil
}

func listPage(t *testing.T, s account.Store, tenant string, f account.Filter) ([]account.Record, string) {
	t.Helper()
	page, next, err := s.List(t.Context(), tenant, f)
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	if len(page) > f.Limit {
		t.Fatalf("List gave %d records, more than the limit of %d", len(page), f.Limit)
	}
	return page, next
}
