package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

// burst posts n contacts from 50 connections and gives the ids that were accepted.
func (f *ferry) burst(account string, n int, options ...string) []string {
	f.Helper()
	ids := make([]string, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				a, err := f.Call("POST", fleet.Contacts(account, options...), fleet.Person(fmt.Sprintf("Nr%d", i)))
				if err != nil || a.Status != http.StatusAccepted {
					continue // not accepted: nothing is promised
				}
				var j job
				a.Decode(f, &j)
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
	f.Helper()
	states := map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	work := make(chan string)
	for range 20 {
		wg.Go(func() {
			for id := range work {
				j := f.Await(id, patience)
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
	account := f.Connect("hubspot", "bulk")
	f.StartWorker()
	f.StartWorker()
	ids := f.burst(account, 2000)
	if len(ids) != 2000 {
		t.Fatalf("%d of 2000 were accepted", len(ids))
	}
	if states := f.allOver(ids, time.Minute); states["succeeded"] != 2000 {
		t.Errorf("states = %v", states)
	}
	if n := f.World.CRM("hubspot").Count("bulk"); n != 2000 {
		t.Errorf("the CRM holds %d contacts", n)
	}
}

func TestAnAcceptedJobSurvivesTheAPI(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	account := f.Connect("hubspot", "kill")
	var ids []string
	for i := range 5 {
		j := f.Post(fleet.Contacts(account), fleet.Person(fmt.Sprintf("Kill%d", i)))
		f.API.Kill()
		ids = append(ids, j.ID)
		f.StartAPI()
	}
	f.StartWorker()
	if states := f.allOver(ids, time.Minute); states["succeeded"] != len(ids) {
		t.Errorf("states = %v", states)
	}
}

func TestAcceptedJobsSurviveARestartOfRedis(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	if f.Redis == nil {
		t.Log("redis-server is not on the PATH: a Redis in memory keeps nothing over its restart")
		return
	}
	account := f.Connect("hubspot", "redis")
	f.StartWorker()
	ids := f.burst(account, 200)
	// everysec: what was accepted longer than a second ago is on the disk.
	f.settled()
	f.Redis.Kill()
	if err := f.Redis.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if states := f.allOver(ids, time.Minute); states["succeeded"] != len(ids) {
		t.Errorf("states = %v of %d", states, len(ids))
	}
	if n := f.World.CRM("hubspot").Count("redis"); n != len(ids) {
		t.Errorf("the CRM holds %d contacts for %d jobs", n, len(ids))
	}
}

// TestAWorkerKeepsAnOutcomeWhileRedisIsAway: what a CRM answered meanwhile is
// written down afterwards, and need not be found out anew.
func TestAWorkerKeepsAnOutcomeWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	if f.Redis == nil {
		t.Log("redis-server is not on the PATH: a Redis in memory keeps nothing over its restart")
		return
	}
	account := f.Connect("capsule", "away") // a CRM without idempotency: it would have to be asked
	f.StartWorker()
	client := f.Redis.Client()
	defer func() { _ = client.Close() }()
	if err := client.ConfigSet(t.Context(), "appendfsync", "always").Err(); err != nil {
		t.Fatal(err)
	}
	held := f.World.CRM("capsule").Inject(kit.Fault{Match: kit.Match{Method: "POST"}, Do: kit.WriteThenHold, Times: 10})
	var ids []string
	for i := range 10 {
		ids = append(ids, f.Post(fleet.Contacts(account), fleet.Person(fmt.Sprintf("Away%d", i))).ID)
	}
	if err := held.Wait(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	f.Redis.Kill()
	killed := time.Now()
	held.Release()
	f.Eventually(time.Minute, "the leases to run out", func() bool { return time.Since(killed) > 9*time.Second })
	if err := f.Redis.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if j := f.Await(id, time.Minute); j.Status != "succeeded" || j.Attempts != 1 {
			t.Errorf("%s after %d attempts: %+v", j.Status, j.Attempts, j.Timeline)
		}
	}
	if n := f.World.CRM("capsule").Count("away"); n != len(ids) {
		t.Errorf("the CRM holds %d contacts for %d jobs", n, len(ids))
	}
}

// settled waits until Redis has written and synced what it knows.
func (f *ferry) settled() {
	f.Helper()
	client := f.Redis.Client()
	defer func() { _ = client.Close() }()
	since := time.Now()
	f.Eventually(20*time.Second, "Redis to sync its file", func() bool {
		info, err := client.InfoMap(f.Context(), "persistence").Result()
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
			account := f.Connect(crm, "killed")
			held := f.World.CRM(crm).Inject(kit.Fault{Match: kit.Match{Method: "POST"}, Do: kit.WriteThenHold, Times: 10})
			first := f.StartWorker()
			var ids []string
			for i := range 10 {
				ids = append(ids, f.Post(fleet.Contacts(account), fleet.Person(fmt.Sprintf("Held%d", i))).ID)
			}
			if err := held.Wait(t.Context(), 10); err != nil {
				t.Fatal(err)
			}
			first.Kill()
			held.Release()
			begun := time.Now()
			f.StartWorker()
			if states := f.allOver(ids, time.Minute); states["succeeded"] != len(ids) {
				t.Errorf("states = %v", states)
			}
			t.Logf("all over %v after the kill", time.Since(begun).Round(100*time.Millisecond))
			if n := f.World.CRM(crm).Count("killed"); n != len(ids) {
				t.Errorf("the CRM holds %d contacts for %d jobs", n, len(ids))
			}
		})
	}
}

func TestSIGTERMLosesNothing(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	account := f.Connect("hubspot", "term")
	w := f.StartWorker()
	ids := f.burst(account, 300)
	w.Signal(syscall.SIGTERM)
	f.Eventually(40*time.Second, "the worker to stop", func() bool {
		select {
		case <-w.Done():
			return true
		default:
			return false
		}
	})
	f.StartWorker()
	if states := f.allOver(ids, time.Minute); states["succeeded"] != len(ids) {
		t.Errorf("states = %v", states)
	}
	if n := f.World.CRM("hubspot").Count("term"); n != len(ids) {
		t.Errorf("the CRM holds %d contacts for %d jobs", n, len(ids))
	}
}
