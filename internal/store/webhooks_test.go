package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/job"
	"crmferry/internal/job/jobtest"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/store"
	"crmferry/internal/webhook"
)

// eachHooks runs a test in every kind of Redis.
func eachHooks(t *testing.T, run func(t *testing.T, s *store.Store, w *store.Webhooks)) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, db *redistest.DB) {
		db.Flush(t)
		s := open(t, db)
		run(t, s, s.Webhooks())
	})
}

func endpointOf(tenant string) webhook.Endpoint {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return webhook.Endpoint{ID: webhook.NewEndpointID(), Tenant: tenant, URL: "https://hooks.example.com/", Payload: webhook.Full, Enabled: true, CreatedAt: now, UpdatedAt: now}
}

func mustEndpoint(t *testing.T, w *store.Webhooks, tenant string) webhook.Endpoint {
	t.Helper()
	e := endpointOf(tenant)
	if err := w.Create(context.Background(), e); err != nil {
		t.Fatal(err)
	}
	return e
}

// relay makes deliveries of what stands in the outbox.
func relay(t *testing.T, s *store.Store, w *store.Webhooks) *webhook.Relay {
	return webhook.NewRelay(webhook.Relay{
		Outbox: w, Jobs: w, Imports: s.Imports(), Endpoints: w, Deliveries: w,
		Made: func([]webhook.Queue) {}, Failed: func(err error) { t.Error(err) },
	})
}

// ended makes a job and ends it.
func ended(t *testing.T, s *store.Store, status job.Status, change ...func(*job.Acceptance)) job.Job {
	t.Helper()
	ctx := context.Background()
	ref, _, _, err := s.Accept(ctx, jobtest.Acceptance(s, change...))
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Claim(ctx, ref, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	c.Status, c.FinishedAt = status, time.Now().UTC()
	var r *job.Result
	if status == job.Succeeded {
		c.Outcome, c.RemoteID, r = job.Created, ref.ID, &job.Result{Contact: contact.Contact{ID: ref.ID, FirstName: "Ada"}}
	} else {
		c.Error = fault.New(fault.Invalid, "bad", "is bad")
	}
	if err := s.Finish(ctx, c.Job, r); err != nil {
		t.Fatal(err)
	}
	return c.Job
}

func all(t *testing.T, w *store.Webhooks, tenant string, f webhook.Filter) []webhook.Delivery {
	t.Helper()
	var out []webhook.Delivery
	f.Limit = 2
	for {
		list, next, err := w.List(context.Background(), tenant, f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, list...)
		if f.Cursor = next; next == "" {
			return out
		}
	}
}

func TestEndpointsAreKeptByTenant(t *testing.T) {
	eachHooks(t, func(t *testing.T, _ *store.Store, w *store.Webhooks) {
		ctx := context.Background()
		a, b := mustEndpoint(t, w, "t1"), mustEndpoint(t, w, "t2")
		if got, err := w.Endpoint(ctx, "t1", a.ID); err != nil || got.URL != a.URL {
			t.Errorf("%+v, %v", got, err)
		}
		for name, err := range map[string]error{
			"read": second(w.Endpoint(ctx, "t2", a.ID)), "delete": w.Delete(ctx, "t2", a.ID), "change": w.Put(ctx, with(a, func(e *webhook.Endpoint) { e.Tenant = "t2" }), false),
			"none": second(w.Endpoint(ctx, "t1", "whe_x")), "list": second2(w.List(ctx, "t1", webhook.Filter{Endpoint: "x", Limit: 1})),
		} {
			if !errors.Is(err, webhook.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if list, err := w.Endpoints(ctx, "t2"); err != nil || len(list) != 1 || list[0].ID != b.ID {
			t.Errorf("%+v, %v", list, err)
		}
		if err := w.Put(ctx, with(a, func(e *webhook.Endpoint) { e.Enabled = false }), false); err != nil {
			t.Fatal(err)
		}
		if err := w.Put(ctx, a, false); !errors.Is(err, webhook.ErrChanged) {
			t.Errorf("an old version: %v", err)
		}
		if err := w.Delete(ctx, "t1", a.ID); err != nil {
			t.Fatal(err)
		}
		if list, _ := w.Endpoints(ctx, "t1"); len(list) != 0 {
			t.Errorf("%+v", list)
		}
		c, err := w.Callbacks(ctx, "t1")
		if err != nil || len(c.Keys) != 0 {
			t.Errorf("%+v, %v", c, err)
		}
		c.Keys = webhook.Keyring{{Sealed: []byte("x")}}
		if err := w.PutCallbacks(ctx, "t1", c); err != nil {
			t.Fatal(err)
		}
		if err := w.PutCallbacks(ctx, "t1", c); !errors.Is(err, webhook.ErrChanged) {
			t.Errorf("an old version: %v", err)
		}
		if c, err := w.Callbacks(ctx, "t1"); err != nil || len(c.Keys) != 1 || c.Version != 1 {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

func second[T any](_ T, err error) error          { return err }
func second2[T, U any](_ T, _ U, err error) error { return err }

func with(e webhook.Endpoint, change func(*webhook.Endpoint)) webhook.Endpoint {
	change(&e)
	return e
}

// TestAnEndAndItsEventDoNotPart: what ends is in the outbox, and stays there
// until its deliveries are stored, which are the same however often.
func TestAnEndAndItsEventDoNotPart(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *store.Store, w *store.Webhooks) {
		ctx := context.Background()
		ended(t, s, job.Succeeded) // before there is an endpoint
		e := mustEndpoint(t, w, "t1")
		mustEndpoint(t, w, "t2")
		good, bad := ended(t, s, job.Succeeded), ended(t, s, job.Failed)
		ended(t, s, job.Failed, func(a *job.Acceptance) { a.Tenant = "t3" })
		called := ended(t, s, job.Succeeded, func(a *job.Acceptance) { a.Tenant, a.CallbackURL = "t3", "https://callback.example/x" })
		ended(t, s, job.Succeeded, func(a *job.Acceptance) { a.Import, a.Row = "imp_1", "0:0" })
		ref, _, _, err := s.Accept(ctx, jobtest.Acceptance(s))
		if err != nil {
			t.Fatal(err)
		}
		if done, err := s.Cancel(ctx, "t1", ref.ID, fault.New(fault.Cancelled, "cancelled", "")); !done || err != nil {
			t.Fatalf("%v, %v", done, err)
		}
		entries, err := w.Next(ctx, 100)
		if err != nil || len(entries) != 4 {
			t.Fatalf("%+v, %v", entries, err)
		}
		if again, err := w.Next(ctx, 100); err != nil || len(again) != 0 {
			t.Errorf("two relays have the same entries: %+v, %v", again, err)
		}
		for range 2 { // the relay died before it said that it was done
			r := relay(t, s, w)
			r.Outbox = given{w, entries}
			if _, err := r.Round(ctx); err != nil {
				t.Fatal(err)
			}
		}
		list := all(t, w, "t1", webhook.Filter{})
		types := map[string]webhook.Type{}
		for _, d := range list {
			types[d.About] = d.EventType
			if d.Endpoint != e.ID || d.Status != webhook.Pending || d.NextAttemptAt.IsZero() {
				t.Errorf("%+v", d)
			}
		}
		if len(list) != 3 || types[good.ID] != webhook.ContactCreated || types[bad.ID] != webhook.ContactFailed || types[ref.ID] != webhook.ContactCancelled {
			t.Errorf("%+v", types)
		}
		if list := all(t, w, "t2", webhook.Filter{}); len(list) != 0 {
			t.Errorf("another tenant has %+v", list)
		}
		list = all(t, w, "t3", webhook.Filter{})
		if len(list) != 1 || list[0].About != called.ID || list[0].Callback == "" || list[0].Endpoint != "" {
			t.Fatalf("%+v", list)
		}
		if _, err := w.Delivery(ctx, "t1", list[0].ID); !errors.Is(err, webhook.ErrNotFound) {
			t.Errorf("another tenant's delivery: %v", err)
		}
		if list := all(t, w, "t1", webhook.Filter{Type: webhook.ContactFailed, Endpoint: e.ID, Since: time.Now().Add(-time.Minute)}); len(list) != 1 {
			t.Errorf("filtered: %+v", list)
		}
	})
}

// given is an outbox of which a part was taken already.
type given struct {
	*store.Webhooks
	entries []webhook.Entry
}

func (g given) Next(context.Context, int) ([]webhook.Entry, error) { return g.entries, nil }

// parcels puts n deliveries into an endpoint's queue.
func parcels(t *testing.T, s *store.Store, w *store.Webhooks, n int) {
	t.Helper()
	for range n {
		ended(t, s, job.Succeeded)
	}
	r := relay(t, s, w)
	for {
		more, err := r.Round(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

func limits() webhook.Limits {
	return webhook.Limits{Concurrency: 4, Lease: time.Minute, Broken: 3, Pause: 20 * time.Minute, MaxPause: time.Hour}
}

func TestDeliveriesAreTakenAndSettled(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *store.Store, w *store.Webhooks) {
		ctx := context.Background()
		e := mustEndpoint(t, w, "t1")
		q, _ := webhook.QueueOf(e.ID)
		parcels(t, s, w, 6)
		claims, err := w.Due(ctx, 10)
		if err != nil || len(claims) != 1 || claims[0].Queue != q {
			t.Fatalf("%+v, %v", claims, err)
		}
		v, err := w.Take(ctx, q, limits())
		if err != nil || len(v.Taken) != 4 || v.Endpoint == nil || v.Endpoint.URL != e.URL || !json.Valid(v.Taken[0].Body) {
			t.Fatalf("%+v, %v", v, err)
		}
		if more, err := w.Take(ctx, q, limits()); err != nil || len(more.Taken) != 0 || time.Until(more.Next) < 30*time.Second {
			t.Errorf("past the concurrency: %+v, %v", more, err)
		}
		settle := func(t *testing.T, d webhook.Taken, v webhook.Verdict) webhook.Standing {
			t.Helper()
			d.Attempts = append(d.Attempts, webhook.Attempt{At: time.Now().UTC(), Status: 500})
			st, err := w.Settle(ctx, webhook.Settlement{Taken: d, Verdict: v}, limits())
			if err != nil {
				t.Fatal(err)
			}
			return st
		}
		later := webhook.Verdict{Status: webhook.Pending, After: time.Hour}
		first := settle(t, v.Taken[0], later)
		if !first.Held || first.FailingSince.IsZero() {
			t.Errorf("%+v", first)
		}
		if st := settle(t, v.Taken[0], later); st.Held {
			t.Error("a delivery is settled twice under one lease")
		}
		settle(t, v.Taken[1], later)
		settle(t, v.Taken[2], later) // the third: broken
		if more, err := w.Take(ctx, q, limits()); err != nil || len(more.Taken) != 0 || time.Until(more.Next) < 10*time.Minute {
			t.Errorf("while it rests: %+v, %v", more, err)
		}
		if st := settle(t, v.Taken[3], webhook.Verdict{Status: webhook.Succeeded}); !st.FailingSince.IsZero() {
			t.Errorf("after a success: %+v", st)
		}
		freed, err := w.Take(ctx, q, limits())
		if err != nil || len(freed.Taken) != 4 {
			t.Fatalf("a success releases %d, %v", len(freed.Taken), err)
		}
		if !slices.ContainsFunc(freed.Taken, func(d webhook.Taken) bool { return d.Tries == 1 && len(d.Attempts) == 1 }) {
			t.Error("none of those that failed was released")
		}
		settle(t, freed.Taken[0], webhook.Verdict{Status: webhook.Failed, Pause: time.Hour})
		if paused, err := w.Take(ctx, q, limits()); err != nil || len(paused.Taken) != 0 {
			t.Errorf("while the receiver wants nothing: %+v, %v", paused, err)
		}
		d, err := w.Delivery(ctx, "t1", freed.Taken[0].ID)
		if err != nil || d.Status != webhook.Failed || d.EndedAt.IsZero() || len(d.Attempts) == 0 {
			t.Errorf("%+v, %v", d, err)
		}
		if err := w.Again(ctx, d.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.Again(ctx, d.ID); !errors.Is(err, webhook.ErrUnderWay) {
			t.Errorf("again at once: %v", err)
		}
		if err := w.Rest(ctx, claims[0], time.Time{}); err != nil {
			t.Fatal(err)
		}
		if claims, err := w.Due(ctx, 10); err != nil || len(claims) != 1 {
			t.Errorf("a queue that something came into meanwhile is forgotten: %+v, %v", claims, err)
		}
	})
}

func TestDeliveriesOfASwitchedOffEndpointFail(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *store.Store, w *store.Webhooks) {
		ctx := context.Background()
		off, gone := mustEndpoint(t, w, "t1"), mustEndpoint(t, w, "t1")
		parcels(t, s, w, 2)
		off.Enabled = false
		if err := errors.Join(w.Put(ctx, off, false), w.Delete(ctx, "t1", gone.ID)); err != nil {
			t.Fatal(err)
		}
		for id, why := range map[string]string{off.ID: "endpoint_disabled", gone.ID: "endpoint_deleted"} {
			q, _ := webhook.QueueOf(id)
			if v, err := w.Take(ctx, q, limits()); err != nil || len(v.Taken) != 0 || !v.Next.IsZero() {
				t.Errorf("%s: %+v, %v", why, v, err)
			}
			list := all(t, w, "t1", webhook.Filter{Endpoint: id})
			if len(list) != 2 || list[0].Status != webhook.Failed || list[0].Ended != why {
				t.Errorf("%s: %+v", why, list)
			}
		}
		parcels(t, s, w, 1)
		if n := len(all(t, w, "t1", webhook.Filter{})); n != 4 {
			t.Errorf("%d deliveries: an endpoint that is off gets new ones", n)
		}
	})
}

func TestTheLeaseOfALostWorkerEnds(t *testing.T) {
	t.Parallel()
	s := open(t, redistest.Client(t))
	w := s.Webhooks()
	ctx := context.Background()
	q, _ := webhook.QueueOf(mustEndpoint(t, w, "t1").ID)
	parcels(t, s, w, 1)
	short := limits()
	short.Lease = time.Millisecond
	lost, err := w.Take(ctx, q, short)
	if err != nil || len(lost.Taken) != 1 {
		t.Fatalf("%+v, %v", lost, err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		again, err := w.Take(ctx, q, limits())
		if err != nil {
			t.Fatal(err)
		}
		if len(again.Taken) == 1 {
			if again.Taken[0].ID != lost.Taken[0].ID || again.Taken[0].Token == lost.Taken[0].Token {
				t.Error("another delivery, or the same hold")
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it is not taken again")
		}
	}
	if st, err := w.Settle(ctx, webhook.Settlement{Taken: lost.Taken[0], Verdict: webhook.Verdict{Status: webhook.Failed}}, limits()); err != nil || st.Held {
		t.Errorf("the lost worker's word counts: %+v, %v", st, err)
	}
}

func TestThereAreNotTooManyEndpoints(t *testing.T) {
	t.Parallel()
	w := open(t, redistest.Client(t)).Webhooks()
	for range webhook.MaxEndpoints {
		mustEndpoint(t, w, "t1")
	}
	if err := w.Create(context.Background(), endpointOf("t1")); !errors.Is(err, webhook.ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	if err := w.Create(context.Background(), endpointOf("t2")); err != nil {
		t.Error(err)
	}
}

// TestAFullRedisStillTells: what was accepted ends and is delivered.
func TestAFullRedisStillTells(t *testing.T) {
	t.Parallel()
	client := redistest.Client(t)
	s := open(t, client)
	w := s.Webhooks()
	ctx := context.Background()
	e := mustEndpoint(t, w, "t1")
	ref, _, _, err := s.Accept(ctx, jobtest.Acceptance(s))
	if err != nil {
		t.Fatal(err)
	}
	if client.ConfigSet(ctx, "maxmemory", "1").Err() != nil { // the Redis in memory has no bound
		return
	}
	c, err := s.Claim(ctx, ref, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	c.Status, c.FinishedAt = job.Succeeded, time.Now().UTC()
	if err := s.Finish(ctx, c.Job, &job.Result{}); err != nil {
		t.Fatal(err)
	}
	if _, err := relay(t, s, w).Round(ctx); err != nil {
		t.Fatal(err)
	}
	q, _ := webhook.QueueOf(e.ID)
	if _, err := w.Due(ctx, 10); err != nil {
		t.Fatal(err)
	}
	v, err := w.Take(ctx, q, limits())
	if err != nil || len(v.Taken) != 1 {
		t.Fatalf("%+v, %v", v, err)
	}
	if st, err := w.Settle(ctx, webhook.Settlement{Taken: v.Taken[0], Verdict: webhook.Verdict{Status: webhook.Succeeded}}, limits()); err != nil || !st.Held {
		t.Errorf("%+v, %v", st, err)
	}
	if err := w.Create(ctx, endpointOf("t1")); !errors.Is(err, job.ErrFull) {
		t.Errorf("a new endpoint on a full Redis: %v", err)
	}
}
