package app

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crmferry/internal/api"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/sandbox"
)

// BenchmarkFairness measures how long nine accounts' ten creates take, accepted
// to succeeded, alone, while a tenth account's 20,000 are being accepted, and
// while those wait: once as ten tenants, once as ten accounts of one.
//
//	go test -run '^$' -bench Fairness -benchtime 1x ./internal/app
func BenchmarkFairness(b *testing.B) {
	paces := map[string]any{
		"the CRM's pace": nil,
		"a fast pace":    map[string]any{"windows": []any{map[string]any{"requests": 200, "per_seconds": 1}}, "concurrency": 20},
	}
	for name, pace := range paces {
		for _, tenants := range []int{10, 1} {
			b.Run(fmt.Sprintf("%s/%d tenants", name, tenants), func(b *testing.B) {
				for range b.N {
					newFair(b, tenants, pace).run(b, 20_000)
				}
			})
		}
	}
}

// fair is an installation with ten accounts, the first of which is the big one.
type fair struct {
	callers  []*client
	accounts []string
}

// newFair has the ten accounts belong to so many tenants.
func newFair(b *testing.B, tenants int, pace any) *fair {
	world := sandbox.New(sandbox.Options{Unlimited: true})
	crm := httptest.NewServer(world)
	b.Cleanup(crm.Close)
	s := startOn(b, redistest.Client(b), crm.URL, imitated(world))
	b.Cleanup(s.stop)
	known := map[string]api.Principal{}
	for i := range tenants {
		known[fmt.Sprint("token-of-", i)] = api.Principal{Tenant: fmt.Sprint("tenant-", i), Name: "bench", Scopes: []api.Scope{api.ScopeAll}}
	}
	tokens, err := api.NewStaticTokens(known)
	if err != nil {
		b.Fatal(err)
	}
	handler, err := s.handlerFor(tokens)
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(handler)
	b.Cleanup(server.Close)
	f := &fair{}
	for i := range 10 {
		c := newClient(server.URL, fmt.Sprint("token-of-", i%tenants))
		auth, settings := world.Connect("hubspot", fmt.Sprint("fair", i), "")
		var made struct{ ID string }
		if _, err := c.call(context.Background(), "POST", "/integrated-accounts", map[string]any{"crm": "hubspot", "auth": auth, "settings": settings, "limits": pace}, &made); err != nil {
			b.Fatal(err)
		}
		f.callers, f.accounts = append(f.callers, c), append(f.accounts, made.ID)
	}
	w, err := s.house.startWorker()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(w.stop)
	return f
}

// run measures the nine three times.
func (f *fair) run(b *testing.B, many int) {
	b.Helper()
	const nap = 2 * time.Second // an earlier round's calls leave the windows
	alone := f.nine(b, "alone")
	var accepted atomic.Int64
	var flood sync.WaitGroup
	for range 20 {
		flood.Go(func() {
			for i := accepted.Add(1); i <= int64(many); i = accepted.Add(1) {
				if _, err := f.post(0, fmt.Sprint("big", i)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	until(b, func() bool { return accepted.Load() > int64(many)/4 })
	during := f.nine(b, "during")
	flood.Wait()
	begun := time.Now()
	until(b, func() bool { return time.Since(begun) > nap })
	behind := f.nine(b, "behind")
	b.ReportMetric(float64(alone.Milliseconds()), "alone-p95-ms")
	b.ReportMetric(float64(during.Milliseconds()), "during-p95-ms")
	b.ReportMetric(float64(behind.Milliseconds()), "behind-p95-ms")
	b.ReportMetric(float64(during)/float64(alone), "during-ratio")
	b.ReportMetric(float64(behind)/float64(alone), "behind-ratio")
}

func until(b *testing.B, so func() bool) {
	b.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(5 * time.Minute); !so(); {
		select {
		case <-tick.C:
		case <-late:
			b.Fatal("waited in vain")
		}
	}
}

// nine posts the nine accounts' ten each at once and gives the p95 of their
// times.
func (f *fair) nine(b *testing.B, round string) time.Duration {
	b.Helper()
	var mu sync.Mutex
	var all []time.Duration
	var wg sync.WaitGroup
	for i := 1; i < 10; i++ {
		wg.Go(func() {
			for k := range 10 {
				id, err := f.post(i, fmt.Sprint(round, i, "-", k))
				if err != nil {
					b.Error(err)
					continue
				}
				wg.Go(func() {
					took := f.took(b, i, id)
					mu.Lock()
					defer mu.Unlock()
					all = append(all, took)
				})
			}
		})
	}
	wg.Wait()
	if len(all) == 0 {
		b.Fatal("none of the nine's was accepted")
	}
	slices.Sort(all)
	return all[len(all)*95/100]
}

func (f *fair) post(i int, name string) (id string, err error) {
	var j struct{ ID string }
	_, err = f.callers[i].call(context.Background(), "POST", "/unified/crm/contacts?integrated_account_id="+f.accounts[i], map[string]any{
		"first_name": "Ada", "last_name": name, "email_addresses": []any{map[string]any{"email": name + "@example.com"}},
	}, &j)
	return j.ID, err
}

// took is how long a job took by its own account.
func (f *fair) took(b *testing.B, i int, id string) time.Duration {
	var j struct {
		Status     string
		CreatedAt  time.Time `json:"created_at"`
		FinishedAt time.Time `json:"finished_at"`
	}
	if _, err := f.callers[i].call(context.Background(), "GET", "/jobs/"+id+"?wait=60", nil, &j); err != nil || j.Status != "succeeded" {
		b.Errorf("%s: %s, %v", id, j.Status, err)
	}
	return j.FinishedAt.Sub(j.CreatedAt)
}
