package redistest_test

import (
	"fmt"
	"testing"

	"crmferry/internal/localredis/redistest"
)

func TestFlushReachesEveryMaster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	if cluster == nil {
		t.Log("redis-server is not on the PATH: there is no Cluster in memory")
		return
	}
	db := redistest.Open(t, cluster.URL())
	for i := range 100 {
		if err := db.Set(t.Context(), fmt.Sprint("key", i), i, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	sizes := func() (list []int64) {
		for _, p := range cluster.Masters {
			client := p.Client()
			list = append(list, client.DBSize(t.Context()).Val())
			_ = client.Close()
		}
		return list
	}
	for i, n := range sizes() {
		if n == 0 {
			t.Errorf("node %d holds none of 100 keys", i)
		}
	}
	db.Flush(t)
	for i, n := range sizes() {
		if n != 0 {
			t.Errorf("node %d holds %d keys after the flush", i, n)
		}
	}
}
