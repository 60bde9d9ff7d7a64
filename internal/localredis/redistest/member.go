package redistest

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"crmferry/internal/localredis"
)

const startTimeout = 30 * time.Second

// member starts one server of a set; nil where redis-server is not on the PATH.
func member(ctx context.Context, t testing.TB, o localredis.Options) *localredis.Process {
	t.Helper()
	for try := 1; ; try++ {
		o.Port = port(t)
		p, err := localredis.StartWith(ctx, t.TempDir(), o)
		switch {
		case err == nil:
			t.Cleanup(p.Stop)
			return p
		case errors.Is(err, localredis.ErrNoProgram):
			return nil
		case try == 5: // somebody may take the port before the server does, but not that often
			t.Fatal(err)
		}
	}
}

// toBus is how far above its port a server of a Cluster speaks to the others.
const toBus = 10_000

// port finds one that is free together with that of the cluster bus. Both lie
// below those that the kernel gives to outgoing connections.
func port(t testing.TB) int {
	t.Helper()
	for range 100 {
		if n := 12_000 + rand.IntN(toBus); free(n) && free(n+toBus) {
			return n
		}
	}
	t.Fatal("no free port")
	return 0
}

func free(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func addrs(list []*localredis.Process) string {
	var out []string
	for _, p := range list {
		out = append(out, p.Addr)
	}
	return strings.Join(out, ",")
}

// await polls until what is so.
func await(ctx context.Context, t testing.TB, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}
