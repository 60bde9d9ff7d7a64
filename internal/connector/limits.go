package connector

import "time"

// Limits is the pace that a CRM allows one account, as we start with it; an
// account may override it.
type Limits struct {
	Windows     []Window
	Quotas      []Quota
	Concurrency int
	// Scope says who shares the budget; "" means the account.
	Scope Scope
	// Wait lists the headers by which the CRM says how long to wait after a
	// limited answer, first match wins. Retry-After (seconds or HTTP-date) is
	// always honoured and need not be listed unless its form differs.
	Wait []WaitHeader
	// DefaultWait is used where a limited answer names no time.
	DefaultWait time.Duration
	// MaxWait, where set, bounds the waits that headers ask for.
	MaxWait time.Duration
	// Usage lists headers that tell what is left.
	Usage []UsageHeader
	// Reserve is an account's own, see Pace.
	Reserve *int
}

// Window allows Requests calls in any stretch of Per.
type Window struct {
	Requests int           `json:"requests"`
	Per      time.Duration `json:"-"`
	// For is "" for all calls, or the op that has a budget of its own: "find".
	For string `json:"for,omitempty"`
}

// Quota allows Requests calls per calendar period.
type Quota struct {
	Requests int
	Period   Period
}

// Period is a stretch of a quota.
type Period string

// The periods; days and months are UTC.
const (
	Day       Period = "day"
	Month     Period = "month"
	Rolling24 Period = "rolling_24h"
)

// Scope is who shares a budget.
type Scope string

// The scopes.
const (
	PerAccount Scope = "account"
	PerApp     Scope = "app" // all accounts that use one OAuth client
	PerIP      Scope = "ip"  // everything that leaves from one address
)

// WaitForm is how a header writes a point in time or a wait.
type WaitForm string

// The forms. Auto understands plain and decimal seconds, HTTP-dates and ISO
// 8601, and takes large numbers for epochs in seconds or milliseconds.
const (
	Auto        WaitForm = ""
	Seconds     WaitForm = "seconds"
	Millis      WaitForm = "milliseconds"
	EpochSecond WaitForm = "epoch_seconds"
	EpochMillis WaitForm = "epoch_milliseconds"
)

// WaitHeader is a header that tells how long to wait.
type WaitHeader struct {
	Name string
	Form WaitForm
}

// Pace is what an account has of its own in place of the CRM's limits.
type Pace struct {
	Windows     []Window
	Quotas      []Quota
	Concurrency int
	// Reserve is the share of quotas, in percent, that is left to the
	// customer's other software; nil for the usual one.
	Reserve *int
}

// With gives the limits with an account's own in place.
func (l Limits) With(p *Pace) Limits {
	if p == nil {
		return l
	}
	if len(p.Windows) > 0 {
		l.Windows = p.Windows
	}
	if len(p.Quotas) > 0 {
		l.Quotas = p.Quotas
	}
	if p.Concurrency > 0 {
		l.Concurrency = p.Concurrency
	}
	l.Reserve = p.Reserve
	return l
}

// Budget names who shares the limits: the account, all accounts that came by
// one app, or all accounts of the CRM, which one address calls.
func (l Limits) Budget(crm, account, app string) string {
	switch {
	case l.Scope == PerIP:
		return "ip-" + crm
	case l.Scope == PerApp && app != "":
		return "app-" + crm + "-" + app
	default:
		return account
	}
}

// UsageHeader is a group of headers that tell how much of a budget is left;
// empty names are absent. Of a combined header such as "api-usage=18/5000"
// Used and Limit are read from the first pair of numbers.
type UsageHeader struct {
	Remaining, Limit, Reset string
	Combined                string
	// List names a header such as "limit=100, remaining=50, reset=5".
	List      string
	ResetForm WaitForm
	Period    Period // "" = the short window
}
