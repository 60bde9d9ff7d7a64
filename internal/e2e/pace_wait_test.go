package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

// limitedOnce has an imitation refuse one call of an account for its pace.
func (f *ferry) limitedOnce(crm, account, seconds string) {
	f.World.CRM(crm).Inject(kit.Fault{
		Match: kit.Match{Account: account, Method: "POST"}, Times: 1, Do: kit.Status, Status: http.StatusTooManyRequests,
		Header: map[string]string{"Retry-After": seconds}, Body: `{"status":"error"}`,
	})
}

// cancelAll withdraws jobs from 20 connections.
func (f *ferry) cancelAll(ids []string) {
	f.Helper()
	var wg sync.WaitGroup
	work := make(chan string)
	for range 20 {
		wg.Go(func() {
			for id := range work {
				if a, err := f.Call("POST", "/jobs/"+id+"/cancel", nil); err != nil || a.Status != http.StatusOK && a.Status != http.StatusAccepted && a.Status != http.StatusConflict {
					f.Errorf("cancel: HTTP %d, %v", a.Status, err)
				}
			}
		})
	}
	for _, id := range ids {
		work <- id
	}
	close(work)
	wg.Wait()
}

// leftovers are the keys of an account's pace that speak of jobs.
func (f *ferry) leftovers(account string) []string {
	if f.Redis == nil {
		return nil
	}
	client := f.Redis.Client()
	defer func() { _ = client.Close() }()
	keys, err := client.Keys(context.Background(), "ferry:1:{p"+account+"}:*").Result()
	if err != nil {
		f.Error(err)
	}
	var left []string
	for _, key := range keys {
		for _, kind := range []string{":lane", ":held", ":calls", ":turns", ":line:"} {
			if strings.Contains(key, "}"+kind) {
				left = append(left, key)
			}
		}
	}
	return left
}

// TestAWaitOfMinutesHoldsNoWorker: jobs that wait for one call in ten minutes
// leave a worker of four hands to others, and nothing behind when they are
// withdrawn.
func TestAWaitOfMinutesHoldsNoWorker(t *testing.T) {
	t.Parallel()
	waiting, others := 1000, 200
	if *paceLong {
		waiting = 20_000
	}
	f := &ferry{fleet.Launch(t, fleet.Options{Options: sandbox.Options{Unlimited: true}, Env: []string{"FERRY_WORKER_CONCURRENCY=4"}})}
	f.StartWorker()
	slow, quick := f.ConnectAt(window(1, 10*time.Minute, 4), "hubspot", "slow"), f.Connect("hubspot", "quick")
	ids := f.burst(slow, waiting)
	f.Eventually(30*time.Second, "one to succeed and all others to wait", func() bool {
		return f.limits(slow).Backlog.Waiting == int64(waiting-1) && f.World.CRM("hubspot").Count("slow") == 1
	})
	begun := time.Now()
	if states := f.allOver(f.burst(quick, others), time.Minute); states["succeeded"] != others {
		t.Fatalf("of those who need not wait: %v", states)
	}
	t.Logf("%d of others in %.1f s while %d wait", others, time.Since(begun).Seconds(), waiting-1)
	if n := f.World.CRM("hubspot").Count("slow"); n != 1 {
		t.Errorf("%d went of one allowed", n)
	}
	f.withdraws(slow, ids)
}

// TestWithdrawnJobsLeaveNoSlotUnused: after all that waited were withdrawn, the
// next job goes as soon as the window allows.
func TestWithdrawnJobsLeaveNoSlotUnused(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	account := f.ConnectAt(window(5, 3*time.Second, 5), "hubspot", "withdrawn")
	f.withdraws(account, f.burst(account, 300))
	for i := range 7 {
		l, begun := f.limits(account), time.Now()
		j := f.Await(f.Post(fleet.Contacts(account), fleet.Person(fmt.Sprintf("After%d", i))).ID, 30*time.Second)
		late := time.Since(begun) - max(l.NextCallAt.Sub(begun), 0)
		if j.Status != "succeeded" || late > 3*time.Second {
			t.Errorf("%s, %v later than the window allows", j.Status, late)
		}
	}
}

// withdraws cancels what is not over of an account's jobs, and checks that
// nothing of them is left.
func (f *ferry) withdraws(account string, ids []string) {
	f.Helper()
	var still []string
	for _, id := range ids {
		if !f.job(id).Over() {
			still = append(still, id)
		}
	}
	begun := time.Now()
	f.cancelAll(still)
	f.Logf("%d withdrawn in %.1f s", len(still), time.Since(begun).Seconds())
	f.Eventually(5*time.Second, "calls under way to end", func() bool { return f.limits(account).Concurrency.InUse == 0 })
	if l := f.limits(account); l.Backlog.Waiting != 0 {
		f.Errorf("after all were withdrawn: %+v", l)
	}
	f.Eventually(5*time.Second, "nothing to be left behind", func() bool { return len(f.leftovers(account)) == 0 })
}

func (f *ferry) job(id string) toldJob {
	f.Helper()
	var j toldJob
	f.Must(http.StatusOK, "GET", "/jobs/"+id, nil).Decode(f, &j)
	return j
}

// TestABacklogHoldsUpNoOtherAccount: a long line of one account's jobs, and nine
// other accounts with ten each, which are done while it is still long.
func TestABacklogHoldsUpNoOtherAccount(t *testing.T) {
	t.Parallel()
	const many = 2000
	f := launch(t, sandbox.Options{Unlimited: true})
	big := f.ConnectAt(window(100, time.Second, 10), "hubspot", "big")
	var small []string
	for i := range 9 {
		small = append(small, f.ConnectAt(window(100, time.Second, 10), "hubspot", fmt.Sprintf("small%d", i)))
	}
	f.burst(big, many)
	f.StartWorker()
	f.met("hubspot", "big", 50, 30*time.Second)
	var ids []string
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, account := range small {
		wg.Go(func() {
			mine := f.burst(account, 10)
			mu.Lock()
			defer mu.Unlock()
			ids = append(ids, mine...)
		})
	}
	wg.Wait()
	if states := f.allOver(ids, time.Minute); states["succeeded"] != 90 {
		t.Errorf("the nine: %v", states)
	}
	if left := f.limits(big).Backlog.Waiting; left < many/4 {
		t.Errorf("the backlog is down to %d: it proves nothing", left)
	} else {
		t.Logf("the nine are done while %d wait", left)
	}
}
