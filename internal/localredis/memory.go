package localredis

import (
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// tickEvery is how often the time-outs in memory are moved on.
const tickEvery = 100 * time.Millisecond

// Memory is a Redis inside this process. Everything in it is lost with the process.
type Memory struct {
	Addr   string
	server *miniredis.Miniredis
	stop   chan struct{}
	ended  chan struct{}
}

// StartMemory runs a Redis in memory on a loopback port.
func StartMemory() (*Memory, error) {
	server, err := miniredis.Run()
	if err != nil {
		return nil, err
	}
	m := &Memory{Addr: server.Addr(), server: server, stop: make(chan struct{}), ended: make(chan struct{})}
	go m.run()
	return m, nil
}

// run moves time on: miniredis does not let keys expire by itself.
func (m *Memory) run() {
	defer close(m.ended)
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-m.stop:
			return
		case <-tick.C:
			now := time.Now()
			m.server.FastForward(now.Sub(last))
			last = now
		}
	}
}

// Client connects to it.
func (m *Memory) Client() *redis.Client { return redis.NewClient(&redis.Options{Addr: m.Addr}) }

// Stop ends it.
func (m *Memory) Stop() {
	close(m.stop)
	<-m.ended
	m.server.Close()
}
