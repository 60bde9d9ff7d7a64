package pace

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/lua"
)

// Options shape a Pacer.
type Options struct {
	// CallTimeout is the longest that one call to a CRM can take; CallMargin is
	// added before a call is held to be lost, 0 for the usual one.
	CallTimeout, CallMargin time.Duration
	// Backlog is the most jobs that one account may have waiting; 0 is no bound.
	Backlog int64
	// Admitted brings jobs whose turn has come to the workers; it is called
	// from a goroutine of its own. gone takes back the turn of a job that does
	// not wait any more.
	Admitted func(ctx context.Context, jobs []string, gone func(job string))
	// Failed hears of errors that nobody waits for.
	Failed func(error)
}

// Pacer is one process's way to the shared pace. It is a connector.Pacer.
type Pacer struct {
	redis *lua.Client
	o     Options
	hosts *breakers
	moves sync.WaitGroup
	calls atomic.Uint64

	mu    sync.Mutex
	desks map[string]*desk
	swept time.Time
}

// New makes a Pacer.
func New(client redis.UniversalClient, o Options) *Pacer {
	o.CallMargin = cmp.Or(o.CallMargin, callMargin)
	return &Pacer{redis: lua.NewClient(client), o: o, hosts: newBreakers(time.Now, rand.Float64), desks: map[string]*desk{}}
}

// Close waits until those whose turn has come are on their way.
func (p *Pacer) Close() { p.moves.Wait() }

const callMargin = 5 * time.Second

// lease is the longest that a call can be out.
func (o Options) lease() time.Duration { return o.CallTimeout + o.CallMargin }

// planLife is how long an encoded plan may be used: months end.
const planLife = time.Minute

// encoded is the plan for limits. Nearly always they are those of last time.
func (d *desk) encoded(l connector.Limits) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if now.Sub(d.planned) > planLife || !sameLimits(d.limits, l) {
		d.limits, d.planned = l, now
		d.plan = planOf(l, d.p.o.lease(), d.p.o.Backlog, now).encode()
	}
	return d.plan
}

func sameLimits(a, b connector.Limits) bool {
	sameReserve := a.Reserve == b.Reserve || a.Reserve != nil && b.Reserve != nil && *a.Reserve == *b.Reserve
	return sameReserve && a.Concurrency == b.Concurrency && slices.Equal(a.Windows, b.Windows) &&
		slices.Equal(a.Quotas, b.Quotas) && slices.Equal(a.Usage, b.Usage)
}

const deskLife = 10 * time.Minute

// desk gives the one for a budget; desks that nobody used for long go.
func (p *Pacer) desk(budget string) *desk {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.swept) > deskLife {
		p.swept = now
		for name, d := range p.desks {
			if d.idle(now) {
				delete(p.desks, name)
			}
		}
	}
	d := p.desks[budget]
	if d == nil {
		d = &desk{p: p, budget: budget, freed: make(chan struct{}, 1)}
		p.desks[budget] = d
	}
	return d
}

func (d *desk) idle(now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.flying == 0 && now.Sub(d.used) > deskLife
}

// The commands.
const (
	doTake    = "take"
	doConfirm = "confirm"
	doCancel  = "cancel"
	doDone    = "done"
	doLimited = "limited"
	doEnter   = "enter"
	doJoin    = "join"
	doLeave   = "leave"
	doGone    = "gone"
	doPlace   = "place"
	doLook    = "look"
)

// Take waits up to two seconds for the turn of a call.
func (p *Pacer) Take(ctx context.Context, a connector.Ask) (connector.Permit, error) {
	if wait := p.hosts.wait(a.Host); wait > 0 {
		return nil, refused("vendor_down", wait)
	}
	d := p.desk(a.Budget)
	t := &turn{
		p: p, desk: d, ask: a, plan: d.encoded(a.Limits), until: time.Now().Add(horizon),
		call: a.Holder + "/" + strconv.FormatUint(p.calls.Add(1), 36),
	}
	return t.take(ctx)
}

// refused is the fault of a call that must wait in line.
func refused(why string, wait time.Duration) *fault.Error {
	kind, message := fault.RateLimited, "the call waits for the pace that the CRM allows"
	if why == "vendor_down" {
		kind, message = fault.Unavailable, "the CRM does not answer; it is tried again later"
	}
	f := fault.New(kind, why, message)
	f.Paced, f.RetryAfter = true, max(wait, time.Millisecond)
	return f
}

// turn is one call on its way to a permit.
type turn struct {
	p     *Pacer
	desk  *desk
	ask   connector.Ask
	plan  string
	until time.Time // when it gives up waiting for others' calls to end
	seq   int64
	call  string // names this call of the holder's
}

func (t *turn) command(do string) *command {
	return &command{Do: do, Op: t.ask.Op, Holder: t.call, Job: t.ask.Job, Account: t.ask.Account, Seq: t.seq, Yields: t.ask.Yields}
}

func (t *turn) take(ctx context.Context) (connector.Permit, error) {
	for {
		a := t.desk.do(ctx, t.command(doTake), t.plan)
		switch {
		case a.err != nil:
			return nil, t.failed(ctx, a.err)
		case a.kind == "go":
			return t.permit(a), nil
		case a.kind == "sleep":
			t.seq = a.n
			return t.reserved(ctx, a)
		case a.kind == "deny":
			return nil, refused(a.why, millis(a.at-a.now))
		}
		if err := t.pause(ctx); err != nil {
			return nil, err
		}
	}
}

// reserved sleeps until the slot has come, then turns it into a call.
func (t *turn) reserved(ctx context.Context, a answer) (connector.Permit, error) {
	slot := a.came.Add(millis(a.at - a.now))
	if err := sleep(ctx, time.Until(slot)); err != nil {
		t.desk.send(t.command(doCancel), "")
		return nil, err
	}
	t.until = slot.Add(grace)
	for {
		a := t.desk.do(ctx, t.command(doConfirm), t.plan)
		switch {
		case a.err != nil:
			return nil, t.failed(ctx, a.err)
		case a.kind == "go":
			return t.permit(a), nil
		case a.kind == "deny":
			return nil, refused(a.why, millis(a.at-a.now))
		}
		if err := t.pause(ctx); err != nil {
			t.desk.send(t.command(doCancel), "")
			return nil, err
		}
	}
}

// failed gives back what a lost answer may have booked.
func (t *turn) failed(ctx context.Context, err error) error {
	t.desk.send(t.command(doCancel), "")
	if ctx.Err() != nil {
		return fault.From(ctx.Err())
	}
	f := fault.New(fault.Unavailable, "pace_unavailable", "the pace could not be asked for")
	f.Err = err
	return f
}

// The pause before a call that found all others out asks again; a call of this
// process that ends cuts it short.
const (
	minPause = 15 * time.Millisecond
	maxPause = 30 * time.Millisecond
)

func (t *turn) pause(ctx context.Context) error {
	if time.Now().After(t.until) {
		return refused("pace", tick)
	}
	timer := time.NewTimer(minPause + rand.N(maxPause-minPause))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fault.From(ctx.Err())
	case <-t.desk.freed:
	case <-timer.C:
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fault.From(ctx.Err())
	case <-timer.C:
		return nil
	}
}

func millis(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
