package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"crmferry/internal/config"
	"crmferry/internal/localredis/redistest"
)

func TestEachMasterOfAClusterIsChecked(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, "maxmemory 100mb")
	if cluster == nil {
		t.Log("redis-server is not on the PATH: there is no Cluster in memory")
		return
	}
	target, err := config.ParseRedis(cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	said := func() string {
		var out bytes.Buffer
		db, err := openRedis(t.Context(), config.Config{Redis: target}, slog.New(slog.NewTextHandler(&out, nil)))
		if err != nil {
			t.Fatal(err)
		}
		db.close()
		return out.String()
	}
	if got := said(); got != "" {
		t.Errorf("of a cluster without fault: %s", got)
	}
	for _, p := range cluster.Masters {
		client := p.Client()
		if err := client.ConfigSet(t.Context(), "maxmemory-policy", "allkeys-lru").Err(); err != nil {
			t.Fatal(err)
		}
		if got := said(); !strings.Contains(got, "redis="+p.Addr) {
			t.Errorf("of the eviction at %s: %q", p.Addr, got)
		}
		_ = client.Close()
	}
}
