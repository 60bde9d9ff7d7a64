package kit

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// maxLogged bounds the request log; the oldest half goes when it is full.
const maxLogged = 1 << 17

// Request is one line of the request log.
type Request struct {
	At      time.Time `json:"at"`
	Method  string    `json:"method"`
	Path    string    `json:"path"` // below the CRM's prefix
	Op      string    `json:"op,omitempty"`
	Account string    `json:"account,omitempty"`
	Status  int       `json:"status"` // 0 when no status was sent
	Fault   Kind      `json:"fault,omitempty"`
	Done    bool      `json:"done"` // false while it is being answered
}

type requestLog struct {
	mu      sync.Mutex
	lines   []Request
	dropped int           // places before lines[0]
	total   int           // requests since the last reset
	changed chan struct{} // made by whoever waits
}

// arrive logs a request and returns its place for finish.
func (l *requestLog) arrive(r Request) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) == maxLogged {
		l.dropped += maxLogged / 2
		l.lines = slices.Clone(l.lines[maxLogged/2:])
	}
	l.lines = append(l.lines, r)
	l.total++
	l.signal()
	return l.dropped + len(l.lines) - 1
}

func (l *requestLog) finish(place, status int, op string, fault Kind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := place - l.dropped; i >= 0 && i < len(l.lines) {
		line := &l.lines[i]
		line.Status, line.Op, line.Fault, line.Done = status, op, fault, true
	}
	l.signal()
}

func (l *requestLog) signal() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

func (l *requestLog) list(account string) []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := []Request{}
	for _, r := range l.lines {
		if account == "" || r.Account == account {
			list = append(list, r)
		}
	}
	return list
}

func (l *requestLog) wait(ctx context.Context, n int, match func(Request) bool) error {
	for {
		seen, changed := l.count(match)
		if seen >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %d requests, %d seen: %w", n, seen, context.Cause(ctx))
		}
	}
}

func (l *requestLog) count(match func(Request) bool) (int, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	if match == nil {
		return l.total, l.changed
	}
	seen := 0
	for _, r := range l.lines {
		if match(r) {
			seen++
		}
	}
	return seen, l.changed
}

func (l *requestLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropped += len(l.lines)
	l.lines, l.total = nil, 0
}
