// Package redistest gives tests a Redis of their own.
package redistest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/config"
	"crmferry/internal/localredis"
	"crmferry/internal/redisconn"
)

// Process starts a redis-server for the test; nil where the program is not on
// the PATH.
func Process(t testing.TB, conf ...string) *localredis.Process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
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
	return closing(t, memory(t).Client())
}

// DB is a Redis of one test, spoken to as the programs do.
type DB struct {
	redis.UniversalClient
	plain redis.UniversalClient
}

// Flush removes everything from every master.
func (db *DB) Flush(t testing.TB) {
	t.Helper()
	err := redisconn.EachMaster(context.Background(), db.plain, func(ctx context.Context, master *redis.Client) error {
		return master.FlushAll(ctx).Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Open connects to a FERRY_REDIS_URL.
func Open(t testing.TB, url string) *DB {
	t.Helper()
	target, err := config.ParseRedis(url)
	if err != nil {
		t.Fatal(err)
	}
	plain := closing(t, redisconn.Connect(target))
	together, err := redisconn.Together(plain)
	if err != nil {
		t.Fatal(err)
	}
	return &DB{closing(t, together), plain}
}

// neverFail is longer than any test: its sentinels find no fault.
const neverFail = time.Hour

// kinds start a Redis of each kind and give its FERRY_REDIS_URL, "" where this
// machine cannot.
var kinds = map[string]func(t testing.TB) string{
	"memory": func(t testing.TB) string { return "redis://" + memory(t).Addr },
	"process": func(t testing.TB) string {
		if p := Process(t); p != nil {
			return "redis://:" + p.Password + "@" + p.Addr
		}
		return ""
	},
	"sentinels": func(t testing.TB) string {
		if s := StartSentinels(t, neverFail); s != nil {
			return s.URL()
		}
		return ""
	},
	"cluster": func(t testing.TB) string {
		if c := StartCluster(t); c != nil {
			return c.URL()
		}
		return ""
	},
}

// Each runs the test on every kind of Redis that this machine has.
func Each(t *testing.T, run func(t *testing.T, db *DB)) {
	for name, start := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := start(t)
			if url == "" {
				t.Log("redis-server is not on the PATH: the Redis in memory stands for it")
				return
			}
			run(t, Open(t, url))
		})
	}
}

func memory(t testing.TB) *localredis.Memory {
	t.Helper()
	m, err := localredis.StartMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Stop)
	return m
}

func closing[C redis.UniversalClient](t testing.TB, c C) C {
	t.Cleanup(func() { _ = c.Close() })
	return c
}
