package webhook

import (
	"context"
	"errors"
	"strings"
	"time"

	"crmferry/internal/imports"
	"crmferry/internal/job"
)

const (
	relayEvery = 100 * time.Millisecond
	relayBatch = 100
	// relayRest keeps many ends in a row from being told one by one.
	relayRest = 5 * time.Millisecond
)

// Relay makes deliveries of what stands in the outbox. An entry leaves the
// outbox only after its deliveries are stored, and its deliveries have the same
// ids however often that is done.
type Relay struct {
	Outbox     Outbox
	Jobs       Jobs
	Imports    Imports
	Endpoints  Endpoints
	Deliveries Deliveries
	// Made hears of queues that have new deliveries.
	Made   func([]Queue)
	Failed func(error)

	wake chan struct{}
}

// NewRelay makes a Relay of its parts.
func NewRelay(r Relay) *Relay {
	r.wake = make(chan struct{}, 1)
	return &r
}

// Wake has the outbox looked at without delay.
func (r *Relay) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // it is about to be
	}
}

// Run empties the outbox until ctx ends; every worker does so.
func (r *Relay) Run(ctx context.Context) {
	tick := time.NewTicker(relayEvery)
	defer tick.Stop()
	for {
		more, err := r.Round(ctx)
		if err != nil && ctx.Err() == nil {
			r.Failed(err)
		}
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-r.wake:
			r.rest(ctx)
		}
	}
}

func (r *Relay) rest(ctx context.Context) {
	timer := time.NewTimer(relayRest)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Round makes the deliveries of one batch; more says that there may be others.
func (r *Relay) Round(ctx context.Context) (more bool, err error) {
	entries, err := r.Outbox.Next(ctx, relayBatch)
	if err != nil || len(entries) == 0 {
		return false, err
	}
	known := map[string][]Endpoint{}
	var parcels []Parcel
	var done []Entry
	var failed error
	for _, e := range entries {
		list, err := r.parcels(ctx, e, known)
		if err != nil { // it stays in the outbox
			failed = errors.Join(failed, err)
			continue
		}
		parcels, done = append(parcels, list...), append(done, e)
	}
	if err := r.Deliveries.Add(ctx, parcels); err != nil {
		return false, errors.Join(failed, err)
	}
	r.Made(queuesOf(parcels))
	return true, errors.Join(failed, r.Outbox.Done(ctx, done))
}

func queuesOf(parcels []Parcel) []Queue {
	var list []Queue
	seen := map[Queue]bool{}
	for _, p := range parcels {
		if q := p.Queue(); !seen[q] {
			seen[q] = true
			list = append(list, q)
		}
	}
	return list
}

// parcels makes the deliveries of an entry. What is not there any more is not
// told.
func (r *Relay) parcels(ctx context.Context, e Entry, known map[string][]Endpoint) ([]Parcel, error) {
	ev, err := r.event(ctx, e)
	if errors.Is(err, job.ErrNotFound) || errors.Is(err, imports.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	endpoints, ok := known[ev.Tenant]
	if !ok {
		if endpoints, err = r.Endpoints.Endpoints(ctx, ev.Tenant); err != nil {
			return nil, err
		}
		known[ev.Tenant] = endpoints
	}
	return parcelsOf(ev, endpoints)
}

func (r *Relay) event(ctx context.Context, e Entry) (Event, error) {
	if !strings.HasPrefix(e.ID, "imp_") {
		j, result, err := r.Jobs.Told(ctx, e.ID)
		if err != nil {
			return Event{}, err
		}
		return contactEvent(e, j, result)
	}
	i, err := r.Imports.Load(ctx, e.ID)
	if err != nil {
		return Event{}, err
	}
	what, _, _ := strings.Cut(e.What, ":")
	return importEvent(e, i, Type("import."+what), time.Now())
}

// parcelsOf makes a delivery for each endpoint that wants the event, and for
// its callback.
func parcelsOf(ev Event, endpoints []Endpoint) ([]Parcel, error) {
	var list []Parcel
	for _, e := range endpoints {
		if e.Tenant != ev.Tenant || !e.Wants(ev.Type) || ev.About == e.ID {
			continue
		}
		body, err := ev.body(e.Payload)
		if err != nil {
			return nil, err
		}
		list = append(list, Parcel{ev.bill(e.queue(), e.ID, ""), body})
	}
	if ev.Callback == "" || ev.Type.offByDefault() {
		return list, nil
	}
	body, err := ev.body(Full)
	return append(list, Parcel{ev.bill(callbackQueueOf(ev.Tenant, ev.Callback), "", ev.Callback), body}), err
}

func (e Event) bill(q Queue, endpoint, callback string) Bill {
	return Bill{
		ID: deliveryID(q, e.ID, callback), Tenant: e.Tenant, EventID: e.ID, EventType: e.Type, About: e.About,
		Endpoint: endpoint, Callback: callback, CreatedAt: time.Now().UTC(),
	}
}

// tell makes the deliveries of an event that has no entry in the outbox.
func (r *Relay) tell(ctx context.Context, ev Event) error {
	endpoints, err := r.Endpoints.Endpoints(ctx, ev.Tenant)
	if err != nil {
		return err
	}
	list, err := parcelsOf(ev, endpoints)
	if err != nil {
		return err
	}
	if err := r.Deliveries.Add(ctx, list); err != nil {
		return err
	}
	r.Made(queuesOf(list))
	return nil
}
