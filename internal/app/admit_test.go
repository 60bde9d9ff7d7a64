package app

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/job"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/store"
)

// seen is a room after looks at a store, a second apart.
func seen(share float64, most int64, counts ...[2]int64) *room {
	var i int
	r := &room{
		most:   most,
		memory: func(context.Context) (float64, error) { return share, nil },
		counts: func(context.Context) (int64, int64, error) { return counts[i][0], counts[i][1], nil },
	}
	start := time.Now()
	for i = range counts {
		r.look(context.Background(), start.Add(time.Duration(i)*time.Second))
	}
	return r
}

func TestWorkIsRefusedByItsSizeWhenRoomGetsShort(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		room              *room
		contacts, imports bool
	}{
		"not seen yet":           {&room{}, true, true},
		"memory hidden":          {seen(0, 0, [2]int64{5, 5}), true, true},
		"some memory in use":     {seen(0.75, 0, [2]int64{5, 5}), true, true},
		"too much for an import": {seen(0.76, 0, [2]int64{5, 5}), true, false},
		"just enough":            {seen(0.85, 0, [2]int64{5, 5}), true, false},
		"too much":               {seen(0.86, 0, [2]int64{5, 5}), false, false},
		"over the limit":         {seen(1.2, 0, [2]int64{5, 5}), false, false},
		"few jobs in memory":     {seen(0, 100, [2]int64{99, 5}), true, true},
		"too many in memory":     {seen(0, 100, [2]int64{100, 5}), false, false},
	} {
		for work, want := range map[job.Work]bool{job.OneContact: c.contacts, job.ManyRows: c.imports} {
			err := c.room.Admit(work)
			var full *job.Full
			if admitted := err == nil; admitted != want || !admitted && (!errors.Is(err, job.ErrFull) || !errors.As(err, &full)) {
				t.Errorf("%s: %s: %v", name, work, err)
			}
		}
	}
}

func TestTheWaitFollowsTheDrainRate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		room *room
		want time.Duration
	}{
		"100 a second":               {seen(0.9, 0, [2]int64{3200, 0}, [2]int64{3100, 100}, [2]int64{3000, 200}), 30 * time.Second},
		"fast":                       {seen(0.9, 0, [2]int64{100, 0}, [2]int64{10, 90}), time.Second},
		"slow":                       {seen(0.9, 0, [2]int64{5000, 0}, [2]int64{4999, 1}), 5 * time.Minute},
		"nothing ends":               {seen(0.9, 0, [2]int64{50, 7}, [2]int64{50, 7}), 5 * time.Minute},
		"nothing of ours":            {seen(0.9, 0, [2]int64{1, 6}, [2]int64{0, 7}), 5 * time.Minute},
		"one look":                   {seen(0.9, 0, [2]int64{50, 7}), 5 * time.Minute},
		"the cap, until 1 % is free": {seen(0, 1000, [2]int64{1000, 0}, [2]int64{1000, 2}), 5 * time.Second},
	} {
		if got := c.room.RetryAfter(); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	many := make([][2]int64, 100) // a burst long ago does not count
	for i := range many {
		many[i] = [2]int64{100, 1_000_000 + int64(i)*10}
	}
	many[0][1] = 0
	if got := seen(0.9, 0, many...).RetryAfter(); got != 10*time.Second {
		t.Errorf("after a burst: %v", got)
	}
}

func TestWhatCannotBeSeenRefusesNothing(t *testing.T) {
	t.Parallel()
	r := seen(0.99, 0, [2]int64{1, 1})
	if r.Admit(job.OneContact) == nil {
		t.Fatal("admitted")
	}
	r.memory = func(context.Context) (float64, error) { return 0, errors.New("NOPERM") }
	r.counts = func(context.Context) (int64, int64, error) { return 0, 0, errors.New("away") }
	r.look(t.Context(), time.Now())
	if err := r.Admit(job.OneContact); err != nil {
		t.Error(err)
	}
}

func TestTheRoomIsThatOfTheRealRedis(t *testing.T) {
	t.Parallel()
	p := redistest.Process(t)
	if p == nil {
		t.Log("redis-server is not on the PATH: the Redis in memory has no maxmemory")
		return
	}
	client := p.Client()
	defer func() { _ = client.Close() }()
	s := store.New(client, store.Options{})
	defer func() { _ = s.Close() }()
	h := &house{db: &database{UniversalClient: client, direct: client}, store: s}
	r := h.room()
	look := func() error {
		r.look(t.Context(), time.Now())
		return r.Admit(job.OneContact)
	}
	if err := look(); err != nil {
		t.Errorf("without maxmemory: %v", err)
	}
	set := func(limit string) {
		if err := client.ConfigSet(t.Context(), "maxmemory", limit).Err(); err != nil {
			t.Fatal(err)
		}
	}
	set("64mb")
	if err := look(); err != nil {
		t.Errorf("empty: %v", err)
	}
	if err := client.Set(t.Context(), "foreign", strings.Repeat("x", 58<<20), 0).Err(); err != nil && !redis.IsOOMError(err) {
		t.Fatal(err)
	}
	if err := look(); !errors.Is(err, job.ErrFull) {
		t.Errorf("nearly full: %v", err)
	}
	set("640mb")
	if err := look(); err != nil {
		t.Errorf("with more memory: %v", err)
	}
}
