package connector

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxWait bounds what a header may ask for: longer waits are looked at again.
const maxWait = 32 * 24 * time.Hour

// wait is how long an answer asks us to wait; 0 when it does not say. Only
// limited ones are read for more than Retry-After: many CRMs send the headers
// of their budgets with every answer.
func (l Limits) wait(h http.Header, limited bool, now time.Time) time.Duration {
	headers := []WaitHeader{{Name: "Retry-After"}}
	if limited {
		headers = append(slices.Clone(l.Wait), headers...)
	}
	for _, w := range headers {
		if d, ok := ParseWait(h.Get(w.Name), w.Form, now); ok {
			return l.bounded(d)
		}
	}
	if limited {
		return l.DefaultWait
	}
	return 0
}

func (l Limits) bounded(d time.Duration) time.Duration {
	if l.MaxWait > 0 {
		return min(d, l.MaxWait)
	}
	return d
}

// answeredAt is the CRM's clock at its answer, to which the instants in its
// headers belong; ours where it does not tell.
func answeredAt(h http.Header) time.Time {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		return at
	}
	return time.Now()
}

// AnsweredAt is the CRM's clock at its answer; ours where it does not tell.
func (r Reply) AnsweredAt() time.Time { return answeredAt(r.Header) }

// ParseWait reads a wait in one of the forms that vendors use. A time in the
// past is a wait of zero.
func ParseWait(value string, form WaitForm, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0, false
	}
	number, err := strconv.ParseFloat(value, 64)
	if err != nil {
		at, ok := parseInstant(value)
		return clampWait(at.Sub(now)), ok
	}
	if !(number >= 0 && number < math.MaxInt64) { // NaN is neither
		return 0, false
	}
	if form == Auto {
		form = guessForm(number)
	}
	switch form {
	case Millis:
		return clampWait(seconds(number / 1000)), true
	case EpochSecond:
		return clampWait(time.Unix(int64(number), 0).Sub(now)), true
	case EpochMillis:
		return clampWait(time.UnixMilli(int64(number)).Sub(now)), true
	default:
		return clampWait(seconds(number)), true
	}
}

func seconds(n float64) time.Duration {
	if n > maxWait.Seconds() {
		return maxWait
	}
	return time.Duration(n * float64(time.Second))
}

// guessForm takes numbers too large for a wait as points in time.
func guessForm(n float64) WaitForm {
	switch {
	case n >= 1e12:
		return EpochMillis
	case n >= 1e9:
		return EpochSecond
	default:
		return Seconds
	}
}

func clampWait(d time.Duration) time.Duration { return min(max(d, 0), maxWait) }

// parseInstant reads HTTP-dates and ISO 8601, with or without a colon in the
// offset, a zone, or a T.
func parseInstant(value string) (time.Time, bool) {
	if at, err := http.ParseTime(value); err == nil {
		return at, true
	}
	return ParseTime(value)
}

// ParseTime reads the time forms of the CRMs: RFC 3339, offsets without a
// colon, a space for the T, no zone (taken as UTC), a date alone. The result
// is in UTC.
func ParseTime(value string) (time.Time, bool) {
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00",
		"2006-01-02 15:04:05-0700", "2006-01-02 15:04:05", "2006-01-02",
	} {
		if at, err := time.Parse(layout, strings.TrimSpace(value)); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// TimeOf is ParseTime as a pointer, nil when value is no time.
func TimeOf(value string) *time.Time {
	at, ok := ParseTime(value)
	if !ok {
		return nil
	}
	return &at
}
