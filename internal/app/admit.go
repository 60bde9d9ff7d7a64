package app

import (
	"context"
	"sync"
	"time"

	"crmferry/internal/job"
)

// maxInMemory is how many open jobs the Redis in memory takes: it is slow on
// long lists.
const maxInMemory = 20_000

// admission refuses jobs that the store could not carry; nil admits all.
func (h *house) admission() func(context.Context) error {
	if !h.db.memory {
		return nil
	}
	g := &gauge{read: h.store.OpenCount, life: time.Second}
	return func(ctx context.Context) error {
		n, err := g.value(ctx)
		if err == nil && n >= maxInMemory {
			return job.ErrFull
		}
		return err
	}
}

// gauge is a number that is read at most once in its life.
type gauge struct {
	read func(context.Context) (int64, error)
	life time.Duration
	mu   sync.Mutex
	last int64
	at   time.Time
}

func (g *gauge) value(ctx context.Context) (int64, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Since(g.at) < g.life {
		return g.last, nil
	}
	n, err := g.read(ctx)
	if err == nil {
		g.last, g.at = n, time.Now()
	}
	return n, err
}
