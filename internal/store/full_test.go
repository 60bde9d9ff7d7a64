package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/account"
	"crmferry/internal/fault"
	"crmferry/internal/job"
	"crmferry/internal/job/jobtest"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/store"
)

// fill brings a Redis to its maxmemory with keys that are not ours, and beyond
// it, so that what is freed meanwhile makes no room.
func fill(t *testing.T, client *redis.Client) {
	t.Helper()
	ctx := context.Background()
	if err := client.ConfigSet(ctx, "maxmemory", "16mb").Err(); err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		err := client.Set(ctx, "foreign:"+time.Duration(i).String(), strings.Repeat("x", 1<<20), 0).Err()
		if redis.IsOOMError(err) {
			break
		}
		if err != nil || i > 100 {
			t.Fatalf("%d keys, and then %v", i, err)
		}
	}
	grow := "#!lua flags=allow-oom\nreturn redis.call('SETRANGE', KEYS[1], 4194304, 'x')"
	if err := client.Eval(ctx, grow, []string{"foreign:more"}).Err(); err != nil {
		t.Fatal(err)
	}
}

// onFull runs the test with a store whose Redis can be filled.
func onFull(t *testing.T, run func(t *testing.T, client *redis.Client, s *store.Store)) {
	t.Helper()
	p := redistest.Process(t)
	if p == nil {
		t.Log("redis-server is not on the PATH: the Redis in memory is never full")
		return
	}
	client := p.Client()
	defer func() { _ = client.Close() }()
	run(t, client, open(t, client))
}

func TestAFullRedisRefusesNewWork(t *testing.T) {
	t.Parallel()
	onFull(t, func(t *testing.T, client *redis.Client, s *store.Store) {
		ctx := context.Background()
		fill(t, client)
		for _, key := range []string{"", "k"} {
			_, _, _, err := s.Accept(ctx, jobtest.Acceptance(s, func(a *job.Acceptance) { a.IdempotencyKey = key }))
			if !errors.Is(err, job.ErrFull) {
				t.Errorf("Accept with key %q = %v", key, err)
			}
		}
		if n, err := s.OpenCount(ctx); err != nil || n != 0 {
			t.Errorf("%d jobs are open, %v", n, err)
		}
		err := s.Accounts().Create(ctx, account.Record{Account: account.Account{ID: "a", Tenant: "t1"}})
		if !errors.Is(err, job.ErrFull) {
			t.Errorf("Create of an account = %v", err)
		}
	})
}

// TestAFullRedisFinishesAcceptedWork plays every write of a job's life.
func TestAFullRedisFinishesAcceptedWork(t *testing.T) {
	t.Parallel()
	onFull(t, func(t *testing.T, client *redis.Client, s *store.Store) {
		ctx := context.Background()
		var refs []job.Ref
		for range 4 {
			ref, _, _, err := s.Accept(ctx, jobtest.Acceptance(s, func(a *job.Acceptance) { a.IdempotencyKey = a.Key }))
			if err != nil {
				t.Fatal(err)
			}
			refs = append(refs, ref)
		}
		seal, err := s.Accounts().SealCheck(ctx, []byte("word"))
		if err != nil {
			t.Fatal(err)
		}
		fill(t, client)
		if again, err := s.Accounts().SealCheck(ctx, []byte("other")); err != nil || string(again) != string(seal) {
			t.Errorf("SealCheck = %q, %v", again, err)
		}
		created := carry(t, s, refs[0])
		if owners, err := s.Owners(ctx, created.AccountID, []string{"512"}); err != nil || owners["512"] != created.ID {
			t.Errorf("owners = %v, %v", owners, err)
		}
		if mine, err := s.Own(ctx, "acc-1", "513", refs[1].ID); err != nil || !mine {
			t.Errorf("Own = %v, %v", mine, err)
		}
		wake(t, s, refs[2])
		if ended, err := s.Cancel(ctx, "t1", refs[3].ID, fault.New(fault.Cancelled, "c", "m")); err != nil || !ended {
			t.Errorf("Cancel = %v, %v", ended, err)
		}
		if lead, err := s.Lead(ctx, "me", time.Minute); err != nil || !lead {
			t.Errorf("Lead = %v, %v", lead, err)
		}
		if page, err := s.List(ctx, "t1", job.Filter{Limit: 10}); err != nil || len(page.Jobs) != len(refs) {
			t.Errorf("List = %d jobs, %v", len(page.Jobs), err)
		}
		if err := s.Link(ctx, "t1", refs[3].ID, "job_x"); err != nil {
			t.Errorf("Link = %v", err)
		}
		if err := s.Delete(ctx, "t1", refs[3].ID); err != nil {
			t.Errorf("Delete = %v", err)
		}
		if err := client.Set(ctx, "foreign", "x", 0).Err(); !redis.IsOOMError(err) {
			t.Errorf("Redis is not full: %v", err)
		}
	})
}

// carry takes a job to its end, with a journal entry on the way.
func carry(t *testing.T, s *store.Store, ref job.Ref) job.Job {
	t.Helper()
	ctx := context.Background()
	c, err := s.Claim(ctx, ref, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	c.Journal.Phase = job.Sending
	if err := s.Save(ctx, c.Job, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Renew(ctx, []job.Ref{ref}, time.Minute); err != nil {
		t.Fatal(err)
	}
	c.Status, c.FinishedAt, c.Outcome, c.RemoteID = job.Succeeded, time.Now(), job.Created, "512"
	if err := s.Finish(ctx, c.Job, &job.Result{Raw: []byte(`{"id":"512"}`)}); err != nil {
		t.Fatal(err)
	}
	return c.Job
}

// wake lets a job rest and puts it back into the queue, as the reaper does.
func wake(t *testing.T, s *store.Store, ref job.Ref) {
	t.Helper()
	ctx := context.Background()
	c, err := s.Claim(ctx, ref, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	c.Status, c.Place, c.NextAttemptAt = job.Waiting, job.OnTimer, time.Now()
	if err := s.Save(ctx, c.Job, nil); err != nil {
		t.Fatal(err)
	}
	d := job.Due{Ref: ref, Status: job.Waiting, Place: job.OnTimer}
	if err := s.Postpone(ctx, d, 0); err != nil {
		t.Fatal(err)
	}
	if due, err := s.Due(ctx, 10); err != nil || len(due) != 1 || due[0].ID != ref.ID {
		t.Fatalf("Due = %v, %v", due, err)
	}
	next, err := s.Requeue(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	carry(t, s, next)
}

func TestScriptsOfAFlushedRedisAreSentAgain(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, client *redistest.DB) {
		s := open(t, client)
		for range 2 {
			ref, _, _, err := s.Accept(t.Context(), jobtest.Acceptance(s))
			if err != nil {
				t.Fatal(err)
			}
			if err := client.ScriptFlush(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			j := carry(t, s, ref)
			if owners, err := s.Owners(t.Context(), j.AccountID, []string{"512"}); err != nil || owners["512"] == "" {
				t.Errorf("owners = %v, %v", owners, err)
			}
		}
	})
}
