package store

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// hub tells waiting callers of this process that a job is over. One
// subscription serves all; word may get lost, so callers poll as well.
type hub struct {
	client redis.UniversalClient
	mu     sync.Mutex
	start  sync.Once
	sub    *redis.PubSub
	closed bool
	watch  map[string]map[chan struct{}]struct{}
}

func newHub(client redis.UniversalClient) *hub {
	return &hub{client: client, watch: map[string]map[chan struct{}]struct{}{}}
}

const subscribeTimeout = time.Second

// Watch gives a channel that hears of the end of a job.
func (s *Store) Watch(id string) (<-chan struct{}, func()) {
	s.hub.start.Do(s.hub.subscribe)
	ch := make(chan struct{}, 1)
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watch[id] == nil {
		h.watch[id] = map[chan struct{}]struct{}{}
	}
	h.watch[id][ch] = struct{}{}
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watch[id], ch)
		if len(h.watch[id]) == 0 {
			delete(h.watch, id)
		}
	}
}

func (h *hub) subscribe() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.sub = h.client.Subscribe(context.Background(), doneChannel())
	// Wait for Redis's word, so that the first watcher misses nothing; without
	// it the watchers poll until the subscription is made good.
	ctx, cancel := context.WithTimeout(context.Background(), subscribeTimeout)
	defer cancel()
	_, _ = h.sub.Receive(ctx)
	go h.listen(h.sub.Channel(redis.WithChannelSize(10_000)))
}

func (h *hub) listen(messages <-chan *redis.Message) {
	for m := range messages {
		h.mu.Lock()
		for ch := range h.watch[m.Payload] {
			select {
			case ch <- struct{}{}:
			default: // it has been told already
			}
		}
		h.mu.Unlock()
	}
}

func (h *hub) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	if h.sub == nil {
		return nil
	}
	return h.sub.Close()
}
