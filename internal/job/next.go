package job

import (
	"time"

	"crmferry/internal/fault"
)

// Policy is how patient the Runner is.
type Policy struct {
	// MaxFailures is how many attempts may fail through the request's own
	// fault or through answers that nobody can read.
	MaxFailures int
	// Base and Cap bound the exponential back-off between tries.
	Base, Cap time.Duration
	// FirstLook is how long after an unknown outcome the CRM is asked about it;
	// each pause after that is twice as long, up to LastLook.
	FirstLook, LastLook time.Duration
}

// DefaultPolicy is what a fleet runs with.
func DefaultPolicy() Policy {
	return Policy{MaxFailures: 6, Base: time.Second, Cap: 10 * time.Minute, FirstLook: time.Second, LastLook: time.Minute}
}

// Verdict is what happens to a job after an attempt.
type Verdict struct {
	// Status is the state that the job goes to; Waiting and Verifying come
	// with At, the time of the next attempt.
	Status     Status
	At         time.Time
	WaitingFor WaitingFor
	Error      *fault.Error
	// Charge: the attempt counts against MaxFailures.
	Charge bool
	// InLine: it waits in its account's line, and At is the earliest time at
	// which its turn can come.
	InLine bool
	// Setback: the fault is a passing one; the back-off grows.
	Setback bool
}

// Next decides what comes after an attempt that ended with f (nil: success).
// It is pure: spread, in [0,1), is the jitter.
func Next(p Policy, j Job, f *fault.Error, now time.Time, spread float64) Verdict {
	if f == nil {
		return Verdict{Status: Succeeded}
	}
	v := judge(p, j, f, now, spread)
	late := v.At.After(j.ExpiresAt)
	switch {
	case v.Status == Failed && j.inDoubt() && f.Kind != fault.Invalid && f.Kind != fault.Duplicate:
		return Verdict{Status: Unknown, Error: unresolved(f)}
	case v.Status.Terminal():
		return v
	case j.exists():
		// The record is there: what is missing ends as warnings, in time.
		if late {
			v.At = j.ExpiresAt
		}
		return v
	case j.inDoubt() && late:
		return Verdict{Status: Unknown, Error: unresolved(f)}
	case j.inDoubt():
		v.Status = Verifying
		return v
	case j.CancelRequested:
		return Verdict{Status: Cancelled, Error: fault.New(fault.Cancelled, "cancelled", "the job was cancelled")}
	case late:
		return Verdict{Status: Failed, Error: expired(f)}
	default:
		return v
	}
}

func judge(p Policy, j Job, f *fault.Error, now time.Time, spread float64) Verdict {
	if f.Final && f.Kind == fault.OutcomeUnknown {
		return Verdict{Status: Unknown, Error: f}
	}
	if f.Final {
		return Verdict{Status: Failed, Error: f, Charge: true}
	}
	if f.Paced { // no call was made: nothing went wrong
		return Verdict{Status: Waiting, At: now.Add(f.RetryAfter), WaitingFor: WaitingFor(f.Code), InLine: true}
	}
	switch f.Kind {
	case fault.RateLimited:
		at := now.Add(max(f.RetryAfter, backoff(p, 0, spread)))
		return Verdict{Status: Waiting, At: at, WaitingFor: paceOrQuota(f), Error: f, InLine: true, Setback: f.RetryAfter == 0}
	case fault.Unavailable:
		at := now.Add(max(f.RetryAfter, backoff(p, j.Setbacks, spread)))
		return Verdict{Status: Waiting, At: at, WaitingFor: unavailable(f), Error: f, Setback: true}
	case fault.OutcomeUnknown:
		return Verdict{Status: Verifying, At: now.Add(p.look(j.Journal.Looks)), Error: f}
	case fault.BadResponse, fault.Internal:
		if j.Failures+1 >= p.MaxFailures {
			return Verdict{Status: Failed, Error: f, Charge: true}
		}
		at := now.Add(backoff(p, j.Failures, spread))
		return Verdict{Status: Waiting, At: at, WaitingFor: ForRetry, Error: f, Charge: true}
	case fault.Cancelled:
		return Verdict{Status: Cancelled, Error: f}
	default:
		if f.MaybeApplied && j.inDoubt() {
			return Verdict{Status: Verifying, At: now.Add(p.look(j.Journal.Looks)), Error: f}
		}
		return Verdict{Status: Failed, Error: f, Charge: true}
	}
}

// look is how long after the n-th try to find out what became of a create the
// next one comes.
func (p Policy) look(n int) time.Duration {
	return min(p.FirstLook<<min(n, 10), p.LastLook)
}

// exists says whether the record is known to be in the CRM.
func (j Job) exists() bool {
	return j.Journal.Phase == Completed || j.Journal.Phase == Matching
}

// inDoubt says whether a create was sent whose outcome is not known.
func (j Job) inDoubt() bool { return j.Journal.Phase == Sending }

// longWait is where a wait for the pace becomes a wait for a quota.
const longWait = 5 * time.Minute

func paceOrQuota(f *fault.Error) WaitingFor {
	if f.RetryAfter > longWait {
		return ForQuota
	}
	return ForPace
}

// unavailable tells a CRM that does not answer from an account that may not be used.
func unavailable(f *fault.Error) WaitingFor {
	switch {
	case f.Status == 0 && f.Op == "" && f.Code == "account_disabled":
		return ForAccount
	case f.Status == 0 && f.Op == "" && f.Code == "reauthorization_required":
		return ForReauthorization
	default:
		return ForVendor
	}
}

// backoff is exponential with full jitter, never under half a second.
func backoff(p Policy, n int, spread float64) time.Duration {
	ceiling := p.Base << min(n, 30)
	if ceiling <= 0 || ceiling > p.Cap {
		ceiling = p.Cap
	}
	return max(time.Duration(float64(ceiling)*spread), p.Base/2)
}

// unresolved is the fault of a job that ends with its outcome unknown because
// of something else.
func unresolved(f *fault.Error) *fault.Error {
	if f.Kind == fault.OutcomeUnknown {
		return f
	}
	u := fault.New(fault.OutcomeUnknown, "unresolvable",
		"the CRM may or may not hold the contact; what kept us from finding out: "+string(f.Kind))
	u.Status = f.Status
	return u
}

func expired(last *fault.Error) *fault.Error {
	f := fault.New(fault.Expired, "expired", "the job's time ran out before the CRM could be reached")
	if last != nil {
		f.Message = "the job's time ran out; the last obstacle was: " + string(last.Kind)
		f.Status, f.Code = last.Status, last.Code
	}
	return f
}
