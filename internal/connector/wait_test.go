package connector

import (
	"net/http"
	"testing"
	"time"
)

func TestParseWait(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		value string
		form  WaitForm
		want  time.Duration
		ok    bool
	}{
		{"7", Auto, 7 * time.Second, true},
		{" 0.25 ", Auto, 250 * time.Millisecond, true},
		{"0", Auto, 0, true},
		{"1764000000", Auto, 0, true}, // an instant of the past
		{"1795521660", Auto, time.Minute, true},
		{"1795521660000", Auto, time.Minute, true},
		{"Tue, 24 Nov 2026 12:01:30 GMT", Auto, 90 * time.Second, true},
		{"2026-11-24T12:00:05Z", Auto, 5 * time.Second, true},
		{"2026-11-24T13:00:05+0100", Auto, 5 * time.Second, true},
		{"2026-11-24T13:00:05+01:00", Auto, 5 * time.Second, true},
		{"2026-11-24 12:00:05", Auto, 5 * time.Second, true},
		{"2026-11-24T11:00:00Z", Auto, 0, true},
		{"1500", Millis, 1500 * time.Millisecond, true},
		{"1795521660", EpochSecond, time.Minute, true},
		{"1795521660000", EpochMillis, time.Minute, true},
		{"90", Seconds, 90 * time.Second, true},
		{"1e18", Seconds, maxWait, true},
		{"1e300", Seconds, 0, false},
		{"99999999999", EpochSecond, maxWait, true},
		{"", Auto, 0, false},
		{"soon", Auto, 0, false},
		{"-3", Auto, 0, false},
		{"NaN", Seconds, 0, false},
	}
	for _, tt := range tests {
		got, ok := ParseWait(tt.value, tt.form, now)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("ParseWait(%q, %q) = %v, %v; want %v, %v", tt.value, tt.form, got, ok, tt.want, tt.ok)
		}
	}
}

func TestLimitsWait(t *testing.T) {
	t.Parallel()
	l := Limits{
		DefaultWait: time.Minute,
		Wait:        []WaitHeader{{"X-First", Seconds}, {"X-Millis", Millis}},
	}
	tests := []struct {
		name    string
		header  http.Header
		limited bool
		want    time.Duration
	}{
		{"nothing said", http.Header{}, true, time.Minute},
		{"nothing said elsewhere", http.Header{}, false, 0},
		{"first that speaks", http.Header{"X-Millis": {"500"}, "Retry-After": {"9"}}, true, 500 * time.Millisecond},
		{"unreadable ones are passed over", http.Header{"X-First": {"soon"}, "Retry-After": {"9"}}, true, 9 * time.Second},
		{"Retry-After elsewhere", http.Header{"X-First": {"1"}, "Retry-After": {"9"}}, false, 9 * time.Second},
	}
	for _, tt := range tests {
		if got := l.wait(tt.header, tt.limited, time.Now()); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestMaxWait(t *testing.T) {
	t.Parallel()
	l := Limits{MaxWait: time.Hour}
	for text, want := range map[string]time.Duration{"60": time.Minute, "3600": time.Hour, "86400": time.Hour} {
		if got := l.wait(http.Header{"Retry-After": {text}}, true, time.Now()); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"2026-11-23T09:30:17.883Z":     "2026-11-23T09:30:17.883Z",
		"2026-11-23T09:30:17.000+0000": "2026-11-23T09:30:17Z",
		"2026-11-23T09:30:17-04:00":    "2026-11-23T13:30:17Z",
		"2026-11-23T09:30:17":          "2026-11-23T09:30:17Z",
		"2026-11-23 09:30:17":          "2026-11-23T09:30:17Z",
		"2026-11-23 09:30:17+01:00":    "2026-11-23T08:30:17Z",
		"2026-11-23":                   "2026-11-23T00:00:00Z",
	}
	for text, want := range tests {
		got := TimeOf(text)
		if got == nil || got.Format(time.RFC3339Nano) != want || got.Location() != time.UTC {
			t.Errorf("TimeOf(%q) = %v, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", "yesterday", "2026-13-01"} {
		if got := TimeOf(text); got != nil {
			t.Errorf("TimeOf(%q) = %v", text, got)
		}
	}
}

func TestInstantsAreOfTheVendorsClock(t *testing.T) {
	t.Parallel()
	h := http.Header{"Date": {"Tue, 23 May 2023 14:42:01 GMT"}, "Retry-After": {"Tue, 23 May 2023 14:42:31 GMT"}}
	if got := (Limits{}).wait(h, true, answeredAt(h)); got != 30*time.Second {
		t.Errorf("wait %v", got)
	}
	if age := time.Since(answeredAt(http.Header{"Date": {"today"}})); age < 0 || age > time.Minute {
		t.Errorf("without a date: %v ago", age)
	}
}

func TestReplyTellsItsTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	if got := (Reply{Header: http.Header{"Date": {at.Format(http.TimeFormat)}}}).AnsweredAt(); !got.Equal(at) {
		t.Errorf("%v, want %v", got, at)
	}
	if got := (Reply{}).AnsweredAt(); time.Since(got) > time.Minute {
		t.Errorf("without a date: %v", got)
	}
}
