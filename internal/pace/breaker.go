package pace

import (
	"sync"
	"time"

	"crmferry/internal/connector"
)

// breakers leave hosts alone that do not answer, whichever account calls. They
// are this process's own experience; what one account of a CRM meets is shared
// in Redis.
type breakers struct {
	now    func() time.Time
	spread func() float64
	mu     sync.Mutex
	hosts  map[string]*breaker
}

// breaker is closed while failures are few, open until opens, and then lets
// one call try.
type breaker struct {
	failures int
	level    int
	opens    time.Time // zero: closed
	trial    time.Time // until when one call tries
}

// hostPatience is how many calls in a row a host may leave without an answer:
// more than an account's, so that one bad account does not close the host.
const hostPatience = 4 * patience

// trialTime is how long the host waits for the one call that tries.
const trialTime = 10 * time.Second

func newBreakers(now func() time.Time, spread func() float64) *breakers {
	return &breakers{now: now, spread: spread, hosts: map[string]*breaker{}}
}

// wait is how long the host must be left alone; 0 lets a call go.
func (b *breakers) wait(host string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	h, now := b.hosts[host], b.now()
	switch {
	case h == nil || h.opens.IsZero():
		return 0
	case now.Before(h.opens):
		return h.opens.Sub(now)
	case now.Before(h.trial):
		return min(h.trial.Sub(now), pause)
	}
	h.trial = now.Add(trialTime)
	return 0
}

// heard learns from the end of a call.
func (b *breakers) heard(host string, v connector.Verdict) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.hosts[host]
	switch {
	case v == connector.VerdictNone:
	case v != connector.VerdictDown:
		delete(b.hosts, host)
	case h == nil:
		b.hosts[host] = &breaker{failures: 1}
	default:
		h.failures++
		b.open(h)
	}
}

func (b *breakers) open(h *breaker) {
	now := b.now()
	if h.failures < hostPatience || now.Before(h.opens) {
		return
	}
	wait := min(pause<<min(h.level, 20), pauseCap)
	h.opens = now.Add(wait/2 + time.Duration(float64(wait/2)*b.spread()))
	h.level++
	h.trial = time.Time{}
}
