package imports

import (
	"math"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/pace"
)

// Expected tells what carrying out a file would take.
type Expected struct {
	Calls int `json:"calls" doc:"Calls to the CRM, at least: one for each contact or batch, and the look-ups that on_duplicate needs"`
	// Seconds is nil where nothing limits the account.
	Seconds   *float64 `json:"seconds,omitempty" doc:"How long they take at the account's pace when nothing else waits; absent where no pace is set"`
	QuotaDays int      `json:"quota_days,omitempty" doc:"Over how many days the account's quota spreads them; absent where what is left today is enough"`
}

// opFind is the kind of call for which a CRM may have a window of its own.
const opFind = "find"

// Remaining estimates what the rows of an import take that are left.
func (i *Import) Remaining(spec *connector.Spec, state pace.State) Expected {
	valid, left := i.Rows, i.Counts.Pending
	if i.Report != nil {
		valid = i.Report.Rows.Valid
	}
	r := Report{Rows: Rows{Valid: min(left, valid)}}
	if i.Rows > 0 {
		r.lookUps = int(int64(i.LookUps) * int64(left) / int64(i.Rows))
	}
	return r.Expect(spec, state)
}

// FinishAt estimates when an import that runs is over: the rows left at rate, or
// as paced says, whichever is slower, from when it goes on; the zero time where
// neither tells.
func (i *Import) FinishAt(now time.Time, rate float64, paced *Expected) time.Time {
	begins := now
	if i.Status == Waiting && i.WaitingUntil.After(now) {
		begins = i.WaitingUntil
	}
	seconds, known := 0.0, false
	if rate > 0 {
		seconds, known = float64(i.Counts.Pending)/rate, true
	}
	if paced != nil && paced.Seconds != nil {
		seconds, known = max(seconds, *paced.Seconds), true
	}
	if !known || seconds > farthest.Seconds() {
		return time.Time{}
	}
	return begins.Add(time.Duration(seconds * float64(time.Second))).UTC()
}

// farthest is the longest that is told as an estimate.
const farthest = 366 * 24 * time.Hour

// Expect estimates what the valid rows would take at the pace of state.
func (r *Report) Expect(spec *connector.Spec, state pace.State) Expected {
	creates, batched := r.Rows.Valid, false
	if b := spec.Batch; b != nil && b.PerRecord && b.Max > 1 {
		creates, batched = (creates+b.Max-1)/b.Max, true
	}
	e := Expected{Calls: creates + r.lookUps}
	// Accounts that share a budget take turns.
	turns := float64(max(state.Accounts, 1))
	seconds, limited := 0.0, false
	atLeast := func(s float64) { seconds, limited = max(seconds, s), true }
	for _, w := range state.Windows {
		switch {
		case w.Quota && w.Requests > 0:
			e.spread(w.Requests, w.Requests-w.Used, w.Per, w.Per, atLeast)
		case w.Op == "" && w.Requests > 0:
			atLeast(turns * float64(e.Calls) / float64(w.Requests) * w.Per.Seconds())
		case w.Op == opFind && w.Requests > 0:
			atLeast(turns * float64(r.lookUps) / float64(w.Requests) * w.Per.Seconds())
		}
	}
	for _, q := range state.Quotas {
		if q.Requests > 0 {
			every, next := period(q, state.Now)
			e.spread(q.Requests-q.Reserved, q.Requests-q.Reserved-q.Used, every, next, atLeast)
		}
	}
	// How fast single contacts went so far tells what the answers' time adds.
	if !batched && state.PerSecond > 0 {
		atLeast(turns * float64(r.Rows.Valid) / state.PerSecond)
	}
	if limited {
		e.Seconds = new(math.Round(seconds*10) / 10)
	}
	return e
}

// spread waits for a quota of full calls, of which left may still be made
// before the next period.
func (e *Expected) spread(full, left int, every, next time.Duration, atLeast func(seconds float64)) {
	full, left = max(full, 1), max(left, 0)
	if e.Calls <= left {
		return
	}
	periods := (e.Calls - left - 1) / full // whole ones after the next begins
	wait := next + time.Duration(periods)*every
	e.QuotaDays = max(e.QuotaDays, int(math.Ceil(wait.Hours()/24))+1)
	atLeast(wait.Seconds())
}

// period is how often a quota begins anew, and when it does next.
func period(q pace.QuotaState, now time.Time) (every, next time.Duration) {
	const day = 24 * time.Hour
	if every = day; q.Period == connector.Month {
		every = 30 * day
	}
	if next = every; q.ResetsAt.After(now) {
		next = min(next, q.ResetsAt.Sub(now))
	}
	return every, next
}
