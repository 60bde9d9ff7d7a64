package store_test

import (
	"context"
	"testing"
	"time"

	"crmferry/internal/job"
	"crmferry/internal/job/jobtest"
	"crmferry/internal/localredis/redistest"
)

// TestAJobWhoseTurnHasComeIsLookedForSoon: should the worker that fetched it die
// before it claims it, nobody else would know for half a minute.
func TestAJobWhoseTurnHasComeIsLookedForSoon(t *testing.T) {
	t.Parallel()
	client, ctx := redistest.Client(t), context.Background()
	s := open(t, client)
	a := jobtest.Acceptance(s, func(a *job.Acceptance) { a.Place = job.InLine })
	if _, _, _, err := s.Accept(ctx, a); err != nil {
		t.Fatal(err)
	}
	ref, err := s.Advance(ctx, a.ID)
	if err != nil || ref.Epoch != 2 {
		t.Fatalf("Advance = %+v, %v", ref, err)
	}
	due, err := client.ZScore(ctx, "ferry:1:{j"+a.ID[4:6]+"}:open", a.ID).Result()
	if in := time.Until(time.UnixMilli(int64(due))); err != nil || in > 11*time.Second || in < 0 {
		t.Errorf("looked for in %v, %v", in, err)
	}
}
