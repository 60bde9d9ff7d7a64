package kit

import "time"

// Idempotency makes a repeated key repeat the first answer.
type Idempotency struct {
	Header  string
	TTL     time.Duration
	Applies func(*Call) bool // nil is always
	// Conflict answers while the first request with the key is in work.
	Conflict func(*Call) Reply
	// Replayed marks a repeated answer.
	Replayed func(Reply) Reply
}

// replays are an account's remembered answers, oldest first in queue.
type replays struct {
	byKey map[string]*replay
	queue []*replay
}

type replay struct {
	key   string
	at    time.Time
	reply Reply
	done  bool
}

// idempotently answers through the handler, or with what it answered before.
func (s *CRM) idempotently(c *Call, h Handler) Reply {
	idem := s.spec.Idempotency
	if idem == nil {
		return h(c)
	}
	key := c.Request.Header.Get(idem.Header)
	if key == "" || (idem.Applies != nil && !idem.Applies(c)) {
		return h(c)
	}
	c.Key = key
	known := &c.Account.replays
	known.expire(c.Now.Add(-idem.TTL))
	if earlier := known.byKey[key]; earlier != nil {
		if !earlier.done {
			return idem.Conflict(c)
		}
		return idem.Replayed(earlier.reply)
	}
	mine := &replay{key: key, at: c.Now}
	known.add(mine)
	mine.reply = h(c).frozen()
	c.pending = mine
	return mine.reply
}

func (r *replays) add(one *replay) {
	if r.byKey == nil {
		r.byKey = map[string]*replay{}
	}
	r.byKey[one.key] = one
	r.queue = append(r.queue, one)
}

func (r *replays) expire(before time.Time) {
	for len(r.queue) > 0 && !r.queue[0].at.After(before) {
		delete(r.byKey, r.queue[0].key)
		r.queue = r.queue[1:]
	}
}
