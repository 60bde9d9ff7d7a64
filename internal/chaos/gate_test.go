package chaos

import (
	"net"
	"sync"
)

// gate is a listener that can hold connections before their first byte is read.
type gate struct {
	net.Listener
	mu     sync.Mutex
	closed bool
	held   int
	opened chan struct{}
	once   sync.Once
}

func newGate(l net.Listener) *gate { return &gate{Listener: l, opened: make(chan struct{})} }

// shut holds the connections that come from now on.
func (g *gate) shut() { g.set(true) }

// pass lets new connections through; those that are held stay so.
func (g *gate) pass() { g.set(false) }

func (g *gate) set(closed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = closed
}

// open lets go of what is held.
func (g *gate) open() { g.once.Do(func() { close(g.opened) }) }

// waiting counts the connections that were held.
func (g *gate) waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.held
}

// Accept takes the next connection.
func (g *gate) Accept() (net.Conn, error) {
	c, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		return c, nil
	}
	g.held++
	return &heldConn{Conn: c, gate: g}, nil
}

type heldConn struct {
	net.Conn
	gate *gate
}

func (c *heldConn) Read(p []byte) (int, error) {
	<-c.gate.opened
	return c.Conn.Read(p)
}
