package e2e

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

// TestAFullRedisFinishesWhatWasAccepted fills Redis with keys that are not
// ours while jobs run, wait in the queue and wait for their time.
func TestAFullRedisFinishesWhatWasAccepted(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	if f.redis == nil {
		t.Log("redis-server is not on the PATH: a Redis in memory is never full")
		return
	}
	client := f.redis.Client()
	defer func() { _ = client.Close() }()
	account, idle := f.connect("hubspot", "full"), f.connect("hubspot", "idle")
	workers := []*process{f.startWorker(), f.startWorker()}
	waiting := f.resting(idle)
	crm := f.world.CRM("hubspot")
	crm.Inject(kit.Fault{Match: kit.Match{Method: "POST", Account: "full"}, Do: kit.Status, Vendor: kit.VendorLimited, Skip: 200, Times: 30})
	crm.Inject(kit.Fault{Match: kit.Match{Method: "POST", Account: "full"}, Do: kit.Delay, Delay: kit.Duration(time.Second)})
	ids := f.burst(account, 1000)
	if len(ids) != 1000 {
		t.Fatalf("%d of 1000 were accepted", len(ids))
	}
	f.fill(client)
	begun, before := time.Now(), crm.Count("full")
	workers = append(workers, f.startWorker()) // one can start on a full Redis

	f.refuses(account)
	f.must(http.StatusOK, "GET", "/jobs/"+ids[999], nil)
	f.must(http.StatusOK, "GET", "/jobs?limit=5", nil)
	var cancelled job
	if f.must(http.StatusOK, "POST", "/jobs/"+waiting+"/cancel", nil).decode(t, &cancelled); cancelled.Status != "cancelled" {
		t.Errorf("cancelled: %+v", cancelled)
	}
	states := f.allOver(ids, 2*time.Minute)
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
	f.t.Helper()
	f.world.CRM("hubspot").Inject(kit.Fault{
		Match: kit.Match{Method: "POST", Account: "idle"}, Do: kit.Status, Status: http.StatusTooManyRequests,
		Header: map[string]string{"Retry-After": "600"}, Body: `{}`,
	})
	id = f.post(contacts(account), person("Idle")).ID
	f.eventually(20*time.Second, "the job to wait", func() bool {
		var j job
		f.must(http.StatusOK, "GET", "/jobs/"+id, nil).decode(f.t, &j)
		return j.Status == "waiting"
	})
	return id
}

const foreignKey = 1 << 20

// fill brings Redis to a maxmemory with foreign keys, and beyond it, so that
// whatever our jobs free makes no room.
func (f *ferry) fill(client *redis.Client) {
	f.t.Helper()
	ctx := f.t.Context()
	if err := client.ConfigSet(ctx, "maxmemory", "48mb").Err(); err != nil {
		f.t.Fatal(err)
	}
	value := strings.Repeat("x", foreignKey)
	for i := 0; ; i++ {
		err := client.Set(ctx, "foreign:"+strconv.Itoa(i), value, 0).Err()
		if redis.IsOOMError(err) {
			break
		}
		if err != nil || i > 100 {
			f.t.Fatalf("%d keys, and then %v", i, err)
		}
	}
	grow := "#!lua flags=allow-oom\nreturn redis.call('SETRANGE', KEYS[1], ARGV[1], 'x')"
	if err := client.Eval(ctx, grow, []string{"foreign:more"}, 16*foreignKey).Err(); err != nil {
		f.t.Fatal(err)
	}
}

// refuses holds that a create is answered with 503 and when to try again.
func (f *ferry) refuses(account string) {
	f.t.Helper()
	a := f.must(http.StatusServiceUnavailable, "POST", contacts(account), person("Refused"))
	if after, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || after < 1 || after > 300 {
		f.t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
}

// room takes the foreign keys away and holds that all is as before.
func (f *ferry) room(client *redis.Client, workers []*process, account string) {
	f.t.Helper()
	ctx := f.t.Context()
	for it := client.Scan(ctx, 0, "foreign:*", 100).Iterator(); it.Next(ctx); {
		if err := client.Unlink(ctx, it.Val()).Err(); err != nil {
			f.t.Fatal(err)
		}
	}
	var again job
	f.eventually(20*time.Second, "new work to be accepted", func() bool {
		a, err := f.call("POST", contacts(account), person("Again"))
		if err != nil || a.Status != http.StatusAccepted {
			return false
		}
		a.decode(f.t, &again)
		return true
	})
	if j := f.await(again.ID, time.Minute); j.Status != "succeeded" {
		f.t.Errorf("afterwards: %+v", j)
	}
	f.eventually(20*time.Second, "the void tasks to be gone", func() bool {
		return client.LLen(ctx, "asynq:{contacts}:pending").Val() == 0
	})
	for _, w := range workers {
		f.eventually(20*time.Second, "a worker to go back to the queue", func() bool {
			return strings.Contains(w.out.String(), "Redis has room again")
		})
		if n := strings.Count(w.out.String(), "Redis is full"); n != 1 {
			f.t.Errorf("a worker said %d times that Redis is full", n)
		}
	}
}
