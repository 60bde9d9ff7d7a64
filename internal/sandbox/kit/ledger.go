package kit

import (
	"sync"
	"time"
)

// Entry is one accepted create.
type Entry struct {
	ID      string    `json:"id"`
	Account string    `json:"account"`
	At      time.Time `json:"at"`
	Email   string    `json:"email,omitempty"`
	Name    string    `json:"name,omitempty"`
	Key     string    `json:"key,omitempty"` // idempotency key
	Op      string    `json:"op"`            // create, batch_create, upsert
}

// Counts sums up what happened to an account, or to all of them.
type Counts struct {
	Records   int            `json:"records"`    // contacts held, seeded ones included
	Creates   int            `json:"creates"`    // accepted creates
	FollowUps map[string]int `json:"follow_ups"` // accepted other writes, by kind
	Requests  int            `json:"requests"`   // all that came in
	Limited   int            `json:"limited"`    // refused by a rate limit
}

type ledger struct {
	mu      sync.Mutex
	entries []Entry
	counts  map[string]*Counts
}

func (l *ledger) add(account string, e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
	l.of(account).Creates++
}

func (l *ledger) followUp(account, op string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of(account).FollowUps[op]++
}

func (l *ledger) request(account string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of(account).Requests++
}

func (l *ledger) limited(account string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of(account).Limited++
}

// of must be called locked.
func (l *ledger) of(account string) *Counts {
	if l.counts == nil {
		l.counts = map[string]*Counts{}
	}
	c := l.counts[account]
	if c == nil {
		c = &Counts{FollowUps: map[string]int{}}
		l.counts[account] = c
	}
	return c
}

func (l *ledger) list(account string) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if account == "" {
		return append([]Entry{}, l.entries...)
	}
	list := []Entry{}
	for _, e := range l.entries {
		if e.Account == account {
			list = append(list, e)
		}
	}
	return list
}

func (l *ledger) sum(account string) Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	total := Counts{FollowUps: map[string]int{}}
	for name, c := range l.counts {
		if account != "" && name != account {
			continue
		}
		total.Creates += c.Creates
		total.Requests += c.Requests
		total.Limited += c.Limited
		for op, n := range c.FollowUps {
			total.FollowUps[op] += n
		}
	}
	return total
}

func (l *ledger) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries, l.counts = nil, nil
}
