package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

// burst posts n contacts from 50 connections and gives the ids that were accepted.
func (f *ferry) burst(account string, n int) []string {
	f.t.Helper()
	ids := make([]string, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				a, err := f.call("POST", contacts(account), person(fmt.Sprintf("Nr%d", i)))
				if err != nil || a.Status != http.StatusAccepted {
					continue // not accepted: nothing is promised
				}
				var j job
				a.decode(f.t, &j)
				ids[i] = j.ID
			}
		})
	}
	wg.Wait()
	var accepted []string
	for _, id := range ids {
		if id != "" {
			accepted = append(accepted, id)
		}
	}
	return accepted
}

// allOver waits until every job is over and counts them by state.
func (f *ferry) allOver(ids []string, patience time.Duration) map[string]int {
	f.t.Helper()
	states := map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	work := make(chan string)
	for range 20 {
		wg.Go(func() {
			for id := range work {
				j := f.await(id, patience)
				mu.Lock()
				states[j.Status]++
				mu.Unlock()
			}
		})
	}
	for _, id := range ids {
		work <- id
	}
	close(work)
	wg.Wait()
	return states
}

func TestTwoThousandCreatesArriveExactlyOnce(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	account := f.connect("hubspot", "bulk")
	f.startWorker()
	f.startWorker()
	ids := f.burst(account, 2000)
	if len(ids) != 2000 {
		t.Fatalf("%d of 2000 were accepted", len(ids))
	}
	if states := f.allOver(ids, time.Minute); states["succeeded"] != 2000 {
		t.Errorf("states = %v", states)
	}
	if n := f.world.CRM("hubspot").Count("bulk"); n != 2000 {
		t.Errorf("the CRM holds %d contacts", n)
	}
}

func TestAnAcceptedJobSurvivesTheAPI(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	account := f.connect("hubspot", "kill")
	var ids []string
	for i := range 5 {
		j := f.post(contacts(account), person(fmt.Sprintf("Kill%d", i)))
		f.api.kill()
		ids = append(ids, j.ID)
		f.startAPI()
	}
	f.startWorker()
	if states := f.allOver(ids, time.Minute); states["succeeded"] != len(ids) {
		t.Errorf("states = %v", states)
	}
}

func TestAcceptedJobsSurviveARestartOfRedis(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	if f.redis == nil {
		t.Log("redis-server is not on the PATH: a Redis in memory keeps nothing over its restart")
		return
	}
	account := f.connect("hubspot", "redis")
	f.startWorker()
	ids := f.burst(account, 200)
	// everysec: what was accepted longer than a second ago is on the disk.
	f.settled()
	f.redis.Kill()
	if err := f.redis.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if states := f.allOver(ids, time.Minute); states["succeeded"] != len(ids) {
		t.Errorf("states = %v of %d", states, len(ids))
	}
	if n := f.world.CRM("hubspot").Count("redis"); n != len(ids) {
		t.Errorf("the CRM holds %d contacts for %d jobs", n, len(ids))
	}
}

// TestAWorkerKeepsAnOutcomeWhileRedisIsAway: what a CRM answered meanwhile is
// written down afterwards, and need not be found out anew.
func TestAWorkerKeepsAnOutcomeWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	if f.redis == nil {
		t.Log("redis-server is not on the PATH: a Redis in memory keeps nothing over its restart")
		return
	}
	account := f.connect("capsule", "away") // a CRM without idempotency: it would have to be asked
	f.startWorker()
	client := f.redis.Client()
	defer func() { _ = client.Close() }()
	if err := client.ConfigSet(t.Context(), "appendfsync", "always").Err(); err != nil {
		t.Fatal(err)
	}
	held := f.world.CRM("capsule").Inject(kit.Fault{Match: kit.Match{Method: "POST"}, Do: kit.WriteThenHold, Times: 10})
	var ids []string
	for i := range 10 {
		ids = append(ids, f.post(contacts(account), person(fmt.Sprintf("Away%d", i))).ID)
	}
	if err := held.Wait(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	f.redis.Kill()
	killed := time.Now()
	held.Release()
	f.eventually(time.Minute, "the leases to run out", func() bool { return time.Since(killed) > 9*time.Second })
	if err := f.redis.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if j := f.await(id, time.Minute); j.Status != "succeeded" || j.Attempts != 1 {
			t.Errorf("%s after %d attempts: %+v", j.Status, j.Attempts, j.Timeline)
		}
	}
	if n := f.world.CRM("capsule").Count("away"); n != len(ids) {
		t.Errorf("the CRM holds %d contacts for %d jobs", n, len(ids))
	}
}

// settled waits until Redis has written and synced what it knows.
func (f *ferry) settled() {
	f.t.Helper()
	client := f.redis.Client()
	defer func() { _ = client.Close() }()
	since := time.Now()
	f.eventually(20*time.Second, "Redis to sync its file", func() bool {
		info, err := client.InfoMap(f.t.Context(), "persistence").Result()
		return err == nil && info["Persistence"]["aof_pending_bio_fsync"] == "0" && time.Since(since) > 2*time.Second
	})
}

// TestAKilledWorkersJobsGoOn kills a worker while its calls are out, for a CRM
// that tells by itself whether it has the contact and one that must be asked.
func TestAKilledWorkersJobsGoOn(t *testing.T) {
	t.Parallel()
	for _, crm := range []string{"hubspot", "salesforce"} {
		t.Run(crm, func(t *testing.T) {
			t.Parallel()
			f := launch(t, sandbox.Options{Unlimited: true})
			account := f.connect(crm, "killed")
			held := f.world.CRM(crm).Inject(kit.Fault{Match: kit.Match{Method: "POST"}, Do: kit.WriteThenHold, Times: 10})
			first := f.startWorker()
			var ids []string
			for i := range 10 {
				ids = append(ids, f.post(contacts(account), person(fmt.Sprintf("Held%d", i))).ID)
			}
			if err := held.Wait(t.Context(), 10); err != nil {
				t.Fatal(err)
			}
			first.kill()
			held.Release()
			begun := time.Now()
			f.startWorker()
			if states := f.allOver(ids, time.Minute); states["succeeded"] != len(ids) {
				t.Errorf("states = %v", states)
			}
			t.Logf("all over %v after the kill", time.Since(begun).Round(100*time.Millisecond))
			if n := f.world.CRM(crm).Count("killed"); n != len(ids) {
				t.Errorf("the CRM holds %d contacts for %d jobs", n, len(ids))
			}
		})
	}
}

func TestSIGTERMLosesNothing(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	account := f.connect("hubspot", "term")
	w := f.startWorker()
	ids := f.burst(account, 300)
	w.signal(syscall.SIGTERM)
	f.eventually(40*time.Second, "the worker to stop", func() bool {
		select {
		case <-w.done:
			return true
		default:
			return false
		}
	})
	f.startWorker()
	if states := f.allOver(ids, time.Minute); states["succeeded"] != len(ids) {
		t.Errorf("states = %v", states)
	}
	if n := f.world.CRM("hubspot").Count("term"); n != len(ids) {
		t.Errorf("the CRM holds %d contacts for %d jobs", n, len(ids))
	}
}
