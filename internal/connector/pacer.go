package connector

import (
	"context"
	"net/url"
	"time"

	"crmferry/internal/fault"
)

// Pacer keeps the calls of all workers together within what a CRM allows.
type Pacer interface {
	// Take waits up to two seconds until a call may begin. When the turn comes
	// later than that its error is a *fault.Error that is Paced: nothing was
	// sent, and the work must wait in its account's line.
	Take(ctx context.Context, a Ask) (Permit, error)
}

// Permit is the right to begin one call now. It ends with Cancel or Done.
type Permit interface {
	// Expired says that the call did not begin in time: another permit is needed.
	Expired() bool
	// Cancel gives the permit back: no call was made.
	Cancel()
	// Done tells what became of the call.
	Done(f Feedback)
	// Limited tells, after Done, that the answer's body was a refusal for the
	// pace after all.
	Limited(wait time.Duration)
}

// Ask is a call that wants to be made.
type Ask struct {
	CRM     string
	Account string // the integrated account
	Budget  string // who shares the limits, see Limits.Budget
	Op      string
	Host    string
	// Holder names whoever makes the call: one job or one probe. One holder
	// makes one call at a time.
	Holder string
	// Job is the job, "" for none.
	Job string
	// Yields: it lets others that wait go first, and leaves more of a quota.
	Yields bool
	Limits Limits
}

// Verdict is what an answer says about the CRM's state.
type Verdict string

// The verdicts.
const (
	VerdictUp      Verdict = "up"      // it answered as one who works
	VerdictDown    Verdict = "down"    // no answer, or one of 5xx
	VerdictLimited Verdict = "limited" // it refused for its pace
	VerdictNone    Verdict = ""        // nothing was learnt
)

// Feedback is what a call taught.
type Feedback struct {
	Verdict Verdict
	// Wait is what the CRM asked for, 0 for nothing.
	Wait time.Duration
	// Begun is how long after the permit the first byte was sent, Took how
	// long the whole call took.
	Begun, Took time.Duration
	Usage       []Usage
}

// Usage is what the CRM told of one of its budgets.
type Usage struct {
	Period Period // "" is the short window
	Limit  int    // 0 when it was not told
	Left   int
	Reset  time.Duration // until the budget is whole again; 0 when it was not told
}

// unpaced lets every call go.
type unpaced struct{}

func (unpaced) Take(context.Context, Ask) (Permit, error) { return unpaced{}, nil }
func (unpaced) Expired() bool                             { return false }
func (unpaced) Cancel()                                   {}
func (unpaced) Done(Feedback)                             {}
func (unpaced) Limited(time.Duration)                     {}

// turn describes a call of this session to the pacer.
func (s *Session) turn(op, address string) Ask {
	host := ""
	if u, err := url.Parse(address); err == nil {
		host = u.Host
	}
	limits := s.spec.Limits.With(s.acc.Pace)
	return Ask{
		CRM: s.spec.ID, Account: s.acc.ID, Budget: limits.Budget(s.spec.ID, s.acc.ID, s.acc.App), Op: op, Host: host,
		Holder: s.holder, Job: s.job, Yields: s.yields, Limits: limits,
	}
}

// held is the fault of a call whose turn did not come.
func (s *Session) held(op string, err error) error {
	f := *fault.From(err)
	f.CRM, f.Op = s.spec.ID, op
	return &f
}
