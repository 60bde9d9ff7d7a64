package app

import (
	"context"
	"sync"
	"time"

	"crmferry/internal/job"
)

const (
	// maxInMemory is how many open jobs the Redis in memory takes: it is slow
	// on long lists.
	maxInMemory = 20_000
	// Shares of Redis's maxmemory above which work is refused. What is left is
	// for the work that was accepted.
	fullForImports  = 0.75
	fullForContacts = 0.85

	lookEvery = time.Second
	// drainSamples is over how many looks the drain rate is taken.
	drainSamples = 15
	// Bounds of what a refused caller is told to wait.
	minRetryAfter = time.Second
	maxRetryAfter = 5 * time.Minute
)

// room is how full the store is, by a look every second.
type room struct {
	// memory is the share of the memory that is in use, 0 for unknown.
	memory func(context.Context) (float64, error)
	// counts are the jobs that are open, and those that have ended since ever.
	counts func(context.Context) (open, ended int64, err error)
	most   int64 // open jobs, 0 for any number

	mu    sync.Mutex
	share float64
	seen  []sample // the last drainSamples, oldest first
}

type sample struct {
	at          time.Time
	open, ended int64
}

func (h *house) room() *room {
	r := &room{memory: h.db.memoryShare, counts: h.store.Counts}
	if h.db.memory {
		r.most = maxInMemory
	}
	return r
}

// watch looks until stop is closed.
func (r *room) watch(stop <-chan struct{}) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		r.look(context.Background(), time.Now())
		select {
		case <-stop:
			return
		case <-tick.C:
		}
	}
}

// look is one look at the store. What cannot be seen is no reason to refuse
// anything: a Redis that is away refuses by itself, and a managed one may hide
// its memory.
func (r *room) look(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, 5*lookEvery)
	defer cancel()
	share, err := r.memory(ctx)
	if err != nil {
		share = 0
	}
	open, ended, err := r.counts(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.share = share
	if err != nil {
		return
	}
	r.seen = append(r.seen, sample{now, open, ended})
	if over := len(r.seen) - drainSamples; over > 0 {
		r.seen = r.seen[over:]
	}
}

// Admit refuses work that the store may not have room for.
func (r *room) Admit(w job.Work) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	limit := fullForContacts
	if w == job.ManyRows {
		limit = fullForImports
	}
	if r.share > limit || r.most > 0 && r.last().open >= r.most {
		return &job.Full{RetryAfter: r.drain()}
	}
	return nil
}

// RetryAfter is roughly how long it takes until there is room.
func (r *room) RetryAfter() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.drain()
}

func (r *room) last() sample {
	if len(r.seen) == 0 {
		return sample{}
	}
	return r.seen[len(r.seen)-1]
}

// drain is how long the open jobs last at the rate at which jobs ended of late;
// with a bound on their number, until a hundredth of it is free.
func (r *room) drain() time.Duration {
	last := r.last()
	tooMany := last.open
	if r.most > 0 {
		tooMany -= r.most - r.most/100
	}
	if len(r.seen) < 2 || last.ended <= r.seen[0].ended || last.open == 0 {
		return maxRetryAfter // nothing of ours will make room
	}
	each := last.at.Sub(r.seen[0].at) / time.Duration(last.ended-r.seen[0].ended)
	return min(max(time.Duration(tooMany)*each, minRetryAfter), maxRetryAfter)
}
