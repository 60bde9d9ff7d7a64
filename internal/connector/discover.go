package connector

import (
	"context"
	"sync"
	"time"

	"crmferry/internal/fault"
)

const (
	discoveryLife = 5 * time.Minute
	discoveryMax  = 50_000
)

// prepare makes the discoveries that the call needs. cached says whether any
// of them came from the cache.
func (s *Session) prepare(ctx context.Context) (cached bool, err error) {
	for _, d := range s.spec.Prepare {
		keys := []string{""}
		if d.Keys != nil {
			keys = d.Keys(s.call)
		}
		for _, key := range keys {
			if _, done := s.call.prepared[d.Name][key]; done {
				continue
			}
			value, hit, err := s.discover(ctx, d, key)
			if err != nil {
				return cached, err
			}
			cached = cached || hit
			s.call.SetPrepared(d.Name, key, value)
		}
	}
	return cached, nil
}

func (s *Session) discover(ctx context.Context, d Discovery, key string) (value any, hit bool, err error) {
	where := discoveryKey{account: s.cacheKey(), name: d.Name, key: key}
	if v, ok := s.client.cache.get(where); ok {
		return v, true, nil
	}
	// Many contacts of an account start at once: one of them asks for all.
	flight := where.account + "\x00" + where.name + "\x00" + where.key
	value, err, _ = s.client.flights.Do(flight, func() (any, error) {
		v, err := s.ask(ctx, d, key)
		if err == nil {
			s.client.cache.put(where, v, d.Life)
		}
		return v, err
	})
	return value, false, err
}

func (s *Session) ask(ctx context.Context, d Discovery, key string) (any, error) {
	req, err := d.Request(s.call, key)
	if err != nil {
		return nil, s.encoding(OpPrepare, err)
	}
	draft, err := s.render(OpPrepare, req)
	if err != nil {
		return nil, err
	}
	reply, err := s.exchange(ctx, OpPrepare, draft, nil)
	if err != nil {
		return nil, err
	}
	value, err := s.learn(d, key, reply)
	if err != nil && d.Optional && refuses(err) {
		return nil, nil
	}
	return value, err
}

func (s *Session) learn(d Discovery, key string, reply Reply) (any, error) {
	if !accepted(nil, reply.Status) {
		return nil, s.refusal(OpPrepare, reply)
	}
	value, err := d.Decode(s.call, key, reply)
	if err != nil {
		return nil, s.undecoded(OpPrepare, reply, err)
	}
	return value, nil
}

// refuses says whether err is the CRM's final word on a request.
func refuses(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Duplicate, fault.Forbidden, fault.NotFound:
		return true
	default:
		return false
	}
}

func (s *Session) cacheKey() string {
	workspace := ""
	if s.spec.Workspace != "" {
		workspace = s.call.Settings[s.spec.Workspace]
	}
	return s.acc.ID + "\x00" + s.acc.Revision + "\x00" + workspace
}

type discoveryKey struct{ account, name, key string }

type discovery struct {
	value any
	until time.Time
}

// discoveryCache keeps discoveries for a short while, per account.
type discoveryCache struct {
	mu      sync.Mutex
	entries map[discoveryKey]discovery
	now     func() time.Time
}

func newDiscoveryCache(now func() time.Time) *discoveryCache {
	if now == nil {
		now = time.Now
	}
	return &discoveryCache{entries: map[discoveryKey]discovery{}, now: now}
}

func (c *discoveryCache) get(k discoveryKey) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.entries[k]
	if !ok || c.now().After(d.until) {
		return nil, false
	}
	return d.value, true
}

func (c *discoveryCache) put(k discoveryKey, value any, life time.Duration) {
	if life == 0 {
		life = discoveryLife
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if len(c.entries) >= discoveryMax {
		for old, d := range c.entries {
			if now.After(d.until) || len(c.entries) >= discoveryMax {
				delete(c.entries, old)
			}
		}
	}
	c.entries[k] = discovery{value: value, until: now.Add(life)}
}

func (c *discoveryCache) forget(account string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.entries {
		if k.account == account {
			delete(c.entries, k)
		}
	}
}
