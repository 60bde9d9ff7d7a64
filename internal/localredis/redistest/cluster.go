package redistest

import (
	"context"
	"crypto/rand"
	"net"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/localredis"
)

// Cluster is a Redis Cluster of three masters, which share the slots evenly.
type Cluster struct {
	Masters []*localredis.Process
}

const (
	masters      = 3
	clusterSlots = 16384
)

// StartCluster starts a Cluster for the test, each node with the further lines
// of configuration; nil where redis-server is not on the PATH.
func StartCluster(t testing.TB, conf ...string) *Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	password, c := rand.Text(), &Cluster{}
	conf = append([]string{"cluster-enabled yes", "masterauth " + password}, conf...)
	for range masters {
		p := member(ctx, t, localredis.Options{Password: password, Conf: conf})
		if p == nil {
			return nil
		}
		c.Masters = append(c.Masters, p)
	}
	for i := range c.Masters {
		if err := c.join(ctx, i); err != nil {
			t.Fatal(err)
		}
	}
	await(ctx, t, "the cluster to be ready", func() bool { return c.Ready(ctx) })
	return c
}

// join gives the i-th node its slots and makes it known to those before it.
func (c *Cluster) join(ctx context.Context, i int) error {
	client := c.Masters[i].Client()
	defer func() { _ = client.Close() }()
	// Epochs of their own spare the nodes a conflict to settle.
	if err := client.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
		return err
	}
	if err := client.ClusterAddSlotsRange(ctx, i*clusterSlots/masters, (i+1)*clusterSlots/masters-1).Err(); err != nil {
		return err
	}
	for _, other := range c.Masters[:i] {
		host, port, err := net.SplitHostPort(other.Addr)
		if err != nil {
			return err
		}
		if err := client.ClusterMeet(ctx, host, port).Err(); err != nil {
			return err
		}
	}
	return nil
}

// URL is the FERRY_REDIS_URL of the cluster.
func (c *Cluster) URL() string {
	return "redis-cluster://:" + c.Masters[0].Password + "@" + addrs(c.Masters)
}

// Ready says whether every node knows all others and serves all slots.
func (c *Cluster) Ready(ctx context.Context) bool {
	for i := range c.Masters {
		if !c.Says(ctx, i, "cluster_state:ok") || !c.Says(ctx, i, "cluster_known_nodes:3") {
			return false
		}
	}
	return true
}

// Says tells whether a line stands in the i-th node's CLUSTER INFO.
func (c *Cluster) Says(ctx context.Context, i int, line string) bool {
	client := c.Masters[i].Client()
	defer func() { _ = client.Close() }()
	return says(client.ClusterInfo(ctx), line)
}

func says(info *redis.StringCmd, line string) bool {
	return strings.Contains(info.Val(), line+"\r\n")
}
