package chaos

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

// step is where in a call a worker is stopped.
type step struct {
	name string
	// fault holds the call at the CRM; the gate before it does where there is none.
	fault kit.Fault
	// late: what is held is let go after the worker goes on, not before.
	late bool
}

// steps are all places of a call. A request that is out is applied, or lost,
// within the time-out of the call: what arrives later is beyond anybody's
// promise.
func steps() []step {
	return []step{
		{name: "connecting"},
		{name: "connecting, for longer", late: true},
		{name: "sent and lost", fault: kit.Fault{Do: kit.ResetAfter, Delay: kit.Duration(crmTimeout / 2)}},
		{name: "sent, applied meanwhile", fault: kit.Fault{Do: kit.Delay, Delay: kit.Duration(crmTimeout / 2)}},
		{name: "applied, not answered", fault: kit.Fault{Do: kit.WriteThenHold}, late: true},
		{name: "answered", fault: kit.Fault{Do: kit.WriteThenHold}},
	}
}

// TestStoppedAtEveryStep stops a worker in the midst of its calls, for longer
// than its lease and every deadline. Another takes over and brings the jobs to
// their ends; then the first goes on with what it was doing. Each contact
// stands once.
func TestStoppedAtEveryStep(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for _, s := range steps() {
		// All at once, whatever the number of processors: they do little but wait.
		wg.Go(func() {
			t.Run(s.name, func(t *testing.T) { newStoppage(t, s).run() })
		})
	}
	wg.Wait()
}

// stoppage is an installation in which a worker will be stopped.
type stoppage struct {
	*world
	step       step
	gate       *gate
	held       []*kit.Injected
	generators []*generator
}

func newStoppage(t *testing.T, s step) *stoppage {
	st := &stoppage{world: &world{kinds: kinds(), ids: map[string]string{}}, step: s}
	cert := filepath.Join(t.TempDir(), "cert.pem")
	st.Fleet = fleet.Launch(t, fleet.Options{
		Options: sandbox.Options{Unlimited: true},
		Env:     []string{"FERRY_CRM_TIMEOUT=" + crmTimeout.String(), "SSL_CERT_FILE=" + cert},
		Serve: func(all *sandbox.World) func(string) string {
			// With TLS there is a time between the connection and the first byte
			// of the request, in which the gate can hold it.
			server := httptest.NewUnstartedServer(all)
			st.gate = newGate(server.Listener)
			server.Listener = st.gate
			server.StartTLS()
			t.Cleanup(server.Close)
			t.Cleanup(st.gate.open)
			raw := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
			if err := os.WriteFile(cert, raw, 0o600); err != nil {
				t.Fatal(err)
			}
			return func(slug string) string { return server.URL + "/" + slug }
		},
	})
	st.connect()
	for i, k := range st.kinds {
		st.generators = append(st.generators, st.generator(k, uint64(i), 0))
	}
	return st
}

func (st *stoppage) run() {
	first := st.StartWorker()
	st.hold()
	st.post("Stopped")
	st.reached()
	first.Signal(syscall.SIGSTOP)
	st.gate.pass()
	st.letGo(func(k kind) bool {
		// While the first request under a key is in work the CRM answers no
		// repeat, and the job rightly stays in doubt.
		return !st.step.late || k.keyed
	})
	second := st.StartWorker()
	before := st.ends()
	first.Signal(syscall.SIGCONT)
	st.letGo(func(kind) bool { return true })
	st.end(second)
	// That it carries another contact shows that the first worker is back at
	// work; its end, that it is done with what it was doing.
	st.post("Afterwards")
	after := st.ends()
	st.end(first)
	for i, v := range before {
		for id, j := range v.jobs {
			now := after[i].jobs[id]
			// What the first worker comes back with may be what nobody knew.
			if proven := j.Status == "unknown" && now.Status == "succeeded"; !proven && (now.Status != j.Status || now.Result.ID != j.Result.ID) {
				st.Errorf("%s: %s was %s, and is %s", v.kind.crm, id, j.Status, now.Status)
			}
		}
		for _, complaint := range check(after[i]).complaints {
			st.Errorf("%s: %s", v.kind.crm, complaint)
		}
	}
}

// hold makes the next call stay where the step says.
func (st *stoppage) hold() {
	if st.step.fault.Do == "" {
		st.gate.shut()
		return
	}
	for _, k := range st.kinds {
		fault := st.step.fault
		fault.Match, fault.Times = kit.Match{Method: "POST", Body: named("Stopped")}, 1
		st.held = append(st.held, st.crm(k).Inject(fault))
	}
}

func (st *stoppage) post(name string) {
	for _, g := range st.generators {
		g.people = append(g.people, person{name: name})
		g.send(person{name: name})
	}
}

// reached waits until all calls are where they are to be.
func (st *stoppage) reached() {
	if st.held == nil {
		st.Eventually(20*time.Second, "connections to all CRMs", func() bool { return st.gate.waiting() >= len(st.kinds) })
	}
	for _, held := range st.held {
		if err := held.Wait(st.Context(), 1); err != nil {
			st.Fatal(err)
		}
	}
}

// letGo lets go of what is held at some of the CRMs; the gate knows but all.
func (st *stoppage) letGo(which func(kind) bool) {
	all := true
	for i, k := range st.kinds {
		if !which(k) {
			all = false
		} else if st.held != nil {
			st.held[i].Release()
		}
	}
	if all {
		st.gate.open()
	}
}

// ends waits for the ends of all jobs.
func (st *stoppage) ends() []history {
	list := make([]history, len(st.generators))
	var wg sync.WaitGroup
	for i, g := range st.generators {
		wg.Go(func() { list[i] = g.history(45 * time.Second) })
	}
	wg.Wait()
	return list
}

// end lets a worker end in good order.
func (st *stoppage) end(w *fleet.Process) {
	w.Signal(syscall.SIGTERM)
	st.Eventually(40*time.Second, "a worker to stop", func() bool {
		select {
		case <-w.Done():
			return true
		default:
			return false
		}
	})
}
