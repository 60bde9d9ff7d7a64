package store_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"crmferry/internal/account"
	"crmferry/internal/contact"
	"crmferry/internal/fingerprint"
	"crmferry/internal/imports"
	"crmferry/internal/job"
	"crmferry/internal/job/jobtest"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/store"
)

func masterKey(t testing.TB, fill byte) *account.Sealer {
	t.Helper()
	s, err := account.NewSealer(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, 32)))
	must(t, err)
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// printing opens a store that keeps fingerprints.
func printing(t testing.TB, client redis.UniversalClient, change ...func(*store.Options)) *store.Store {
	t.Helper()
	o := store.Options{ResultTTL: time.Hour, ReceiptTTL: 2 * time.Hour, Sealer: masterKey(t, 1)}
	for _, f := range change {
		f(&o)
	}
	s := store.New(client, o)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func person(email string) func(*job.Acceptance) {
	return func(a *job.Acceptance) {
		a.Tenant, a.ClientRef, a.Key = "acme", "ref-"+email, uuid.NewString()
		a.Input.Contact = contact.Contact{EmailAddresses: []contact.Email{{Email: email}}, PhoneNumbers: []contact.Phone{{Number: "+44 20 7946 0018"}}}
	}
}

func accepted(t testing.TB, s *store.Store, change ...func(*job.Acceptance)) job.Ref {
	t.Helper()
	ref, _, _, err := s.Accept(t.Context(), jobtest.Acceptance(s, change...))
	must(t, err)
	return ref
}

func finished(t testing.TB, s *store.Store, ref job.Ref, remoteID string) {
	t.Helper()
	c, err := s.Claim(t.Context(), ref, time.Minute)
	must(t, err)
	c.Status, c.FinishedAt, c.Outcome, c.RemoteID = job.Succeeded, time.Now().UTC(), job.Created, remoteID
	must(t, s.Finish(t.Context(), c.Job, &job.Result{}))
}

// found lists the ids of what is found: of a job its own, of a row its line.
func found(t testing.TB, s *store.Store, tenant string, kind fingerprint.Kind, value string, change ...func(*imports.Sought)) (ids []string) {
	t.Helper()
	q := imports.Sought{Kind: kind, Value: kind.Normal(value), Limit: 50}
	for _, f := range change {
		f(&q)
	}
	page, err := s.Lookup(t.Context(), tenant, q)
	must(t, err)
	for _, f := range page.List {
		if f.ImportID != "" {
			ids = append(ids, fmt.Sprintf("%s/%d", f.ImportID, f.Line))
		} else {
			ids = append(ids, f.JobID)
		}
	}
	return ids
}

func expect(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: found %v, not %v", what, got, want)
	}
}

func TestLookupOfJobs(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) {
		s := printing(t, db)
		first := accepted(t, s, person("Ada@example.com"))
		expect(t, "while it is open", found(t, s, "acme", fingerprint.Email, "ada@EXAMPLE.com"), first.ID)
		finished(t, s, first, "r1")
		second := accepted(t, s, person("ada@example.com"))
		other := accepted(t, s, person("eve@example.com"))
		expect(t, "by e-mail", found(t, s, "acme", fingerprint.Email, "ada@example.com"), second.ID, first.ID)
		expect(t, "by phone", found(t, s, "acme", fingerprint.Phone, "0044 (0)20 7946 0018"), other.ID, second.ID, first.ID)
		expect(t, "by client_ref", found(t, s, "acme", fingerprint.ClientRef, "ref-eve@example.com"), other.ID)
		expect(t, "by remote id", found(t, s, "acme", fingerprint.RemoteID, "r1"), first.ID)
		expect(t, "nobody", found(t, s, "acme", fingerprint.Email, "bob@example.com"))
		expect(t, "another tenant", found(t, s, "umbrella", fingerprint.Email, "ada@example.com"))
		expect(t, "another account", found(t, s, "acme", fingerprint.Email, "ada@example.com", func(q *imports.Sought) { q.AccountID = uuid.NewString() }))
		must(t, s.Delete(t.Context(), "acme", first.ID))
		expect(t, "after DELETE", found(t, s, "acme", fingerprint.Email, "ada@example.com"), second.ID)
		expect(t, "after DELETE, by remote id", found(t, s, "acme", fingerprint.RemoteID, "r1"))
	})
}

// members counts the fingerprints that are kept, and tells for how long at most.
func members(t *testing.T, client *redis.Client) (n int64, ttl time.Duration) {
	t.Helper()
	for name, left := range keysOf(t, client) {
		if strings.Contains(name, ":prints:") {
			n, ttl = n+client.ZCard(context.Background(), name).Val(), max(ttl, left)
		}
	}
	return n, ttl
}

func TestFingerprintsLiveAsLongAsTheReceipt(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	client := redistest.Client(t)
	s := printing(t, client, func(o *store.Options) { o.ResultTTL, o.ReceiptTTL = time.Millisecond, 30*day })
	ref := accepted(t, s, person("ada@example.com"), func(a *job.Acceptance) { a.ExpiresAt = a.CreatedAt.Add(3 * day) })
	if n, ttl := members(t, client); n != 3 || ttl < 33*day || ttl > 41*day {
		t.Errorf("open: %d fingerprints for %v", n, ttl)
	}
	finished(t, s, ref, "r1")
	if n, ttl := members(t, client); n != 4 || ttl < 30*day || ttl > 41*day {
		t.Errorf("over: %d fingerprints for %v", n, ttl)
	}
	accepted(t, s, person("eve@example.com"), func(a *job.Acceptance) { a.ExpiresAt = a.CreatedAt.Add(20 * day) })
	if n, ttl := members(t, client); n != 7 || ttl < 50*day {
		t.Errorf("with another: %d fingerprints for %v", n, ttl)
	}
	gone := time.Now().Add(10 * time.Second)
	for client.Exists(t.Context(), bodyKey(ref.ID)).Val() == 1 && time.Now().Before(gone) {
		continue // Redis itself expires it
	}
	expect(t, "by the receipt", found(t, s, "acme", fingerprint.Email, "ada@example.com"), ref.ID)
	expect(t, "by the receipt", found(t, s, "acme", fingerprint.RemoteID, "r1"), ref.ID)
	must(t, s.Delete(t.Context(), "acme", ref.ID))
	if n, _ := members(t, client); n != 3 {
		t.Errorf("deleted: %d fingerprints", n)
	}
}

func bodyKey(id string) string { return "ferry:1:{j" + id[4:6] + "}:job:" + id }

func TestLookupPages(t *testing.T) {
	t.Parallel()
	s := printing(t, redistest.Client(t))
	var want []string
	for range 130 {
		want = append(want, accepted(t, s, person("ada@example.com")).ID)
	}
	other := sealedImport(t, s, "acme", uuid.NewString(), refRow("x", "ada@example.com"), refRow("y", "ada@example.com"))
	want = append(want, other+"/1", other+"/2")
	var got []string
	last := time.Now().Add(time.Hour)
	for q := (imports.Sought{Kind: fingerprint.Email, Value: "ada@example.com", Limit: 7}); ; {
		page, err := s.Lookup(t.Context(), "acme", q)
		must(t, err)
		for _, f := range page.List {
			name := f.JobID
			if f.ImportID != "" {
				name = fmt.Sprintf("%s/%d", f.ImportID, f.Line)
			}
			if got = append(got, name); f.CreatedAt.After(last.Add(50 * time.Millisecond)) { // ids are made a little later
				t.Errorf("%s is newer than the one before it", name)
			}
			last = f.CreatedAt
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	slices.Sort(want)
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("%d found, %d of them different", len(got), len(slices.Compact(got)))
	}
	if _, err := s.Lookup(t.Context(), "acme", imports.Sought{Kind: fingerprint.Email, Value: "x", Limit: 1, Cursor: "1.2"}); !errors.Is(err, job.ErrCursor) {
		t.Error(err)
	}
}

func TestAnotherMasterKey(t *testing.T) {
	t.Parallel()
	client := redistest.Client(t)
	ref := accepted(t, printing(t, client), person("ada@example.com"))
	again := printing(t, client) // a restart
	expect(t, "after a restart", found(t, again, "acme", fingerprint.Email, "ada@example.com"), ref.ID)
	wrong := printing(t, client, func(o *store.Options) { o.Sealer = masterKey(t, 2) })
	if _, err := wrong.Lookup(t.Context(), "acme", imports.Sought{Kind: fingerprint.Email, Value: "ada@example.com", Limit: 1}); !errors.Is(err, fingerprint.ErrKey) {
		t.Error(err)
	}
	if _, _, _, err := wrong.Accept(t.Context(), jobtest.Acceptance(wrong, person("ada@example.com"))); !errors.Is(err, fingerprint.ErrKey) {
		t.Error(err)
	}
}
