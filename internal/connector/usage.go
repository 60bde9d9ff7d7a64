package connector

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// verdict is what an answer's status says about the CRM, and the wait that it
// asks for.
func (l Limits) verdict(status int, header http.Header) (Verdict, time.Duration) {
	switch {
	case status == http.StatusTooManyRequests:
		return VerdictLimited, l.wait(header, true, answeredAt(header))
	case status == http.StatusServiceUnavailable:
		return VerdictDown, l.wait(header, false, answeredAt(header))
	case status >= 500 && status != http.StatusNotImplemented:
		return VerdictDown, 0
	default:
		return VerdictUp, 0
	}
}

// usage reads the headers that tell what is left.
func (l Limits) usage(h http.Header) []Usage {
	var told []Usage
	for _, u := range l.Usage {
		if use, ok := u.read(h); ok {
			told = append(told, use)
		}
	}
	return told
}

func (u UsageHeader) read(h http.Header) (Usage, bool) {
	switch {
	case u.Combined != "":
		used, limit, ok := pair(h.Get(u.Combined))
		return Usage{Period: u.Period, Limit: limit, Left: max(0, limit-used)}, ok
	case u.List != "":
		parts := listed(h.Get(u.List))
		return u.told(parts["remaining"], parts["limit"], parts["reset"], h)
	default:
		return u.told(h.Get(u.Remaining), h.Get(u.Limit), h.Get(u.Reset), h)
	}
}

func (u UsageHeader) told(remaining, limit, reset string, h http.Header) (Usage, bool) {
	left, ok := least(remaining)
	use := Usage{Period: u.Period, Left: max(0, left)}
	use.Limit, _ = least(limit)
	if ok && reset != "" {
		use.Reset, _ = ParseWait(reset, u.ResetForm, answeredAt(h))
	}
	return use, ok
}

// pair finds the first two numbers with a stroke between them: "18/5000" in
// "api-usage=18/5000".
func pair(value string) (used, limit int, ok bool) {
	tokens := strings.FieldsFunc(value, func(r rune) bool { return (r < '0' || r > '9') && r != '/' })
	for _, token := range tokens {
		a, b, stroke := strings.Cut(token, "/")
		used, err1 := strconv.Atoi(a)
		limit, err2 := strconv.Atoi(b)
		if stroke && err1 == nil && err2 == nil {
			return used, limit, true
		}
	}
	return 0, 0, false
}

// listed reads "limit=100, remaining=50, reset=5".
func listed(value string) map[string]string {
	parts := map[string]string{}
	for _, part := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ';' }) {
		name, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[strings.ToLower(name)] = v
	}
	return parts
}

// mostUsage is past any limit that a CRM has.
const mostUsage = 1e12

// least reads the least of the numbers of a header: some CRMs tell several
// budgets in a list, of which the tightest counts.
func least(value string) (n int, ok bool) {
	for _, part := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }) {
		f, err := strconv.ParseFloat(part, 64)
		if err != nil || !(f > -mostUsage && f < mostUsage) { // NaN is neither
			return 0, false
		}
		if !ok || int(f) < n {
			n, ok = int(f), true
		}
	}
	return n, ok
}
