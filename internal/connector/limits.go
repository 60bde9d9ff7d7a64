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

// UsageHeader is a group of headers that tell how much of a budget is left;
// empty names are absent. Of a combined header such as "api-usage=18/5000"
// Used and Limit are read from the first pair of numbers.
type UsageHeader struct {
	Remaining, Limit, Reset string
	Combined                string
	ResetForm               WaitForm
	Period                  Period // "" = the short window
}
