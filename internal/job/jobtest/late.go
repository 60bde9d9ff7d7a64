package jobtest

import (
	"context"
	"testing"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/job"
)

// lose has a worker lose a job to another, that takes it in doubt.
func lose(t *testing.T, s Store) (old, now job.Job) {
	t.Helper()
	old = claim(t, s, accept(t, s), 0)
	old.Journal = job.Journal{Phase: job.Sending, By: old.Attempt}
	if err := s.Save(context.Background(), old, nil); err != nil {
		t.Fatal(err)
	}
	ref, err := s.Requeue(context.Background(), due(t, s))
	if err != nil {
		t.Fatal(err)
	}
	old.FinishedAt = time.Now().UTC()
	return old, claim(t, s, ref, time.Minute)
}

func proof(id string) *job.Result {
	return &job.Result{Contact: contact.Contact{ID: id, FirstName: "Ada"}, Raw: []byte(`{"id":1}`), ContentType: "application/json"}
}

func testify(t *testing.T, s Store, j job.Job, r *job.Result) {
	t.Helper()
	if err := s.Testify(context.Background(), j, r); err != nil {
		t.Fatalf("Testify: %v", err)
	}
}

// again takes a job that is due.
func again(t *testing.T, s Store) job.Claimed {
	t.Helper()
	ref, err := s.Requeue(context.Background(), due(t, s))
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Claim(context.Background(), ref, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// lateEvidence: what the old worker knows comes with the next claim, and the
// new worker's job goes on undisturbed.
func lateEvidence(t *testing.T, s Store) {
	old, now := lose(t, s)
	testify(t, s, old, nil)
	rest(t, s, now, job.Verifying, 0)
	c := again(t, s)
	if c.Absent != old.Attempt || c.Proof != nil {
		t.Errorf("claimed with %d, %+v", c.Absent, c.Proof)
	}
	testify(t, s, old, proof("7"))
	rest(t, s, c.Job, job.Verifying, 0)
	if c = again(t, s); c.Proof == nil || c.Proof.ID != "7" || c.Proof.FirstName != "Ada" {
		t.Errorf("claimed with %+v", c.Proof)
	}
	if owners, err := s.Owners(context.Background(), old.AccountID, []string{"7"}); err != nil || owners["7"] != old.ID {
		t.Errorf("owners = %v, %v", owners, err)
	}
}

// lateProofWakes: a job in doubt does not wait for its next look; one that
// waits for something else does wait.
func lateProofWakes(t *testing.T, s Store) {
	old, now := lose(t, s)
	rest(t, s, now, job.Waiting, time.Hour)
	testify(t, s, old, proof("6"))
	if list, err := s.Due(context.Background(), 10); err != nil || len(list) > 0 {
		t.Errorf("due = %v, %v", list, err)
	}
	old, now = lose(t, s)
	rest(t, s, now, job.Verifying, time.Hour)
	testify(t, s, old, proof("7"))
	if d := due(t, s); d.ID != old.ID {
		t.Errorf("due = %+v", d)
	}
}

// lateProofBeforeEnd: a job of which there is proof cannot end unknown.
func lateProofBeforeEnd(t *testing.T, s Store) {
	old, now := lose(t, s)
	testify(t, s, old, proof("7"))
	want(t, s.Finish(context.Background(), end(now, job.Unknown), nil), job.ErrStale)
	c := again(t, s)
	if c.ID != old.ID || c.Proof == nil || c.Journal.Phase != job.Sending {
		t.Fatalf("claimed %+v", c)
	}
	if err := s.Finish(context.Background(), end(c.Job, job.Succeeded), proof("7")); err != nil {
		t.Error(err)
	}
}

// lateProofAfterEnd: proof makes an unknown end a known one, and is heard of
// as any end; no other end changes.
func lateProofAfterEnd(t *testing.T, s Store) {
	ctx := context.Background()
	for _, status := range []job.Status{job.Unknown, job.Succeeded, job.Failed, job.Cancelled} {
		old, now := lose(t, s)
		now.Error = fault.New(fault.OutcomeUnknown, "x", "y")
		if err := s.Finish(ctx, end(now, status), nil); err != nil {
			t.Fatal(err)
		}
		before := time.Now().UTC()
		old.FinishedAt = before.Add(time.Second)
		testify(t, s, old, nil)
		if j := get(t, s, old.ID); j.Status != status {
			t.Errorf("%s became %s without proof", status, j.Status)
		}
		heard, stop := s.Watch(old.ID)
		testify(t, s, old, proof("9"))
		if j := get(t, s, old.ID); status != job.Unknown {
			if j.Status != status || j.RemoteID != "" || j.Error == nil {
				t.Errorf("%s became %+v", status, j)
			}
		} else {
			proven(t, s, j, before)
			select {
			case <-heard:
			case <-time.After(10 * time.Second):
				t.Error("nobody told of the end")
			}
		}
		stop()
	}
	if open, ended, err := s.Counts(ctx); err != nil || open != 0 || ended != 4 {
		t.Errorf("Counts = %d open, %d ended, %v", open, ended, err)
	}
}

func proven(t *testing.T, s Store, j job.Job, after time.Time) {
	t.Helper()
	if j.Status != job.Succeeded || j.Outcome != job.Created || j.RemoteID != "9" || j.Error != nil || len(j.Timeline) != 1 {
		t.Errorf("proven: %+v", j)
	}
	if r, err := s.Result(context.Background(), "t1", j.ID); err != nil || r.Contact.ID != "9" || string(r.Raw) != `{"id":1}` {
		t.Errorf("result = %+v, %v", r, err)
	}
	page, err := s.List(context.Background(), "t1", job.Filter{FinishedAfter: after, Limit: 10})
	if err != nil || len(page.Jobs) != 1 || page.Jobs[0].ID != j.ID {
		t.Errorf("finished since: %+v, %v", page.Jobs, err)
	}
}

func evidenceOfNoAttempt(t *testing.T, s Store) {
	j := claim(t, s, accept(t, s), time.Minute)
	never := j
	never.Attempt++
	want(t, s.Testify(context.Background(), never, proof("7")), job.ErrStale)
	never.ID = s.NewID(job.Acceptance{})
	want(t, s.Testify(context.Background(), never, proof("7")), job.ErrNotFound)
	rest(t, s, j, job.Verifying, 0)
	if c := again(t, s); c.Proof != nil || c.Absent != 0 {
		t.Errorf("claimed with %+v, %d", c.Proof, c.Absent)
	}
}

func noChange(t *testing.T, s Store) {
	c, err := s.Claim(context.Background(), accept(t, s), time.Minute)
	if err != nil || !c.Changed.IsZero() {
		t.Errorf("the store's master was replaced at %v, %v", c.Changed, err)
	}
}
