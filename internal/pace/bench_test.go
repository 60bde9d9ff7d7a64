package pace_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/localredis/redistest"
)

// BenchmarkTake is one call's way through the pace, 64 at a time, with nothing
// to wait for; redis-us is what Redis works for it.
func BenchmarkTake(b *testing.B) {
	client := redistest.Client(b)
	p := pacer(b, client, nil)
	limits := windows(1_000_000, time.Second)
	limits.Concurrency, limits.Quotas = 1000, []connector.Quota{{Requests: 100_000_000, Period: connector.Day}}
	var n atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		holder := fmt.Sprint("job", n.Add(1))
		for pb.Next() {
			insist(b, p, ask(limits, holder)).Done(connector.Feedback{Verdict: connector.VerdictUp, Took: time.Millisecond})
		}
	})
	b.StopTimer()
	stats, err := client.InfoMap(context.Background(), "commandstats").Result()
	if err != nil {
		return
	}
	var calls, usec float64
	for part := range strings.SplitSeq(stats["Commandstats"]["cmdstat_evalsha"], ",") {
		_, _ = fmt.Sscanf(part, "calls=%g", &calls)
		_, _ = fmt.Sscanf(part, "usec=%g", &usec)
	}
	b.ReportMetric(usec/float64(b.N), "redis-us/op")
	b.ReportMetric(float64(b.N)*2/calls, "commands/script")
}
