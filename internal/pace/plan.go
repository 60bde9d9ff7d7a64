// Package pace keeps the calls of a whole fleet within what each CRM allows:
// exact windows, quotas, concurrency, freezes, and a waiting line for every
// account. All of it lives in Redis, by Redis's clock, and one script changes
// it; see budget.lua and commands.lua.
package pace

import (
	"encoding/json"
	"fmt"
	"time"

	"crmferry/internal/connector"
)

const (
	// horizon is how far ahead a slot may be reserved at most; grace is how long a
	// reservation holds after its slot.
	horizon = 2 * time.Second
	grace   = 500 * time.Millisecond
	// minGuard is added to every window, or a hundredth of it where that is more:
	// calls do not travel equally fast.
	minGuard = 50 * time.Millisecond
	// maxGrains bounds what is kept of one window.
	maxGrains = 2000
	// travel is how long a job may be on its way to a worker before it is sent
	// again.
	travel = 10 * time.Second
	// believe is how long a limit that the CRM told is held to be true.
	believe = 15 * time.Minute
	// long is where a wait for the pace becomes a wait for a quota.
	long = 5 * time.Minute
	// laneMost bounds the jobs of one budget on their way to workers, ahead
	// those that go beyond its concurrency so that no call waits for a job.
	laneMost = 2000
	ahead    = 64
	// patience is how many calls in a row a CRM may fail to answer before it is
	// left alone, for pause at first and pauseCap at last.
	patience = 5
	pause    = time.Second
	pauseCap = 15 * time.Second
	tick     = 100 * time.Millisecond
	// relook is how long a line rests at most after a job was sent back into it.
	relook = 5 * time.Second
	// memory is how long a budget that nobody uses is remembered.
	memory = 33 * 24 * time.Hour
	// reserved is the usual share of a quota, in percent, that is left to the
	// customer's other software.
	reserved = 5
	// reservedOfImports is that share for calls that yield.
	reservedOfImports = 20
)

// plan is what the script must know of a budget's limits.
type plan struct {
	Windows     []window `json:"windows"`
	Quotas      []quota  `json:"quotas"`
	Concurrency int      `json:"concurrency"`
	Backlog     int64    `json:"backlog"`
	Lease       int64    `json:"lease"` // the longest that a call can be out
	Horizon     int64    `json:"horizon"`
	Grace       int64    `json:"grace"`
	Travel      int64    `json:"travel"`
	Believe     int64    `json:"believe"`
	Long        int64    `json:"long"`
	Lane        int      `json:"lane"`
	Ahead       int      `json:"ahead"`
	Patience    int      `json:"patience"`
	Pause       int64    `json:"pause"`
	PauseCap    int64    `json:"pausecap"`
	Tick        int64    `json:"tick"`
	// Imports is where in an account's line those begin that yield to the others.
	Imports int64 `json:"imports"`
	Relook  int64 `json:"relook"`
	Memory  int64 `json:"memory"`
}

// window allows Requests calls in any stretch of Per milliseconds.
type window struct {
	Name     string `json:"name"`
	Op       string `json:"op"`
	Requests int    `json:"requests"`
	Per      int64  `json:"per"`
	Guard    int64  `json:"guard"`
	// Grain is how many calls are counted as one entry.
	Grain int `json:"grain"`
	// Quota: waiting for it is waiting for a quota, of which calls that yield may
	// use no more than Yield.
	Quota bool `json:"quota,omitempty"`
	Yield int  `json:"yield,omitempty"`
}

// quota allows Requests calls until Ends, less the Reserve, or the Yield for
// calls that yield; 0 Requests is a quota of which only the CRM knows the size.
type quota struct {
	Name     string `json:"name"`
	Requests int    `json:"requests"`
	Reserve  int    `json:"reserve"`
	Yield    int    `json:"yield"`
	Ends     int64  `json:"ends"`
	Rolling  bool   `json:"rolling,omitempty"`
}

// planOf turns limits into a plan. lease is the longest that one call can
// take, backlog the most jobs that one account may have waiting.
func planOf(l connector.Limits, lease time.Duration, backlog int64, now time.Time) plan {
	p := plan{
		Windows: []window{}, Quotas: []quota{}, Concurrency: l.Concurrency, Backlog: backlog, Lease: lease.Milliseconds(),
		Horizon: horizon.Milliseconds(), Grace: grace.Milliseconds(), Travel: travel.Milliseconds(),
		Believe: believe.Milliseconds(), Long: long.Milliseconds(), Lane: laneMost, Ahead: ahead, Patience: patience,
		Pause: pause.Milliseconds(), PauseCap: pauseCap.Milliseconds(), Tick: tick.Milliseconds(), Relook: relook.Milliseconds(), Memory: memory.Milliseconds(),
		Imports: int64(Imports) << arrivalBits,
	}
	for _, w := range l.Windows {
		p.Windows = append(p.Windows, windowOf(w.Requests, w.Per, w.For))
		p.Horizon = min(p.Horizon, reach(p.Windows[len(p.Windows)-1]))
	}
	reserve, yield := reserved, reservedOfImports
	if l.Reserve != nil {
		reserve, yield = *l.Reserve, *l.Reserve
	}
	for _, q := range quotasOf(l) {
		if q.Period == connector.Rolling24 && q.Requests > 0 {
			w := windowOf(max(1, q.Requests*(100-reserve)/100), 24*time.Hour, "")
			w.Quota, w.Yield = true, max(1, q.Requests*(100-yield)/100)
			p.Windows = append(p.Windows, w)
		}
		p.Quotas = append(p.Quotas, quotaOf(q, reserve, yield, now))
	}
	return p
}

// reach is how far ahead slots of a window may be reserved: a call may begin as
// late as grace after its slot, and nobody may have built upon the slot by then.
func reach(w window) int64 {
	return max(w.Per+w.Guard-grace.Milliseconds(), minGuard.Milliseconds())
}

// quotasOf adds those that only the CRM's headers tell of.
func quotasOf(l connector.Limits) []connector.Quota {
	all, known := l.Quotas, map[connector.Period]bool{"": true}
	for _, q := range all {
		known[q.Period] = true
	}
	for _, u := range l.Usage {
		if !known[u.Period] {
			known[u.Period] = true
			all = append(all[:len(all):len(all)], connector.Quota{Period: u.Period})
		}
	}
	return all
}

func windowOf(requests int, per time.Duration, op string) window {
	return window{
		Name: fmt.Sprintf("%d%s", per.Milliseconds(), op), Op: op, Requests: requests, Per: per.Milliseconds(),
		Guard: max(minGuard, per/100).Milliseconds(), Grain: (requests + maxGrains - 1) / maxGrains,
	}
}

func quotaOf(q connector.Quota, reserve, yield int, now time.Time) quota {
	out := quota{Name: string(q.Period), Requests: q.Requests, Reserve: reserve, Yield: yield, Rolling: q.Period == connector.Rolling24}
	if out.Rolling {
		out.Requests = 0 // the window counts; this holds what the CRM tells
	}
	if q.Period == connector.Month {
		now = now.UTC()
		out.Ends = time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	}
	return out
}

func (p plan) encode() string {
	raw, _ := json.Marshal(p) // numbers and strings: cannot fail
	return string(raw)
}
