package redisconn

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/config"
)

func TestTheClientsOwnWords(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := logger{slog.New(slog.NewTextHandler(&out, nil))}
	l.Printf(t.Context(), "redis: connection pool: failed to dial after %d attempts", 5)
	if out.Len() > 0 {
		t.Errorf("a failed connection: %s", &out)
	}
	l.Printf(t.Context(), "sentinel: new master=%q addr=%q", "ferry", "127.0.0.1:1")
	if !strings.Contains(out.String(), "level=INFO") || !strings.Contains(out.String(), "127.0.0.1:1") {
		t.Errorf("a new master: %s", &out)
	}
}

func TestEachMasterWantsAClientOfConnect(t *testing.T) {
	t.Parallel()
	one := Connect(config.RedisTarget{Mode: config.RedisSingle, Addrs: []string{"127.0.0.1:1"}})
	defer func() { _ = one.Close() }()
	together, err := Together(one)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = together.Close() }()
	var seen []string
	note := func(_ context.Context, c *redis.Client) error {
		seen = append(seen, c.Options().Addr)
		return nil
	}
	if err := EachMaster(t.Context(), one, note); err != nil || len(seen) != 1 || seen[0] != "127.0.0.1:1" {
		t.Errorf("of one server: %v, %v", seen, err)
	}
	if err := EachMaster(t.Context(), together, note); err == nil {
		t.Error("a client through which the commands go together hides its servers")
	}
}
