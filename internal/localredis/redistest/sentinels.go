package redistest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/localredis"
)

// Sentinels is a master with two replicas, which three sentinels watch.
type Sentinels struct {
	// Data are the servers that keep data; the first begins as the master.
	Data     []*localredis.Process
	watchers []*localredis.Process
}

// masterName is what the sentinels call the master.
const masterName = "ferry"

// StartSentinels starts a replica set and its sentinels for the test; nil where
// redis-server is not on the PATH. A master that is away for downAfter is
// replaced by a replica.
func StartSentinels(t testing.TB, downAfter time.Duration) *Sentinels {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	password, s := rand.Text(), &Sentinels{}
	// Without a delay the replicas' first copy takes five seconds.
	conf := []string{"masterauth " + password, "repl-diskless-sync-delay 0"}
	for range 3 {
		p := member(ctx, t, localredis.Options{Password: password, Conf: conf})
		if p == nil {
			return nil
		}
		if s.Data = append(s.Data, p); len(s.Data) == 1 {
			conf = append(conf, "replicaof "+spaced(p.Addr))
		}
	}
	// A sentinel asks a master for its replicas at once and then every ten
	// seconds: those that are there from the beginning are known early.
	await(ctx, t, "the replicas to follow", func() bool { return replicas(ctx, s.Data[0]) == 2 })
	watching := localredis.Options{Sentinel: true, Password: rand.Text(), Conf: []string{
		"sentinel monitor " + masterName + " " + spaced(s.Data[0].Addr) + " 2",
		"sentinel auth-pass " + masterName + " " + password,
		fmt.Sprintf("sentinel down-after-milliseconds %s %d", masterName, downAfter.Milliseconds()),
		fmt.Sprintf("sentinel failover-timeout %s %d", masterName, 4*downAfter.Milliseconds()),
	}}
	for range 3 {
		s.watchers = append(s.watchers, member(ctx, t, watching))
	}
	return s
}

// spaced is an address as configurations have it.
func spaced(addr string) string { return strings.Replace(addr, ":", " ", 1) }

// replicas counts those that follow a server without a gap.
func replicas(ctx context.Context, p *localredis.Process) int {
	client := p.Client()
	defer func() { _ = client.Close() }()
	return strings.Count(client.Info(ctx, "replication").Val(), ",state=online,")
}

// URL is the FERRY_REDIS_URL of the set.
func (s *Sentinels) URL() string {
	return fmt.Sprintf("redis-sentinel://:%s@%s/%s?sentinel_password=%s",
		s.Data[0].Password, addrs(s.watchers), masterName, s.watchers[0].Password)
}

// Master is the server that all sentinels take for the master, when so many
// replicas follow it and the sentinels could replace it; else nil.
func (s *Sentinels) Master(ctx context.Context, following int) *localredis.Process {
	agreed := ""
	for _, w := range s.watchers {
		addr, ready := view(ctx, w)
		if !ready || agreed != "" && addr != agreed {
			return nil
		}
		agreed = addr
	}
	for _, p := range s.Data {
		if p.Addr == agreed && replicas(ctx, p) == following {
			return p
		}
	}
	return nil
}

// view is the master as one sentinel sees it, and whether that sentinel knows
// all others, the replicas, and of no trouble.
func view(ctx context.Context, watcher *localredis.Process) (addr string, ready bool) {
	client := redis.NewSentinelClient(&redis.Options{Addr: watcher.Addr, Password: watcher.Password})
	defer func() { _ = client.Close() }()
	m := client.Master(ctx, masterName).Val()
	ready = m["flags"] == "master" && m["num-other-sentinels"] == "2" && m["num-slaves"] == "2"
	return net.JoinHostPort(m["ip"], m["port"]), ready
}

// Replicated waits until so many replicas have what a master knows now.
func Replicated(ctx context.Context, master *localredis.Process, following int) error {
	client := master.Client()
	defer func() { _ = client.Close() }()
	conn := client.Conn() // WAIT is about the writes of its own connection and those before
	defer func() { _ = conn.Close() }()
	if err := conn.Set(ctx, "replicated", time.Now().UnixNano(), 0).Err(); err != nil {
		return err
	}
	n, err := conn.Wait(ctx, following, startTimeout).Result()
	if err == nil && n < int64(following) {
		err = fmt.Errorf("%d of %d replicas follow", n, following)
	}
	return err
}
