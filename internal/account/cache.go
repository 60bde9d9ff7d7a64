package account

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	cacheLife    = 2 * time.Second
	absentLife   = time.Second // of the answer that there is no such account
	cacheMax     = 10_000
	loadTimeout  = 5 * time.Second
	evictSamples = 8
)

type cacheKey struct{ tenant, id string }

func (k cacheKey) flight() string { return k.tenant + "\x00" + k.id }

// cached is a record, or ErrNotFound, until a time.
type cached struct {
	record Record
	err    error
	until  time.Time
}

// cache keeps records for a moment. Of many that miss at once one loads.
type cache struct {
	load func(ctx context.Context, tenant, id string) (Record, error)
	now  func() time.Time

	flights singleflight.Group
	mu      sync.RWMutex
	entries map[cacheKey]cached
	// writes counts our own writes: what was loaded across one is not kept.
	writes uint64
}

func newCache(load func(ctx context.Context, tenant, id string) (Record, error), now func() time.Time) *cache {
	return &cache{load: load, now: now, entries: map[cacheKey]cached{}}
}

// get gives the record; it is shared and must not be changed.
func (c *cache) get(ctx context.Context, k cacheKey) (Record, error) {
	c.mu.RLock()
	e, ok := c.entries[k]
	c.mu.RUnlock()
	if ok && c.now().Before(e.until) {
		return e.record, e.err
	}
	// One caller's end must not be the others': the load outlives it.
	loading := context.WithoutCancel(ctx)
	result := c.flights.DoChan(k.flight(), func() (any, error) { return c.fetch(loading, k) })
	select {
	case <-ctx.Done():
		return Record{}, ctx.Err()
	case r := <-result:
		record, _ := r.Val.(Record)
		return record, r.Err
	}
}

func (c *cache) fetch(ctx context.Context, k cacheKey) (Record, error) {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	c.mu.RLock()
	writes := c.writes
	c.mu.RUnlock()
	start := c.now()
	record, err := c.load(ctx, k.tenant, k.id)
	switch {
	case err == nil:
		c.put(k, cached{record: record, until: start.Add(cacheLife)}, writes)
	case errors.Is(err, ErrNotFound):
		c.put(k, cached{err: err, until: start.Add(absentLife)}, writes)
	}
	return record, err
}

func (c *cache) put(k cacheKey, e cached, writes uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if writes != c.writes {
		return
	}
	if _, there := c.entries[k]; !there && len(c.entries) >= cacheMax {
		c.evict()
	}
	c.entries[k] = e
}

// evict drops the one of a few entries that has the least time left.
func (c *cache) evict() {
	var (
		victim cacheKey
		least  time.Time
		n      int
	)
	for k, e := range c.entries {
		if n == 0 || e.until.Before(least) {
			victim, least = k, e.until
		}
		if n++; n == evictSamples {
			break
		}
	}
	delete(c.entries, victim)
}

// forget is called after each write of ours; whoever asks from then on sees it.
func (c *cache) forget(k cacheKey) {
	c.mu.Lock()
	c.writes++
	delete(c.entries, k)
	c.mu.Unlock()
	c.flights.Forget(k.flight())
}
