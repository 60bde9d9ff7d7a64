package kit

import (
	"fmt"
	"sync"
	"time"
)

// Limit is one of a vendor's rate limits.
type Limit struct {
	Name     string
	Requests int
	// Per makes it an exact sliding window.
	Per time.Duration
	// Until makes it a counter that starts anew at the instant returned.
	Until func(now time.Time) time.Time
	// Concurrent counts the requests in flight instead.
	Concurrent bool
	// Shared counts all accounts together, where the vendor counts by
	// address or by application.
	Shared bool
	// CountRefused lets refused requests use up the window too.
	CountRefused bool
	// Cost is what a call takes from the window; nil means 1.
	Cost func(*Call) int
}

// Usage is the state of one limit for one account.
type Usage struct {
	Limit
	Used int
	// Reset is how long until the window starts anew, or, where it slides,
	// until the oldest counted request leaves it.
	Reset time.Duration
}

// Remaining is what is left, never negative.
func (u Usage) Remaining() int { return max(0, u.Requests-u.Used) }

// Seconds is Reset in whole seconds, rounded up.
func (u Usage) Seconds() int { return int((u.Reset + time.Second - 1) / time.Second) }

// Usages are the states of all limits.
type Usages []Usage

// Get finds a limit by name.
func (us Usages) Get(name string) Usage {
	for _, u := range us {
		if u.Name == name {
			return u
		}
	}
	return Usage{}
}

// Override replaces what a limit of that name allows. Per, when it is set,
// makes a counter or another window a sliding window of that length.
type Override struct {
	Name     string   `json:"name"`
	Requests int      `json:"requests"`
	Per      Duration `json:"per"`
}

func override(limits []Limit, changes []Override) ([]Limit, error) {
	changed := append([]Limit(nil), limits...)
	for i, o := range changes {
		at := -1
		for j, l := range changed {
			if l.Name == o.Name {
				at = j
			}
		}
		if at < 0 {
			return nil, fmt.Errorf("limits[%d].name: no limit of that name", i)
		}
		if o.Requests < 1 || o.Per < 0 {
			return nil, fmt.Errorf("limits[%d]: requests must be positive, per not negative", i)
		}
		changed[at].Requests = o.Requests
		if o.Per > 0 {
			changed[at].Per, changed[at].Until = time.Duration(o.Per), nil
		}
	}
	return changed, nil
}

// meter counts requests against limits.
type meter struct {
	mu      sync.Mutex
	windows map[meterKey]*window
}

type meterKey struct{ account, limit string }

type window struct {
	hits    []hit
	sum     int
	resetAt time.Time
}

type hit struct {
	at   time.Time
	cost int
}

// enter counts a call against every limit, or against none when one of them
// refuses it. Whoever enters must leave.
func (m *meter) enter(limits []Limit, c *Call) (usages Usages, refused *Usage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	costs := make([]int, len(limits))
	for i, l := range limits {
		switch {
		case l.Cost != nil:
			costs[i] = l.Cost(c)
		case l.Concurrent || !c.IsTokenRequest():
			costs[i] = 1
		}
		w := m.window(l, c.account)
		w.advance(l, c.Now)
		if refused == nil && costs[i] > 0 && w.sum+costs[i] > l.Requests {
			refused = &Usage{}
			*refused = w.usage(l, c.Now)
		}
	}
	for i, l := range limits {
		w := m.window(l, c.account)
		if refused == nil || l.CountRefused {
			w.add(l, c.Now, costs[i])
		}
		usages = append(usages, w.usage(l, c.Now))
	}
	return usages, refused
}

// leave ends the calls in flight that enter counted.
func (m *meter) leave(limits []Limit, c *Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range limits {
		if l.Concurrent {
			w := m.window(l, c.account)
			w.sum = max(0, w.sum-1)
		}
	}
}

func (m *meter) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.windows = nil
}

func (m *meter) window(l Limit, account string) *window {
	key := meterKey{account, l.Name}
	if l.Shared {
		key.account = ""
	}
	if m.windows == nil {
		m.windows = map[meterKey]*window{}
	}
	w := m.windows[key]
	if w == nil {
		w = &window{}
		m.windows[key] = w
	}
	return w
}

// advance drops what no longer counts. A request counts for exactly the
// length of the window: one that is that old has left.
func (w *window) advance(l Limit, now time.Time) {
	switch {
	case l.Concurrent:
	case l.Until != nil:
		if !now.Before(w.resetAt) {
			w.sum, w.resetAt = 0, l.Until(now)
		}
	default:
		for len(w.hits) > 0 && now.Sub(w.hits[0].at) >= l.Per {
			w.sum -= w.hits[0].cost
			w.hits = w.hits[1:]
		}
	}
}

func (w *window) add(l Limit, now time.Time, cost int) {
	if cost == 0 {
		return
	}
	w.sum += cost
	if !l.Concurrent && l.Until == nil {
		w.hits = append(w.hits, hit{now, cost})
	}
}

func (w *window) usage(l Limit, now time.Time) Usage {
	u := Usage{Limit: l, Used: w.sum}
	switch {
	case l.Until != nil:
		u.Reset = w.resetAt.Sub(now)
	case len(w.hits) > 0:
		u.Reset = l.Per - now.Sub(w.hits[0].at)
	}
	return u
}

// Midnight is the next start of a day in UTC.
func Midnight(now time.Time) time.Time {
	y, m, d := now.UTC().Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC)
}

// NextMonth is the next start of a month in UTC.
func NextMonth(now time.Time) time.Time {
	y, m, _ := now.UTC().Date()
	return time.Date(y, m+1, 1, 0, 0, 0, 0, time.UTC)
}

// NextHour is the next full hour in UTC.
func NextHour(now time.Time) time.Time { return now.UTC().Truncate(time.Hour).Add(time.Hour) }
