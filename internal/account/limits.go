package account

import (
	"fmt"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

// The bounds of Limits.
const (
	maxWindows     = 10
	maxRequests    = 1_000_000
	maxQuota       = 1_000_000_000
	maxPerSeconds  = 86_400
	maxConcurrency = 1000
	maxReserve     = 90
)

// limits checks the pace; one that says nothing is nil.
func (v *validator) limits(l *Limits) *Limits {
	if l == nil {
		return nil
	}
	if len(l.Windows) > maxWindows {
		v.problem("/limits/windows", contact.CodeTooMany, "has more than %d entries", maxWindows)
		return nil
	}
	for i, w := range l.Windows {
		at := fmt.Sprintf("/limits/windows/%d", i)
		if w.Requests < 1 || w.Requests > maxRequests {
			v.problem(at+"/requests", CodeOutOfRange, "must be from 1 to %d", maxRequests)
		}
		if !(w.PerSeconds > 0 && w.PerSeconds <= maxPerSeconds) { // so that NaN is out too
			v.problem(at+"/per_seconds", CodeOutOfRange, "must be above 0 and up to %d", maxPerSeconds)
		}
	}
	v.quotas(l.Quotas)
	// 0 is absent: the CRM's own concurrency.
	if l.Concurrency < 0 || l.Concurrency > maxConcurrency {
		v.problem("/limits/concurrency", CodeOutOfRange, "must be from 1 to %d", maxConcurrency)
	}
	if l.Reserve != nil && (*l.Reserve < 0 || *l.Reserve > maxReserve) {
		v.problem("/limits/reserve", CodeOutOfRange, "must be from 0 to %d percent", maxReserve)
	}
	if len(l.Windows) == 0 && len(l.Quotas) == 0 && l.Concurrency == 0 && l.Reserve == nil {
		return nil
	}
	return l
}

// quotas checks those: each period may stand once.
func (v *validator) quotas(quotas []Quota) {
	seen := map[connector.Period]bool{}
	for i, q := range quotas {
		at := fmt.Sprintf("/limits/quotas/%d", i)
		if q.Requests < 1 || q.Requests > maxQuota {
			v.problem(at+"/requests", CodeOutOfRange, "must be from 1 to %d", maxQuota)
		}
		switch q.Period {
		case connector.Day, connector.Month, connector.Rolling24:
			if seen[q.Period] {
				v.problem(at+"/period", contact.CodeConflict, "stands there already")
			}
			seen[q.Period] = true
		default:
			v.problem(at+"/period", CodeOutOfRange, "must be day, month or rolling_24h")
		}
	}
}
