package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

// TestCrashesAndLostAnswers kills workers and the API at random while CRMs
// lose answers: every accepted job ends, and no contact stands twice. One CRM
// has unique e-mails, one its own idempotency, one nothing but a look-up.
func TestCrashesAndLostAnswers(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	crms := []string{"hubspot", "monday-crm", "salesforce"}
	accounts := map[string]string{}
	for i, crm := range crms {
		accounts[crm] = f.Connect(crm, "chaos")
		for _, do := range []kit.Kind{kit.WriteThenReset, kit.ResetAfter, kit.WriteThenStatus} {
			f.World.CRM(crm).Inject(kit.Fault{
				Match: kit.Match{Method: "POST"}, Do: do, Vendor: kit.VendorServerError, Probability: 0.05, Seed: uint64(i + 1),
			})
		}
	}
	ids := map[string][]string{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	const each = 100
	for _, crm := range crms {
		wg.Go(func() {
			for i := range each {
				if id := f.insist(accounts[crm], i); id != "" {
					mu.Lock()
					ids[crm] = append(ids[crm], id)
					mu.Unlock()
				}
			}
		})
	}
	stop := f.nemesis()
	wg.Wait()
	for _, crm := range crms {
		if len(ids[crm]) != each {
			t.Errorf("%s: %d of %d were accepted", crm, len(ids[crm]), each)
		}
		states := f.allOver(ids[crm], 90*time.Second)
		t.Logf("%s: %v", crm, states)
		f.onlyOnce(crm, states)
	}
	stop()
}

// insist posts a contact under a key until it is accepted, whatever dies meanwhile.
func (f *ferry) insist(account string, i int) (id string) {
	f.Eventually(time.Minute, "a contact to be accepted", func() bool {
		a, err := f.Call("POST", fleet.Contacts(account), fleet.Person(fmt.Sprintf("Chaos%d", i)), "Idempotency-Key", fmt.Sprintf("chaos-%d", i))
		if err != nil || a.Status != http.StatusAccepted {
			return false
		}
		var j job
		a.Decode(f, &j)
		id = j.ID
		return true
	})
	return id
}

// nemesis keeps two workers, and kills and replaces one of them, or the API,
// every now and then until it is stopped.
func (f *ferry) nemesis() (stop func()) {
	workers := []*fleet.Process{f.StartWorker(), f.StartWorker()}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		random := rand.New(rand.NewPCG(1, 2))
		for kills := 0; ; kills++ {
			select {
			case <-quit:
				return
			case <-time.After(time.Duration(300+random.IntN(700)) * time.Millisecond):
			}
			if kills%5 == 4 {
				f.API.Kill()
				f.StartAPI()
				continue
			}
			i := random.IntN(len(workers))
			workers[i].Kill()
			workers[i] = f.StartWorker()
		}
	}()
	return func() { close(quit); <-done }
}

// onlyOnce holds the CRM's ledger against the ends of the jobs.
func (f *ferry) onlyOnce(crm string, states map[string]int) {
	f.Helper()
	seen := map[string]int{}
	for _, e := range f.World.CRM(crm).Ledger("chaos") {
		seen[e.Email]++
	}
	for email, n := range seen {
		if n > 1 {
			f.Errorf("%s: %s stands %d times", crm, email, n)
		}
	}
	if n := f.World.CRM(crm).Count("chaos"); n < states["succeeded"] || n > states["succeeded"]+states["unknown"] {
		f.Errorf("%s: %d contacts for %v", crm, n, states)
	}
}
