// Package redistest gives tests a Redis of their own.
package redistest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/localredis"
)

// Process starts a redis-server for the test; without the program the test is
// run by Each on the Redis in memory alone, and this returns nil.
func Process(t testing.TB, conf ...string) *localredis.Process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	p, err := localredis.Start(ctx, t.TempDir(), conf...)
	if errors.Is(err, localredis.ErrNoProgram) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

// Client gives a client of a Redis for this test alone: a process where
// redis-server is there, else one in memory.
func Client(t testing.TB) *redis.Client {
	t.Helper()
	if p := Process(t); p != nil {
		return closing(t, p.Client())
	}
	return memory(t)
}

// Each runs the test on every kind of Redis that this machine has.
func Each(t *testing.T, run func(t *testing.T, client *redis.Client)) {
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		run(t, memory(t))
	})
	t.Run("process", func(t *testing.T) {
		t.Parallel()
		p := Process(t)
		if p == nil {
			t.Log("redis-server is not on the PATH: the Redis in memory stands for it")
			return
		}
		run(t, closing(t, p.Client()))
	})
}

func memory(t testing.TB) *redis.Client {
	t.Helper()
	m, err := localredis.StartMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Stop)
	return closing(t, m.Client())
}

func closing(t testing.TB, c *redis.Client) *redis.Client {
	t.Cleanup(func() { _ = c.Close() })
	return c
}
