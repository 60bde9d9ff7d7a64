package pace

import (
	"testing"
	"time"

	"crmferry/internal/connector"
)

// TestAHostThatDoesNotAnswer is left alone after some calls in a row, for longer
// each time, and then tried by one call.
func TestAHostThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	b := newBreakers(func() time.Time { return now }, func() float64 { return 1 })
	for i := range hostPatience {
		if wait := b.wait("h"); wait != 0 {
			t.Fatalf("held back after %d failures", i)
		}
		b.heard("h", connector.VerdictDown)
	}
	for _, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		if got := b.wait("h"); got != wait {
			t.Errorf("left alone for %v, want %v", got, wait)
		}
		if got := b.wait("other"); got != 0 {
			t.Errorf("another host waits %v", got)
		}
		b.heard("h", connector.VerdictDown) // a call that was out already teaches nothing new
		now = now.Add(wait)
		if got := b.wait("h"); got != 0 {
			t.Errorf("nobody tries: %v", got)
		}
		if got := b.wait("h"); got == 0 || got > pause {
			t.Errorf("a second one tries as well, or waits %v", got)
		}
		b.heard("h", connector.VerdictNone) // nothing learnt
		b.heard("h", connector.VerdictDown)
	}
	now = now.Add(time.Minute)
	if got := b.wait("h"); got != 0 {
		t.Errorf("nobody tries: %v", got)
	}
	b.heard("h", connector.VerdictUp)
	for range 3 {
		if got := b.wait("h"); got != 0 {
			t.Errorf("it is back, and calls wait %v", got)
		}
	}
}

func TestATrialThatNeverEndsMakesRoomForAnother(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	b := newBreakers(func() time.Time { return now }, func() float64 { return 0 })
	for range hostPatience {
		b.heard("h", connector.VerdictDown)
	}
	now = now.Add(time.Minute)
	if b.wait("h") != 0 || b.wait("h") == 0 {
		t.Fatal("not exactly one tries")
	}
	now = now.Add(trialTime)
	if got := b.wait("h"); got != 0 {
		t.Errorf("nobody tries again: %v", got)
	}
}
