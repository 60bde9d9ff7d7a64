package connector

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestUsageHeaders(t *testing.T) {
	t.Parallel()
	plain := UsageHeader{Remaining: "Left", Limit: "Most", Reset: "Whole", ResetForm: Seconds}
	for name, c := range map[string]struct {
		header UsageHeader
		values map[string]string
		want   []Usage
	}{
		"one number each":            {plain, map[string]string{"Left": "7", "Most": "100", "Whole": "30"}, []Usage{{Limit: 100, Left: 7, Reset: 30 * time.Second}}},
		"the tightest of several":    {plain, map[string]string{"Left": "9999, 19988", "Most": "10000, 20000"}, []Usage{{Limit: 10000, Left: 9999}}},
		"what is left alone":         {plain, map[string]string{"Left": "0"}, []Usage{{}}},
		"below nothing":              {plain, map[string]string{"Left": "-3"}, []Usage{{}}},
		"decimals":                   {plain, map[string]string{"Left": "12.0"}, []Usage{{Left: 12}}},
		"no header":                  {plain, nil, nil},
		"a limit alone":              {plain, map[string]string{"Most": "100"}, nil},
		"not a number":               {plain, map[string]string{"Left": "plenty"}, nil},
		"past every number":          {plain, map[string]string{"Left": "1e300"}, nil},
		"used of all":                {UsageHeader{Combined: "Info", Period: Day}, map[string]string{"Info": "api-usage=18/5000"}, []Usage{{Period: Day, Limit: 5000, Left: 4982}}},
		"used of all, and more":      {UsageHeader{Combined: "Info"}, map[string]string{"Info": "api-usage=18/20; per-app-api-usage=17/250(appName=x)"}, []Usage{{Limit: 20, Left: 2}}},
		"used beyond all":            {UsageHeader{Combined: "Info"}, map[string]string{"Info": "21/20"}, []Usage{{Limit: 20}}},
		"not a pair":                 {UsageHeader{Combined: "Info"}, map[string]string{"Info": "api-usage=18"}, nil},
		"a list":                     {UsageHeader{List: "RateLimit", ResetForm: Seconds}, map[string]string{"RateLimit": "limit=100, remaining=50, reset=2.5"}, []Usage{{Limit: 100, Left: 50, Reset: 2500 * time.Millisecond}}},
		"a list in another order":    {UsageHeader{List: "RateLimit"}, map[string]string{"RateLimit": "Remaining=3;LIMIT=9"}, []Usage{{Limit: 9, Left: 3}}},
		"a list without what counts": {UsageHeader{List: "RateLimit"}, map[string]string{"RateLimit": "limit=100"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			for k, v := range c.values {
				h.Set(k, v)
			}
			if diff := cmp.Diff(c.want, Limits{Usage: []UsageHeader{c.header}}.usage(h)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBudgets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scope     Scope
		app, want string
	}{
		{"", "", "acc"}, {PerAccount, "x", "acc"}, {PerIP, "", "ip-crm"}, {PerApp, "x", "app-crm-x"}, {PerApp, "", "acc"},
	} {
		if got := (Limits{Scope: c.scope}).Budget("crm", "acc", c.app); got != c.want {
			t.Errorf("%q, app %q: %s, want %s", c.scope, c.app, got, c.want)
		}
	}
}

func TestAnAccountsOwnPace(t *testing.T) {
	t.Parallel()
	own, reserve := []Window{{Requests: 1, Per: time.Second}}, 7
	l := Limits{Windows: []Window{{Requests: 9, Per: time.Minute}}, Concurrency: 4}
	for name, c := range map[string]struct {
		pace *Pace
		want Limits
	}{
		"none":        {nil, l},
		"windows":     {&Pace{Windows: own}, Limits{Windows: own, Concurrency: 4}},
		"quotas":      {&Pace{Quotas: []Quota{{Requests: 5, Period: Day}}}, Limits{Windows: l.Windows, Concurrency: 4, Quotas: []Quota{{Requests: 5, Period: Day}}}},
		"concurrency": {&Pace{Concurrency: 2}, Limits{Windows: l.Windows, Concurrency: 2}},
		"reserve":     {&Pace{Reserve: &reserve}, Limits{Windows: l.Windows, Concurrency: 4, Reserve: &reserve}},
	} {
		if diff := cmp.Diff(c.want, l.With(c.pace)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
