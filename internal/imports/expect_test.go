package imports

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/connector"
	"crmferry/internal/pace"
)

func TestExpect(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	window := func(op string, n int) pace.WindowState {
		return pace.WindowState{Op: op, Requests: n, Per: 10 * time.Second}
	}
	batch := &connector.Batch{Max: 100, PerRecord: true}
	daily := func(left int) []pace.QuotaState {
		return []pace.QuotaState{{Period: connector.Day, Requests: 1000, Reserved: 200, Used: 800 - left, ResetsAt: now.Add(12 * time.Hour)}}
	}
	for name, c := range map[string]struct {
		batch         *connector.Batch
		valid, looked int
		state         pace.State
		want          Expected
	}{
		"no limit":                      {nil, 250, 0, pace.State{}, Expected{Calls: 250}},
		"a call for each":               {nil, 250, 0, pace.State{Windows: []pace.WindowState{window("", 100)}}, Expected{250, new(25.0), 0}},
		"batches":                       {batch, 250, 0, pace.State{Windows: []pace.WindowState{window("", 100)}}, Expected{3, new(0.3), 0}},
		"a batch that fails as a whole": {&connector.Batch{Max: 100}, 250, 0, pace.State{}, Expected{Calls: 250}},
		"look-ups before batches":       {batch, 250, 200, pace.State{Windows: []pace.WindowState{window("", 100)}}, Expected{203, new(20.3), 0}},
		"look-ups are slower":           {nil, 10, 10, pace.State{Windows: []pace.WindowState{window("", 100), window("find", 5)}}, Expected{20, new(20.0), 0}},
		"answers are slower":            {nil, 100, 0, pace.State{Windows: []pace.WindowState{window("", 100)}, PerSecond: 2}, Expected{100, new(50.0), 0}},
		"a shared budget":               {nil, 100, 0, pace.State{Windows: []pace.WindowState{window("", 100)}, Accounts: 3}, Expected{100, new(30.0), 0}},
		"within the day's quota":        {nil, 500, 0, pace.State{Now: now, Quotas: daily(500)}, Expected{Calls: 500}},
		"one beyond the day's quota":    {nil, 501, 0, pace.State{Now: now, Quotas: daily(500)}, Expected{501, new(12 * 3600.0), 2}},
		"three days":                    {nil, 2100, 0, pace.State{Now: now, Quotas: daily(500)}, Expected{2100, new(36 * 3600.0), 3}},
		"a quota that is used up":       {nil, 800, 0, pace.State{Now: now, Quotas: daily(-5)}, Expected{800, new(12 * 3600.0), 2}},
		"a quota of unknown size":       {nil, 800, 0, pace.State{Now: now, Quotas: []pace.QuotaState{{Period: connector.Day}}}, Expected{Calls: 800}},
		"a rolling day": {nil, 150, 0, pace.State{Now: now, Windows: []pace.WindowState{{Requests: 100, Per: 24 * time.Hour, Used: 60, Quota: true}}},
			Expected{150, new(48 * 3600.0), 3}},
		"a month": {nil, 11, 0, pace.State{Now: now, Quotas: []pace.QuotaState{{Period: connector.Month, Requests: 10, ResetsAt: now.Add(48 * time.Hour)}}},
			Expected{11, new(48 * 3600.0), 3}},
		"nothing valid": {batch, 0, 0, pace.State{Windows: []pace.WindowState{window("", 100)}}, Expected{0, new(0.0), 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &Report{Rows: Rows{Valid: c.valid}, lookUps: c.looked}
			if diff := cmp.Diff(c.want, r.Expect(&connector.Spec{Batch: c.batch}, c.state)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
