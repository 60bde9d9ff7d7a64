package account

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// tick is a load that gives each record a new revision.
func tick() func(context.Context, string, string) (Record, error) {
	n := 0
	return func(_ context.Context, tenant, id string) (Record, error) {
		n++
		return Record{Account: Account{Tenant: tenant, ID: id, Revision: fmt.Sprint(n)}}, nil
	}
}

func wantRevision(t *testing.T, c *cache, k cacheKey, want string) {
	t.Helper()
	if r, err := c.get(t.Context(), k); err != nil || r.Revision != want {
		t.Errorf("revision %q, error %v; want revision %s", r.Revision, err, want)
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	at := time.Unix(0, 0)
	c := newCache(tick(), func() time.Time { return at })
	for i := range cacheMax + 100 {
		at = at.Add(time.Microsecond)
		if _, err := c.get(t.Context(), cacheKey{"t", fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(c.entries); got != cacheMax {
		t.Errorf("%d entries, want %d", got, cacheMax)
	}
	last := cacheKey{"t", fmt.Sprint(cacheMax + 99)}
	wantRevision(t, c, last, fmt.Sprint(cacheMax+100)) // from the cache
}

func TestCacheEvictsWhatEndsFirst(t *testing.T) {
	t.Parallel()
	c := newCache(tick(), time.Now)
	for i := range evictSamples {
		c.entries[cacheKey{"t", fmt.Sprint(i)}] = cached{until: time.Unix(int64(i+1)%evictSamples, 0)}
	}
	c.evict()
	if _, there := c.entries[cacheKey{"t", fmt.Sprint(evictSamples - 1)}]; there || len(c.entries) != evictSamples-1 {
		t.Error("another entry was evicted than the one that ends first")
	}
}

func TestCacheKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	c := newCache(tick(), time.Now)
	a, b := cacheKey{"a", "1"}, cacheKey{"b", "1"}
	wantRevision(t, c, a, "1")
	wantRevision(t, c, b, "2")
	wantRevision(t, c, a, "1")
	c.forget(a)
	wantRevision(t, c, b, "2")
	wantRevision(t, c, a, "3")
}

// gate is a load that waits until it is opened.
type gate struct {
	mu    sync.Mutex
	loads int
	open  chan struct{}
}

func (g *gate) load(ctx context.Context, _, _ string) (Record, error) {
	g.mu.Lock()
	g.loads++
	revision := fmt.Sprint(g.loads)
	g.mu.Unlock()
	select {
	case <-g.open:
		return Record{Account: Account{Revision: revision}}, nil
	case <-ctx.Done():
		return Record{}, ctx.Err()
	}
}

func TestCacheLoadsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		c := newCache(g.load, time.Now)
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() { wantRevision(t, c, cacheKey{"t", "1"}, "1") })
		}
		synctest.Wait()
		close(g.open)
		group.Wait()
		if g.loads != 1 {
			t.Errorf("%d loads, want 1", g.loads)
		}
	})
}

// A load that began before one of our writes may have read what was there
// before it: nobody who asks after the write gets that.
func TestCacheLoadAcrossWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		c := newCache(g.load, time.Now)
		k := cacheKey{"t", "1"}
		var group sync.WaitGroup
		group.Go(func() { wantRevision(t, c, k, "1") })
		synctest.Wait()
		c.forget(k)
		group.Go(func() { wantRevision(t, c, k, "2") })
		synctest.Wait()
		close(g.open)
		group.Wait()
		wantRevision(t, c, k, "2")
	})
}

func TestCacheKeepsNoLoadAcrossWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		c := newCache(g.load, time.Now)
		k := cacheKey{"t", "1"}
		var group sync.WaitGroup
		group.Go(func() { wantRevision(t, c, k, "1") })
		synctest.Wait()
		c.forget(k)
		close(g.open)
		group.Wait()
		wantRevision(t, c, k, "2")
		wantRevision(t, c, k, "2")
	})
}

func TestCacheCallersEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		c := newCache(g.load, time.Now)
		k := cacheKey{"t", "1"}
		var group sync.WaitGroup
		first, cancel := context.WithCancel(t.Context())
		group.Go(func() {
			if _, err := c.get(first, k); !errors.Is(err, context.Canceled) {
				t.Errorf("the caller who left got the error %v", err)
			}
		})
		synctest.Wait()
		group.Go(func() { wantRevision(t, c, k, "1") })
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(g.open)
		group.Wait()
	})
}

func TestCacheLoadTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		start := time.Now()
		_, err := newCache(g.load, time.Now).get(t.Context(), cacheKey{"t", "1"})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != loadTimeout {
			t.Errorf("after %v: error %v", time.Since(start), err)
		}
	})
}

func BenchmarkCacheHit(b *testing.B) {
	c := newCache(tick(), time.Now)
	k := cacheKey{"t", "0190a5b8-7a9e-7c3e-9f00-000000000001"}
	c.now = func() time.Time { return time.Unix(0, 0) }
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.get(b.Context(), k); err != nil {
				b.Fatal(err)
			}
		}
	})
}
