package api

import (
	"context"
	"sync"
	"time"

	"crmferry/internal/imports"
)

// watchEvery is how often a watched import is looked at, and so the shortest
// time between two events.
const watchEvery = 500 * time.Millisecond

// sighting is an import as it was seen, or why it could not be.
type sighting struct {
	imp imports.Import
	err error
}

// watches lets any number of requests of this process watch an import with one
// reader.
type watches struct {
	store importGetter
	mu    sync.Mutex
	open  map[string]*watch
}

// importGetter is what a watch reads.
type importGetter interface {
	Get(ctx context.Context, tenant, id string) (imports.Import, error)
}

func newWatches(store importGetter) *watches {
	return &watches{store: store, open: map[string]*watch{}}
}

// watch is one reader, and those who listen to it.
type watch struct {
	stop      context.CancelFunc
	listeners map[chan sighting]struct{}
}

// join gives a channel with what is seen of a tenant's import, the first time at
// once. It holds the latest only. leave must follow.
func (w *watches) join(tenant, id string) (news <-chan sighting, leave func()) {
	ch := make(chan sighting, 1)
	key := tenant + "\x00" + id
	w.mu.Lock()
	defer w.mu.Unlock()
	one := w.open[key]
	if one == nil {
		ctx, cancel := context.WithCancel(context.Background())
		one = &watch{stop: cancel, listeners: map[chan sighting]struct{}{}}
		w.open[key] = one
		go w.read(ctx, one, tenant, id)
	}
	one.listeners[ch] = struct{}{}
	return ch, func() { w.leave(key, one, ch) }
}

func (w *watches) leave(key string, one *watch, ch chan sighting) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if delete(one.listeners, ch); len(one.listeners) == 0 {
		one.stop()
		delete(w.open, key)
	}
}

func (w *watches) read(ctx context.Context, one *watch, tenant, id string) {
	every := time.NewTicker(watchEvery)
	defer every.Stop()
	for {
		i, err := w.store.Get(ctx, tenant, id)
		if ctx.Err() != nil {
			return
		}
		w.tell(one, sighting{i, err})
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}

func (w *watches) tell(one *watch, seen sighting) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range one.listeners {
		select {
		case <-ch: // what it did not take in time is old
		default:
		}
		ch <- seen
	}
}
