package chaos

import (
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox/kit"
)

// TestATwinsAnswerIsUnderWay posts one person twice. The first contact is
// stored, and its answer takes its time; the second is lost before it is
// stored, so that the look-up finds nothing but the first one's record, which
// looks just like the second's own.
func TestATwinsAnswerIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, kinds()[:3])
	w.StartWorker()
	for _, k := range w.kinds {
		t.Run(k.crm, func(t *testing.T) {
			sub := &world{Fleet: w.With(t), kinds: w.kinds, ids: w.ids}
			w.crm(k).SetIndexLag(0)
			g := sub.generator(k, 0, 0)
			g.people = []person{{name: "Twin", twin: true}}
			g.strike(kit.Fault{Do: kit.WriteThenDelay, Delay: kit.Duration(3 * crmTimeout / 4)}, "Twin/a")
			g.strike(kit.Fault{Do: kit.ResetAfter}, "Twin/b")
			for _, complaint := range check(g.history(30 * time.Second)).complaints {
				t.Error(complaint)
			}
		})
	}
}

// strike posts the twin, and waits until the fault has met the create.
func (g *generator) strike(fault kit.Fault, ref string) {
	fault.Match, fault.Times = kit.Match{Method: "POST", Body: named("Twin")}, 1
	struck := g.crm(g.kind).Inject(fault)
	j := g.Post(fleet.Contacts(g.ids[g.kind.crm], "client_ref", ref), fleet.Person("Twin"))
	g.accepted[j.ID] = ref
	if err := struck.Wait(g.Context(), 1); err != nil {
		g.Fatal(err)
	}
}
