package jobtest

import (
	"context"
	"sync"
	"testing"
	"time"

	"crmferry/internal/job"
)

// queuedFor moves a queued job to where one stands that was queued a while ago.
func queuedFor(t *testing.T, s Store, ref job.Ref, look time.Duration) {
	t.Helper()
	if err := s.Postpone(context.Background(), job.Due{Ref: ref, Place: job.InQueue}, look); err != nil {
		t.Fatal(err)
	}
}

func take(t *testing.T, s Store, limit int) []job.Due {
	t.Helper()
	taken, err := s.Take(context.Background(), limit)
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

// takePast: what waits in the queue is taken, its task is void, and nobody
// takes it again at once.
func takePast(t *testing.T, s Store) {
	ref := accept(t, s)
	if taken := take(t, s, 10); len(taken) != 0 {
		t.Errorf("taken on its way into the queue: %v", taken)
	}
	for _, look := range []time.Duration{5 * time.Second, time.Hour} { // sooner or later than a fresh one
		queuedFor(t, s, ref, look)
		taken := take(t, s, 10)
		if len(taken) != 1 || taken[0].ID != ref.ID || taken[0].Epoch != ref.Epoch+1 || taken[0].Place != job.InQueue ||
			taken[0].Account != "acc-1" || taken[0].CRM != "hubspot" {
			t.Fatalf("taken = %+v", taken)
		}
		if again := take(t, s, 10); len(again) != 0 {
			t.Errorf("taken twice: %v", again)
		}
		_, err := s.Claim(context.Background(), ref, time.Minute)
		want(t, err, job.ErrStale)
		ref = taken[0].Ref
	}
	if j := claim(t, s, ref, time.Minute); j.Status != job.Running {
		t.Errorf("claimed as %s", j.Status)
	}
	if taken := take(t, s, 10); len(taken) != 0 {
		t.Errorf("taken from a worker: %v", taken)
	}
}

func takeDue(t *testing.T, s Store) {
	later := rest(t, s, claim(t, s, accept(t, s), time.Minute), job.Waiting, time.Hour)
	lost := claim(t, s, accept(t, s), 0)
	doubt := rest(t, s, claim(t, s, accept(t, s), time.Minute), job.Verifying, 0)
	places := map[string]job.Place{}
	for _, d := range take(t, s, 10) {
		places[d.ID] = d.Place
		next := claim(t, s, d.Ref, time.Minute)
		if verifying := next.Status == job.Verifying; verifying != (d.ID == doubt.ID) {
			t.Errorf("%s was %s", next.Status, d.Status)
		}
	}
	if len(places) != 2 || places[lost.ID] != job.AtWorker || places[doubt.ID] != job.OnTimer {
		t.Errorf("taken = %v; not due is %s", places, later.ID)
	}
}

// takeSeveral: workers side by side share the jobs.
func takeSeveral(t *testing.T, s Store) {
	const jobs = 60
	for range jobs {
		queuedFor(t, s, accept(t, s), time.Second)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	times := map[string]int{}
	for range 4 {
		wg.Go(func() {
			for {
				taken, err := s.Take(context.Background(), 7)
				if err != nil || len(taken) > 7 {
					t.Errorf("took %d, %v", len(taken), err)
				}
				if len(taken) == 0 {
					return
				}
				mu.Lock()
				for _, d := range taken {
					times[d.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, n := range times {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
	if len(times) != jobs {
		t.Errorf("%d of %d jobs were taken", len(times), jobs)
	}
}
