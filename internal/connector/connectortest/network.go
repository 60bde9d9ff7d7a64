package connectortest

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/transport"
)

// tooMuch is beyond what transport reads of an answer.
const tooMuch = 11 << 20

// network breaks the connection in every way.
func (l *lab) network(made line) {
	l.t.Helper()
	for _, broken := range []struct {
		name string
		http.HandlerFunc
	}{
		{"reset before the body was read", func(w http.ResponseWriter, _ *http.Request) { reset(w) }},
		{"reset after the body was read", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			reset(w)
		}},
		{"broken off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000000")
			w.WriteHeader(made.reply.Status)
			_, _ = w.Write(made.reply.Body)
		}},
		{"11 MiB", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(made.reply.Status)
			_, _ = w.Write(made.reply.Body)
			_, _ = io.Copy(w, io.LimitReader(spaces{}, tooMuch))
		}},
	} {
		l.try(broken.name, broken, fault.OutcomeUnknown, 0)
	}
	l.refusedConnection()
	l.cancelled()
}

func reset(w http.ResponseWriter) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// spaces never ends.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) { return copy(p, strings.Repeat(" ", len(p))), nil }

// attempt makes one create against a server.
func (l *lab) attempt(ctx context.Context, server string, client *transport.Client) (connector.Answer, error) {
	return l.session(l.t, diversion{l.crm, server, client}, l.least).Create(ctx, send)
}

// refusedConnection: nobody listens, so that nothing was stored.
func (l *lab) refusedConnection() {
	l.t.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	a, err := l.attempt(context.Background(), server.URL, l.client)
	l.verdict("refused connection", a, err, fault.Unavailable)
}

// slow: the answer takes longer than we wait. A machine that is so busy that
// the request did not arrive in that time is given more of it.
func (l *lab) slow(patience time.Duration) {
	l.t.Helper()
	var arrived atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived.Store(true)
		<-r.Context().Done()
	}))
	defer server.Close()
	client := transport.New(transport.Options{AllowPrivate: true, Timeout: patience})
	defer client.CloseIdle()
	a, err := l.attempt(context.Background(), server.URL, client)
	if !arrived.Load() && patience < time.Minute {
		l.slow(4 * patience)
		return
	}
	l.verdict("slow", a, err, fault.OutcomeUnknown)
}

// cancelled: a context that ends before the request left, and one that ends
// while the CRM works.
func (l *lab) cancelled() {
	l.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var count atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		count.Add(1)
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	a, err := l.attempt(ctx, server.URL, l.client)
	l.verdict("cancelled while the CRM works", a, err, fault.OutcomeUnknown)
	a, err = l.attempt(ctx, server.URL, l.client)
	l.verdict("cancelled before", a, err, fault.Unavailable)
	if count.Load() != 1 {
		l.t.Errorf("a cancelled create was sent")
	}
}
