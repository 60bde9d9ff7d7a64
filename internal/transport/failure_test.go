package transport

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// reply reads one whole request, writes raw bytes, then ends the connection.
func reply(raw string) func(int, net.Conn) {
	return func(_ int, c net.Conn) {
		if _, ok := readRequest(bufio.NewReader(c)); ok {
			_, _ = io.WriteString(c, raw)
		}
	}
}

func TestFailuresOfAServer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handle func(int, net.Conn)
		opts   Options
		body   int  // bytes of the request's body
		slow   bool // the exchange must run into its time-out
		reason Reason
		status int
	}{
		"closed after the request": {handle: reply(""), reason: Reset},
		"reset after the request": {handle: func(_ int, c net.Conn) {
			readRequest(bufio.NewReader(c))
			reset(c)
		}, reason: Reset},
		"reset before the body is read": {handle: func(_ int, c net.Conn) {
			_, _ = c.Read(make([]byte, 16))
			reset(c)
		}, body: 4 << 20, reason: Reset},
		"no reply": {handle: func(_ int, c net.Conn) { hold(c) },
			slow: true, reason: Timeout},
		"slow headers": {handle: func(_ int, c net.Conn) {
			readRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Le")
			hold(c)
		}, slow: true, reason: Timeout},
		"slow body": {handle: func(_ int, c net.Conn) {
			readRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, "HTTP/1.1 201 X\r\nContent-Length: 9\r\n\r\nabc")
			hold(c)
		}, slow: true, reason: Timeout, status: 201},
		"broken headers":     {handle: reply("HTTP/1.1 200 OK\r\nX: 1\r\n"), reason: Truncated},
		"body too short":     {handle: reply("HTTP/1.1 201 X\r\nContent-Length: 9\r\n\r\nabc"), reason: Truncated, status: 201},
		"chunk too short":    {handle: reply("HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc"), reason: Truncated, status: 201},
		"no last chunk":      {handle: reply("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), reason: Truncated, status: 200},
		"chunk malformed":    {handle: reply("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"), reason: Truncated, status: 200},
		"body too large":     {handle: reply("HTTP/1.1 400 X\r\nContent-Length: 9\r\n\r\nabcdefghi"), opts: Options{MaxBody: 8}, reason: TooLarge, status: 400},
		"not HTTP":           {handle: reply("hidden body of a contact\r\n\r\n"), reason: BadResponse},
		"header malformed":   {handle: reply("HTTP/1.1 200 OK\r\nhidden\r\n\r\n"), reason: BadResponse},
		"headers too large":  {handle: reply("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", maxResponseHeader) + "\r\n\r\n"), reason: BadResponse},
		"protocol switch":    {handle: reply("HTTP/1.1 101 X\r\nUpgrade: hidden\r\nConnection: upgrade\r\n\r\n"), reason: BadResponse, status: 101},
		"gzip is none":       {handle: reply("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\nhidden body, no gzip"), reason: BadResponse, status: 200},
		"gzip cut in its go": {handle: reply("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"), reason: Truncated, status: 200},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forBoth(t, func(t *testing.T, secure bool) {
				s := serve(t, secure, tt.handle)
				r := post(s.url + "/?q=hidden")
				if tt.body > 0 {
					r.Body = make([]byte, tt.body)
				}
				c := s.client(t, tt.opts)
				do := func(timeout time.Duration) *Error {
					r.Timeout = timeout
					resp, err := c.Do(context.Background(), r)
					return mustFail(t, resp, err)
				}
				var e *Error
				if tt.slow {
					e = untilStatus(tt.status, do)
				} else {
					e = do(0)
				}
				if e.Reason != tt.reason || !e.Sent || e.Status != tt.status {
					t.Errorf("got %s, sent %v, status %d; want %s, sent, status %d", e.Reason, e.Sent, e.Status, tt.reason, tt.status)
				}
				for x := error(e); x != nil; x = errors.Unwrap(x) {
					if strings.Contains(x.Error(), "hidden") {
						t.Errorf("the error holds data: %v", x)
					}
				}
			})
		})
	}
}

// untilStatus gives do more time until its request was sent and, if one is
// wanted, a status came back: a busy machine may not get that far in the first
// time-out.
func untilStatus(status int, do func(time.Duration) *Error) *Error {
	timeout := 25 * time.Millisecond
	e := do(timeout)
	for (!e.Sent || e.Status != status) && timeout < 10*time.Second {
		timeout *= 3
		e = do(timeout)
	}
	return e
}

func TestFailuresBeforeAConnection(t *testing.T) {
	t.Parallel()
	plain := serve(t, false, func(_ int, c net.Conn) {
		_, _ = c.Read(make([]byte, 1024))
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
		hold(c)
	})
	silent := serve(t, false, func(_ int, c net.Conn) { hold(c) })
	rude := serve(t, false, func(_ int, c net.Conn) {
		_, _ = c.Read(make([]byte, 1))
		reset(c)
	})
	secure := serve(t, true, func(_ int, c net.Conn) { _ = c.(*tls.Conn).Handshake() })
	tests := map[string]struct {
		url    string
		reason Reason
		is     error
		dial   time.Duration
	}{
		"nobody listens":         {"http://" + unused(t), Refused, syscall.ECONNREFUSED, 0},
		"name does not exist":    {"https://no..such.name.invalid/", DNS, nil, 0},
		"TLS to a plain server":  {"https" + strings.TrimPrefix(plain.url, "http"), TLS, nil, 0},
		"certificate unknown":    {secure.url, TLS, nil, 0},
		"handshake never ends":   {"https" + strings.TrimPrefix(silent.url, "http"), Timeout, context.DeadlineExceeded, 100 * time.Millisecond},
		"reset in the handshake": {"https" + strings.TrimPrefix(rude.url, "http"), Reset, nil, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := New(Options{AllowPrivate: true, DialTimeout: tt.dial})
			resp, err := c.Do(context.Background(), post(tt.url))
			e := mustFail(t, resp, err)
			if e.Reason != tt.reason || e.Sent {
				t.Errorf("got %v, want %s, not sent", e, tt.reason)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%v is not %v", err, tt.is)
			}
		})
	}
}

// unused is an address at which nobody listens.
func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestCancel(t *testing.T) {
	t.Parallel()
	why := errors.New("the service stops")
	forBoth(t, func(t *testing.T, secure bool) {
		t.Run("before", func(t *testing.T) {
			t.Parallel()
			s := serve(t, secure, answer(okReply))
			ctx, cancel := context.WithCancelCause(context.Background())
			cancel(why)
			resp, err := s.client(t, Options{}).Do(ctx, post(s.url))
			if e := mustFail(t, resp, err); e.Reason != Cancelled || e.Sent || !errors.Is(e, why) {
				t.Errorf("got %v", e)
			}
		})
		t.Run("while waiting for the response", func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(context.Background())
			s := serve(t, secure, func(_ int, c net.Conn) {
				readRequest(bufio.NewReader(c))
				cancel(why)
				hold(c)
			})
			resp, err := s.client(t, Options{}).Do(ctx, post(s.url))
			if e := mustFail(t, resp, err); e.Reason != Cancelled || !e.Sent || !errors.Is(e, why) {
				t.Errorf("got %v", e)
			}
		})
		t.Run("while the body arrives", func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(context.Background())
			s := serve(t, secure, func(_ int, c net.Conn) {
				readRequest(bufio.NewReader(c))
				_, _ = io.WriteString(c, "HTTP/1.1 201 X\r\nContent-Length: 9\r\n\r\nabc")
				cancel(why)
				hold(c)
			})
			resp, err := s.client(t, Options{}).Do(ctx, post(s.url))
			if e := mustFail(t, resp, err); e.Reason != Cancelled || !e.Sent || !errors.Is(e, why) {
				t.Errorf("got %v", e)
			}
		})
		t.Run("deadline of the caller", func(t *testing.T) {
			t.Parallel()
			s := serve(t, secure, func(_ int, c net.Conn) { hold(c) })
			c := s.client(t, Options{})
			e := untilStatus(0, func(timeout time.Duration) *Error {
				ctx, cancel := context.WithTimeout(context.Background(), timeout)
				defer cancel()
				resp, err := c.Do(ctx, post(s.url))
				return mustFail(t, resp, err)
			})
			if e.Reason != Timeout || !e.Sent || !errors.Is(e, context.DeadlineExceeded) {
				t.Errorf("got %v", e)
			}
		})
	})
}

func TestTimeoutOfTheClient(t *testing.T) {
	t.Parallel()
	s := serve(t, false, func(_ int, c net.Conn) { hold(c) })
	e := untilStatus(0, func(timeout time.Duration) *Error {
		r := Request{Method: http.MethodGet, URL: s.url}
		resp, err := s.client(t, Options{Timeout: timeout}).Do(context.Background(), r)
		return mustFail(t, resp, err)
	})
	if e.Reason != Timeout || !e.Sent {
		t.Errorf("got %v", e)
	}
}
