package app

import (
	"context"
	"strconv"
	"sync"

	"github.com/redis/go-redis/v9"
)

// memoryShare is how much of its maxmemory Redis uses, as a share; in a Cluster
// it is that of the fullest master. 0 where there is no maxmemory or the
// server does not tell.
func (d *database) memoryShare(ctx context.Context) (float64, error) {
	cluster, ok := d.direct.(*redis.ClusterClient)
	if !ok {
		return shareOf(ctx, d.direct)
	}
	var mu sync.Mutex
	var most float64
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		share, err := shareOf(ctx, node)
		mu.Lock()
		defer mu.Unlock()
		most = max(most, share)
		return err
	})
	return most, err
}

func shareOf(ctx context.Context, node redis.Cmdable) (float64, error) {
	info, err := node.InfoMap(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	number := func(name string) float64 {
		n, _ := strconv.ParseFloat(info["Memory"][name], 64)
		return n
	}
	limit := number("maxmemory")
	if limit <= 0 {
		return 0, nil
	}
	// Redis leaves the buffers of its file and its replicas out of account, too.
	return (number("used_memory") - number("mem_not_counted_for_evict")) / limit, nil
}
