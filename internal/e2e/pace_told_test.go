package e2e

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

// TestAnEstimateIsTrueWithinReason asks at half of a backlog when its last job
// will be done.
func TestAnEstimateIsTrueWithinReason(t *testing.T) {
	t.Parallel()
	const jobs = 80
	f := launch(t, sandbox.Options{Unlimited: true})
	account := f.ConnectAt(window(10, time.Second, 5), "hubspot", "estimate")
	f.StartWorker()
	f.StartWorker()
	ids := f.burst(account, jobs)
	f.Eventually(30*time.Second, "half of them to be done", func() bool { return f.World.CRM("hubspot").Count("estimate") >= jobs/2 })
	var last toldJob
	for _, id := range ids {
		if j := f.job(id); !j.Over() && j.EstimatedFinishAt.After(last.EstimatedFinishAt) {
			last = j
		}
	}
	asked := time.Now()
	if last.WaitingFor != "pace" || last.NextAttemptAt.After(last.EstimatedFinishAt) || last.NextAttemptAt.Before(asked) {
		t.Errorf("the last job waits for %q until %v, to end at %v", last.WaitingFor, last.NextAttemptAt, last.EstimatedFinishAt)
	}
	f.Await(last.ID, time.Minute)
	end := f.job(last.ID).FinishedAt
	told, real := last.EstimatedFinishAt.Sub(asked), end.Sub(asked)
	t.Logf("at half of the backlog: %.1f s were told, %.1f s they were", told.Seconds(), real.Seconds())
	if told > 2*real || real > 2*told {
		t.Errorf("told %v, were %v", told, real)
	}
}

// outage is a way for a CRM to be down.
type outage struct {
	begin func(f *ferry) (end func())
}

// TestACRMThatIsDownIsLeftAlone: a hundred jobs wait while it is down, few calls
// are made, callers are told, and all goes on by itself when it is back.
func TestACRMThatIsDownIsLeftAlone(t *testing.T) {
	t.Parallel()
	const jobs = 100
	lasts, most := 6*time.Second, 20
	if *paceLong {
		lasts, most = 10*time.Second, 30
	}
	door := &door{}
	for name, o := range map[string]outage{
		"it answers with 500": {func(f *ferry) func() {
			f.World.CRM("hubspot").Inject(kit.Fault{Match: kit.Match{Account: "down"}, Do: kit.Status, Vendor: kit.VendorServerError})
			return f.World.CRM("hubspot").ClearFaults
		}},
		"it refuses connections": {func(f *ferry) func() { door.shut(); return func() { door.open(f) } }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &ferry{fleet.Launch(t, fleet.Options{
				Options: sandbox.Options{Unlimited: true}, Env: []string{"FERRY_LOG_LEVEL=debug"},
				Serve: func(world *sandbox.World) func(string) string {
					if name != "it refuses connections" {
						crms := httptest.NewServer(world)
						t.Cleanup(crms.Close)
						return func(slug string) string { return crms.URL + "/" + slug }
					}
					return door.of(t, world)
				},
			})}
			account := f.ConnectAt(window(100, time.Second, 10), "hubspot", "down")
			end := o.begin(f)
			w := f.StartWorker()
			ids := f.burst(account, jobs)
			calls := func() int { return strings.Count(w.Output(), `"msg":"crm call"`) }
			f.Eventually(20*time.Second, "the first calls", func() bool { return calls() >= 5 })
			begun := time.Now()
			f.Eventually(10*time.Second, "callers to be told", func() bool {
				l := f.limits(account)
				return l.Recovering && l.Frozen != nil && l.Frozen.Reason == "vendor_down" && f.job(ids[jobs-1]).WaitingFor == "vendor_down"
			})
			f.Eventually(lasts+5*time.Second, "the outage to last", func() bool { return time.Since(begun) > lasts })
			if n := calls(); n >= most {
				t.Errorf("%d calls in %v to a CRM that is down", n, lasts)
			} else {
				t.Logf("%d calls in %v", n, lasts)
			}
			end()
			back := time.Now()
			f.Eventually(time.Minute, "the first to succeed", func() bool { return f.World.CRM("hubspot").Count("down") > 0 })
			t.Logf("the first succeeded %.1f s after the CRM was back", time.Since(back).Seconds())
			if states := f.allOver(ids, time.Minute); states["succeeded"] != jobs {
				t.Errorf("states = %v", states)
			}
			t.Logf("all succeeded %.1f s after the CRM was back", time.Since(back).Seconds())
			if n := f.World.CRM("hubspot").Count("down"); n != jobs {
				t.Errorf("the CRM holds %d contacts for %d jobs", n, jobs)
			}
		})
	}
}

// door is an address that can refuse connections.
type door struct {
	addr   string
	world  http.Handler
	server *httptest.Server
}

func (d *door) of(t *testing.T, world *sandbox.World) func(string) string {
	d.world, d.server = world, httptest.NewServer(world)
	d.addr = d.server.Listener.Addr().String()
	t.Cleanup(func() { d.server.Close() })
	return func(slug string) string { return "http://" + d.addr + "/" + slug }
}

func (d *door) shut() {
	d.server.CloseClientConnections()
	d.server.Close()
}

func (d *door) open(f *ferry) {
	f.Helper()
	var l net.Listener
	f.Eventually(10*time.Second, "the address to be free", func() bool {
		var err error
		l, err = net.Listen("tcp", d.addr)
		return err == nil
	})
	d.server = &httptest.Server{Listener: l, Config: &http.Server{Handler: d.world, ReadHeaderTimeout: 10 * time.Second}}
	d.server.Start()
}
