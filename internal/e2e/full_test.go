package e2e

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

// TestAFullRedisFinishesWhatWasAccepted fills Redis with keys that are not
// ours while jobs run, wait in the queue and wait for their time.
func TestAFullRedisFinishesWhatWasAccepted(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	if f.Redis == nil {
		t.Log("redis-server is not on the PATH: a Redis in memory is never full")
		return
	}
	client := f.Redis.Client()
	defer func() { _ = client.Close() }()
	account, idle := f.Connect("hubspot", "full"), f.Connect("hubspot", "idle")
	workers := []*fleet.Process{f.StartWorker(), f.StartWorker()}
	waiting := f.resting(idle)
	crm := f.World.CRM("hubspot")
	crm.Inject(kit.Fault{Match: kit.Match{Method: "POST", Account: "full"}, Do: kit.Status, Vendor: kit.VendorLimited, Skip: 200, Times: 30})
	crm.Inject(kit.Fault{Match: kit.Match{Method: "POST", Account: "full"}, Do: kit.Delay, Delay: kit.Duration(time.Second)})
	ids := f.burst(account, 1000)
	if len(ids) != 1000 {
		t.Fatalf("%d of 1000 were accepted", len(ids))
	}
	f.fill(client)
	begun, before := time.Now(), crm.Count("full")
	workers = append(workers, f.StartWorker()) // one can start on a full Redis

	f.refuses(account)
	f.Must(http.StatusOK, "GET", "/jobs/"+ids[999], nil)
	f.Must(http.StatusOK, "GET", "/jobs?limit=5", nil)
	var cancelled job
	if f.Must(http.StatusOK, "POST", "/jobs/"+waiting+"/cancel", nil).Decode(t, &cancelled); cancelled.Status != "cancelled" {
		t.Errorf("cancelled: %+v", cancelled)
	}
	f.Eventually(time.Minute, "the CRM to hold all contacts", func() bool { return crm.Count("full") == len(ids) })
	if t.Failed() {
		t.Fatalf("the CRM holds %d of %d contacts, %d before Redis was full", crm.Count("full"), len(ids), before)
	}
	states := f.allOver(ids, time.Minute)
	t.Logf("%d contacts before Redis was full, all 1000 jobs over %v after: %v", before, time.Since(begun).Round(100*time.Millisecond), states)
	if err := client.Set(t.Context(), "foreign:last", "x", 0).Err(); !redis.IsOOMError(err) {
		t.Errorf("Redis had room at the end: %v", err)
	}
	if states["succeeded"] != 1000 || crm.Count("full") != 1000 || before > 900 {
		t.Errorf("states = %v; the CRM holds %d contacts, %d before Redis was full", states, crm.Count("full"), before)
	}
	f.refuses(account)
	f.room(client, workers, account)
}

// resting gives a job that waits for a CRM's limit for minutes.
func (f *ferry) resting(account string) (id string) {
	f.Helper()
	f.World.CRM("hubspot").Inject(kit.Fault{
		Match: kit.Match{Method: "POST", Account: "idle"}, Do: kit.Status, Status: http.StatusTooManyRequests,
		Header: map[string]string{"Retry-After": "600"}, Body: `{}`,
	})
	id = f.Post(fleet.Contacts(account), fleet.Person("Idle")).ID
	f.Eventually(20*time.Second, "the job to wait", func() bool {
		var j job
		f.Must(http.StatusOK, "GET", "/jobs/"+id, nil).Decode(f, &j)
		return j.Status == "waiting"
	})
	return id
}

const foreignKey = 1 << 20

// fill brings Redis to a maxmemory with foreign keys, and beyond it, so that
// whatever our jobs free makes no room.
func (f *ferry) fill(client *redis.Client) {
	f.Helper()
	ctx := f.Context()
	if err := client.ConfigSet(ctx, "maxmemory", "48mb").Err(); err != nil {
		f.Fatal(err)
	}
	value := strings.Repeat("x", foreignKey)
	for i := 0; ; i++ {
		err := client.Set(ctx, "foreign:"+strconv.Itoa(i), value, 0).Err()
		if redis.IsOOMError(err) {
			break
		}
		if err != nil || i > 100 {
			f.Fatalf("%d keys, and then %v", i, err)
		}
	}
	grow := "#!lua flags=allow-oom\nreturn redis.call('SETRANGE', KEYS[1], ARGV[1], 'x')"
	if err := client.Eval(ctx, grow, []string{"foreign:more"}, 16*foreignKey).Err(); err != nil {
		f.Fatal(err)
	}
}

// refuses holds that a create is answered with 503 and when to try again.
func (f *ferry) refuses(account string) {
	f.Helper()
	a := f.Must(http.StatusServiceUnavailable, "POST", fleet.Contacts(account), fleet.Person("Refused"))
	if after, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || after < 1 || after > 300 {
		f.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
}

// room takes the foreign keys away and holds that all is as before.
func (f *ferry) room(client *redis.Client, workers []*fleet.Process, account string) {
	f.Helper()
	ctx := f.Context()
	for it := client.Scan(ctx, 0, "foreign:*", 100).Iterator(); it.Next(ctx); {
		if err := client.Unlink(ctx, it.Val()).Err(); err != nil {
			f.Fatal(err)
		}
	}
	var again job
	f.Eventually(20*time.Second, "new work to be accepted", func() bool {
		a, err := f.Call("POST", fleet.Contacts(account), fleet.Person("Again"))
		if err != nil || a.Status != http.StatusAccepted {
			return false
		}
		a.Decode(f, &again)
		return true
	})
	if j := f.Await(again.ID, time.Minute); j.Status != "succeeded" {
		f.Errorf("afterwards: %+v", j)
	}
	f.Eventually(20*time.Second, "the void tasks to be gone", func() bool {
		return client.LLen(ctx, "asynq:{contacts}:pending").Val() == 0
	})
	for _, w := range workers {
		f.Eventually(20*time.Second, "a worker to go back to the queue", func() bool {
			return strings.Contains(w.Output(), "Redis has room again")
		})
		if n := strings.Count(w.Output(), "Redis is full"); n != 1 {
			f.Errorf("a worker said %d times that Redis is full", n)
		}
	}
}
