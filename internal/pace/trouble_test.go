package pace_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/connector"
)

// TestManyCallsThatFailTogetherAreOneOutage: those that were out when the CRM
// was given up do not make the pause longer.
func TestManyCallsThatFailTogetherAreOneOutage(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, client redis.UniversalClient) {
		p := pacer(t, client, nil)
		limits := windows(1000, time.Second)
		var out []connector.Permit
		for i := range 30 {
			out = append(out, insist(t, p, ask(limits, fmt.Sprint("job", i))))
		}
		for _, permit := range out {
			permit.Done(connector.Feedback{Verdict: connector.VerdictDown})
		}
		s, err := p.State(context.Background(), "a", "a", limits)
		if err != nil {
			t.Fatal(err)
		}
		if pause := s.FrozenUntil.Sub(s.Now); pause <= 0 || pause > time.Second || !s.Trial {
			t.Errorf("after one outage the account is left alone for %v (%+v)", pause, s)
		}
	})
}
