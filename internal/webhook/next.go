package webhook

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Policy decides when a delivery is tried again.
type Policy struct {
	// Schedule holds the gaps between the attempts.
	Schedule []time.Duration
	// GiveUp is for how long an endpoint may fail before it is switched off.
	GiveUp time.Duration
}

// DefaultGiveUp is the usual GiveUp.
const DefaultGiveUp = 5 * 24 * time.Hour

// DefaultSchedule is the example of Standard Webhooks: 75 hours in all.
func DefaultSchedule() []time.Duration {
	return []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour,
		14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

const (
	jitter = 0.1 // of a gap, to either side
	// longestPause bounds for how long one answer can hold up a receiver's other
	// deliveries, longestDelay its own.
	longestPause = time.Hour
	longestDelay = 24 * time.Hour
)

// Answer is what came of one try.
type Answer struct {
	Status     int           // 0: there was no answer
	RetryAfter time.Duration // 0: the receiver named none
}

// OK says whether the receiver took the event.
func (a Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// throttles: the receiver has enough for now.
func (a Answer) throttles() bool {
	return a.Status == http.StatusTooManyRequests || a.RetryAfter > 0 && a.Status >= 500
}

// Verdict is what follows from a try.
type Verdict struct {
	Status Status
	After  time.Duration // until the next try of a pending delivery
	// Pause is for how long nothing else is to be sent to the receiver.
	Pause time.Duration
	// Gone: the receiver wants nothing any more.
	Gone bool
}

// Next decides what follows the answer to the try number tries, from 1. random
// is from 0 to 1.
func (p Policy) Next(tries int, a Answer, random float64) Verdict {
	switch {
	case a.OK():
		return Verdict{Status: Succeeded}
	case a.Status == http.StatusGone:
		return Verdict{Status: Failed, Gone: true}
	}
	v := Verdict{Status: Failed}
	if tries <= len(p.Schedule) {
		gap := p.Schedule[tries-1]
		v.Status = Pending
		v.After = gap + time.Duration((2*random-1)*jitter*float64(gap))
		v.After = min(max(v.After, a.RetryAfter), max(longestDelay, v.After))
	}
	if a.throttles() {
		v.Pause = a.RetryAfter
		if v.Pause == 0 && len(p.Schedule) > 0 {
			v.Pause = p.Schedule[0]
		}
		v.Pause = min(v.Pause, longestPause)
	}
	return v
}

// Exhausted says whether an endpoint that fails since then is to be switched off.
func (p Policy) Exhausted(failingSince, now time.Time) bool {
	return p.GiveUp > 0 && !failingSince.IsZero() && now.Sub(failingSince) >= p.GiveUp
}

// retryAfter reads the header: seconds or an HTTP date; 0 where it says nothing.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if n, err := strconv.ParseInt(value, 10, 32); err == nil {
		return max(time.Duration(n)*time.Second, 0)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return max(at.Sub(now), 0)
}
