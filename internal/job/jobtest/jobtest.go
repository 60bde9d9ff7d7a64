// Package jobtest is the suite that every place where jobs are kept must pass.
package jobtest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/job"
)

// Store is all that the packages around jobs ask of the place where they are kept.
type Store interface {
	job.Store
	job.Records
	job.Open
	job.Leases
	job.Backlog
	OpenCount(ctx context.Context) (int64, error)
	Advance(ctx context.Context, id string) (job.Ref, error)
	TenantOpen(ctx context.Context, tenant string) (int64, error)
	Counts(ctx context.Context) (open, ended int64, err error)
}

// Run plays the suite against fresh stores.
func Run(t *testing.T, fresh func(t *testing.T) Store) {
	for name, play := range map[string]func(*testing.T, Store){
		"accept and get":               acceptAndGet,
		"one job per idempotency key":  onePerKey,
		"claim once":                   claimOnce,
		"a save needs the claim":       saveNeedsClaim,
		"a rest and its end":           restAndWake,
		"a wait in line":               waitInLine,
		"accepted into the line":       acceptedIntoLine,
		"cancel in line":               cancelInLine,
		"a lost lease":                 lostLease,
		"a renewed lease":              renewedLease,
		"the end is final":             endIsFinal,
		"a result":                     result,
		"cancel while queued":          cancelQueued,
		"cancel at a worker":           cancelAtWorker,
		"cancel wakes a resting job":   cancelResting,
		"own":                          own,
		"list":                         list,
		"list finished":                listFinished,
		"delete and link":              deleteAndLink,
		"watch":                        watch,
		"lead":                         lead,
		"other tenants see nothing":    tenants,
		"not an id":                    notAnID,
		"postpone what merely waits":   postpone,
		"the count of what is open":    openCount,
		"a key's job":                  replay,
		"kept results survive a claim": kept,
		"take past the queue":          takePast,
		"take what is due":             takeDue,
		"several who take":             takeSeveral,
		"no change of master":          noChange,
		"late evidence":                lateEvidence,
		"late proof wakes a job":       lateProofWakes,
		"late proof before an end":     lateProofBeforeEnd,
		"late proof after an end":      lateProofAfterEnd,
		"evidence of no attempt":       evidenceOfNoAttempt,
	} {
		t.Run(name, func(t *testing.T) { play(t, fresh(t)) })
	}
}

// Acceptance makes a job of tenant t1 to be accepted.
func Acceptance(s job.Store, change ...func(*job.Acceptance)) job.Acceptance {
	now := time.Now().UTC().Truncate(time.Millisecond)
	a := job.Acceptance{
		Base: job.Base{
			Tenant: "t1", AccountID: "acc-1", Budget: "acc-1", CRM: "hubspot", CreatedAt: now, ExpiresAt: now.Add(time.Hour), Key: uuid.NewString(),
		},
		Input: contact.Input{Contact: contact.Contact{FirstName: "Ada", EmailAddresses: []contact.Email{{Email: "ada@example.com"}}}},
	}
	a.Place = job.InQueue
	for _, c := range change {
		c(&a)
	}
	a.ID = s.NewID(a)
	return a
}

func accept(t *testing.T, s Store, change ...func(*job.Acceptance)) job.Ref {
	t.Helper()
	ref, _, stored, err := s.Accept(context.Background(), Acceptance(s, change...))
	if err != nil || !stored {
		t.Fatalf("Accept = %v, stored %v", err, stored)
	}
	return ref
}

func claim(t *testing.T, s Store, ref job.Ref, lease time.Duration) job.Job {
	t.Helper()
	c, err := s.Claim(context.Background(), ref, lease)
	if err != nil {
		t.Fatalf("Claim: %v", err)
	}
	return c.Job
}

func get(t *testing.T, s Store, id string) job.Job {
	t.Helper()
	j, err := s.Get(context.Background(), "t1", id)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return j
}

func end(j job.Job, status job.Status) job.Job {
	j.Status, j.FinishedAt = status, time.Now().UTC()
	return j
}

// due polls until a job is due, as the reaper does.
func due(t *testing.T, s Store) job.Due {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		list, err := s.Due(context.Background(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) > 0 {
			return list[0]
		}
	}
	t.Fatal("nothing came due")
	return job.Due{}
}

func want(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("error = %v, want %v", err, target)
	}
}

func acceptAndGet(t *testing.T, s Store) {
	a := Acceptance(s, func(a *job.Acceptance) { a.ClientRef = "r1"; a.Metadata = []byte(`{"k":1}`) })
	if _, _, stored, err := s.Accept(context.Background(), a); err != nil || !stored {
		t.Fatal(err, stored)
	}
	j := get(t, s, a.ID)
	if j.Status != job.Queued || j.Place != job.InQueue || j.Epoch != 1 || j.Attempt != 0 || j.ClientRef != "r1" ||
		string(j.Metadata) != `{"k":1}` || !j.CreatedAt.Equal(a.CreatedAt) || j.Key != a.Key {
		t.Errorf("job = %+v", j)
	}
	in, err := s.Input(context.Background(), "t1", a.ID)
	if err != nil || in.FirstName != "Ada" {
		t.Errorf("input = %+v, %v", in, err)
	}
}

func onePerKey(t *testing.T, s Store) {
	var wg sync.WaitGroup
	ids := make([]string, 20)
	stored := make([]bool, 20)
	for i := range ids {
		wg.Go(func() {
			a := Acceptance(s, func(a *job.Acceptance) { a.IdempotencyKey, a.Fingerprint = "k", "f1" })
			ref, _, ok, err := s.Accept(context.Background(), a)
			if err != nil {
				t.Error(err)
			}
			ids[i], stored[i] = ref.ID, ok
		})
	}
	wg.Wait()
	n := 0
	for i := range ids {
		if ids[i] != ids[0] {
			t.Errorf("two jobs for one key: %s, %s", ids[0], ids[i])
		}
		if stored[i] {
			n++
		}
	}
	if n != 1 {
		t.Errorf("stored %d times", n)
	}
	other := Acceptance(s, func(a *job.Acceptance) { a.IdempotencyKey, a.Fingerprint = "k", "f2" })
	_, fingerprint, ok, err := s.Accept(context.Background(), other)
	if err != nil || ok || fingerprint != "f1" {
		t.Errorf("other payload: %q, %v, %v", fingerprint, ok, err)
	}
	accept(t, s, func(a *job.Acceptance) { a.IdempotencyKey, a.AccountID = "k", "acc-2" })
}

func claimOnce(t *testing.T, s Store) {
	ref := accept(t, s)
	j := claim(t, s, ref, time.Minute)
	if j.Status != job.Running || j.Place != job.AtWorker || j.Attempt != 1 {
		t.Errorf("claimed = %+v", j)
	}
	_, err := s.Claim(context.Background(), ref, time.Minute)
	want(t, err, job.ErrStale)
	old := ref
	old.Epoch = 7
	_, err = s.Claim(context.Background(), old, time.Minute)
	want(t, err, job.ErrStale)
	gone := ref
	gone.ID = s.NewID(job.Acceptance{})
	_, err = s.Claim(context.Background(), gone, time.Minute)
	want(t, err, job.ErrNotFound)
}

func saveNeedsClaim(t *testing.T, s Store) {
	ctx := context.Background()
	j := claim(t, s, accept(t, s), time.Minute)
	j.Journal = job.Journal{Phase: job.Sending, SentAt: time.Now().UTC()}
	if err := s.Save(ctx, j, nil); err != nil {
		t.Fatal(err)
	}
	if got := get(t, s, j.ID); got.Journal.Phase != job.Sending {
		t.Errorf("journal = %+v", got.Journal)
	}
	for name, change := range map[string]func(*job.Job){
		"epoch": func(j *job.Job) { j.Epoch++ }, "attempt": func(j *job.Job) { j.Attempt-- },
	} {
		other := j
		change(&other)
		if err := s.Save(ctx, other, nil); !errors.Is(err, job.ErrStale) {
			t.Errorf("%s: Save = %v", name, err)
		}
		if err := s.Finish(ctx, end(other, job.Failed), nil); !errors.Is(err, job.ErrStale) {
			t.Errorf("%s: Finish = %v", name, err)
		}
	}
}

func rest(t *testing.T, s Store, j job.Job, status job.Status, after time.Duration) job.Job {
	t.Helper()
	j.Status, j.Place, j.NextAttemptAt = status, job.OnTimer, time.Now().Add(after)
	if err := s.Save(context.Background(), j, nil); err != nil {
		t.Fatal(err)
	}
	return j
}

func restAndWake(t *testing.T, s Store) {
	for _, status := range []job.Status{job.Waiting, job.Verifying} {
		j := rest(t, s, claim(t, s, accept(t, s), time.Minute), status, 50*time.Millisecond)
		_, err := s.Claim(context.Background(), j.Ref(), time.Minute)
		want(t, err, job.ErrStale)
		d := due(t, s)
		if d.ID != j.ID || d.Place != job.OnTimer || d.Status != status {
			t.Fatalf("due = %+v", d)
		}
		ref, err := s.Requeue(context.Background(), d)
		if err != nil || ref.Epoch != j.Epoch+1 || ref.Account != "acc-1" || ref.CRM != "hubspot" {
			t.Fatalf("Requeue = %+v, %v", ref, err)
		}
		_, err = s.Requeue(context.Background(), d)
		want(t, err, job.ErrStale)
		next := claim(t, s, ref, time.Minute)
		if wantStatus := map[job.Status]job.Status{job.Waiting: job.Running, job.Verifying: job.Verifying}[status]; next.Status != wantStatus {
			t.Errorf("claimed as %s", next.Status)
		}
		if err := s.Finish(context.Background(), end(next, job.Failed), nil); err != nil {
			t.Fatal(err)
		}
	}
}

func lostLease(t *testing.T, s Store) {
	j := claim(t, s, accept(t, s), 20*time.Millisecond)
	d := due(t, s)
	if d.Place != job.AtWorker {
		t.Fatalf("due = %+v", d)
	}
	ref, err := s.Requeue(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	want(t, s.Save(context.Background(), j, nil), job.ErrStale)
	want(t, s.Finish(context.Background(), end(j, job.Failed), nil), job.ErrStale)
	if next := claim(t, s, ref, time.Minute); next.Attempt != 2 {
		t.Errorf("attempt = %d", next.Attempt)
	}
}

func renewedLease(t *testing.T, s Store) {
	j := claim(t, s, accept(t, s), time.Millisecond)
	stale := j.Ref()
	stale.Epoch++
	if err := s.Renew(context.Background(), []job.Ref{j.Ref(), stale}, time.Minute); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Due(context.Background(), 10); err != nil || len(list) != 0 {
		t.Errorf("due = %v, %v", list, err)
	}
}

func endIsFinal(t *testing.T, s Store) {
	ctx := context.Background()
	for _, status := range []job.Status{job.Succeeded, job.Failed, job.Unknown, job.Cancelled} {
		j := claim(t, s, accept(t, s), time.Minute)
		j.Error = fault.New(fault.Invalid, "x", "y")
		if err := s.Finish(ctx, end(j, status), nil); err != nil {
			t.Fatal(err)
		}
		want(t, s.Finish(ctx, end(j, job.Failed), nil), job.ErrStale)
		want(t, s.Save(ctx, j, nil), job.ErrStale)
		_, err := s.Claim(ctx, j.Ref(), time.Minute)
		want(t, err, job.ErrStale)
		_, err = s.Cancel(ctx, "t1", j.ID, fault.New(fault.Cancelled, "", ""))
		want(t, err, job.ErrTerminal)
		if got := get(t, s, j.ID); got.Status != status || got.Error.Code != "x" || got.FinishedAt.IsZero() {
			t.Errorf("job = %+v", got)
		}
	}
	if list, _ := s.Due(ctx, 10); len(list) != 0 {
		t.Errorf("due = %v", list)
	}
}

func result(t *testing.T, s Store) {
	ctx := context.Background()
	j := claim(t, s, accept(t, s), time.Minute)
	_, err := s.Result(ctx, "t1", j.ID)
	want(t, err, job.ErrGone)
	j.Outcome, j.RemoteID = job.Created, "512"
	r := job.Result{Contact: contact.Contact{ID: "512"}, Raw: []byte("{\"id\": \"512\"}\n"), ContentType: "application/json"}
	if err := s.Finish(ctx, end(j, job.Succeeded), &r); err != nil {
		t.Fatal(err)
	}
	got, err := s.Result(ctx, "t1", j.ID)
	if err != nil || got.Contact.ID != "512" || string(got.Raw) != string(r.Raw) || got.ContentType != r.ContentType {
		t.Errorf("result = %+v, %v", got, err)
	}
	if owners, err := s.Owners(ctx, "acc-1", []string{"512", "513"}); err != nil || owners["512"] != j.ID || owners["513"] != "" {
		t.Errorf("owners = %v, %v", owners, err)
	}
}
