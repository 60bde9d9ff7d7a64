package chaos

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

var (
	long    = flag.Bool("chaos.long", false, "run the long form")
	creates = flag.Int("chaos.jobs", 1000, "contacts per kind of CRM in the long form")
	seed    = flag.Uint64("chaos.seed", 1, "of everything that is random")
)

// campaign is one run of the suite.
type campaign struct {
	kinds    []kind
	each     int           // contacts per kind of CRM
	span     time.Duration // over which they are posted
	lying    float64       // probability of each kind of lie
	patience time.Duration // in which all must be over once the faults have ended
}

// TestShort is the suite in short: every kind of fault, a few hundred jobs.
func TestShort(t *testing.T) {
	t.Parallel()
	campaign{kinds: kinds(), each: 60, span: 18 * time.Second, lying: 0.02, patience: time.Minute}.run(t)
}

// TestLong runs with -chaos.long alone.
func TestLong(t *testing.T) {
	if !*long {
		t.Log("the long form runs with -chaos.long")
		return
	}
	span := max(30*time.Second, time.Duration(*creates)*150*time.Millisecond)
	campaign{kinds: moreKinds(), each: *creates, span: span, lying: 0.02, patience: 2 * time.Minute}.run(t)
}

func (c campaign) run(t *testing.T) {
	w := newWorld(t, c.kinds)
	var generators []*generator
	for i, k := range w.kinds {
		generators = append(generators, w.generator(k, *seed+uint64(i), c.each))
	}
	n := w.unleash(*seed, c.lying)
	var wg sync.WaitGroup
	for _, g := range generators {
		wg.Go(func() { g.run(c.span) })
	}
	wg.Wait()
	faults := n.stop()
	healed := time.Now()
	verdicts := make([]verdict, len(generators))
	for i, g := range generators {
		wg.Go(func() { verdicts[i] = check(g.history(c.patience)) })
	}
	wg.Wait()
	t.Logf("all over %v after the last fault\n%s", time.Since(healed).Round(100*time.Millisecond), table(w.kinds, faults, verdicts))
	for i, v := range verdicts {
		for _, complaint := range v.complaints {
			t.Errorf("%s: %s", w.kinds[i].crm, complaint)
		}
	}
	for _, c := range n.deck() {
		if faults[c.name] == 0 {
			t.Errorf("no %s", c.name)
		}
	}
}

// table is the summary of a run.
func table(kinds []kind, faults map[string]int, verdicts []verdict) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "fault\tinjected")
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		fmt.Fprintf(w, "%s\t%d\n", name, faults[name])
	}
	fmt.Fprintln(w, "\t\nkind\tCRM\tjobs\tsucceeded\tfailed\tunknown\tlost\ttwice")
	for i, v := range verdicts {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\n", kinds[i].name, kinds[i].crm, v.jobs, v.succeeded, v.failed, v.unknown, v.lost, v.twice)
	}
	_ = w.Flush()
	return b.String()
}
