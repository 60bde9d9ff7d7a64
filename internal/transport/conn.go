package transport

import (
	"net"
	"sync/atomic"
)

// meter counts the bytes that reached the kernel. It sits below TLS.
type meter struct {
	net.Conn
	wrote atomic.Int64
}

func (m *meter) Write(p []byte) (int, error) {
	n, err := m.Conn.Write(p)
	m.wrote.Add(int64(n))
	return n, err
}

// conn is what net/http writes requests to. It sits above TLS, where handshake
// records, key updates and the closing alert do not pass, so that its writes
// are the request's and nothing else; whether one had any effect is read off
// the meter below.
type conn struct {
	net.Conn // the meter, or TLS over it
	wire     *meter
	leg      atomic.Pointer[leg]
}

// leg is one flight on one connection. open belongs to the connection's write
// loop.
type leg struct {
	flight *flight
	conn   *conn
	open   bool
}

func (c *conn) Write(p []byte) (int, error) {
	l := c.leg.Load()
	if l == nil {
		return 0, errUnarmed
	}
	if l.open {
		return c.Conn.Write(p)
	}
	undo, err := l.flight.depart()
	if err != nil {
		return 0, err
	}
	l.open = true
	before := c.wire.wrote.Load()
	n, err := c.Conn.Write(p)
	if err != nil && c.wire.wrote.Load() == before {
		undo()
	}
	return n, err
}
