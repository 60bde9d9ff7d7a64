package api

import (
	"sync"
	"time"

	"crmferry/internal/imports"
)

// rates remembers how far imports were when they were looked at, to tell how
// fast they go.
type rates struct {
	mu   sync.Mutex
	seen map[string][]progress
}

type progress struct {
	at      time.Time
	settled int
}

const (
	// rateOver is over how long a rate is taken, rateLeast the shortest time
	// that says something.
	rateOver  = time.Minute
	rateLeast = 2 * time.Second
	rateMost  = 1000 // imports that are remembered
)

// of gives the rows per second of late, 0 where nobody can tell.
func (r *rates) of(i imports.Import, now time.Time) float64 {
	settled := i.Counts.Total - i.Counts.Pending
	r.mu.Lock()
	defer r.mu.Unlock()
	if i.Status.Terminal() || i.Status == imports.Paused {
		delete(r.seen, i.ID)
		return average(i, settled, now)
	}
	list := r.seen[i.ID]
	for len(list) > 1 && now.Sub(list[0].at) > rateOver {
		list = list[1:]
	}
	if n := len(list); n == 0 || now.Sub(list[n-1].at) >= time.Second/2 {
		list = append(list, progress{now, settled})
	}
	if r.seen == nil || len(r.seen) >= rateMost {
		r.seen = map[string][]progress{}
	}
	r.seen[i.ID] = list
	if took := now.Sub(list[0].at); took >= rateLeast {
		return float64(settled-list[0].settled) / took.Seconds()
	}
	return average(i, settled, now)
}

// average is the rate since the start.
func average(i imports.Import, settled int, now time.Time) float64 {
	end := i.FinishedAt
	if end.IsZero() {
		end = now
	}
	took := end.Sub(i.StartedAt)
	if i.StartedAt.IsZero() || took < time.Second {
		return 0
	}
	return float64(settled) / took.Seconds()
}
