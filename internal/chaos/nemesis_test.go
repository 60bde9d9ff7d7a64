package chaos

import (
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox/kit"
)

// nemesis breaks things at random, until it is stopped.
type nemesis struct {
	*world
	random  *rand.Rand
	begun   time.Time
	workers []*fleet.Process
	frozen  map[*fleet.Process]bool
	done    map[string]int // faults, by kind
	lies    map[string][]*kit.Injected
	quit    chan struct{}
	loop    sync.WaitGroup
	pending sync.WaitGroup // faults that are to be undone
	mu      sync.Mutex     // of frozen
}

// card is one fault that the nemesis may draw. A fault that cannot be had right
// now gives false.
type card struct {
	name string
	play func() bool
}

// deck is what the nemesis draws from, all of it before anything comes again:
// so that even a short run meets every fault.
func (n *nemesis) deck() []card {
	deck := []card{
		{"kill -9 of a worker", n.killWorker}, {"kill -9 of a worker", n.killWorker}, {"kill -9 of the API", n.killAPI},
		{"pause of a worker", n.pauseWorker}, {"pause of the API", n.pauseAPI}, {"connections cut", n.cut},
		{"connections reset", n.toxic("reset_peer", "timeout", 300, "upstream", "downstream")},
		{"answers reset", n.toxic("reset_peer", "timeout", 50, "downstream")},
		{"connections delayed", n.toxic("latency", "latency", 1500, "upstream", "downstream")},
		{"connections stalled", n.toxic("timeout", "timeout", 1000, "upstream", "downstream")},
		{"requests cut short", n.toxic("limit_data", "bytes", 600, "upstream")},
		{"answers cut short", n.toxic("limit_data", "bytes", 600, "downstream")},
	}
	if n.Redis != nil {
		deck = append(deck, card{"kill -9 of Redis", n.restartRedis}, card{"pause of Redis", n.pauseRedis})
	}
	return deck
}

// unleash lets the nemesis loose on three workers.
func (w *world) unleash(seed uint64, probability float64) *nemesis {
	n := &nemesis{
		world: w, random: rand.New(rand.NewPCG(seed, 1)), begun: time.Now(), quit: make(chan struct{}),
		done: map[string]int{}, lies: map[string][]*kit.Injected{}, frozen: map[*fleet.Process]bool{},
	}
	for range 3 {
		n.workers = append(n.workers, w.StartWorker())
	}
	for i, k := range w.kinds {
		for name, fault := range lies(seed+uint64(1000*i), probability) {
			n.lies[name] = append(n.lies[name], w.crm(k).Inject(fault))
		}
	}
	n.loop.Go(n.run)
	return n
}

func (n *nemesis) run() {
	for deck := n.deck(); ; {
		n.random.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		for _, c := range deck {
			if !n.pause(200, 900) {
				return
			}
			if at := time.Since(n.begun); c.play() {
				n.Logf("%6.2f s: %s", at.Seconds(), c.name)
				n.done[c.name]++
			}
		}
	}
}

// between is a random time in milliseconds.
func (n *nemesis) between(least, most int) time.Duration {
	return time.Duration(least+n.random.IntN(most-least)) * time.Millisecond
}

// pause waits between two faults; false when the nemesis is to stop.
func (n *nemesis) pause(least, most int) bool {
	select {
	case <-n.quit:
		return false
	case <-time.After(n.between(least, most)):
		return true
	}
}

// later undoes a fault after a while, or when the nemesis stops.
func (n *nemesis) later(d time.Duration, undo func()) {
	n.pending.Go(func() {
		select {
		case <-n.quit:
		case <-time.After(d):
		}
		undo()
	})
}

// stop ends all faults and counts them.
func (n *nemesis) stop() map[string]int {
	close(n.quit)
	n.loop.Wait()
	n.pending.Wait()
	for name, all := range n.lies {
		for _, one := range all {
			n.done[name] += one.Struck()
		}
	}
	for _, k := range n.kinds {
		n.crm(k).ClearFaults()
		k.blindfold(n.crm(k))
	}
	return n.done
}

func (n *nemesis) anyWorker() int { return n.random.IntN(len(n.workers)) }

func (n *nemesis) killWorker() bool {
	i := n.anyWorker()
	n.workers[i].Kill()
	n.workers[i] = n.StartWorker()
	return true
}

func (n *nemesis) killAPI() bool {
	n.API.Kill()
	n.StartAPI()
	return true
}

// pauseWorker stops a worker for longer than its leases, its send window and
// every time-out. One worker always goes on.
func (n *nemesis) pauseWorker() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	free := slices.DeleteFunc(slices.Clone(n.workers), func(p *fleet.Process) bool { return n.frozen[p] })
	if len(free) < 2 {
		return false
	}
	p := free[n.random.IntN(len(free))]
	n.frozen[p] = true
	p.Signal(syscall.SIGSTOP)
	// A shorter pause, for the end's sake, would prove nothing.
	wait := time.After(n.between(9500, 12_000))
	n.pending.Go(func() {
		<-wait
		p.Signal(syscall.SIGCONT)
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.frozen, p)
	})
	return true
}

func (n *nemesis) pauseAPI() bool {
	p := n.API
	p.Signal(syscall.SIGSTOP)
	n.later(n.between(300, 2000), func() { p.Signal(syscall.SIGCONT) })
	return true
}

func (n *nemesis) restartRedis() bool {
	n.Redis.Kill()
	if err := n.Redis.Restart(n.Context()); err != nil {
		n.Error(err)
	}
	return true
}

func (n *nemesis) pauseRedis() bool {
	client := n.Redis.Client()
	defer func() { _ = client.Close() }()
	if err := client.ClientPause(n.Context(), n.between(300, 2000)).Err(); err != nil {
		n.Error(err)
	}
	return true
}

func (n *nemesis) anyCRM() string { return n.kinds[n.random.IntN(len(n.kinds))].crm }

// cut breaks the connections to a CRM that is not cut off already.
func (n *nemesis) cut() bool {
	undo, ok := n.net.cut(n.anyCRM())
	if ok {
		n.later(n.between(200, 1500), undo)
	}
	return ok
}

// toxic poisons the connections to a CRM for a while, in one of the directions
// and with a value up to most.
func (n *nemesis) toxic(toxic, attribute string, most int, directions ...string) func() bool {
	return func() bool {
		direction := directions[n.random.IntN(len(directions))]
		undo := n.net.poison(n.anyCRM(), toxic, direction, map[string]int{attribute: 1 + n.random.IntN(most)})
		n.later(n.between(500, 2000), undo)
		return true
	}
}
