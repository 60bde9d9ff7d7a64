package job

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
)

// Coalescer brings creates of one account that wait in this process at the same
// time into one call, where the CRM tells the outcome of each and lets each be
// verified. Nobody waits for others to come.
type Coalescer struct {
	alone  int
	mu     sync.Mutex
	groups map[string]*group
}

// NewCoalescer makes a Coalescer. Of each account so many creates go out each by
// itself; those that come while they are out go together in the next call.
func NewCoalescer(alone int) *Coalescer {
	return &Coalescer{alone: alone, groups: map[string]*group{}}
}

// group is the creates of one account with the same options.
type group struct {
	out     int // calls under way
	waiting []*member
}

// member is a create that waits.
type member struct {
	t      *task
	ctx    context.Context
	lead   chan []*member // has those that it is to send, itself first
	answer chan connector.BatchAnswer
}

// coalesces says whether the create may go out with others: it is the first of
// its job, and all that shapes the call is the contact.
func (t *task) coalesces() bool {
	b := t.spec.Batch
	return t.Together != nil && t.turn == "" && b != nil && b.Coalesce && b.Max > 1 && t.prior.Phase == Fresh && len(t.in.RemoteQuery) == 0
}

// createTogether sends the contact by itself while few others are out, else
// with those that wait as it does.
func (t *task) createTogether(ctx context.Context) error {
	c, key := t.Together, t.j.AccountID+"\x00"+t.in.Workspace
	m := c.join(key, ctx, t)
	if m == nil {
		defer c.next(key)
		return t.createAlone(ctx)
	}
	select {
	case all := <-m.lead:
		return m.goes(c, key, all)
	case a := <-m.answer:
		return t.joined(ctx, a)
	case <-ctx.Done():
		if c.withdraw(key, m) {
			return fault.From(ctx.Err())
		}
	}
	select { // somebody has it in hand
	case all := <-m.lead:
		return m.goes(c, key, all)
	case a := <-m.answer:
		return t.joined(ctx, a)
	}
}

// join gives nil to a create that goes by itself.
func (c *Coalescer) join(key string, ctx context.Context, t *task) *member {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.groups[key]
	if g == nil {
		g = &group{}
		c.groups[key] = g
	}
	if g.out < c.alone {
		g.out++
		return nil
	}
	m := &member{t: t, ctx: ctx, lead: make(chan []*member, 1), answer: make(chan connector.BatchAnswer, 1)}
	g.waiting = append(g.waiting, m)
	return m
}

// next has those go that wait, when a call has ended.
func (c *Coalescer) next(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.groups[key]
	if len(g.waiting) == 0 {
		if g.out--; g.out == 0 {
			delete(c.groups, key)
		}
		return
	}
	n := min(len(g.waiting), g.waiting[0].t.spec.Batch.Max)
	all := g.waiting[:n:n]
	g.waiting = slices.Clone(g.waiting[n:])
	all[0].lead <- all
}

// withdraw takes a create out that waits; false when it is in somebody's hands.
func (c *Coalescer) withdraw(key string, m *member) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.groups[key]
	i := slices.Index(g.waiting, m)
	if i < 0 {
		return false
	}
	g.waiting = slices.Delete(g.waiting, i, i+1)
	return true
}

// goes leads the next call. One whose own time is up leaves that to another.
func (m *member) goes(c *Coalescer, key string, all []*member) error {
	if err := m.ctx.Err(); err != nil && len(all) > 1 {
		all[1].lead <- all[1:]
		return fault.From(err)
	}
	defer c.next(key)
	return m.send(all)
}

// send makes one call for all and tells each its answer.
func (m *member) send(all []*member) error {
	if len(all) == 1 {
		return m.t.createAlone(m.ctx)
	}
	sessions := make([]*connector.Session, len(all))
	for i, o := range all {
		sessions[i] = o.t.s
	}
	errs, left := make([]error, len(all)), all[1:]
	defer func() { // should the call panic, nobody is to wait for ever
		for _, o := range left {
			o.answer <- connector.BatchAnswer{Err: fault.New(fault.OutcomeUnknown, "interrupted", "the call was interrupted")}
		}
	}()
	answers, err := connector.CreateBatch(m.ctx, sessions, markAll(m.ctx, all, errs))
	told := func(i int) connector.BatchAnswer {
		switch {
		case errs[i] != nil:
			return connector.BatchAnswer{Err: errs[i]}
		case answers[i].Err != nil: // its own, whatever became of the call
			return answers[i]
		case err != nil && (refusedWhole(err) || isJournal(err)):
			return connector.BatchAnswer{Err: errApart} // what is wrong may be another's
		case err != nil:
			return connector.BatchAnswer{Err: err}
		default:
			return answers[i]
		}
	}
	for i, o := range all[1:] {
		left = all[i+2:]
		o.answer <- told(i + 1)
	}
	return m.t.joined(m.ctx, told(0))
}

// errApart has a create go by itself: nothing of it was applied.
var errApart = errors.New("job: to be sent by itself")

// markAll journals all creates in one step. Those whose journal cannot be
// written keep all of them from being sent.
func markAll(ctx context.Context, all []*member, errs []error) connector.Mark {
	return func(connector.Draft) (time.Time, error) {
		jobs := make([]Job, len(all))
		for i, m := range all {
			m.t.reset() // a call that is built anew counts as the same
			m.t.sending()
			m.t.j.spend(m.t.now())
			jobs[i] = *m.t.j
		}
		var failed error
		for i, err := range all[0].t.Records.(Joint).SaveAll(ctx, jobs) {
			errs[i] = journaled(err)
			failed = errors.Join(failed, errs[i])
		}
		return time.Now().Add(all[0].t.Timing.SendWindow), failed
	}
}

// joined goes on with the answer to a create that went with others.
func (t *task) joined(ctx context.Context, a connector.BatchAnswer) error {
	if errors.Is(a.Err, errApart) {
		t.reset()
		return t.createAlone(ctx)
	}
	t.warn(t.s.Warnings()...)
	return t.sent(ctx, a.Answer, a.Err)
}
