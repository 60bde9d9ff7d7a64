package store_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"crmferry/internal/job/jobtest"
	"crmferry/internal/localredis"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/store"
)

// changed claims jobs in many shards, and tells since when the master is
// another one, by the last claim.
func changed(t *testing.T, s *store.Store) (at, now time.Time) {
	t.Helper()
	for range 40 {
		ref, _, _, err := s.Accept(t.Context(), jobtest.Acceptance(s))
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Claim(t.Context(), ref, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		at, now = c.Changed, c.Now
	}
	return at, now
}

// follow makes a replica of a server, and waits until it has all of it.
func follow(t *testing.T, replica, master *localredis.Process) {
	t.Helper()
	host, port, _ := net.SplitHostPort(master.Addr)
	client := replica.Client()
	defer func() { _ = client.Close() }()
	to := master.Client()
	defer func() { _ = to.Close() }()
	if err := client.ConfigSet(t.Context(), "masterauth", to.Options().Password).Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.ReplicaOf(t.Context(), host, port).Err(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		info := client.Info(t.Context(), "replication").Val()
		if strings.Contains(info, "master_link_status:up") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the replica does not follow: " + info)
		}
	}
}

// TestAReplicaTakesTheMastersPlace: whoever claims a job hears since when; a
// master that merely starts again is no other one.
func TestAReplicaTakesTheMastersPlace(t *testing.T) {
	t.Parallel()
	master, replica := redistest.Process(t), redistest.Process(t, "repl-diskless-sync-delay 0")
	if master == nil {
		t.Log("redis-server is not on the PATH: there are no replicas in memory")
		return
	}
	before := master.Client()
	defer func() { _ = before.Close() }()
	if at, _ := changed(t, open(t, before)); !at.IsZero() {
		t.Errorf("at first: replaced at %v", at)
	}
	master.Kill()
	if err := master.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if at, _ := changed(t, open(t, before)); !at.IsZero() {
		t.Errorf("after a restart: replaced at %v", at)
	}
	follow(t, replica, master)
	after := replica.Client()
	defer func() { _ = after.Close() }()
	if err := after.ReplicaOf(t.Context(), "no", "one").Err(); err != nil {
		t.Fatal(err)
	}
	s := open(t, after)
	if _, err := s.Due(t.Context(), 1); err != nil { // those who look for due jobs see it first
		t.Fatal(err)
	}
	seen := after.Time(t.Context()).Val()
	if at, now := changed(t, s); at.IsZero() || at.After(seen) || now.Before(at) {
		t.Errorf("after a change: replaced at %v, seen by %v, now %v", at, seen, now)
	}
}
