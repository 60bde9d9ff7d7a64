package transport

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// The server half-closes a kept-alive connection at once after its first
// response and listens for what still comes. Whether the client notices in time
// is a race on purpose: whatever happens, Sent must tell the truth.
func TestSentIsTrueToTheWireOnIdleConnectionsThatTheServerCloses(t *testing.T) {
	t.Parallel()
	forBoth(t, func(t *testing.T, secure bool) {
		for range 50 {
			late := make(chan int64, 2)
			s := serve(t, secure, func(nth int, c net.Conn) {
				br := bufio.NewReader(c)
				readRequest(br)
				_, _ = io.WriteString(c, okReply)
				if nth > 1 {
					return
				}
				_ = c.(interface{ CloseWrite() error }).CloseWrite()
				n, _ := io.Copy(io.Discard, br)
				late <- n
			})
			c := s.client(t, Options{})
			mustDo(t, c, post(s.url))
			_, err := c.Do(context.Background(), post(s.url))
			c.CloseIdle()
			got := <-late
			if err == nil {
				if got != 0 {
					t.Errorf("answered on a second connection, but the first got %d bytes", got)
				}
				continue
			}
			e := mustFail(t, nil, err)
			if e.Reason != Reset || e.Sent != (got > 0) {
				t.Errorf("%v, but the server got %d bytes", e, got)
			}
		}
	})
}

// A cancellation at any moment: "not sent" must never be said of a request of
// which the server got a byte, and closing a TLS connection, which writes an
// alert, must not count as sending.
func TestSentIsTrueToTheWireWhenCancelled(t *testing.T) {
	t.Parallel()
	forBoth(t, func(t *testing.T, secure bool) {
		for i := range 60 {
			var got atomic.Int64
			s := serve(t, secure, func(_ int, c net.Conn) {
				if x, ok := c.(*tls.Conn); ok && x.Handshake() != nil {
					return
				}
				// Makes the client close a connection that was dialled for the
				// request but came too late for it.
				_ = c.(interface{ CloseWrite() error }).CloseWrite()
				n, _ := io.Copy(io.Discard, c)
				got.Add(n)
			})
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*50*time.Microsecond)
			resp, err := s.client(t, Options{}).Do(ctx, post(s.url))
			cancel()
			e := mustFail(t, resp, err)
			s.wait()
			if n := got.Load(); !e.Sent && n > 0 {
				t.Errorf("%v, but the server got %d bytes", e, n)
			}
		}
	})
}

// wireStub is a connection below the meter that takes what it is told to take.
type wireStub struct {
	net.Conn
	takes int
	err   error
}

func (w *wireStub) Write(p []byte) (int, error) {
	n := min(w.takes, len(p))
	return n, w.err
}

func TestSentFollowsTheBytesTaken(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		takes int
		err   error
		sent  bool
	}{
		"all":                     {1000, nil, true},
		"one byte, then an error": {1, io.ErrClosedPipe, true},
		"none":                    {0, io.ErrClosedPipe, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFlight(post("http://x"), time.Now)
			wire := &meter{Conn: &wireStub{takes: tt.takes, err: tt.err}}
			c := &conn{Conn: wire, wire: wire}
			if _, err := c.Write([]byte("x")); err != errUnarmed {
				t.Errorf("a write outside a request: %v", err)
			}
			c.leg.Store(&leg{flight: f, conn: c})
			if _, err := c.Write([]byte("POST / HTTP/1.1")); err != tt.err {
				t.Errorf("Write: %v, want %v", err, tt.err)
			}
			if got := f.sent.Load(); got != tt.sent {
				t.Errorf("sent = %v, want %v", got, tt.sent)
			}
		})
	}
}
