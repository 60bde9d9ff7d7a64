package e2e

import (
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

// stops waits until a program has ended by itself.
func (f *ferry) stops(p *fleet.Process, patience time.Duration) {
	f.Helper()
	f.Eventually(patience, "the worker to stop", func() bool {
		select {
		case <-p.Done():
			return true
		default:
			return false
		}
	})
}

// holdsAll waits until an account has jobs in line and on their way to a
// worker, reservations that sleep, and calls that are out, all at once.
func (f *ferry) holdsAll(account string) {
	f.Helper()
	if f.Redis == nil {
		return // the Redis in memory cannot be looked into from here
	}
	f.Eventually(10*time.Second, "jobs in all places at once", func() bool {
		all := strings.Join(f.leftovers(account), " ")
		for _, kind := range []string{":lane", ":held", ":calls", ":line:"} {
			if !strings.Contains(all, kind) {
				return false
			}
		}
		return true
	})
}

// TestWorkersThatStopLoseNothingOfALine: workers end, asked to and by kill -9,
// while calls are out, reservations sleep and jobs are on their way to them;
// all that waits goes on with the next one.
func TestWorkersThatStopLoseNothingOfALine(t *testing.T) {
	t.Parallel()
	const jobs = 150
	f := &ferry{fleet.Launch(t, fleet.Options{
		Options: sandbox.Options{}, Env: []string{"FERRY_WORKER_CONCURRENCY=8", "FERRY_CRM_TIMEOUT=3s", "FERRY_SHUTDOWN_TIMEOUT=9s"},
	})}
	f.allows("hubspot", "ten_secondly", 30, 2*time.Second)
	f.World.CRM("hubspot").Inject(kit.Fault{Match: kit.Match{Account: "stops"}, Do: kit.Delay, Delay: kit.Duration(300 * time.Millisecond)})
	account := f.ConnectAt(window(30, 2*time.Second, 12), "hubspot", "stops")
	ids := f.burst(account, jobs)
	if len(ids) != jobs {
		t.Fatalf("%d of %d were accepted", len(ids), jobs)
	}
	asked := f.StartWorker()
	f.met("hubspot", "stops", 31, 30*time.Second)
	f.holdsAll(account)
	asked.Signal(syscall.SIGTERM)
	begun := time.Now()
	f.stops(asked, 12*time.Second)
	t.Logf("stopped %.1f s after it was asked to", time.Since(begun).Seconds())
	killed := f.StartWorker()
	f.met("hubspot", "stops", 65, 30*time.Second)
	f.holdsAll(account)
	killed.Kill()
	begun = time.Now()
	f.StartWorker()
	if states := f.allOver(ids, 90*time.Second); states["succeeded"] != jobs {
		t.Errorf("states = %v", states)
	}
	t.Logf("all over %.1f s after the kill", time.Since(begun).Seconds())
	if n := f.World.CRM("hubspot").Count("stops"); n != jobs {
		t.Errorf("the CRM holds %d contacts for %d jobs", n, jobs)
	}
	if n := f.World.CRM("hubspot").Counts("stops").Limited; n != 0 {
		t.Errorf("%d limited answers", n)
	}
	f.Eventually(20*time.Second, "nothing to be left behind", func() bool { return len(f.leftovers(account)) == 0 })
}

// release gives records the version of another release.
func (f *ferry) release(ids []string, version int) {
	f.Helper()
	client := f.Redis.Client()
	defer func() { _ = client.Close() }()
	for _, id := range ids {
		if err := client.HSet(f.Context(), "ferry:1:{j"+id[4:6]+"}:job:"+id, "v", version).Err(); err != nil {
			f.Error(err)
		}
	}
}

// commands counts what Redis has done so far.
func (f *ferry) commands() int {
	f.Helper()
	client := f.Redis.Client()
	defer func() { _ = client.Close() }()
	info, err := client.InfoMap(f.Context(), "stats").Result()
	if err != nil {
		f.Error(err)
	}
	n, err := strconv.Atoi(info["Stats"]["total_commands_processed"])
	if err != nil {
		f.Error(err)
	}
	return n
}

// perSecond is how many commands Redis does while nothing else is asked of it.
func (f *ferry) perSecond() float64 {
	f.Helper()
	begun, before := time.Now(), f.commands()
	f.Eventually(10*time.Second, "two seconds", func() bool { return time.Since(begun) > 2*time.Second })
	return float64(f.commands()-before) / time.Since(begun).Seconds()
}

// TestARollingRestartLosesNothing: a worker leaves records of a newer release
// to a newer worker, in the queue and in line, without a rush at them, and
// reads those of the release before. The records' version stands for the
// releases: a record that is given this release's is one that a newer worker
// could have read all the time.
func TestARollingRestartLosesNothing(t *testing.T) {
	t.Parallel()
	const version, each = 1, 20 // of job.Version; a test of the programs cannot ask them
	f := launch(t, sandbox.Options{Unlimited: true})
	if f.Redis == nil {
		t.Log("redis-server is not on the PATH: the Redis in memory cannot be looked into from here")
		return
	}
	first := f.StartWorker()
	idle := f.perSecond()
	first.Kill() // so that the records are there before anybody looks
	lined, queued := f.ConnectAt(window(1000, time.Second, 2), "hubspot", "lined"), f.Connect("hubspot", "queued")
	old := f.ConnectAt(window(1000, time.Second, 2), "hubspot", "old")
	newer, older := append(f.burst(lined, each), f.burst(queued, each)...), f.burst(old, each)
	f.release(newer, version+1)
	f.release(older, version-1)
	f.StartWorker()
	if states := f.allOver(older, 30*time.Second); states["succeeded"] != each {
		t.Errorf("of the release before: %v", states)
	}
	busy := f.perSecond()
	t.Logf("Redis does %.0f commands a second when idle, %.0f with %d jobs that nobody can read", idle, busy, len(newer))
	if busy > idle+float64(100*len(newer)) {
		t.Errorf("%.0f commands a second: a rush at what cannot be read", busy)
	}
	for _, id := range newer {
		if j := f.job(id); j.Over() || j.Attempts != 0 {
			t.Errorf("%s: %s after %d attempts", id, j.Status, j.Attempts)
		}
	}
	if n := f.World.CRM("hubspot").Count("lined") + f.World.CRM("hubspot").Count("queued"); n != 0 {
		t.Errorf("%d records of a newer release were carried", n)
	}
	f.release(newer, version)
	begun := time.Now()
	if states := f.allOver(newer, time.Minute); states["succeeded"] != len(newer) {
		t.Errorf("of the newer release: %v", states)
	}
	t.Logf("all over %.1f s after somebody could read them", time.Since(begun).Seconds())
	for _, account := range []string{"lined", "queued", "old"} {
		if n := f.World.CRM("hubspot").Count(account); n != each {
			t.Errorf("%s holds %d contacts", account, n)
		}
	}
}
