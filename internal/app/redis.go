package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/config"
	"crmferry/internal/localredis"
	"crmferry/internal/redisconn"
)

// database is a connection to Redis and what it takes to let go of it.
type database struct {
	redis.UniversalClient
	// direct sends each command by itself, and knows the nodes of a Cluster.
	direct redis.UniversalClient
	// memory: it lives in this process and is lost with it.
	memory bool
	stop   func()
}

const startTimeout = 30 * time.Second

// openRedis connects to the configured Redis, or runs one of our own.
func openRedis(ctx context.Context, c config.Config, log *slog.Logger) (*database, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if c.Embedded() {
		return ownRedis(ctx, c.DataDir, log)
	}
	client := redisconn.Connect(c.Redis)
	if err := client.Ping(ctx).Err(); err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("FERRY_REDIS_URL: Redis does not answer: %w", err)
	}
	_ = redisconn.EachMaster(ctx, client, func(ctx context.Context, master *redis.Client) error {
		warnOfLimits(ctx, master, log)
		return nil
	})
	return pipelined(client, false, func() {})
}

// ownRedis runs redis-server where it is installed, else a Redis in memory.
func ownRedis(ctx context.Context, dataDir string, log *slog.Logger) (*database, error) {
	p, err := localredis.Start(ctx, filepath.Join(dataDir, "redis"))
	if err == nil {
		return pipelined(p.Client(), false, p.Stop)
	}
	if !errors.Is(err, localredis.ErrNoProgram) {
		return nil, err
	}
	log.Warn("redis-server is not on the PATH: jobs are kept in memory and are lost when this process ends")
	m, err := localredis.StartMemory()
	if err != nil {
		return nil, err
	}
	return pipelined(m.Client(), true, m.Stop)
}

// pipelined is the database through which the commands of all callers go together.
func pipelined(client redis.UniversalClient, memory bool, stop func()) (*database, error) {
	together, err := redisconn.Together(client)
	if err != nil {
		_ = client.Close()
		stop()
		return nil, err
	}
	return &database{UniversalClient: together, direct: client, memory: memory, stop: func() { _ = client.Close(); stop() }}, nil
}

func (d *database) close() {
	_ = d.Close()
	d.stop()
}

// warnOfLimits says what of a Redis's configuration endangers jobs.
func warnOfLimits(ctx context.Context, client *redis.Client, log *slog.Logger) {
	conf, err := client.ConfigGet(ctx, "maxmemory*").Result()
	if err != nil {
		return // managed Redis often forbids CONFIG
	}
	log = log.With("redis", client.Options().Addr)
	if conf["maxmemory"] == "0" {
		log.Warn("Redis has no maxmemory: a full machine would take it down; set one")
	}
	if policy := conf["maxmemory-policy"]; policy != "" && policy != "noeviction" {
		log.Warn("Redis evicts keys when it is full: jobs would be lost; set maxmemory-policy noeviction", "policy", policy)
	}
}
