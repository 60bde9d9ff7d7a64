package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
)

// network is a TCP proxy before each CRM that the tests use.
type network struct {
	t       testing.TB
	direct  string
	proxies map[string]*toxiproxy.Proxy
	named   atomic.Int64
	mu      sync.Mutex
	severed map[string]bool
}

func newNetwork(t testing.TB, upstream string, kinds []kind) *network {
	n := &network{t: t, direct: upstream, proxies: map[string]*toxiproxy.Proxy{}, severed: map[string]bool{}}
	server := &toxiproxy.ApiServer{Metrics: toxiproxy.NewMetricsContainer(nil)}
	blank(&server.Logger)
	for _, k := range kinds {
		p := toxiproxy.NewProxy(server, k.crm, "127.0.0.1:0", upstream)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Stop)
		n.proxies[k.crm] = p
	}
	return n
}

// blank sets p to a zero value, which as a logger is silent.
func blank[T any](p **T) { *p = new(T) }

func (n *network) addr(slug string) string {
	if p := n.proxies[slug]; p != nil {
		return p.Listen
	}
	return n.direct
}

// cut breaks all connections to a CRM and refuses new ones, until undo; false
// when it is cut off already.
func (n *network) cut(slug string) (undo func(), ok bool) {
	p := n.proxies[slug]
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.severed[slug] {
		return nil, false
	}
	n.severed[slug] = true
	p.Stop()
	return func() {
		defer func() {
			n.mu.Lock()
			defer n.mu.Unlock()
			delete(n.severed, slug)
		}()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for range 500 { // somebody else's connection may have taken the port
			if p.Start() == nil {
				return
			}
			<-tick.C
		}
		n.t.Errorf("the proxy before %s does not come back", slug)
	}, true
}

// poison puts a toxic on what flows to a CRM ("upstream") or from it, until undo.
func (n *network) poison(slug, toxic, stream string, attributes map[string]int) (undo func()) {
	p := n.proxies[slug]
	name := fmt.Sprintf("%s_%d", toxic, n.named.Add(1))
	raw, err := json.Marshal(map[string]any{"name": name, "type": toxic, "stream": stream, "attributes": attributes})
	if err != nil {
		n.t.Error(err)
	}
	if _, err := p.Toxics.AddToxicJson(strings.NewReader(string(raw))); err != nil {
		n.t.Errorf("%s: %v", name, err)
	}
	return func() {
		if err := p.Toxics.RemoveToxic(context.Background(), name); err != nil {
			n.t.Errorf("%s: %v", name, err)
		}
	}
}
