package chaos

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox/kit"
)

// person is one contact of the generator's.
type person struct {
	name string
	// seed is the id of a record "from last year" with the e-mail, if there is one.
	seed string
	// twin: posted twice without a key, so that the CRM is to hold it twice, or
	// to refuse one.
	twin bool
}

// nameOf is the name of the person that a job is about: a twin's references
// are numbered.
func nameOf(ref string) string {
	name, _, _ := strings.Cut(ref, "/")
	return name
}

// generator posts the contacts of one CRM.
type generator struct {
	*world
	kind     kind
	people   []person
	random   *rand.Rand
	mu       sync.Mutex
	accepted map[string]string // client reference by job id
}

// clients post for one CRM at once.
const clients = 4

func (w *world) generator(k kind, seed uint64, n int) *generator {
	g := &generator{world: w, kind: k, random: rand.New(rand.NewPCG(seed, 2)), accepted: map[string]string{}}
	lastYear := time.Now().AddDate(-1, 0, 0)
	for i := range n {
		p := person{name: fmt.Sprintf("Nr%d", i), twin: g.random.IntN(100) < 3}
		if g.random.IntN(10) == 0 {
			p.seed = w.crm(k).Seed(account, kit.Person{FirstName: "Ada", LastName: p.name, Email: fleet.Email(p.name)}, lastYear)
		}
		g.people = append(g.people, p)
	}
	return g
}

// run posts everybody, spread over a time.
func (g *generator) run(span time.Duration) {
	begun := time.Now()
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := c; i < len(g.people); i += clients {
				due := span * time.Duration(i) / time.Duration(len(g.people))
				time.Sleep(time.Until(begun.Add(due)))
				g.send(g.people[i])
			}
		})
	}
	wg.Wait()
}

func (g *generator) send(p person) {
	if !p.twin {
		first := g.insist(p, func(int) (ref, key string) { return p.name, "key-" + p.name })
		again := g.insist(p, func(int) (ref, key string) { return p.name, "key-" + p.name })
		if first != again {
			g.Errorf("%s: one key made two jobs, %s and %s", g.kind.crm, first, again)
		}
		return
	}
	var both sync.WaitGroup
	for _, side := range []string{"a", "b"} {
		both.Go(func() {
			// Without a key every try is a create of its own, answered or not.
			g.insist(p, func(try int) (ref, key string) { return fmt.Sprintf("%s/%s%d", p.name, side, try), "" })
		})
	}
	both.Wait()
}

// insist posts a contact until it is accepted, whatever dies meanwhile.
func (g *generator) insist(p person, naming func(try int) (ref, key string)) (id string) {
	try := 0
	g.Eventually(time.Minute, "a contact to be accepted", func() bool {
		ref, key := naming(try)
		try++
		var headers []string
		if key != "" {
			headers = []string{"Idempotency-Key", key}
		}
		a, err := g.Call("POST", fleet.Contacts(g.ids[g.kind.crm], "client_ref", ref), fleet.Person(p.name), headers...)
		if err != nil || a.Status != http.StatusAccepted {
			return false
		}
		var j fleet.Job
		a.Decode(g, &j)
		id = j.ID
		g.mu.Lock()
		defer g.mu.Unlock()
		g.accepted[id] = ref
		return true
	})
	return id
}

// history waits until all jobs are over and gives what the checker needs.
func (g *generator) history(patience time.Duration) history {
	h := history{kind: g.kind, people: g.people, accepted: maps.Clone(g.accepted), jobs: map[string]fleet.Job{}}
	deadline := time.Now().Add(patience)
	// Those whose acceptance got lost on the way to us count as well.
	for id, ref := range g.listed() {
		h.accepted[id] = ref
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	work := make(chan string)
	for range 16 {
		wg.Go(func() {
			for id := range work {
				if j, ok := g.end(id, deadline); ok {
					mu.Lock()
					h.jobs[id] = j
					mu.Unlock()
				}
			}
		})
	}
	for id := range h.accepted {
		work <- id
	}
	close(work)
	wg.Wait()
	h.records = g.crm(g.kind).Ledger(account)
	return h
}

// end gives a job when it is over or time is; false when nobody knows it.
func (g *generator) end(id string, deadline time.Time) (fleet.Job, bool) {
	for {
		var j fleet.Job
		a, err := g.Call("GET", "/jobs/"+id+"?wait=2", nil)
		known := err == nil && a.Status == http.StatusOK
		if known {
			a.Decode(g, &j)
		}
		if known && j.Over() || time.Now().After(deadline) {
			return j, known
		}
	}
}

// listed gives the account's jobs as GET /jobs tells of them.
func (g *generator) listed() map[string]string {
	refs, path := map[string]string{}, "/jobs?limit=200&integrated_account_id="+g.ids[g.kind.crm]
	for next := ""; ; {
		var page struct {
			Result     []fleet.Job
			NextCursor string `json:"next_cursor"`
		}
		g.Must(http.StatusOK, "GET", path+next, nil).Decode(g, &page)
		for _, j := range page.Result {
			refs[j.ID] = j.ClientRef
		}
		if page.NextCursor == "" {
			return refs
		}
		next = "&cursor=" + page.NextCursor
	}
}
