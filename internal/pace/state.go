package pace

import (
	"context"
	"errors"
	"time"

	"crmferry/internal/connector"
)

// State is how a budget stands, by Redis's clock.
type State struct {
	Now     time.Time
	Windows []WindowState
	Quotas  []QuotaState
	// Concurrency is how many calls may be out, 0 for any number; Calls how
	// many are.
	Concurrency int
	Calls       int
	// Waiting is how many jobs of the account are in line; Lane how many of the
	// budget are on their way to a worker; Accounts how many share its turns.
	Waiting, Lane, Accounts int64
	// FrozenUntil is zero when calls may be made; FrozenFor is pace, quota or
	// vendor_down.
	FrozenUntil time.Time
	FrozenFor   string
	// Trial: after an outage one call at a time is tried.
	Trial bool
	// Refusals counts the limited answers of the CRM.
	Refusals int64
	// NextAt is when the next call may begin, NextFor what it waits for until
	// then: pace, quota or vendor_down, "" for nothing.
	NextAt  time.Time
	NextFor string
	// PerSecond is how many jobs a second the pace allows at best, as far as
	// it is known how many calls a job takes; 0 when it is not limited.
	PerSecond float64
}

// WindowState is how a window stands.
type WindowState struct {
	Op       string
	Requests int // allowed now
	Per      time.Duration
	Used     int
	Quota    bool
}

// QuotaState is how a quota stands. Requests 0: its size is not known.
type QuotaState struct {
	Period   connector.Period
	Requests int
	Used     int
	Reserved int
	ResetsAt time.Time
}

// State tells how a budget stands for one of its accounts. It changes nothing.
func (p *Pacer) State(ctx context.Context, budget, account string, l connector.Limits) (State, error) {
	plan := planOf(l, p.o.lease(), p.o.Backlog, time.Now())
	d := p.desk(budget)
	a := d.do(ctx, &command{Do: doLook, Account: account}, d.encoded(l))
	if a.err != nil {
		return State{}, a.err
	}
	n := make([]int64, len(a.rest))
	for i, v := range a.rest {
		n[i], _ = v.(int64)
	}
	if len(n) != lookHead+2*len(plan.Windows)+4*len(plan.Quotas) {
		return State{}, errors.New("pace: an answer of another release")
	}
	s := stateOf(n)
	s.FrozenFor, _ = a.rest[1].(string)
	s.NextFor, _ = a.rest[lookHead-1].(string)
	if !s.FrozenUntil.After(s.Now) {
		s.FrozenUntil, s.FrozenFor = time.Time{}, ""
	}
	rest := n[lookHead:]
	for _, w := range plan.Windows {
		s.Windows = append(s.Windows, WindowState{Op: w.Op, Requests: int(rest[0]), Used: int(rest[1]), Per: millis(w.Per), Quota: w.Quota})
		rest = rest[2:]
	}
	for _, q := range plan.Quotas {
		s.Quotas = append(s.Quotas, quotaState(q, rest))
		rest = rest[4:]
	}
	s.PerSecond = perSecond(s, n[7], n[8], n[9])
	return s, nil
}

// lookHead is how many values come before those of the windows.
const lookHead = 15

func stateOf(n []int64) State {
	return State{
		Now: at(n[0]), Waiting: n[2], FrozenUntil: at(n[3]), Lane: n[4], Calls: int(n[5]), Concurrency: int(n[6]),
		Accounts: n[10], Trial: n[11] == 1, Refusals: n[12], NextAt: at(n[13]),
	}
}

func quotaState(q quota, n []int64) QuotaState {
	s := QuotaState{Period: connector.Period(q.Name), Requests: int(n[0]), Used: int(n[1]), ResetsAt: at(n[3])}
	if n[2] >= 0 {
		s.Reserved = int(n[0] - n[2])
	}
	return s
}

func at(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// perSecond is the least of what the windows and the concurrency let through,
// given what a job took so far: takes calls for jobs, which lasted spent
// milliseconds together.
func perSecond(s State, takes, jobs, spent int64) float64 {
	calls := 1.0
	if jobs > 0 && takes > jobs {
		calls = float64(takes) / float64(jobs)
	}
	rate := 0.0
	lower := func(r float64) {
		if rate == 0 || r < rate {
			rate = r
		}
	}
	for _, w := range s.Windows {
		if w.Op == "" && !w.Quota {
			lower(float64(w.Requests) / w.Per.Seconds())
		}
	}
	if s.Concurrency > 0 && spent > 0 {
		lower(float64(s.Concurrency) / (float64(spent) / float64(takes) / 1000))
	}
	return rate / calls
}

// Outlook is what a waiting job can expect.
type Outlook struct {
	// Ahead is how many jobs of its account go before it.
	Ahead int64
	// Begins and Ends are estimates: rank divided by rate.
	Begins, Ends time.Time
	WaitingFor   string // pace, quota or vendor_down
}

// Outlook estimates when a job that waits for the pace has its turn; false when
// nobody can tell. ahead is how many of its account wait before it, nil
// where that is not known; for one that has just come, the state of the budget
// may be a moment old.
func (p *Pacer) Outlook(ctx context.Context, m Member, ahead *int64, l connector.Limits) (Outlook, bool, error) {
	d := p.desk(m.Budget)
	if ahead != nil {
		s, err := d.recent(ctx, m.Account, l)
		return outlook(s, *ahead), err == nil, err
	}
	a := d.do(ctx, m.command(doPlace), d.encoded(l))
	if a.err != nil {
		return Outlook{}, false, a.err
	}
	s, err := p.State(ctx, m.Budget, m.Account, l)
	if a.n == onItsWay {
		a.n = 0
	} else if a.n < 0 { // it is just coming into line
		a.n = s.Waiting
	}
	return outlook(s, a.n), err == nil, err
}

// onItsWay is the place of a job that has left the line for a worker.
const onItsWay = -2

// stateLife is how old a state may be by which a wait is estimated.
const stateLife = 500 * time.Millisecond

// recent is the state for an account as it is or was a moment ago.
func (d *desk) recent(ctx context.Context, account string, l connector.Limits) (State, error) {
	d.mu.Lock()
	s, ok := d.states[account]
	d.mu.Unlock()
	if ok && time.Since(s.seen) < stateLife {
		return s.State, nil
	}
	state, err := d.p.State(ctx, d.budget, account, l)
	if err != nil {
		return State{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.states == nil || len(d.states) > stateMost {
		d.states = map[string]seenState{}
	}
	d.states[account] = seenState{state, time.Now()}
	return state, nil
}

// stateMost bounds the accounts of one budget whose state is remembered.
const stateMost = 1000

type seenState struct {
	State
	seen time.Time
}

func outlook(s State, ahead int64) Outlook {
	o := Outlook{Ahead: ahead, WaitingFor: s.NextFor}
	if o.WaitingFor == "" {
		o.WaitingFor = "pace"
	}
	o.Begins = s.Now.Add(s.Wait(ahead))
	o.Ends = s.Now.Add(s.Wait(ahead + 1))
	return o
}

// Wait estimates how long a job waits that has so many of its account ahead of
// it: rank divided by rate. Accounts that share a budget take turns.
func (s State) Wait(ahead int64) time.Duration {
	wait := max(s.NextAt.Sub(s.Now), 0)
	if s.PerSecond > 0 {
		wait += time.Duration(float64(ahead*max(s.Accounts, 1)) / s.PerSecond * float64(time.Second))
	}
	return wait
}
