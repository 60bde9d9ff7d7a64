package jobtest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/job"
)

func cancelQueued(t *testing.T, s Store) {
	ref := accept(t, s)
	ended, err := s.Cancel(context.Background(), "t1", ref.ID, fault.New(fault.Cancelled, "cancelled", "m"))
	if err != nil || !ended {
		t.Fatal(ended, err)
	}
	_, err = s.Claim(context.Background(), ref, time.Minute)
	want(t, err, job.ErrStale)
	if j := get(t, s, ref.ID); j.Status != job.Cancelled || j.Error.Kind != fault.Cancelled {
		t.Errorf("job = %+v", j)
	}
}

func cancelAtWorker(t *testing.T, s Store) {
	j := claim(t, s, accept(t, s), time.Minute)
	ended, err := s.Cancel(context.Background(), "t1", j.ID, fault.New(fault.Cancelled, "", ""))
	if err != nil || ended {
		t.Fatal(ended, err)
	}
	if got := get(t, s, j.ID); !got.CancelRequested || got.Status != job.Running {
		t.Errorf("job = %+v", got)
	}
}

func cancelResting(t *testing.T, s Store) {
	j := claim(t, s, accept(t, s), time.Minute)
	if _, err := s.Cancel(context.Background(), "t1", j.ID, fault.New(fault.Cancelled, "", "")); err != nil {
		t.Fatal(err)
	}
	rest(t, s, j, job.Waiting, time.Hour)
	if d := due(t, s); d.ID != j.ID {
		t.Errorf("due = %+v", d)
	}
	sent := claim(t, s, accept(t, s), time.Minute)
	sent.Journal.Phase = job.Sending
	sent = rest(t, s, sent, job.Verifying, time.Hour)
	if ended, err := s.Cancel(context.Background(), "t1", sent.ID, fault.New(fault.Cancelled, "", "")); err != nil || ended {
		t.Errorf("a job in doubt was cancelled: %v, %v", ended, err)
	}
}

func own(t *testing.T, s Store) {
	ctx := context.Background()
	for i, c := range []struct {
		account, remote, job string
		want                 bool
	}{{"a", "1", "j1", true}, {"a", "1", "j1", true}, {"a", "1", "j2", false}, {"b", "1", "j2", true}, {"a", "2", "j2", true}} {
		if got, err := s.Own(ctx, c.account, c.remote, c.job); err != nil || got != c.want {
			t.Errorf("%d: Own = %v, %v", i, got, err)
		}
	}
}

func list(t *testing.T, s Store) {
	ctx := context.Background()
	var ids []string
	base := time.Now().UTC().Truncate(time.Millisecond)
	for i := range 30 {
		ref := accept(t, s, func(a *job.Acceptance) {
			a.CreatedAt = base.Add(time.Duration(i/3) * time.Second) // three in each moment
			a.AccountID = fmt.Sprintf("acc-%d", i%2)
		})
		ids = append(ids, ref.ID)
	}
	seen, cursor := []string{}, ""
	for range 20 {
		page, err := s.List(ctx, "t1", job.Filter{Limit: 4, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range page.Jobs {
			seen = append(seen, j.ID)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if slices.Sort(seen); !slices.Equal(seen, slices.Sorted(slices.Values(ids))) {
		t.Errorf("pages hold %d of %d jobs", len(slices.Compact(seen)), len(ids))
	}
	page, err := s.List(ctx, "t1", job.Filter{AccountID: "acc-1", Limit: 100})
	if err != nil || len(page.Jobs) != 15 || page.Next != "" {
		t.Errorf("by account: %d, %v", len(page.Jobs), err)
	}
	page, err = s.List(ctx, "t1", job.Filter{CreatedAfter: base.Add(8 * time.Second), Limit: 100})
	if err != nil || len(page.Jobs) != 6 {
		t.Errorf("by time: %d, %v", len(page.Jobs), err)
	}
	if _, err := s.List(ctx, "t1", job.Filter{Limit: 1, Cursor: "nonsense"}); err == nil {
		t.Error("a cursor of nobody's was taken")
	}
}

func listFinished(t *testing.T, s Store) {
	ctx := context.Background()
	start := time.Now().Add(-time.Second)
	for range 5 {
		j := claim(t, s, accept(t, s), time.Minute)
		if err := s.Finish(ctx, end(j, job.Failed), nil); err != nil {
			t.Fatal(err)
		}
	}
	accept(t, s)
	page, err := s.List(ctx, "t1", job.Filter{FinishedAfter: start, Limit: 10})
	if err != nil || len(page.Jobs) != 5 {
		t.Fatalf("finished: %d, %v", len(page.Jobs), err)
	}
	if page.Jobs[0].FinishedAt.After(page.Jobs[4].FinishedAt) {
		t.Error("not oldest first")
	}
	if page, _ := s.List(ctx, "t1", job.Filter{Status: job.Queued, Limit: 10}); len(page.Jobs) != 1 {
		t.Errorf("queued: %d", len(page.Jobs))
	}
}

func deleteAndLink(t *testing.T, s Store) {
	ctx := context.Background()
	j := claim(t, s, accept(t, s, func(a *job.Acceptance) { a.IdempotencyKey = "del" }), time.Minute)
	want(t, s.Delete(ctx, "t1", j.ID), job.ErrNotTerminal)
	want(t, s.Link(ctx, "t1", j.ID, "job_x"), job.ErrStale)
	if err := s.Finish(ctx, end(j, job.Failed), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Link(ctx, "t1", j.ID, "job_x"); err != nil || get(t, s, j.ID).RetriedAs != "job_x" {
		t.Errorf("Link: %v", err)
	}
	if err := s.Delete(ctx, "t1", j.ID); err != nil {
		t.Fatal(err)
	}
	_, err := s.Get(ctx, "t1", j.ID)
	want(t, err, job.ErrNotFound)
	accept(t, s, func(a *job.Acceptance) { a.IdempotencyKey = "del" })
}

func watch(t *testing.T, s Store) {
	j := claim(t, s, accept(t, s), time.Minute)
	ended, stop := s.Watch(j.ID)
	defer stop()
	if err := s.Finish(context.Background(), end(j, job.Failed), nil); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("nobody told of the end")
	}
}

func lead(t *testing.T, s Store) {
	ctx := context.Background()
	for i, c := range []struct {
		who  string
		want bool
	}{{"a", true}, {"b", false}, {"a", true}} {
		if got, err := s.Lead(ctx, c.who, time.Minute); err != nil || got != c.want {
			t.Errorf("%d: Lead = %v, %v", i, got, err)
		}
	}
}

func tenants(t *testing.T, s Store) {
	ctx := context.Background()
	ref := accept(t, s)
	_, err := s.Get(ctx, "t2", ref.ID)
	want(t, err, job.ErrNotFound)
	_, err = s.Result(ctx, "t2", ref.ID)
	want(t, err, job.ErrNotFound)
	_, err = s.Input(ctx, "t2", ref.ID)
	want(t, err, job.ErrNotFound)
	_, err = s.Cancel(ctx, "t2", ref.ID, fault.New(fault.Cancelled, "", ""))
	want(t, err, job.ErrNotFound)
	want(t, s.Delete(ctx, "t2", ref.ID), job.ErrNotFound)
	for _, f := range []job.Filter{{Limit: 10}, {AccountID: "acc-1", Limit: 10}} {
		if page, err := s.List(ctx, "t2", f); err != nil || len(page.Jobs) != 0 {
			t.Errorf("List(%+v) = %d, %v", f, len(page.Jobs), err)
		}
	}
}

func notAnID(t *testing.T, s Store) {
	for _, id := range []string{"", "job_", "job_zz" + fmt.Sprint(time.Now().UnixNano()), "imp_x", "job_ff0123456789012345678901234567"[:32], "../../x"} {
		_, err := s.Get(context.Background(), "t1", id)
		want(t, err, job.ErrNotFound)
	}
}

func postpone(t *testing.T, s Store) {
	j := claim(t, s, accept(t, s), time.Millisecond)
	d := due(t, s)
	if err := s.Postpone(context.Background(), d, time.Hour); err != nil {
		t.Fatal(err)
	}
	if list, _ := s.Due(context.Background(), 10); len(list) != 0 {
		t.Errorf("still due: %v", list)
	}
	d.Epoch++
	want(t, s.Postpone(context.Background(), d, time.Hour), job.ErrStale)
	_ = j
}

func openCount(t *testing.T, s Store) {
	for range 3 {
		accept(t, s)
	}
	if n, err := s.OpenCount(context.Background()); err != nil || n != 3 {
		t.Errorf("OpenCount = %d, %v", n, err)
	}
	if err := s.Finish(context.Background(), end(claim(t, s, accept(t, s), time.Minute), job.Failed), nil); err != nil {
		t.Fatal(err)
	}
	cancelQueued(t, s)
	if open, ended, err := s.Counts(context.Background()); err != nil || open != 3 || ended != 2 {
		t.Errorf("Counts = %d open, %d ended, %v", open, ended, err)
	}
	accept(t, s, func(a *job.Acceptance) { a.Tenant = "t2" })
	for tenant, want := range map[string]int64{"t1": 3, "t2": 1, "t3": 0} {
		if n, err := s.TenantOpen(context.Background(), tenant); err != nil || n != want {
			t.Errorf("TenantOpen(%s) = %d, %v, want %d", tenant, n, err, want)
		}
	}
}

// replay finds the job of a key without accepting anything.
func replay(t *testing.T, s Store) {
	ctx := context.Background()
	a := Acceptance(s, func(a *job.Acceptance) { a.IdempotencyKey, a.Fingerprint = "k", "print" })
	if _, _, found, err := s.Replay(ctx, a); found || err != nil {
		t.Errorf("Replay before = %v, %v", found, err)
	}
	first, _, _, err := s.Accept(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	if ref, print, found, err := s.Replay(ctx, a); !found || err != nil || ref.ID != first.ID || print != "print" {
		t.Errorf("Replay = %+v, %q, %v, %v", ref, print, found, err)
	}
	a.Tenant = "t2"
	if _, _, found, err := s.Replay(ctx, a); found || err != nil {
		t.Errorf("Replay by another tenant = %v, %v", found, err)
	}
	if _, _, found, err := s.Replay(ctx, Acceptance(s)); found || err != nil {
		t.Errorf("Replay without a key = %v, %v", found, err)
	}
}

func kept(t *testing.T, s Store) {
	j := claim(t, s, accept(t, s), time.Minute)
	j.Status, j.Place, j.NextAttemptAt = job.Waiting, job.OnTimer, time.Now()
	if err := s.Save(context.Background(), j, &job.Result{Contact: contact.Contact{ID: "7"}}); err != nil {
		t.Fatal(err)
	}
	ref, err := s.Requeue(context.Background(), due(t, s))
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Claim(context.Background(), ref, time.Minute)
	if err != nil || c.Kept == nil || c.Kept.Contact.ID != "7" || c.Now.IsZero() {
		t.Errorf("claimed = %+v, %v", c.Kept, err)
	}
}
