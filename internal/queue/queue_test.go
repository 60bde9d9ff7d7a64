package queue_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/job"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/queue"
)

func ref(id string) job.Ref { return job.Ref{ID: id, Epoch: 3, Account: "acc", CRM: "hubspot"} }

func serve(t *testing.T, client redis.UniversalClient, h queue.Handler) *queue.Server {
	t.Helper()
	s, err := queue.Serve(client, h, queue.Options{
		Servers: 2, Concurrency: 4, Idle: 5 * time.Millisecond, ShutdownTimeout: 5 * time.Second, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func receive[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func TestATaskBringsItsRef(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, client *redistest.DB) {
		q := queue.New(client, time.Minute)
		if has, err := q.Has(t.Context(), ref("a")); err != nil || has {
			t.Fatalf("Has before = %v, %v", has, err)
		}
		for range 2 { // a second time is as good as once
			if err := q.Enqueue(t.Context(), ref("a")); err != nil {
				t.Fatal(err)
			}
		}
		if has, err := q.Has(t.Context(), ref("a")); err != nil || !has {
			t.Fatalf("Has = %v, %v", has, err)
		}
		older := ref("a")
		older.Epoch--
		if has, _ := q.Has(t.Context(), older); has {
			t.Error("another epoch's task counts as this one")
		}
		got, hold := make(chan job.Ref, 4), make(chan struct{})
		s := serve(t, client, func(_ context.Context, r job.Ref) error { got <- r; <-hold; return nil })
		defer s.Stop()
		if r := receive(t, got); r != ref("a") {
			t.Errorf("ref = %+v", r)
		}
		// Its server may die before it claims the job, and asynq would not tell.
		if has, err := q.Has(t.Context(), ref("a")); err != nil || has {
			t.Errorf("Has once taken = %v, %v", has, err)
		}
		close(hold)
		s.Stop()
		if has, err := q.Has(t.Context(), ref("a")); err != nil || has {
			t.Errorf("Has when done = %v, %v", has, err)
		}
		if len(got) != 0 {
			t.Error("delivered twice")
		}
	})
}

func TestAFailingTaskComesAgainAndIsNeverArchived(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, client *redistest.DB) {
		q := queue.New(client, time.Minute)
		if err := q.Enqueue(t.Context(), ref("b")); err != nil {
			t.Fatal(err)
		}
		var tries atomic.Int64
		done := make(chan struct{})
		var once sync.Once
		s := serve(t, client, func(context.Context, job.Ref) error {
			if tries.Add(1) < 3 {
				return errors.New("Redis is away")
			}
			once.Do(func() { close(done) })
			return nil
		})
		defer s.Stop()
		receive(t, done)
		if stats, err := q.Stats(); err != nil || stats.Archived != 0 {
			t.Errorf("stats = %+v, %v", stats, err)
		}
	})
}

func TestATaskOutlastsAnOutage(t *testing.T) {
	t.Parallel()
	p := redistest.Process(t)
	if p == nil {
		t.Log("redis-server is not on the PATH: a Redis in memory does not come back")
		return
	}
	client := p.Client()
	defer func() { _ = client.Close() }()
	q := queue.New(client, time.Minute)
	p.Kill()
	if err := q.Enqueue(t.Context(), ref("d")); err == nil {
		t.Fatal("no error without a Redis")
	}
	if err := p.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := make(chan job.Ref, 4)
	s := serve(t, client, func(_ context.Context, r job.Ref) error { got <- r; return nil })
	defer s.Stop()
	if r := receive(t, got); r != ref("d") {
		t.Errorf("ref = %+v", r)
	}
}

func TestStopWaitsForWork(t *testing.T) {
	t.Parallel()
	client := redistest.Client(t)
	q := queue.New(client, time.Minute)
	if err := q.Enqueue(t.Context(), ref("c")); err != nil {
		t.Fatal(err)
	}
	started, finish := make(chan struct{}), make(chan struct{})
	var ended atomic.Bool
	s := serve(t, client, func(context.Context, job.Ref) error {
		close(started)
		<-finish
		ended.Store(true)
		return nil
	})
	receive(t, started)
	stopped := make(chan struct{})
	go func() { s.Stop(); close(stopped) }()
	close(finish)
	receive(t, stopped)
	if !ended.Load() {
		t.Error("stopped before the work had ended")
	}
}

func TestAFullRedisIsSeenAsOne(t *testing.T) {
	t.Parallel()
	p := redistest.Process(t, "maxmemory 1") // full from the start
	if p == nil {
		t.Log("redis-server is not on the PATH: the Redis in memory is never full")
		return
	}
	client := p.Client()
	defer func() { _ = client.Close() }()
	q := queue.New(client, time.Minute)
	if err := q.Enqueue(t.Context(), ref("f")); !errors.Is(err, job.ErrFull) {
		t.Errorf("Enqueue = %v", err)
	}
	if full, err := q.Full(t.Context()); err != nil || !full {
		t.Errorf("Full = %v, %v", full, err)
	}
	if err := client.ConfigSet(t.Context(), "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	if err := q.Enqueue(t.Context(), ref("f")); err != nil {
		t.Error(err)
	}
	if full, err := q.Full(t.Context()); err != nil || full {
		t.Errorf("Full = %v, %v", full, err)
	}
	if n := client.Exists(t.Context(), "asynq:{contacts}:ferry:room").Val(); n != 0 {
		t.Error("asking left something behind")
	}
}
