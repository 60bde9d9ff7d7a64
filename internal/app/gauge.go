package app

import (
	"context"
	"sync"
	"time"
)

const (
	gaugeLife = time.Second
	// gaugesMost bounds how many numbers are remembered.
	gaugesMost = 10_000
)

// gauges are numbers by name, each read at most once a second.
type gauges struct {
	read func(ctx context.Context, name string) (int64, error)
	mu   sync.Mutex
	last map[string]reading
}

type reading struct {
	value int64
	at    time.Time
}

func (g *gauges) value(ctx context.Context, name string) (int64, error) {
	g.mu.Lock()
	r, ok := g.last[name]
	g.mu.Unlock()
	if ok && time.Since(r.at) < gaugeLife {
		return r.value, nil
	}
	n, err := g.read(ctx, name)
	if err != nil {
		return 0, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.last == nil || len(g.last) >= gaugesMost {
		g.last = map[string]reading{}
	}
	g.last[name] = reading{n, time.Now()}
	return n, nil
}
