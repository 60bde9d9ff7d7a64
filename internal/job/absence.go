package job

import "time"

const (
	// renewTime is how long workers get to renew the leases that ran out while
	// the store was away: they may hold an outcome.
	renewTime = 3 * time.Second
	// slowAnswer tells a store that was away while it was asked.
	slowAnswer = time.Second
)

// absence notes when the store was last away.
type absence struct{ last time.Time }

// note hears of every question to the store that began at a time.
func (a *absence) note(began time.Time, err error) {
	if err != nil || time.Since(began) > slowAnswer {
		a.last = time.Now()
	}
}

// recent says whether leases may have run out for that reason alone.
func (a *absence) recent() bool { return time.Since(a.last) < renewTime }
