package webhook

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	dispatchEvery = 200 * time.Millisecond
	dispatchBatch = 200
	// perQueue deliveries of one receiver are under way at the same time, in all
	// workers together.
	perQueue = 4
	// atOnce bounds the deliveries that one worker has under way.
	atOnce = 512
	// lease is for how long a delivery is its worker's: longer than a try takes.
	lease = sendTimeout + 10*time.Second
	// brokenAfter failures in a row a receiver is tried with one delivery at a
	// time, and rests between them.
	brokenAfter = 10
	maxRest     = 30 * time.Second
	writeWithin = 5 * time.Second
)

// Dispatcher sends deliveries that are due. A slow or dead receiver holds up no
// other: each has a queue of its own, of which few deliveries are under way.
type Dispatcher struct {
	Queues    Queues
	Endpoints Endpoints
	Sender    *Sender
	Policy    Policy
	// Relay tells of endpoints that are switched off.
	Relay  *Relay
	Failed func(error)
	// Sent hears of each try, for metrics and logs.
	Sent func(Bill, Attempt, Verdict)

	// Patience is how long tries under way may take to end after Run's end.
	Patience time.Duration

	slots   chan struct{}
	running sync.WaitGroup
	ctx     context.Context // of tries; it outlives Run's
	cut     context.CancelFunc

	mu   sync.RWMutex
	live bool // Run is under way
}

// NewDispatcher makes a Dispatcher of its parts.
func NewDispatcher(d *Dispatcher) *Dispatcher {
	d.slots = make(chan struct{}, atOnce)
	d.ctx, d.cut = context.WithCancel(context.Background())
	return d
}

// Run sends what is due until ctx ends, and then waits for what is under way.
func (d *Dispatcher) Run(ctx context.Context) {
	d.alive(true)
	defer d.end()
	tick := time.NewTicker(dispatchEvery)
	defer tick.Stop()
	for {
		if err := d.round(ctx); err != nil && ctx.Err() == nil {
			d.Failed(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (d *Dispatcher) alive(is bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.live = is
}

// end begins nothing more, and cuts off what does not end by itself in time:
// another worker tries it again when its lease is over.
func (d *Dispatcher) end() {
	d.alive(false)
	late := time.AfterFunc(d.Patience, d.cut)
	defer late.Stop()
	d.running.Wait()
}

// round visits the queues whose time has come.
func (d *Dispatcher) round(ctx context.Context) error {
	claims, err := d.Queues.Due(ctx, dispatchBatch)
	if err != nil {
		return err
	}
	for _, c := range claims {
		next, err := d.visit(ctx, c.Queue)
		if err != nil {
			return err
		}
		if err := d.Queues.Rest(ctx, c, next); err != nil {
			return err
		}
	}
	return nil
}

// Visit sends what is due in queues, without waiting for it, while Run is under
// way.
func (d *Dispatcher) Visit(queues []Queue) {
	for _, q := range queues {
		if _, err := d.visit(d.ctx, q); err != nil && d.ctx.Err() == nil {
			d.Failed(err)
		}
	}
}

func (d *Dispatcher) limits() Limits {
	l := Limits{Concurrency: perQueue, Lease: lease, Broken: brokenAfter, MaxPause: maxRest, Pause: time.Second}
	if len(d.Policy.Schedule) > 0 {
		l.Pause = min(l.Pause, d.Policy.Schedule[0]/5)
	}
	return l
}

// visit begins what is due in a queue, as far as there is room, and says when
// there may be more.
func (d *Dispatcher) visit(ctx context.Context, q Queue) (time.Time, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if !d.live {
		return time.Now(), nil
	}
	l := d.limits()
	if l.Concurrency = min(l.Concurrency, cap(d.slots)-len(d.slots)); l.Concurrency == 0 {
		return time.Now().Add(dispatchEvery), nil
	}
	v, err := d.Queues.Take(ctx, q, l)
	if err != nil {
		return time.Time{}, err
	}
	for _, t := range v.Taken {
		d.slots <- struct{}{}
		d.running.Go(func() {
			d.try(t, v.Endpoint)
			<-d.slots
			d.Visit([]Queue{q}) // others may have waited for this one
		})
	}
	return v.Next, nil
}

// try sends one delivery and writes what came of it.
func (d *Dispatcher) try(t Taken, e *Endpoint) {
	p, err := d.parcel(t, e)
	if err != nil { // the lease will be over, and it is taken again
		d.Failed(err)
		return
	}
	attempt, answer := d.Sender.send(d.ctx, p)
	if d.ctx.Err() != nil {
		return // it was cut off: nobody knows what came of it
	}
	verdict := d.Policy.Next(t.Tries+1, answer, rand.Float64())
	t.Attempts = kept(t.Attempts, attempt)
	d.Sent(t.Bill, attempt, verdict)
	ctx, cancel := context.WithTimeout(d.ctx, writeWithin)
	defer cancel()
	s, err := d.Queues.Settle(ctx, Settlement{t, verdict}, d.limits())
	if err == nil && e != nil {
		err = d.judge(ctx, e.Clone(), verdict, s)
	}
	if err != nil {
		d.Failed(err)
	}
}

func (d *Dispatcher) parcel(t Taken, e *Endpoint) (parcel, error) {
	p := parcel{bill: t.Bill, body: t.Body}
	if e != nil {
		p.url, p.keys, p.context = e.URL, e.Keys, endpointContext(e.Tenant, e.ID)
		return p, nil
	}
	c, err := d.Endpoints.Callbacks(d.ctx, t.Tenant)
	p.url, p.keys, p.context = t.Callback, c.Keys, callbackContext(t.Tenant)
	return p, err
}

// judge switches an endpoint off that is gone or has failed for too long, and
// tells of it.
func (d *Dispatcher) judge(ctx context.Context, e Endpoint, v Verdict, s Standing) error {
	switch {
	case v.Gone:
		e.Disabled = BecauseGone
	case v.Status != Succeeded && d.Policy.Exhausted(s.FailingSince, s.Now):
		e.Disabled = BecauseFailing
	default:
		return nil
	}
	e.Enabled, e.UpdatedAt, e.FailingSince = false, s.Now, s.FailingSince
	// Told first: should this worker die in between, the next failure tells the
	// same once more.
	ev, err := endpointEvent(e, EndpointDisabled, s.FailingSince.String(), s.Now)
	if err != nil {
		return err
	}
	if err := d.Relay.tell(ctx, ev); err != nil {
		return err
	}
	if err := d.Endpoints.Put(ctx, e, false); err != nil && err != ErrChanged && err != ErrNotFound {
		return err
	}
	return nil
}
