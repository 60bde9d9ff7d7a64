package account_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"crmferry/internal/account"
	"crmferry/internal/connector"
	"crmferry/internal/fault"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.connect(t, nil)
	got, err := b.Open(t.Context(), tenant, a.ID)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	want := connector.Account{ID: a.ID, Revision: a.Revision, Credential: credential("access_token", "access_token", token)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("opened (-want +got):\n%s", diff)
	}
}

// alter changes a stored record behind the Service's back.
func (b *bench) alter(t *testing.T, id string, change func(*account.Record)) {
	t.Helper()
	r, err := b.store.MemoryStore.Get(t.Context(), tenant, id)
	if err != nil {
		t.Fatal(err)
	}
	change(&r)
	if err := b.store.Put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	type refused struct {
		Kind  fault.Kind
		Code  string
		Final bool
		Wait  time.Duration
	}
	tests := map[string]struct {
		arrange func(t *testing.T, b *bench, id string)
		want    refused
	}{
		"deleted": {
			func(t *testing.T, b *bench, id string) { _ = b.Delete(t.Context(), tenant, id) },
			refused{Kind: fault.NotFound, Code: "account_gone", Final: true},
		},
		"disabled": {
			func(t *testing.T, b *bench, id string) {
				b.alter(t, id, func(r *account.Record) { r.Status = account.Disabled })
			},
			refused{Kind: fault.Unavailable, Code: "account_disabled", Wait: time.Minute},
		},
		"to be authorized anew": {
			func(t *testing.T, b *bench, id string) {
				b.alter(t, id, func(r *account.Record) { r.Status = account.ReauthorizationRequired })
			},
			refused{Kind: fault.Unavailable, Code: "reauthorization_required", Wait: time.Minute},
		},
		"another master key": {
			func(t *testing.T, b *bench, id string) { b.Service = b.service(t, masterKey(8)) },
			refused{Kind: fault.Internal, Code: "credentials_unreadable", Final: true},
		},
		"sealed for another account": {
			func(t *testing.T, b *bench, id string) {
				other, err := b.store.MemoryStore.Get(t.Context(), tenant, b.connect(t, nil).ID)
				if err != nil {
					t.Fatal(err)
				}
				b.alter(t, id, func(r *account.Record) { r.Sealed = other.Sealed })
			},
			refused{Kind: fault.Internal, Code: "credentials_unreadable", Final: true},
		},
		"not a credential": {
			func(t *testing.T, b *bench, id string) {
				sealed, err := sealer(t, masterKey(7)).Seal([]byte("?"), "ferry:account:"+tenant+":"+id)
				if err != nil {
					t.Fatal(err)
				}
				b.alter(t, id, func(r *account.Record) { r.Sealed = sealed })
			},
			refused{Kind: fault.Internal, Code: "credentials_unreadable", Final: true},
		},
		"the store fails": {
			func(t *testing.T, b *bench, id string) { b.store.fail(errors.New("connection refused")) },
			refused{Kind: fault.Unavailable, Code: "accounts_unavailable"},
		},
		"interrupted": {
			func(t *testing.T, b *bench, id string) { b.store.fail(context.Canceled) },
			refused{Kind: fault.Unavailable, Code: "interrupted"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			a := b.connect(t, nil)
			test.arrange(t, b, a.ID)
			acc, err := b.Open(t.Context(), tenant, a.ID)
			var f *fault.Error
			if !errors.As(err, &f) {
				t.Fatalf("error %v, want a *fault.Error", err)
			}
			if diff := cmp.Diff(test.want, refused{f.Kind, f.Code, f.Final, f.RetryAfter}); diff != "" {
				t.Errorf("fault (-want +got):\n%s", diff)
			}
			if acc.Credential.Values != nil {
				t.Error("the refusal comes with a credential")
			}
		})
	}
}

// A record that is moved to another tenant as a whole does not open there.
func TestSealBindsTenant(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.connect(t, nil)
	r, err := b.store.MemoryStore.Get(t.Context(), tenant, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Delete(t.Context(), tenant, a.ID); err != nil {
		t.Fatal(err)
	}
	r.Tenant = "thief"
	if err := b.store.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	_, err = b.Open(t.Context(), "thief", a.ID)
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != "credentials_unreadable" {
		t.Errorf("error %v, want credentials_unreadable", err)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.connect(t, func(r *account.CreateRequest) {
		r.CRM, r.Auth = "salesforce", account.Opaque(salesforceAuth)
		r.Settings = account.Opaque(settingsFor("salesforce"))
	})
	got, spec, err := b.Describe(t.Context(), tenant, a.ID)
	if err != nil || spec != b.crms["salesforce"] {
		t.Fatalf("Describe: error %v, or another CRM's Spec", err)
	}
	if diff := cmp.Diff(a, got); diff != "" {
		t.Errorf("described (-want +got):\n%s", diff)
	}
	got.Settings["instance_url"] = "https://evil.example"
	if again, _, _ := b.Describe(t.Context(), tenant, a.ID); again.Settings["instance_url"] != a.Settings["instance_url"] {
		t.Error("a caller's change reached the cache")
	}
	delete(b.crms, "salesforce")
	if _, _, err := b.Describe(t.Context(), tenant, a.ID); !errors.Is(err, account.ErrUnknownCRM) {
		t.Errorf("error %v, want ErrUnknownCRM", err)
	}
}

func TestDescribeCaches(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.connect(t, nil).ID
	describe := func() (account.Account, error) {
		a, _, err := b.Describe(t.Context(), tenant, id)
		return a, err
	}
	steps := []struct {
		name  string
		move  time.Duration
		reads int // in all, after the step
	}{
		{"first", 0, 1}, {"again", 0, 1}, {"just before the end", 2*time.Second - 1, 1}, {"at the end", 1, 2}, {"and again", 0, 2},
	}
	for _, step := range steps {
		b.clock.advance(step.move)
		if _, err := describe(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := b.store.reads(); got != step.reads {
			t.Errorf("%s: the Store was read %d times, want %d", step.name, got, step.reads)
		}
	}
	b.alter(t, id, func(r *account.Record) { r.Name = "changed elsewhere" })
	b.clock.advance(2 * time.Second)
	if a, err := describe(); err != nil || a.Name != "changed elsewhere" {
		t.Errorf("after 2 s the name is %q, error %v", a.Name, err)
	}
}

func TestDescribeCachesAbsence(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := uuid.NewString()
	absent := func(reads int) {
		t.Helper()
		if _, _, err := b.Describe(t.Context(), tenant, id); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("error %v, want ErrNotFound", err)
		}
		if got := b.store.reads(); got != reads {
			t.Errorf("the Store was read %d times, want %d", got, reads)
		}
	}
	absent(1)
	b.clock.advance(time.Second - 1)
	absent(1)
	b.clock.advance(1)
	absent(2)
	b.connect(t, func(r *account.CreateRequest) { r.ID = id })
	if _, _, err := b.Describe(t.Context(), tenant, id); err != nil {
		t.Errorf("right after Create: %v", err)
	}
	if _, _, err := b.Describe(t.Context(), tenant, "no UUID"); !errors.Is(err, account.ErrNotFound) || b.store.reads() != 3 {
		t.Errorf("an id that is no UUID: error %v, %d reads", err, b.store.reads())
	}
}

func TestDescribeKeepsNoFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.connect(t, nil).ID
	broken := errors.New("connection refused")
	b.store.fail(broken)
	if _, _, err := b.Describe(t.Context(), tenant, id); !errors.Is(err, broken) {
		t.Errorf("error %v, want the Store's", err)
	}
	b.store.fail(nil)
	if _, _, err := b.Describe(t.Context(), tenant, id); err != nil {
		t.Errorf("once the Store works again: %v", err)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := []string{b.connect(t, nil).ID, b.connect(t, nil).ID, uuid.NewString()}
	ctx := t.Context()
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for j := range 50 {
				id := ids[(i+j)%len(ids)]
				_, _, _ = b.Describe(ctx, tenant, id)
				_, _ = b.Open(ctx, tenant, id)
				b.clock.advance(100 * time.Millisecond)
				if i == 0 && j%10 == 0 {
					if err := b.Delete(ctx, tenant, b.connect(t, nil).ID); err != nil {
						t.Errorf("Delete: %v", err)
					}
				}
			}
		})
	}
	group.Wait()
	for _, id := range ids[:2] {
		if _, err := b.Open(ctx, tenant, id); err != nil {
			t.Errorf("Open: %v", err)
		}
	}
}
