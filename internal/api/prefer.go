package api

import (
	"strconv"
	"strings"
	"time"
)

// maxWait is the longest that a request is kept waiting for a job.
const maxWait = 60 * time.Second

// preference is what a request's Prefer headers say (RFC 7240).
type preference struct {
	// wait is how long the caller would wait; valid when waits is set.
	wait  time.Duration
	waits bool
	// async: the caller asks not to be kept waiting by default.
	async bool
}

// parsePrefer reads the preferences that we know. Others, and those that are
// malformed, are left aside, as RFC 7240 section 2 asks; of a repeated one the
// first counts.
func parsePrefer(headers []string) preference {
	var p preference
	for _, header := range headers {
		for item := range strings.SplitSeq(header, ",") {
			item, _, _ = strings.Cut(item, ";")
			name, value, _ := strings.Cut(item, "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "respond-async":
				p.async = true
			case "wait":
				n, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
				if err == nil && !p.waits {
					p.wait, p.waits = clampWait(time.Duration(n)*time.Second), true
				}
			}
		}
	}
	return p
}

func clampWait(d time.Duration) time.Duration { return min(max(d, 0), maxWait) }

// applied is the value of Preference-Applied, "" where there was nothing to apply.
func (p preference) applied() string {
	if !p.waits {
		return ""
	}
	return "wait=" + strconv.Itoa(int(p.wait/time.Second))
}

// orDefault is how long to wait when a token has a default of its own.
func (p preference) orDefault(d time.Duration) time.Duration {
	if p.waits || p.async {
		return p.wait
	}
	return clampWait(d)
}
