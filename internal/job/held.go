package job

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Held is the set of jobs that this process is working on. Its leases are
// renewed while it runs; when the process dies they end.
type Held struct {
	mu   sync.Mutex
	jobs map[Ref]struct{}
}

// NewHeld makes an empty set.
func NewHeld() *Held { return &Held{jobs: map[Ref]struct{}{}} }

func (h *Held) hold(ref Ref) (release func()) {
	h.mu.Lock()
	h.jobs[ref] = struct{}{}
	h.mu.Unlock()
	return func() {
		h.mu.Lock()
		delete(h.jobs, ref)
		h.mu.Unlock()
	}
}

// Refs lists what is held now.
func (h *Held) Refs() []Ref {
	h.mu.Lock()
	defer h.mu.Unlock()
	refs := make([]Ref, 0, len(h.jobs))
	for ref := range h.jobs {
		refs = append(refs, ref)
	}
	return refs
}

// Leases renews leases.
type Leases interface {
	// Renew extends the leases of those jobs that are still at a worker under
	// the given epoch.
	Renew(ctx context.Context, refs []Ref, lease time.Duration) error
}

// KeepLeases renews the leases of all held jobs four times within each, until
// ctx ends.
func (h *Held) KeepLeases(ctx context.Context, l Leases, lease time.Duration) {
	tick := time.NewTicker(lease / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if refs := h.Refs(); len(refs) > 0 {
				// A failed renewal is made good by the next one.
				_ = l.Renew(ctx, refs, lease)
			}
		}
	}
}

func isJournal(err error) bool {
	var lost *storeError
	return errors.Is(err, ErrStale) || errors.As(err, &lost)
}
