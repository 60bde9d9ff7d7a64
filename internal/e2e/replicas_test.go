package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/localredis"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

// stream posts n contacts of a series under keys, each until it is accepted.
type stream struct {
	f        *ferry
	ids      []string
	accepted atomic.Int64
	done     sync.WaitGroup
}

func (f *ferry) stream(account, series string, n int) *stream {
	s := &stream{f: f, ids: make([]string, n)}
	var next atomic.Int64
	for range 20 {
		s.done.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				s.ids[i] = f.persist(account, fmt.Sprintf("%s%d", series, i))
				s.accepted.Add(1)
			}
		})
	}
	return s
}

// busy starts a stream, with workers that have some of it behind them and more
// of it, calls under way included, before them.
func (f *ferry) busy(crm, name, series string, n int) *stream {
	f.Helper()
	account := f.Connect(crm, name)
	f.World.CRM(crm).Inject(kit.Fault{Match: kit.Match{Method: "POST"}, Do: kit.Delay, Delay: kit.Duration(200 * time.Millisecond)})
	s := f.stream(account, series, n)
	f.Eventually(time.Minute, "the workers to be at it", func() bool {
		return s.accepted.Load() >= int64(n)/2 && f.World.CRM(crm).Count(name) >= n/10
	})
	return s
}

// wait gives the ids of all jobs.
func (s *stream) wait() []string {
	s.done.Wait()
	return s.ids
}

// persist posts a contact under a key until it is accepted, whatever Redis does.
func (f *ferry) persist(account, name string) (id string) {
	f.Eventually(time.Minute, name+" to be accepted", func() bool {
		a, err := f.Call("POST", fleet.Contacts(account), fleet.Person(name), "Idempotency-Key", name)
		if err != nil || a.Status != http.StatusAccepted {
			return false
		}
		var j job
		a.Decode(f, &j)
		id = j.ID
		return id != ""
	})
	return id
}

// noneTwice looks for a person who stands twice in a CRM.
func (f *ferry) noneTwice(crm, account string) {
	f.Helper()
	seen := map[string]int{}
	for _, e := range f.World.CRM(crm).Ledger(account) {
		if seen[e.Email]++; seen[e.Email] == 2 {
			f.Errorf("%s: %s stands twice", crm, e.Email)
		}
	}
}

// TestAClusterLosesNothingWithAMaster kills a master of three while contacts
// come in and go out, leaves it away until the others give the cluster up, and
// brings it back.
func TestAClusterLosesNothingWithAMaster(t *testing.T) {
	t.Parallel()
	// With everysec a server may answer before it has written, while a sync is
	// under way.
	cluster := redistest.StartCluster(t, "cluster-node-timeout 1000", "appendfsync always")
	if cluster == nil {
		t.Log("redis-server is not on the PATH: there is no Cluster in memory")
		return
	}
	f := launchOn(t, cluster.URL(), sandbox.Options{Unlimited: true})
	f.StartWorker()
	f.StartWorker()
	const each = 200
	crms := []string{"hubspot", "salesforce"}
	var streams []*stream
	for _, crm := range crms {
		streams = append(streams, f.busy(crm, "cluster", "Shard", each))
	}
	away := cluster.Masters[1] // not the queue's: what it may hand out to nobody takes half a minute to miss
	away.Kill()
	f.Eventually(20*time.Second, "the cluster to miss its master", func() bool {
		return cluster.Says(t.Context(), 0, "cluster_state:fail")
	})
	if err := away.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, crm := range crms {
		if states := f.allOver(streams[i].wait(), time.Minute); states["succeeded"] != each {
			t.Errorf("%s: states = %v", crm, states)
		}
		f.noneTwice(crm, "cluster")
		if n := f.World.CRM(crm).Count("cluster"); n != each {
			t.Errorf("%s holds %d contacts for %d jobs", crm, n, each)
		}
	}
}

// TestAFailover lets sentinels replace the master twice while workers are at
// it: once when the replicas have all that was accepted, once when they may not.
func TestAFailover(t *testing.T) {
	t.Parallel()
	set := redistest.StartSentinels(t, time.Second)
	if set == nil {
		t.Log("redis-server is not on the PATH: there are no sentinels in memory")
		return
	}
	f := launchOn(t, set.URL(), sandbox.Options{Unlimited: true}, "FERRY_CRM_TIMEOUT=20s") // longer than the calls are held
	f.StartWorker()
	f.StartWorker()
	f.failoverOfCopies(set)
	f.failoverUnannounced(set)
}

// master waits for one that so many replicas follow and that the sentinels
// could replace.
func (f *ferry) master(set *redistest.Sentinels, following int) (p *localredis.Process) {
	f.Helper()
	f.Eventually(30*time.Second, "the sentinels to agree on a master", func() bool {
		p = set.Master(f.Context(), following)
		return p != nil
	})
	if p == nil {
		f.FailNow()
	}
	return p
}

// failoverOfCopies: nothing is lost, and not even a CRM without unique e-mails
// hears of a contact twice, though the outcomes of its calls come when there is
// no master.
func (f *ferry) failoverOfCopies(set *redistest.Sentinels) {
	f.Helper()
	account, crm := f.Connect("salesforce", "copied"), f.World.CRM("salesforce")
	held := crm.Inject(kit.Fault{Match: kit.Match{Method: "POST"}, Do: kit.WriteThenHold, Times: 10})
	master := f.master(set, 2)
	const n = 150
	ids := f.stream(account, "Copy", n).wait()
	if err := held.Wait(f.Context(), 10); err != nil {
		f.Fatal(err)
	}
	f.Eventually(time.Minute, "all but the held calls to end", func() bool { return f.succeeded(account) == n-10 })
	if err := redistest.Replicated(f.Context(), master, 2); err != nil {
		f.Fatal(err)
	}
	master.Kill()
	held.Release()
	if states := f.allOver(ids, time.Minute); states["succeeded"] != n {
		f.Errorf("states = %v", states)
	}
	f.noneTwice("salesforce", "copied")
	if got := crm.Count("copied"); got != n {
		f.Errorf("the CRM holds %d contacts for %d jobs", got, n)
	}
}

// succeeded counts an account's jobs that did.
func (f *ferry) succeeded(account string) int {
	var page struct{ Result []job }
	a, err := f.Call("GET", "/jobs?limit=200&status=succeeded&integrated_account_id="+account, nil)
	if err != nil || a.Status != http.StatusOK {
		return 0
	}
	a.Decode(f, &page)
	return len(page.Result)
}

// failoverUnannounced: what the failover left of the accepted jobs ends, and
// what was lost with the old master stands in the CRM at most once.
func (f *ferry) failoverUnannounced(set *redistest.Sentinels) {
	f.Helper()
	master := f.master(set, 1)
	const n = 200
	s := f.busy("hubspot", "unannounced", "Sudden", n)
	master.Kill()
	ids := s.wait()
	f.master(set, 0) // what is gone now stays so
	lost := f.gone(ids)
	if len(lost) > n/2 {
		f.Errorf("%d jobs were lost, more than had been accepted before the failover", len(lost))
	}
	left := slices.DeleteFunc(ids, func(id string) bool { return lost[id] })
	states := f.allOver(left, time.Minute)
	f.Logf("of %d accepted jobs %d were lost with the master, the others ended %v", n, len(lost), states)
	f.noneTwice("hubspot", "unannounced")
	if got := f.World.CRM("hubspot").Count("unannounced"); got < states["succeeded"] || got > n {
		f.Errorf("the CRM holds %d contacts of %d people, %v", got, n, states)
	}
}

// gone tells which jobs nobody knows any more.
func (f *ferry) gone(ids []string) map[string]bool {
	f.Helper()
	gone := map[string]bool{}
	for _, id := range ids {
		f.Eventually(20*time.Second, "an answer about "+id, func() bool {
			a, err := f.Call("GET", "/jobs/"+id, nil)
			gone[id] = err == nil && a.Status == http.StatusNotFound
			return gone[id] || err == nil && a.Status == http.StatusOK
		})
	}
	maps.DeleteFunc(gone, func(_ string, is bool) bool { return !is })
	return gone
}
