// Package redisconn connects to Redis in every way in which it may be set up:
// one server, a Sentinel set or a Cluster.
package redisconn

import (
	"context"
	"crypto/tls"
	"fmt"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/config"
)

const (
	poolSize  = 64
	pipelines = 8
)

// Connect makes a client of t. It dials when it is first used.
func Connect(t config.RedisTarget) redis.UniversalClient {
	var secure *tls.Config
	if t.TLS {
		secure = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	switch t.Mode {
	case config.RedisCluster:
		return redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: t.Addrs, Username: t.Username, Password: t.Password.Reveal(), TLSConfig: secure, PoolSize: poolSize,
		})
	case config.RedisSentinel:
		return redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: t.Master, SentinelAddrs: t.Addrs, Username: t.Username, Password: t.Password.Reveal(),
			SentinelUsername: t.SentinelUsername, SentinelPassword: t.SentinelPassword.Reveal(),
			DB: t.DB, TLSConfig: secure, PoolSize: poolSize,
		})
	default:
		return redis.NewClient(&redis.Options{
			Addr: t.Addrs[0], Username: t.Username, Password: t.Password.Reveal(), DB: t.DB, TLSConfig: secure, PoolSize: poolSize,
		})
	}
}

// Together sends the commands that are under way at the same time in one
// pipeline: under load that halves the work for each. Closing what it returns
// leaves client open.
func Together(client redis.UniversalClient) (redis.UniversalClient, error) {
	return client.AutoPipelineWithOptions(&redis.AutoPipelineOptions{
		// No caller issues a command before it has the answer to the last one.
		MaxConcurrentBatches: pipelines, Unordered: true,
	})
}

// EachMaster calls f, possibly at the same time, with a client of every server
// that client writes to: most commands about a server reach one of a Cluster
// alone. The client must be one of Connect, not of Together.
func EachMaster(ctx context.Context, client redis.UniversalClient, f func(context.Context, *redis.Client) error) error {
	switch c := client.(type) {
	case *redis.ClusterClient:
		return c.ForEachMaster(ctx, f)
	case *redis.Client:
		return f(ctx, c)
	default:
		return fmt.Errorf("redisconn: %T is not of Connect", client)
	}
}
