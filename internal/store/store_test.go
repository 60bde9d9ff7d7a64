package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/account"
	"crmferry/internal/account/accounttest"
	"crmferry/internal/fault"
	"crmferry/internal/job"
	"crmferry/internal/job/jobtest"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/store"
)

func open(t *testing.T, client redis.UniversalClient) *store.Store {
	s := store.New(client, store.Options{ResultTTL: time.Hour, ReceiptTTL: 2 * time.Hour})
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestJobs(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) {
		jobtest.Run(t, func(t *testing.T) jobtest.Store {
			db.Flush(t)
			return open(t, db)
		})
	})
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) {
		accounttest.RunStore(t, func() account.Store { return open(t, db).Accounts() })
	})
}

// keysOf lists every key with its time to live, -1 for none.
func keysOf(t *testing.T, client *redis.Client) map[string]time.Duration {
	t.Helper()
	ctx := context.Background()
	names, err := client.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	ttl := map[string]time.Duration{}
	for _, name := range names {
		ttl[name] = client.PTTL(ctx, name).Val()
	}
	return ttl
}

func TestNothingOfAnOpenJobExpires(t *testing.T) {
	t.Parallel()
	client := redistest.Client(t)
	s := open(t, client)
	a := jobtest.Acceptance(s, func(a *job.Acceptance) { a.IdempotencyKey = "k" })
	ref, _, _, err := s.Accept(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	for name, ttl := range keysOf(t, client) {
		if ttl >= 0 {
			t.Errorf("%s of an open job expires in %v", name, ttl)
		}
	}
	c, err := s.Claim(context.Background(), ref, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	c.Status, c.FinishedAt, c.Outcome, c.RemoteID = job.Succeeded, time.Now(), job.Created, "1"
	if err := s.Finish(context.Background(), c.Job, &job.Result{}); err != nil {
		t.Fatal(err)
	}
	for name, ttl := range keysOf(t, client) {
		index := strings.Contains(name, ":tenant:") || strings.Contains(name, ":account:") || strings.Contains(name, ":finished:") || strings.HasSuffix(name, ":ends") || strings.HasSuffix(name, ":master")
		if ttl < 0 && !index {
			t.Errorf("%s of a finished job never expires", name)
		}
	}
}

func TestAReceiptOutlivesTheBody(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	client := redistest.Client(t)
	s := store.New(client, store.Options{ResultTTL: time.Millisecond, ReceiptTTL: time.Hour})
	defer func() { _ = s.Close() }()
	ref, _, _, err := s.Accept(ctx, jobtest.Acceptance(s))
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Claim(ctx, ref, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	c.Status, c.FinishedAt, c.Error = job.Failed, time.Now(), fault.New(fault.Invalid, "c", "m")
	if err := s.Finish(ctx, c.Job, nil); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		_, err := s.Input(ctx, "t1", ref.ID)
		if errors.Is(err, job.ErrGone) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the body is still there: %v", err)
		}
	}
	j, err := s.Get(ctx, "t1", ref.ID)
	if err != nil || j.Status != job.Failed || j.Error.Kind != fault.Invalid || j.AccountID != "acc-1" {
		t.Errorf("receipt = %+v, %v", j, err)
	}
	if _, err := s.Get(ctx, "t2", ref.ID); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("another tenant's receipt: %v", err)
	}
}

func TestANewerRecordIsHandedBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	client := redistest.Client(t)
	s := open(t, client)
	a := jobtest.Acceptance(s)
	ref, _, _, err := s.Accept(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	key := "ferry:1:{j" + a.ID[4:6] + "}:job:" + a.ID
	if err := client.HSet(ctx, key, "v", job.Version+1).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Claim(ctx, ref, time.Minute); !errors.Is(err, job.ErrNewer) {
		t.Errorf("Claim = %v", err)
	}
}
