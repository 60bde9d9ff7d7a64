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
	seen map[string]*pastProgress
}

// pastProgress is what was seen of one import since it last began to run.
type pastProgress struct {
	generation int64
	list       []progress
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

// of gives the rows per second of late, and of an import that is over those of
// its whole time; 0 where nobody can tell.
func (r *rates) of(i imports.Import, now time.Time) float64 {
	settled := i.Counts.Total - i.Counts.Pending
	r.mu.Lock()
	defer r.mu.Unlock()
	if i.Status != imports.Running && i.Status != imports.Waiting {
		delete(r.seen, i.ID)
		return average(i, settled, now)
	}
	past := r.pastOf(i, now)
	for len(past.list) > 1 && now.Sub(past.list[0].at) > rateOver {
		past.list = past.list[1:]
	}
	if n := len(past.list); n == 0 || now.Sub(past.list[n-1].at) >= time.Second/2 {
		past.list = append(past.list, progress{now, settled})
	}
	first := past.list[0]
	if took := now.Sub(first.at); took >= rateLeast && took <= 2*rateOver {
		return float64(settled-first.settled) / took.Seconds()
	}
	return average(i, settled, now)
}

// pastOf gives what was seen of an import, and makes room for it.
func (r *rates) pastOf(i imports.Import, now time.Time) *pastProgress {
	if past := r.seen[i.ID]; past != nil && past.generation == i.Generation {
		return past
	}
	if r.seen == nil {
		r.seen = map[string]*pastProgress{}
	}
	for id, past := range r.seen { // those that nobody asks about, or any
		if len(r.seen) >= rateMost || now.Sub(past.list[len(past.list)-1].at) > 2*rateOver {
			delete(r.seen, id)
		}
	}
	past := &pastProgress{generation: i.Generation}
	r.seen[i.ID] = past
	return past
}

// average is the rate since the start, of an import that never stood still.
func average(i imports.Import, settled int, now time.Time) float64 {
	end := i.FinishedAt
	if end.IsZero() {
		end = now
	}
	took := end.Sub(i.StartedAt)
	if i.Generation > 1 || i.StartedAt.IsZero() || took < time.Second {
		return 0
	}
	return float64(settled) / took.Seconds()
}
